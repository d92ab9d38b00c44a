"""The quarantine in the admin: what is set aside with the reasons in words, and staff's acts on it, one by one or many.

Part of `intake.admin`. Each act is one call of `intake.quarantine`; every one can be taken back.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from rest_framework.exceptions import ValidationError
from unfold.admin import ModelAdmin
from unfold.decorators import display

from intake import quarantine, suspicion
from intake.filters import UnlessAsked
from intake.models import Quarantined, Submission
from outbox.admin import ReadOnly
from outbox.desk import act_buttons, preserved, table

# Thousands at once would outlast the server's patience; what is left is a second press.
MOST = 500
SHOWN_OF_MESSAGE = 160


class Looked(UnlessAsked):
    """What waits for a look."""

    title = "looked through"
    parameter_name = "looked"
    field, usual, others = "rejected_at", "Waits for a look", ("rejected", "Rejected")


class SiftingActs(ModelAdmin):
    """What both lists of submissions share: all that was sent, and one act on many rows, counted and logged."""

    @display(description="As received")
    def as_received(self, submission: Submission) -> SafeString:
        """For what stands nowhere else: a quarantined sender, a known person's new number."""
        return table(("Field", "Sent"), [(name, preserved(str(value))) for name, value in submission.payload.items()])

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake.change_quarantined")

    def act_on(self, request: HttpRequest, rows: QuerySet[Any], act: Callable[..., bool], done: str) -> None:
        rows = rows.order_by("created_at")
        total, count = rows.count(), 0
        for submission in rows[:MOST]:
            count += self.act_on_one(request, submission, act, done)
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} of {total} {done}.{_rest(total, count)}", level)

    def act_on_one(self, request: HttpRequest, submission: Submission, act: Callable[..., bool], done: str) -> bool:
        try:
            changed = act(submission, by=request.user, now=timezone.now())
        except (ValidationError, ValueError) as error:
            self.message_user(request, f"{submission}: what was sent cannot be read today ({error}).", messages.ERROR)
            return False
        if changed:
            self.log_change(request, submission, done)
        return changed


def _rest(total: int, count: int) -> str:
    if total > MOST:
        return f" {MOST} go at once: press again for the rest."
    return " The others stood elsewhere already." if count < total else ""


def reject_and_block(submission: Submission, *, by: Any, now: Any) -> bool:
    quarantine.block_sender(submission, by=by)
    return quarantine.reject(submission, by=by, now=now)


ACTS: dict[str, tuple[Callable[..., bool], str, str]] = {
    "release": (quarantine.release, "Release to the desk", "released to the desk"),
    "reject": (quarantine.reject, "Reject", "rejected"),
    "block": (reject_and_block, "Reject, and block the address", "rejected and the address blocked"),
    "set-aside": (quarantine.set_aside, "Put back for another look", "put back"),
}


@admin.register(Quarantined)
class QuarantineAdmin(SiftingActs, ReadOnly):
    list_display = ("created_at", "who", "reasons", "wrote", "site", "client_network")
    list_filter = (Looked, "site", "created_at")
    list_select_related = ("site",)
    search_fields = ("id", "message", "payload__email", "payload__name", "client_network")
    ordering = ("-created_at",)
    actions = ("release", "reject", "block", "put_back")
    fields = readonly_fields = (
        "acts", "reasons", "created_at", "as_received", "history", "lead", "site", "client_network", "rejected_at",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The buttons for who may press them."""
        return [field for field in self.fields if field != "acts" or self.has_operate_permission(request)]

    @display(description="From")
    def who(self, submission: Quarantined) -> str:
        sent = submission.payload
        return f"{sent.get('name', '')} <{sent.get('email', '')}>"

    @display(description="Why it is here", ordering="quarantine_reasons")
    def reasons(self, submission: Quarantined) -> str:
        return suspicion.in_words(submission.quarantine_reasons)

    @display(description="Wrote")
    def wrote(self, submission: Quarantined) -> str:
        text = " ".join(submission.message.split())
        return f"{text[:SHOWN_OF_MESSAGE]}…" if len(text) > SHOWN_OF_MESSAGE else text or "-"

    @display(description="What became of it")
    def history(self, submission: Quarantined) -> SafeString:
        rows = submission.siftings.select_related("by").order_by("-at")
        return table(
            ("When (UTC)", "What", "By", "Set aside because"),
            [
                (f"{row.at:%Y-%m-%d %H:%M}", row.get_act_display(), row.by or "-", suspicion.in_words(row.reasons))
                for row in rows
            ],
            empty="Nobody has looked at it yet.",
        )

    @display(description="What to do")
    def acts(self, submission: Quarantined) -> SafeString:
        offered = ("release", "set-aside") if submission.rejected_at else ("release", "reject", "block")
        return act_buttons(
            (reverse("admin:intake_quarantined_act", args=[submission.pk, name]), ACTS[name][1]) for name in offered
        )

    @admin.action(description="Release to the desk", permissions=["operate"])
    def release(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._act_on(request, rows, "release")

    @admin.action(description="Reject", permissions=["operate"])
    def reject(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._act_on(request, rows, "reject")

    @admin.action(description="Reject, and block the addresses", permissions=["operate"])
    def block(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._act_on(request, rows, "block")

    @admin.action(description="Put back for another look", permissions=["operate"])
    def put_back(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._act_on(request, rows, "set-aside")

    def _act_on(self, request: HttpRequest, rows: QuerySet[Any], name: str) -> None:
        act, _, done = ACTS[name]
        self.act_on(request, rows, act, done)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.act))
        return [path("<uuid:pk>/act/<slug:name>/", view, name="intake_quarantined_act"), *super().get_urls()]

    def act(self, request: HttpRequest, pk: Any, name: str) -> HttpResponse:
        submission = get_object_or_404(Submission, pk=pk)
        if not self.has_operate_permission(request) or name not in ACTS:
            raise PermissionDenied
        act, _, done = ACTS[name]
        if self.act_on_one(request, submission, act, done):
            self.message_user(request, f"It is {done}.", messages.SUCCESS)
        else:
            self.message_user(request, "Nothing was changed: it stands elsewhere by now.", messages.WARNING)
        submission.refresh_from_db()
        return HttpResponseRedirect(_page_of(submission))


def _page_of(submission: Submission) -> str:
    model = "quarantined" if submission.is_quarantined else "submission"
    return reverse(f"admin:intake_{model}_change", args=[submission.pk])


class SetsAside(SiftingActs):
    """Mixed into the admin of submissions: what was accepted and is spam, after a second question."""

    @admin.action(description="This is spam: set aside", permissions=["operate"])
    def set_aside(self, request: HttpRequest, rows: QuerySet[Submission]) -> HttpResponse | None:
        rows = rows.filter(quarantine_reasons=[])
        if request.POST.get("sure"):
            self.act_on(request, rows, quarantine.set_aside, "set aside")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Set aside as spam?",
            "opts": self.opts,
            "count": rows.count(),
            "people": rows.values("lead").distinct().count(),
            "chosen": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "intake/set_aside.html", context)
