"""An advisor who is ill, on holiday or gone, at the desk: what would become of each conversation, and doing it.

Mixed into the admin of advisors. The page shows first (`scheduling.covering.report`) and acts when its form is sent;
time off that is typed into the advisor's own page, or an advisor who is switched off, leads here by a message.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from outbox.desk import act_link, link, listing
from scheduling import covering, words
from scheduling.covering import MAX_DAYS, Case
from scheduling.models import Advisor, Booking
from scheduling.slots import Interval
from scheduling.standins import StandIn

DAYS = ((1, "today"), (2, "today and tomorrow"), (3, "3 days"), (5, "5 days"), (7, "a week"), (14, "two weeks"))


class AbsenceDesk:
    """Mixed into the admin of advisors."""

    admin_site: Any
    opts: Any
    log_change: Callable[..., Any]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "away")  # type: ignore[misc]

    @display(description="Conversations")
    def away(self, advisor: Advisor) -> SafeString:
        if not advisor.pk:
            return SafeString("-")
        left = len(covering.stranded(advisor, now=timezone.now()))
        url = reverse("admin:scheduling_advisor_away", args=[advisor.pk])
        stranded = format_html('<p style="margin-bottom:.5rem"><b>{}</b></p>', _lie_in_it(left)) if left else ""
        ill = act_link(f"{url}?days=1", "Ill today")
        hand = act_link(url, "Hand over or release") if left else ""
        return format_html("{}{}{}", stranded, hand, ill)

    def get_urls(self) -> list[URLPattern]:
        away = self.admin_site.admin_view(self.away_page)
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]
        return [path("<int:pk>/away/", away, name="scheduling_advisor_away"), *urls]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """After the row and its time off: what now lies where nobody is, is said, never silently kept."""
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        advisor = form.instance
        left = covering.stranded(advisor, now=timezone.now())
        if left:
            url = reverse("admin:scheduling_advisor_away", args=[advisor.pk])
            text = '{}{}<a href="{}" style="text-decoration:underline">Hand over or release</a>'
            lines = [link(row, f"{words.when_short(row.starts_at, advisor.zone)}, {_whose(row)}") for row in left]
            messages.warning(request, format_html(text, _lie_in_it(len(left)), listing(lines), url))

    # --- the page ---------------------------------------------------------------------------------------

    def away_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows what would become of each conversation; POST does what was chosen."""
        if not request.user.has_perms(["scheduling.change_advisor", "scheduling.change_booking"]):
            raise PermissionDenied
        advisor = get_object_or_404(Advisor, pk=pk)
        days = _days(request)
        return self._settle(request, advisor, days) if request.method == "POST" else self._show(request, advisor, days)

    def _show(self, request: HttpRequest, advisor: Advisor, days: int) -> HttpResponse:
        now = timezone.now()
        period = covering.days_off(advisor, days, now=now) if days else None
        found = covering.inside(advisor, period, now=now) if period else covering.stranded(advisor, now=now)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{advisor} is away" if advisor.active else f"{advisor} has left",
            "opts": self.opts,
            "advisor": advisor,
            "days": days,
            "choices": DAYS if days in dict(DAYS) or not days else ((days, f"{days} days"), *DAYS),
            "until": _end(period, advisor) if period else "",
            "cases": [_row(case, advisor) for case in covering.report(advisor, found, now=now)],
        }
        return TemplateResponse(request, "scheduling/away.html", context)

    def _settle(self, request: HttpRequest, advisor: Advisor, days: int) -> HttpResponse:
        now = timezone.now()
        if days:
            period = covering.days_off(advisor, days, now=now)
            covering.take_off(advisor, period)
            self._say(request, advisor, f"away until the end of {_end(period, advisor)}")
        choices = {
            name.removeprefix("do-"): str(value) for name, value in request.POST.items() if name.startswith("do-")
        }
        found = covering.inside(advisor, period, now=now) if days else covering.stranded(advisor, now=now)
        for done in covering.settle(advisor, found, choices, now=now):
            text = f"{done.booking.submission.lead}, {_when(done.booking, advisor)}: {done.said}"
            if done.refused:
                messages.error(request, f"Not done. {text}")
            elif choices.get(str(done.booking.pk), covering.LEAVE) == covering.LEAVE:
                messages.warning(request, f"{text}.")
            else:
                self._say(request, done.booking, done.said, text=f"{text}.")
        return HttpResponseRedirect(reverse("admin:scheduling_advisor_change", args=[advisor.pk]))

    def _say(self, request: HttpRequest, row: Advisor | Booking, did: str, *, text: str = "") -> None:
        self.log_change(request, row, did)
        messages.success(request, text or f"{row}: {did}.")


def _days(request: HttpRequest) -> int:
    """How many days are asked for; 0: none, only what lies in time off that is there."""
    text = (request.POST if request.method == "POST" else request.GET).get("days", "")
    return min(int(text), MAX_DAYS) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def _end(period: Interval, advisor: Advisor) -> str:
    """The last day; the period itself ends at the midnight after it."""
    return words.day((period[1] - timedelta(seconds=1)).astimezone(advisor.zone))


def _lie_in_it(count: int) -> str:
    one = "1 conversation lies" if count == 1 else f"{count} conversations lie"
    return f"{one} in a time when nobody is there to hold it."


def _whose(booking: Booking) -> str:
    return str(booking.submission.lead or "no lead")


def _row(case: Case, advisor: Advisor) -> dict[str, Any]:
    """One conversation with its choices, the suggested one first chosen."""
    booking = case.booking
    choices = [(str(found.advisor.pk), _hand_over(found)) for found in case.standins]
    if case.partner:
        choices.append((covering.WITHOUT, f"Go on with {case.partner} alone"))
    is_agreed = booking.status == Booking.Status.CONFIRMED
    choices.append((covering.CANCEL, "Cancel, and offer other times" if is_agreed else "Let it go"))
    choices.append((covering.LEAVE, "Leave it as it is"))
    return {
        "name": f"do-{booking.pk}",
        "who": str(booking.submission.lead),
        "when": _when(booking, advisor),
        "status": booking.get_status_display(),
        "is_told": is_agreed,
        "choices": [(value, label, value == case.suggested) for value, label in choices],
    }


def _hand_over(found: StandIn) -> str:
    return f"Hand over to {found.advisor}" + ("" if found.fits else " (another field)")


def _when(booking: Booking, advisor: Advisor) -> str:
    return words.when(booking.starts_at, booking.ends_at, advisor.zone)
