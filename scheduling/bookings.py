"""A conversation as rows: written, moved, confirmed, let go; and the one road that every change of one takes.

Used by the first decision (`scheduling.calls`), by reviews, and by the services for prospects and staff. The
database decides who gets a time; a lost race is tried again with what is still free.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet, prefetch_related_objects

from intake import events
from intake import services as intake
from intake.models import Lead, StaleTransition, Submission
from scheduling import fitting, holds
from scheduling.fitting import Team
from scheduling.models import Advisor, Booking, BookingAdvisor
from scheduling.replies import booking_data
from scheduling.slots import Interval

T = TypeVar("T")
Status = Booking.Status
# Exclusion violation, unique violation, deadlock, serialization failure: somebody else was faster.
LOST_RACE = {"23P01", "23505", "40P01", "40001"}
TRIES = 4


class UnableToBook(Exception):
    """The time cannot be booked; `code` says why: slot_taken, off_grid, closed, pending or no_advisor."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def in_turn(submission: Submission, act: Callable[[], T]) -> T:
    """Runs `act` in a transaction, one at a time for each person; again while it loses a time to somebody else.

    Every change of a booking goes through here. The lead is the first row that is locked, so that two acts of
    one person cannot wait for each other, and `submission.lead` is as it stands now. Raises UnableToBook
    (slot_taken) when the last try is lost.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                locked = Lead.objects.select_for_update(no_key=True, of=("self",))
                submission.lead = locked.filter(submissions=submission).first()
                return act()
        except (IntegrityError, OperationalError) as error:
            if getattr(error.__cause__, "sqlstate", "") not in LOST_RACE:
                raise
    raise UnableToBook("slot_taken", "Somebody else has just taken this time.")


def book(submission: Submission, team: Team, slot: Interval, *, status: Status, now: datetime) -> Booking:
    """The booking with a seat for each who takes part, all or none; the exclusion constraint has the last word."""
    confirmed = status == Status.CONFIRMED
    zone = fitting.zone_of(submission, team.leader)
    booking = Booking.objects.create(
        submission=submission,
        status=status,
        starts_at=slot[0],
        ends_at=slot[1],
        timezone=zone.key,
        expires_at=None if confirmed else holds.expires_at(now=now, start=slot[0], notice=team.notice, zone=zone),
        confirmed_at=now if confirmed else None,
        created_at=now,
    )
    _seat(booking, team, slot)
    prefetch_related_objects([booking], "seats__advisor")
    if confirmed:
        after_confirming(booking, now=now)
    else:
        tell("booking.tentative", booking, now=now)
    return booking


def move(booking: Booking, team: Team, slot: Interval, *, now: datetime) -> Booking:
    """Another time, and whoever takes part now: all of them or none. Gives the booking as it then stands."""
    was_confirmed = booking.status == Status.CONFIRMED
    booking.reschedule(*slot, now=now)
    # Before anything is let go: whoever waits for that time must not hold an advisor that we need.
    _lock(team, *(seat.advisor_id for seat in booking.seats.all()))
    booking.seats.all().delete()
    _seat(booking, team, slot)
    booking = full(Booking.objects.filter(pk=booking.pk)).get()
    if was_confirmed:
        tell("booking.rescheduled", booking, now=now)
    else:
        after_confirming(booking, now=now)
    return booking


def _seat(booking: Booking, team: Team, slot: Interval) -> None:
    _lock(team)
    BookingAdvisor.objects.bulk_create(
        BookingAdvisor(booking=booking, advisor=advisor, leads=advisor == team.leader, blocked=blocked(advisor, slot))
        for advisor in team.members
    )


def _lock(team: Team, *others: int) -> None:
    """In one order: of two who want both advisors, none can hold what the other one needs."""
    fitting.locked([*{advisor.id for advisor in team.members} | set(others)])


def blocked(advisor: Advisor, slot: Interval) -> DateTimeTZRange:
    rules = advisor.rules
    return DateTimeTZRange(slot[0] - rules.buffer_before, slot[1] + rules.buffer_after, "[)")


def after_confirming(booking: Booking, *, now: datetime) -> None:
    """Tells it, moves the lead to `booked`, and lets go of what else was held for the same person."""
    lead = booking.submission.lead
    assert lead is not None
    tell("booking.confirmed", booking, now=now)
    for other in full(Booking.objects.filter(submission__lead=lead, status=Status.TENTATIVE)):
        release(other, now=now)
    # Further on already: staff know more than we do.
    with contextlib.suppress(StaleTransition):
        before = lead.move_to(Lead.Stage.BOOKED, only_from=("new", "contacted"))
        intake.tell_stage(booking.submission, before=before, now=now, booking=booking_data(booking))


def release(booking: Booking, *, now: datetime) -> None:
    booking.move_to(Status.CANCELLED, now=now)
    tell("booking.cancelled", booking, now=now)


def open_booking(submission: Submission, *, now: datetime) -> Booking | None:
    """The booking that can still be acted on: not ended, and not over by the clock."""
    return full(Booking.objects.filter(submission=submission, status__in=Booking.OPEN, ends_at__gt=now)).first()


def full(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    return bookings.select_related("submission__lead", "submission__assessment").prefetch_related("seats__advisor")


def tell(type_: str, booking: Booking, *, now: datetime) -> None:
    data, id_ = booking_data(booking), str(booking.id)
    events.publish(type_, submission=booking.submission, now=now, booking=data, booking_id=id_)
