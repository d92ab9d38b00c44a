"""The page of the desk on which a conversation is arranged: book, move, hand over, confirm, cancel, and how it went.

Part of `scheduling.booking_desk`. One page for one submission, whether a conversation is open or not.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from intake import zones
from intake.models import Submission
from intake.zone_choices import ZONES
from scheduling import bookings, fitting, staff, standins, wishes, words
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking
from scheduling.offers import Offer

SHOWN_DAYS = 15


class ArrangingPages(ModelAdmin):
    """Mixed into the admin of bookings."""

    def get_urls(self) -> list[URLPattern]:
        def wrap(view: Callable[..., HttpResponse]) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("for/<uuid:pk>/", wrap(self.arrange), name="scheduling_booking_arrange"),
            path("for/<uuid:pk>/book/", wrap(require_POST(self.book)), name="scheduling_booking_book"),
            path("for/<uuid:pk>/settle/", wrap(require_POST(self.settle)), name="scheduling_booking_settle"),
            path("<uuid:pk>/hand-over/", wrap(require_POST(self.hand_over)), name="scheduling_booking_hand_over"),
            path("<uuid:pk>/confirm/", wrap(require_POST(self.do_confirm)), name="scheduling_booking_confirm"),
            path("<uuid:pk>/cancel/", wrap(require_POST(self.do_cancel)), name="scheduling_booking_cancel"),
            path("<uuid:pk>/mark/<slug:status>/", wrap(require_POST(self.do_mark)), name="scheduling_booking_mark"),
            *super().get_urls(),
        ]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("scheduling.change_booking")

    # --- shown --------------------------------------------------------------------------------------------

    def arrange(self, request: HttpRequest, pk: Any) -> HttpResponse:
        submission, now = self._submission(request, pk), timezone.now()
        booking = bookings.open_booking(submission, now=now)
        teams = _teams(submission, booking)
        team = teams.get(request.GET.get("with", ""), next(iter(teams.values()), None))
        zone = submission.timezone or (booking.timezone if booking else "")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Conversation with {submission.lead}",
            "opts": self.opts,
            "submission": submission,
            "booking": booking,
            "booking_words": _told(booking) if booking else [],
            "wish": wishes.open_wish(submission),
            "teams": [(key, _named(each), each == team) for key, each in teams.items()],
            "team_key": next((key for key, each in teams.items() if each == team), ""),
            "days": _days(submission, team, now=now) if team else [],
            "zone": zone,
            "zones": ZONES,
            "zone_is_listed": any(zone == name for _, rows in ZONES for name, _ in rows),
            "standins": standins.standins(booking, now=now) if booking else [],
            "has_begun": bool(booking and booking.starts_at <= now),
        }
        return TemplateResponse(request, "scheduling/arrange.html", context)

    # --- done ---------------------------------------------------------------------------------------------

    def book(self, request: HttpRequest, pk: Any) -> HttpResponse:
        submission, now = self._submission(request, pk), timezone.now()
        booking = bookings.open_booking(submission, now=now)
        try:
            team, start, zone = _chosen(request, submission, booking)
            done = staff.arrange(submission, team, start, zone=zone, now=now)
        except UnableToBook as error:
            self.message_user(request, f"Not booked: {error}", messages.ERROR)
        else:
            did = "moved" if booking else "booked"
            self.log_change(request, done, f"{did} to {done.starts_at:%Y-%m-%d %H:%M} UTC with {_named(team)}")
            when = words.when(done.starts_at, done.ends_at, done.advisor.zone)
            self.message_user(request, f"{did.capitalize()}: {when}, with {_named(team)}.", messages.SUCCESS)
        return _back(pk, request.POST.get("with", ""))

    def settle(self, request: HttpRequest, pk: Any) -> HttpResponse:
        submission = self._submission(request, pk)
        wish = wishes.open_wish(submission)
        if wish and wishes.settle(wish, now=timezone.now()):
            self.log_change(request, wish, "settled")
            self.message_user(request, "The wish is settled.", messages.SUCCESS)
        return _back(pk)

    def hand_over(self, request: HttpRequest, pk: Any) -> HttpResponse:
        booking = self._booking(request, pk)
        colleague = Advisor.objects.filter(pk=_number(request.POST.get("to", ""))).first()
        instead_of = Advisor.objects.filter(pk=_number(request.POST.get("from", ""))).first()
        if colleague is None:
            self.message_user(request, "Choose who takes it.", messages.ERROR)
        else:
            self.do(
                request,
                booking,
                lambda row, now: staff.hand_over(row, colleague, now=now, instead_of=instead_of),
                f"handed over to {colleague}",
            )
        return _back(booking.submission_id)

    def do_confirm(self, request: HttpRequest, pk: Any) -> HttpResponse:
        booking = self._booking(request, pk)
        self.do(request, booking, staff.confirm, "confirmed")
        return _back(booking.submission_id)

    def do_cancel(self, request: HttpRequest, pk: Any) -> HttpResponse:
        booking = self._booking(request, pk)
        self.do(request, booking, staff.cancel, "cancelled")
        return _back(booking.submission_id)

    def do_mark(self, request: HttpRequest, pk: Any, status: str) -> HttpResponse:
        booking = self._booking(request, pk)
        done = {"completed": "took place", "no_show": "nobody came"}.get(status, status)
        self.do(request, booking, lambda row, now: staff.mark(row, status, now=now), done)
        return HttpResponseRedirect(reverse("admin:scheduling_booking_change", args=[pk]))

    def do(self, request: HttpRequest, booking: Booking, act: Callable[..., Any], done: str) -> bool:
        """One act on one conversation: logged and told, or its refusal told."""
        try:
            act(booking, now=timezone.now())
        except UnableToBook as error:
            self.message_user(request, f"{booking}: {error}", messages.ERROR)
            return False
        self.log_change(request, booking, done)
        self.message_user(request, f"{booking}: {done}.", messages.SUCCESS)
        return True

    # --- finding ------------------------------------------------------------------------------------------

    def _submission(self, request: HttpRequest, pk: Any) -> Submission:
        if not self.has_operate_permission(request):
            raise PermissionDenied
        rows = Submission.objects.select_related("lead", "assessment").filter(lead__isnull=False)
        return get_object_or_404(rows, pk=pk)

    def _booking(self, request: HttpRequest, pk: Any) -> Booking:
        if not self.has_operate_permission(request):
            raise PermissionDenied
        return get_object_or_404(bookings.full(Booking.objects.all()), pk=pk)


def _back(submission_id: Any, team: str = "") -> HttpResponse:
    url = reverse("admin:scheduling_booking_arrange", args=[submission_id])
    return HttpResponseRedirect(f"{url}?with={team}" if team.replace("-", "").isdecimal() else url)


# --- who and when -----------------------------------------------------------------------------------------


def _teams(submission: Submission, booking: Booking | None) -> dict[str, Team]:
    """Who may be chosen, by a key for the address: who has it already first, then everybody."""
    found = [staff.team_of(booking)] if booking else []
    assignment = Assignment.objects.select_related("advisor", "colleague").filter(submission=submission).first()
    assigned = fitting.team_of(assignment) if assignment else None
    found += [assigned] if assigned else []
    found += [Team(advisor) for advisor in Advisor.objects.filter(active=True).order_by("name", "pk")]
    return {_key(team): team for team in found if team.leader.active}


def _key(team: Team) -> str:
    return f"{team.leader.pk}-{team.colleague.pk}" if team.colleague else str(team.leader.pk)


def _named(team: Team) -> str:
    return f"{team.leader} and {team.colleague}" if team.colleague else str(team.leader)


def _days(submission: Submission, team: Team, *, now: datetime) -> list[tuple[str, list[dict[str, str]]]]:
    """Free times by day in the prospect's zone, each with the advisor's hour where that is another one."""
    zone = fitting.zone_of(submission, team.leader)
    offer = Offer(team, fitting.slots_of(team, now=now), zone)
    days = [(day, list(slots)) for day, slots in groupby(offer.slots, key=lambda s: words.day(s[0].astimezone(zone)))]
    return [(day, [_choice(slot[0], slot[1], offer) for slot in slots]) for day, slots in days[:SHOWN_DAYS]]


def _choice(start: datetime, end: datetime, offer: Offer) -> dict[str, str]:
    here, there = start.astimezone(offer.zone), start.astimezone(offer.team.leader.zone)
    differs = here.utcoffset() != there.utcoffset()
    return {
        "value": start.isoformat(),
        "text": words.when(start, end, offer.zone),
        "hours": f"{here:%H:%M}",
        "there": f"{there:%H:%M}" if differs else "",
    }


def _told(booking: Booking) -> list[str]:
    """The conversation in sentences: whose, when for the prospect, when for each who lives by another clock."""
    team, start, end = staff.team_of(booking), booking.starts_at, booking.ends_at
    home = ZoneInfo(booking.submission.timezone or booking.timezone)
    return [
        f"{booking.get_status_display()}, with {_named(team)}.",
        words.when(start, end, home),
        *(
            words.elsewhere(start, end, zone=member.zone, home=home, who=str(member))
            for member in team.members
            if member.zone != home
        ),
    ]


def _chosen(request: HttpRequest, submission: Submission, booking: Booking | None) -> tuple[Team, datetime, str]:
    """Raises UnableToBook, which names what is missing."""
    team = _teams(submission, booking).get(request.POST.get("with", ""))
    zone = request.POST.get("timezone", "")
    try:
        start = parse_datetime(request.POST.get("start", ""))
    except ValueError:
        start = None
    if team is None:
        raise UnableToBook("no_advisor", "choose who takes it.")
    if start is None or start.tzinfo is None:
        raise UnableToBook("off_grid", "choose one of the free times.")
    if not zones.is_known(zone):
        raise UnableToBook("no_zone", "choose the prospect's time zone. Every mail tells the time in it.")
    return team, start, zone


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else 0
