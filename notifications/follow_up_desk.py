"""Follow-ups at the desk: the series and their steps, what each person got and will get, and who gets nothing.

The part of `notifications.admin` for that. The buttons on a lead's page stand in the form of that page, so that
its CSRF token goes along; they lead here, because only this room knows what they do.
"""

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, StackedInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldBooleanSwitchWidget

from intake.models import Lead
from notifications import compose, facts, responses, stops, suppressions
from notifications.models import FollowUp, Sequence, Step, Suppression
from notifications.suppressions import Reason, Scope
from outbox.admin import ReadOnly
from outbox.desk import act_buttons, link, table

STATUS_COLOURS = {"planned": "info", "sent": "success", "skipped": "warning", "stopped": "warning", "failed": "danger"}
STOPPERS = (
    "What is planned is decided anew when it is due. It stops when they book, answer, unsubscribe, or their address "
    "bounces; when you move the lead to Contacted or further; or when the series is switched off."
)
# What staff may know of a person, by the button's name: its label, and what is said when it was pressed.
KNOWN = {
    "answered": ("They answered", "Their answer is noted; what was planned stops."),
    "stop": ("No more follow-ups", "They get no more follow-ups."),
    "bounced": ("The address is dead", "Nothing is sent to this address any more."),
    "complained": ("They complained", "Nothing is sent to this address any more."),
}


# --- series and steps -----------------------------------------------------------------------------------


class SwitchForm(forms.ModelForm):
    """`active_since` as a switch: switching on counts from now."""

    active = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Switched on, it takes people from then on; nobody who came before is written to.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["active"].initial = self.instance.active_since is not None

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        if not self.cleaned_data["active"]:
            self.instance.active_since = None
        elif self.instance.active_since is None:
            self.instance.active_since = timezone.now()
        return super().save(commit)


class StepInline(StackedInline):
    model = Step
    form = SwitchForm
    extra = 0
    can_delete = False  # what went out keeps its step; one that is not wanted is switched off
    fields = ("active", "position", "key", "delay_hours", "in_the_morning", "subject", "body")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, **kwargs, help_texts={"body": PLACEHOLDERS})


PLACEHOLDERS = "Paragraphs with an empty line between them. Known: " + ", ".join(
    f"{{{{ {name} }}}}" for name in compose.PLACEHOLDERS
)


@admin.register(Sequence)
class SequenceAdmin(ModelAdmin):
    """What was sent stays as it was; new words are those of the next mail, new delays those of who enters next."""

    form = SwitchForm
    list_display = ("name", "starts_on", "active_since")
    fields = ("name", "key", "starts_on", "active")
    inlines = (StepInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# --- who got what ---------------------------------------------------------------------------------------


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnly):
    list_display = ("due_at", "lead", "step", "show_status", "reason", "settled_at")
    list_filter = ("status", "step__sequence")
    list_select_related = ("lead", "step__sequence")
    search_fields = ("id", "lead__email", "lead__name", "lead__company")
    ordering = ("-due_at",)
    exclude = ("event",)

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def show_status(self, follow_up: FollowUp) -> tuple[str, str]:
        return follow_up.status, follow_up.get_status_display()

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        return [
            path(
                f"of/<uuid:pk>/{name}/",
                self.admin_site.admin_view(require_POST(partial(self.know, name))),
                name=f"notifications_followup_{name}",
            )
            for name in KNOWN
        ] + urls

    def know(self, name: str, request: HttpRequest, pk: Any) -> HttpResponse:
        """One of the buttons on a lead's page: what staff know of that person."""
        lead = get_object_or_404(Lead, pk=pk)
        if not request.user.has_perm("intake.change_lead"):
            raise PermissionDenied
        _note(name, lead, by=request.user)
        self.log_change(request, lead, f"noted: {KNOWN[name][0].lower()}")
        self.message_user(request, KNOWN[name][1], messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:intake_lead_change", args=[pk]))


def _note(name: str, lead: Lead, *, by: Any) -> None:
    now = timezone.now()
    if name == "answered":
        responses.note(lead, now=now, told_by=by)
        return
    reason, scope = {
        "stop": (Reason.MANUAL, Scope.SEQUENCES),
        "bounced": (Reason.BOUNCED, Scope.ALL),
        "complained": (Reason.COMPLAINED, Scope.ALL),
    }[name]
    suppressions.add(lead.email, reason, scope, now=now, added_by=by)


def follow_ups_of(lead: Lead) -> SafeString:
    """What went out, what will and when, and why something did not; for the lead's page."""
    rows = FollowUp.objects.filter(lead=lead).order_by("-due_at").select_related(
        "lead", "submission__assessment", "submission__lead", "step__sequence", "mail"
    )[:50]  # fmt: skip
    shown = table(
        ("Follow-up", "Status", "Where they are", "UTC", "Why"),
        [(_name(row), row.get_status_display(), *_times(row), _why(row)) for row in rows],
        empty="None is planned.",
    )
    return format_html('{}<p style="margin-top:.75rem">{}</p>', shown, STOPPERS) if any(map(_waits, rows)) else shown


def _name(row: FollowUp) -> SafeString:
    subject = row.mail.subject if row.mail else row.step.subject
    return format_html("{}<br><small>{}: {}</small>", link(row, subject), row.step.sequence.name, row.step.key)


def _times(row: FollowUp) -> tuple[str, str]:
    moment = row.settled_at if row.status == FollowUp.Status.SENT and row.settled_at else row.due_at
    zone: ZoneInfo = facts.zone_of(row.submission)
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M} ({zone.key})", f"{moment:%Y-%m-%d %H:%M}"


def _why(row: FollowUp) -> str:
    """For what is planned: what would come out if nothing changed until then."""
    if not _waits(row):
        return row.reason
    now = max(row.due_at, timezone.now())
    decision = stops.decide(facts.gather(row, now=now))
    if isinstance(decision, stops.Stop | stops.Skip):
        return f"Will not be sent as things stand: {decision.reason}"
    return f"Waits: {row.reason}" if row.reason else "Will be sent as things stand."


def _waits(row: FollowUp) -> bool:
    return row.status == FollowUp.Status.PLANNED


def follow_up_moves(lead: Lead) -> SafeString:
    """What is known against the address, and the buttons by which staff say what they know."""
    known = table(
        ("Suppressed because", "What", "Since (UTC)"),
        [(link(row, row.get_reason_display()), _scope(row), f"{row.added_at:%Y-%m-%d %H:%M}")
         for row in suppressions.of(lead.email).select_related("sequence").order_by("added_at")],
        empty="Nothing speaks against writing to this address.",
    )  # fmt: skip
    buttons = act_buttons(
        (reverse(f"admin:notifications_followup_{name}", args=[lead.pk]), KNOWN[name][0]) for name in KNOWN
    )
    return format_html('{}<p style="margin-top:.75rem">{}</p>', known, buttons)


def _scope(row: Suppression) -> str:
    return f"Only the series “{row.sequence}”" if row.sequence else row.get_scope_display()


# --- who gets nothing -----------------------------------------------------------------------------------


class SuppressionForm(forms.ModelForm):
    address = forms.EmailField(
        widget=UnfoldAdminEmailInputWidget, help_text="Kept as a keyed hash only: afterwards nobody can read it here."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("sequence") and cleaned.get("scope") == Scope.ALL:
            raise ValidationError({"sequence": "Leave it empty where every mail is stopped."})
        if "address" in cleaned:
            self._refuse_twice(cleaned)
            self.instance.address_hash = suppressions.hash_of(cleaned["address"])
        return cleaned

    def _refuse_twice(self, cleaned: dict[str, Any]) -> None:
        key = {name: cleaned.get(name) for name in ("reason", "scope", "sequence")}
        if suppressions.of(cleaned["address"]).filter(**key).exists():
            raise ValidationError({"address": "This is known of the address already."})


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):
    """To look an address up, type it whole into the search. To lift a suppression, delete it."""

    form = SuppressionForm
    list_display = ("show_hash", "reason", "scope", "sequence", "added_at", "added_by", "note")
    list_filter = ("reason", "scope")
    list_select_related = ("sequence", "added_by")
    search_fields = ("note",)
    search_help_text = "A whole mail address, or words of a note"
    ordering = ("-added_at",)
    fields = ("address", "reason", "scope", "sequence", "note")

    @display(description="Address, as a hash", ordering="address_hash")
    def show_hash(self, row: Suppression) -> str:
        return f"{row.address_hash[:12]}…"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            self.fields if obj is None else ("show_hash", "reason", "scope", "sequence", "note", "added_at", "added_by")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """A row is not changed: it is lifted, and another one added."""
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        if "@" in search_term:
            return queryset.filter(pk__in=suppressions.of(search_term)), False
        found: tuple[QuerySet[Suppression], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def save_model(self, request: HttpRequest, obj: Suppression, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001
        obj.added_at, obj.added_by = timezone.now(), request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
