"""Outside calendars in the admin: connect one, see whether it can be read and why not, read it now.

`CalendarInline` and `WithCalendars` are for the advisors' own pages. The address is a secret: who may only look
sees where it leads, never the whole of it, and no list or log repeats it.
"""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from outbox import http
from outbox.desk import SAVES_ON_ENTER, act_buttons
from scheduling.calendars import health, sync
from scheduling.models import Advisor, Calendar

COLOURS = {"ok": "success", "new": "info", "late": "warning", "withheld": "danger", "off": ""}
WORDS = {
    "ok": "Read",
    "new": "Waits for its first reading",
    "late": "Last reading failed; known times hold",
    "withheld": "Cannot be read: advisor withheld",
    "off": "Off",
}
INSIDE = (
    "This service may not call that address: it leads inside (a private network or this machine) or to an unusual "
    "port. WEBHOOK_ALLOWED_NETWORKS opens networks of your own."
)
# Forgotten when another address is entered or an old one switched on again.
READINGS = ("etag", "last_modified", "error", "failures", "tried_at", "claimed_until", "read_at", "covered_until",
            "alerted_at")  # fmt: skip


class CalendarForm(forms.ModelForm):
    """Takes an address as calendars show it (webcal://…) and refuses one that may not be called."""

    class Meta:
        model = Calendar
        fields = ("advisor", "name", "url", "active")
        widgets = {"url": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"})}

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        scheme, _, rest = url.partition("://")
        if scheme.lower() in {"webcal", "webcals"}:
            url = f"https://{rest}"
        try:
            http.check_url(url)
        except http.Refused as error:
            raise forms.ValidationError(_refusal(url), code="refused") from error
        if "." not in (urlsplit(url).hostname or "") and not settings.WEBHOOK_ALLOWED_NETWORKS:
            raise forms.ValidationError(INSIDE, code="refused")  # a name such as localhost: nothing public has one
        return url

    def changes(self) -> list[str]:
        """The columns to write, and no other: a worker may have settled a reading since the page was opened."""
        changed = list(self.changed_data)
        if {"url", "active", "advisor"} & set(changed):
            self.instance.read_anew()
            changed += READINGS
        return changed

    def save(self, commit: bool = True) -> Calendar:  # noqa: FBT001, FBT002 - Django's own signature
        if commit and self.instance.pk:
            self.instance.save(update_fields=self.changes())
        else:
            super().save(commit)
        calendar: Calendar = self.instance
        return calendar


def _refusal(url: str) -> str:
    """The guard's own words name the whole address; these name the way out."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "This is no web address."
    if parts.scheme != "https":
        return "The address must begin with https:// or webcal://."
    if "@" in parts.netloc:
        return "An address with a user name or password in it is not called. Take the secret address, which needs none."
    return INSIDE


def place(calendar: Calendar) -> str:
    """Where the address leads, without what makes it secret."""
    return f"{urlsplit(calendar.url).hostname or '?'}/…"


def calendar_state(calendar: Any) -> str:
    """A key of WORDS and COLOURS; needs `health.judged`."""
    if not calendar.active:
        return "off"
    if calendar.withholds:
        return "withheld" if calendar.failures and (calendar.error or calendar.read_at) else "new"
    return "late" if calendar.error else "ok"


@admin.register(Calendar)
class CalendarAdmin(ModelAdmin):
    """Answers “is somebody withheld, and why?”."""

    form = CalendarForm
    list_display = ("who", "named", "show_state", "read_at", "busy_times", "skipped", "error")
    list_filter = ("active", "advisor")
    list_select_related = ("advisor",)
    search_fields = ("name", "advisor__name", "advisor__email")
    ordering = ("advisor__name", "pk")
    actions = ("read_now",)
    readonly_fields = ("where", "state", "read_at", "covered_until", "tried_at", "busy_times", "skipped", "error",
                       "buttons")  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Calendar]:
        rows = health.judged(super().get_queryset(request), now=timezone.now())
        counted: QuerySet[Calendar] = rows.annotate(times=Count("busy"))
        return counted

    def get_fieldsets(self, request: HttpRequest, obj: Calendar | None = None) -> Any:
        may = self.has_change_permission(request, obj) if obj else True
        typed: tuple[Any, ...] = ("advisor", "name", "url" if may else "where", "active")
        if obj is None:
            return [(None, {"fields": typed})]
        act = ("buttons",) if may else ()
        read = ("state", "error", *act, "read_at", "tried_at", "covered_until", "busy_times", "skipped")
        return [(None, {"fields": typed}), ("Reading", {"fields": read})]

    @display(description="Advisor", ordering="advisor__name")
    def who(self, calendar: Calendar) -> str:
        return calendar.advisor.name

    @display(description="Calendar", ordering="name")
    def named(self, calendar: Calendar) -> str:
        return f"{calendar.name} ({place(calendar)})" if calendar.name else place(calendar)

    @display(description="State", label=COLOURS)
    def show_state(self, calendar: Any) -> tuple[str, str]:
        state = calendar_state(calendar)
        return state, WORDS[state]

    @display(description="State")
    def state(self, calendar: Any) -> str:
        return WORDS[calendar_state(calendar)]

    @display(description="Busy times", ordering="times")
    def busy_times(self, calendar: Any) -> int:
        return int(calendar.times)

    @display(description="Address")
    def where(self, calendar: Calendar) -> str:
        return place(calendar)

    @display(description="Read it")
    def buttons(self, calendar: Calendar) -> SafeString:
        return SAVES_ON_ENTER + act_buttons(
            [(reverse("admin:scheduling_calendar_read", args=[calendar.pk]), "Read now")]
        )

    def save_model(self, request: HttpRequest, obj: Calendar, form: CalendarForm, change: bool) -> None:  # noqa: FBT001
        if change:
            obj.save(update_fields=form.changes())
        else:
            obj.save()
        if obj.active and (not change or "url" in form.changed_data):
            self.message_user(request, "It is read within seconds; until then its advisor is not offered.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.read_one_now))
        return [path("<int:pk>/read/", view, name="scheduling_calendar_read"), *super().get_urls()]

    def read_one_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        calendar = get_object_or_404(Calendar, pk=pk)
        if not self.has_change_permission(request, calendar):
            raise PermissionDenied
        self._read_soon(request, calendar)
        return HttpResponseRedirect(reverse("admin:scheduling_calendar_change", args=[pk]))

    @admin.action(description="Read now", permissions=["change"])
    def read_now(self, request: HttpRequest, rows: QuerySet[Calendar]) -> None:
        for calendar in rows:
            self._read_soon(request, calendar)

    def _read_soon(self, request: HttpRequest, calendar: Calendar) -> None:
        if not calendar.active:
            self.message_user(request, f"{calendar} is off, and was left alone.", messages.WARNING)
            return
        sync.read_soon(calendar)
        self.log_change(request, calendar, "asked to read it now")
        self.message_user(request, f"{calendar} is read within seconds. Open this page again to see.", messages.SUCCESS)


class CalendarInline(TabularInline):
    """The calendars of one advisor, on the advisor's page."""

    model = Calendar
    form = CalendarForm
    fields = ("name", "url", "active", "show_state")
    readonly_fields = ("show_state",)
    extra = 0
    show_change_link = True
    verbose_name_plural = "outside calendars"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Calendar]:
        return health.judged(super().get_queryset(request), now=timezone.now())

    def get_fields(self, request: HttpRequest, obj: Advisor | None = None) -> Any:
        may = self.has_change_permission(request, obj)
        return self.fields if may else ("name", "where", "active", "show_state")

    def get_readonly_fields(self, request: HttpRequest, obj: Advisor | None = None) -> Any:
        return ("show_state", "where")

    @display(description="Address")
    def where(self, calendar: Calendar) -> str:
        return place(calendar)

    @display(description="State")
    def show_state(self, calendar: Any) -> str:
        return WORDS[calendar_state(calendar)] if calendar.pk else "-"


class WithCalendars:
    """Mixed into the admin of advisors: a column that says who is withheld."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Advisor]:
        theirs = health.judged(Calendar.objects.filter(advisor=OuterRef("pk"), active=True), now=timezone.now())
        rows: QuerySet[Advisor] = super().get_queryset(request)  # type: ignore[misc]  # of what this is mixed into
        return rows.annotate(has_calendar=Exists(theirs), is_withheld=Exists(theirs.filter(withholds=True)))

    @display(description="Calendar", label={"read": "success", "withheld": "danger"})
    def calendars_read(self, advisor: Any) -> tuple[str, str] | str:
        if advisor.is_withheld:
            return "withheld", "Unread: withheld"
        return ("read", "Read") if advisor.has_calendar else "-"
