"""A conversation as rows: written, moved, confirmed, let go; and the one road that every change of one takes.

Used by the first decision (`scheduling.calls`), by reviews, and by the services for prospects and staff. The
database decides who gets a time; a lost race is tried again with what is still free.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet, prefetch_related_objects

from intake import events
from intake import services as intake
from intake.models import Lead, StaleTransition, Submission
from scheduling import fitting, holds
from scheduling.fitting import Team
from scheduling.models import Advisor, Booking, BookingAdvisor, TimeRequest
from scheduling.replies import booking_data
from scheduling.slots import Interval

T = TypeVar("T")
Status = Booking.Status
# Exclusion violation, unique violation, deadlock, serialization failure: somebody else was faster.
LOST_RACE = {"23P01", "23505", "40P01", "40001"}
TRIES = 4


class UnableToBook(Exception):
    """The time cannot be booked; `code` says why.

    slot_taken, closed, pending or no_advisor: the house stands otherwise. past, too_soon, too_late or off_grid: the
    start itself is none that could be free.
    """

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


def book(submission: Submission, team: Team, slot: Interval, *, status: Status, now: datetime, **more: Any) -> Booking:
    """The booking with a seat for each who takes part, all or none; the exclusion constraint has the last word.

    `more` goes into its event.
    """
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
        after_confirming(booking, now=now, **more)
    else:
        tell("booking.tentative", booking, now=now, **more)
    return booking


def move(booking: Booking, team: Team, slot: Interval, *, now: datetime, **more: Any) -> Booking:
    """Another time, and whoever takes part now: all of them or none. Gives the booking as it then stands."""
    was_confirmed = booking.status == Status.CONFIRMED
    booking.reschedule(*slot, now=now)
    booking, left = _reseated(booking, team, slot)
    if was_confirmed:
        tell("booking.rescheduled", booking, now=now, left=left, **more)
    else:
        after_confirming(booking, now=now, **more)
    return booking


def hand_over(booking: Booking, team: Team, *, now: datetime, **more: Any) -> Booking:
    """The same time with others. A hold stays one, and ends when it would have ended."""
    booking.change_hands()
    booking, left = _reseated(booking, team, (booking.starts_at, booking.ends_at))
    type_ = "booking.rescheduled" if booking.status == Status.CONFIRMED else "booking.tentative"
    tell(type_, booking, now=now, left=left, **more)
    return booking


def _reseated(booking: Booking, team: Team, slot: Interval) -> tuple[Booking, list[int]]:
    """The booking as it then stands, and the ids of the advisors who take part no longer."""
    before = set(booking.seats.values_list("advisor_id", flat=True))
    # Before anything is let go: whoever waits for that time must not hold an advisor that we need.
    _lock(team, *before)
    booking.seats.all().delete()
    _seat(booking, team, slot)
    return full(Booking.objects.filter(pk=booking.pk)).get(), sorted(before - {a.pk for a in team.members})


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


def after_confirming(booking: Booking, *, now: datetime, **more: Any) -> None:
    """Tells it, moves the lead to `booked`, and lets go of what else was held or wished for the same person."""
    lead = booking.submission.lead
    assert lead is not None
    TimeRequest.objects.filter(submission=booking.submission, settled_at=None).update(settled_at=now)
    tell("booking.confirmed", booking, now=now, **more)
    for other in full(Booking.objects.filter(submission__lead=lead, status=Status.TENTATIVE)):
        release(other, now=now)
    # Further on already: staff know more than we do.
    with contextlib.suppress(StaleTransition):
        before = lead.move_to(Lead.Stage.BOOKED, only_from=("new", "contacted"))
        intake.tell_stage(booking.submission, before=before, now=now, booking=booking_data(booking))


def release(booking: Booking, *, now: datetime, **more: Any) -> None:
    booking.move_to(Status.CANCELLED, now=now)
    tell("booking.cancelled", booking, now=now, **more)


def open_booking(submission: Submission, *, now: datetime) -> Booking | None:
    """The booking that can still be acted on: not ended, and not over by the clock."""
    return full(Booking.objects.filter(submission=submission, status__in=Booking.OPEN, ends_at__gt=now)).first()


def full(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    return bookings.select_related("submission__lead", "submission__assessment").prefetch_related("seats__advisor")


def tell(type_: str, booking: Booking, *, now: datetime, **more: Any) -> None:
    """Publishes it. `more` is for the house alone: `by="staff"`, `left`, `alternatives`."""
    house = {"booking_id": str(booking.id), "version": booking.version, **more}
    events.publish(type_, submission=booking.submission, now=now, booking=booking_data(booking), **house)
