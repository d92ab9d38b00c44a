"""An advisor is away or has left, and conversations lie in that time: what would become of each, and doing it.

Nothing is done unseen: `report` shows each conversation with its choices, staff decide, `settle` carries out what
they chose, each conversation in a transaction of its own, and gives back what could not be done. A confirmed one goes
to a fitting colleague who is free at the same time; where nobody is, it is cancelled and the nearest free times are
offered. A held one does likewise, and nobody is written to, since nothing was agreed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from scheduling import bookings, staff, standins
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, Booking, BookingAdvisor, TimeOff
from scheduling.slots import Interval
from scheduling.standins import StandIn

ILL = "Ill"
MAX_DAYS = 60
LEAVE, CANCEL, WITHOUT = "leave", "cancel", "without"


@dataclass(frozen=True)
class Case:
    """One conversation that lies in the absence, and what may be done about it."""

    booking: Booking
    standins: list[StandIn]
    partner: Advisor | None  # who could go on alone, in a joint conversation

    @property
    def suggested(self) -> str:
        """A fitting colleague, else the partner alone, else it is cancelled with other times."""
        fitting = next((found.advisor for found in self.standins if found.fits), None)
        if fitting is not None:
            return str(fitting.pk)
        return WITHOUT if self.partner else CANCEL


@dataclass(frozen=True)
class Done:
    """What came of one conversation; `refused` says why where it stands as before."""

    booking: Booking
    said: str
    refused: bool = False


# --- whom it touches ------------------------------------------------------------------------------------


def days_off(advisor: Advisor, days: int, *, now: datetime) -> Interval:
    """From now to the end of the day in the advisor's zone; a second day is the next one there."""
    last = now.astimezone(advisor.zone).date() + timedelta(days=days)
    return now, datetime.combine(last, time(), tzinfo=advisor.zone).astimezone(now.tzinfo)


def inside(advisor: Advisor, period: Interval, *, now: datetime) -> list[Booking]:
    """The advisor's open conversations that lie in this time, or reach into it, and have not begun."""
    start, end = period
    return list(_open(now=now).filter(_has_seat(advisor), starts_at__lt=end, ends_at__gt=start))


def stranded(advisor: Advisor, *, now: datetime) -> list[Booking]:
    """Those that nobody can hold any more: the advisor has left, or has time off then."""
    return list(left_alone(now=now).filter(_has_seat(advisor)))


def left_alone(*, now: datetime) -> QuerySet[Booking]:
    """Everybody's: open conversations with somebody who has left or is away then."""
    away = TimeOff.objects.filter(
        advisor=OuterRef("advisor"),
        starts_at__lt=OuterRef("booking__ends_at"),
        ends_at__gt=OuterRef("booking__starts_at"),
    )
    seats = BookingAdvisor.objects.filter(booking=OuterRef("pk")).filter(Q(advisor__active=False) | Exists(away))
    return _open(now=now).filter(Exists(seats))


def _open(*, now: datetime) -> QuerySet[Booking]:
    rows = Booking.objects.filter(status__in=Booking.OPEN, starts_at__gt=now).order_by("starts_at", "pk")
    return bookings.full(rows)


def _has_seat(advisor: Advisor) -> Exists:
    return Exists(BookingAdvisor.objects.filter(booking=OuterRef("pk"), advisor=advisor))


# --- what would become of them --------------------------------------------------------------------------


def report(advisor: Advisor, found: list[Booking], *, now: datetime) -> list[Case]:
    """Each conversation with who is free to take it. Changes nothing."""
    return [_case(advisor, booking, now=now) for booking in found]


def _case(advisor: Advisor, booking: Booking, *, now: datetime) -> Case:
    partners = [member for member in staff.team_of(booking).members if member != advisor and member.active]
    return Case(booking, standins.standins(booking, now=now), next(iter(partners), None))


# --- doing it -------------------------------------------------------------------------------------------


def take_off(advisor: Advisor, period: Interval, *, note: str = ILL) -> None:
    """Writes the time off, unless one that covers it is there: a form that is sent twice is one absence."""
    start, end = period
    with transaction.atomic():
        Advisor.objects.select_for_update(no_key=True).get(pk=advisor.pk)
        if not TimeOff.objects.filter(advisor=advisor, starts_at__lte=start, ends_at__gte=end).exists():
            TimeOff.objects.create(advisor=advisor, starts_at=start, ends_at=end, note=note)


def settle(advisor: Advisor, found: list[Booking], choices: Mapping[str, str], *, now: datetime) -> list[Done]:
    """Does what was chosen for each: an advisor's id, `without`, `cancel` or `leave`. By the booking's id.

    One by one: what cannot be done is told and stays, and the others are done all the same.
    """
    return [_settle(advisor, booking, choices.get(str(booking.pk), LEAVE), now=now) for booking in found]


def _settle(advisor: Advisor, booking: Booking, choice: str, *, now: datetime) -> Done:
    try:
        return Done(booking, _do(advisor, booking, choice, now=now))
    except UnableToBook as error:
        return Done(booking, str(error), refused=True)


def _do(advisor: Advisor, booking: Booking, choice: str, *, now: datetime) -> str:
    if choice == LEAVE:
        return "left as it is"
    if choice == CANCEL:
        staff.cancel(booking, now=now)
        return "cancelled, with other times offered" if booking.status == "confirmed" else "let go"
    if choice == WITHOUT:
        staff.leave_out(booking, advisor, now=now)
        return f"goes on without {advisor}"
    colleague = Advisor.objects.filter(pk=choice).first() if choice.isdecimal() and len(choice) < 19 else None
    if colleague is None:
        raise UnableToBook("closed", "Choose what is to become of it.")
    staff.hand_over(booking, colleague, now=now, instead_of=advisor)
    return f"handed over to {colleague}"
