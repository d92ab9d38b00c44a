"""What happens to a conversation: booked by the house, confirmed, picked, cancelled, expired.

`book_call` comes after the intake, through the outbox; the others after an act of the prospect or of staff.
The database decides who gets a time; a lost race is tried again with what is still free.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from intake import events
from intake import services as intake
from intake.models import Lead, StaleTransition, Submission
from outbox.models import Delivery
from scheduling import fitting, holds
from scheduling.availability import free_slots, is_free
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor
from scheduling.replies import booking_data
from scheduling.slots import Interval, slot_at

T = TypeVar("T")
Status = Booking.Status
Outcome = Assignment.Outcome
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


# --- the house books ------------------------------------------------------------------------------------


def book_call(delivery: Delivery) -> dict[str, str]:
    """Decides once about the conversation of a submission: holds a time, confirms a wished one, or offers.

    Nobody free is no error: it is recorded, published as `booking.unavailable`, and staff are told.
    """
    submission = intake.of_event(delivery.event)
    if submission is None:
        return {"skipped": "The submission was erased."}
    assignment = in_turn(submission, lambda: _decide(submission, now=timezone.now()))
    return {"outcome": str(assignment.outcome)}


def _decide(submission: Submission, *, now: datetime) -> Assignment:
    decided = Assignment.objects.filter(submission=submission).first()
    if decided is not None:
        return decided
    # As it stands now: a correction may have come in between.
    submission.refresh_from_db(fields=fitting.DECIDES)
    ranked, step = fitting.rank(submission, now=now)
    assignment = Assignment(
        submission=submission, step=step, candidates=[asdict(candidate) for candidate in ranked], decided_at=now
    )
    if submission.is_test:
        assignment.outcome = Outcome.NONE
    else:
        _give_time(assignment, fitting.locked([candidate.id for candidate in ranked]), now=now)
    assignment.save(force_insert=True)
    if assignment.outcome == Outcome.UNAVAILABLE:
        events.publish("booking.unavailable", submission=submission, now=now)
    return assignment


def _give_time(assignment: Assignment, ranked: list[Advisor], *, now: datetime) -> None:
    """Books the best thing there is: a wished time, else a held one, else the advisor with times to offer."""
    submission = assignment.submission
    free = free_slots(ranked, now=now)
    wishes = submission.preferred_start if fitting.is_prospect(submission) else []
    for wish in map(datetime.fromisoformat, wishes):
        for advisor in ranked:
            slot = next((slot for slot in free[advisor.id] if slot[0] == wish), None)
            if slot:
                book(submission, advisor, slot, status=Status.CONFIRMED, now=now)
                assignment.advisor, assignment.outcome = advisor, Outcome.CONFIRMED
                return
    assignment.advisor = next((advisor for advisor in ranked if free[advisor.id]), None)
    if assignment.advisor is None:
        assignment.outcome = Outcome.UNAVAILABLE
        return
    slot = fitting.slot_to_hold(submission, assignment.advisor, free[assignment.advisor.id], now=now)
    assignment.outcome = Outcome.HELD if slot else Outcome.OFFER
    if slot:
        book(submission, assignment.advisor, slot, status=Status.TENTATIVE, now=now)


def book(submission: Submission, advisor: Advisor, slot: Interval, *, status: Status, now: datetime) -> Booking:
    """Writes the booking and its seat; the exclusion constraint has the last word."""
    confirmed = status == Status.CONFIRMED
    zone, notice = fitting.zone_of(submission, advisor), advisor.rules.notice
    booking = Booking.objects.create(
        submission=submission,
        status=status,
        starts_at=slot[0],
        ends_at=slot[1],
        timezone=zone.key,
        expires_at=None if confirmed else holds.expires_at(now=now, start=slot[0], notice=notice, zone=zone),
        confirmed_at=now if confirmed else None,
        created_at=now,
    )
    BookingAdvisor.objects.create(booking=booking, advisor=advisor, blocked=_blocked(advisor, slot))
    prefetch_related_objects([booking], "seats__advisor")
    if confirmed:
        _after_confirming(booking, now=now)
    else:
        _tell("booking.tentative", booking, now=now)
    return booking


def _blocked(advisor: Advisor, slot: Interval) -> DateTimeTZRange:
    rules = advisor.rules
    return DateTimeTZRange(slot[0] - rules.buffer_before, slot[1] + rules.buffer_after, "[)")


# --- the prospect acts ----------------------------------------------------------------------------------


def pick(submission: Submission, start: datetime, *, now: datetime) -> tuple[Booking, bool]:
    """Books a time that the prospect chose, confirmed at once; an open booking moves there.

    Gives the booking and whether it is a new one. Raises UnableToBook: slot_taken, off_grid or no_advisor.
    """
    return in_turn(submission, lambda: _pick(submission, start, now=now))


def _pick(submission: Submission, start: datetime, *, now: datetime) -> tuple[Booking, bool]:
    advisor = advisor_for(submission)
    before = open_booking(submission, now=now)
    if before is None:
        _refuse_what_is_over(submission)
    if before and before.starts_at == start and before.status == Status.CONFIRMED:
        return before, False
    slot = slot_at(advisor.rules, start, now=now)
    if slot is None:
        raise UnableToBook("off_grid", "This is not one of the free times. Choose one from the list of slots.")
    if before:
        before.seats.update(holds_time=False)  # its own old time must not stand in its way
    if not is_free(advisor, slot, now=now):
        raise UnableToBook("slot_taken", "This time is taken.")
    if before is None:
        return book(submission, advisor, slot, status=Status.CONFIRMED, now=now), True
    return _move(before, advisor, slot, now=now), False


def _refuse_what_is_over(submission: Submission) -> None:
    if Booking.objects.filter(submission=submission, status=Status.CONFIRMED).exists():
        raise UnableToBook("closed", "This conversation has taken place. Answer its mail to arrange another one.")


def _move(booking: Booking, advisor: Advisor, slot: Interval, *, now: datetime) -> Booking:
    was_confirmed = booking.status == Status.CONFIRMED
    booking.reschedule(*slot, now=now)
    booking.seats.update(blocked=_blocked(advisor, slot), holds_time=True)
    if was_confirmed:
        _tell("booking.rescheduled", booking, now=now)
    else:
        _after_confirming(booking, now=now)
    return booking


def confirm(submission: Submission, *, now: datetime, seen: datetime | None = None) -> Booking:
    """A held time becomes a conversation; a confirmed one stays so. `seen` is the time that somebody looked at.

    Raises UnableToBook: closed.
    """
    return in_turn(submission, lambda: _confirm(submission, seen, now=now))


def _confirm(submission: Submission, seen: datetime | None, *, now: datetime) -> Booking:
    booking = open_booking(submission, now=now)
    if booking is None:
        raise UnableToBook("closed", "There is no held time to confirm. Choose a new one.")
    if booking.status == Status.CONFIRMED:
        return booking
    if seen is not None and seen != booking.starts_at:
        raise UnableToBook("closed", "We hold another time for you by now, since the result has changed. Look again.")
    try:
        booking.move_to(Status.CONFIRMED, now=now)
    except StaleTransition as error:
        raise UnableToBook("closed", "The held time is over. Choose a new one.") from error
    _after_confirming(booking, now=now)
    return booking


def _after_confirming(booking: Booking, *, now: datetime) -> None:
    """Tells it, moves the lead to `booked`, and lets go of what else was held for the same person."""
    lead = booking.submission.lead
    assert lead is not None
    _tell("booking.confirmed", booking, now=now)
    for other in _full(Booking.objects.filter(submission__lead=lead, status=Status.TENTATIVE)):
        release(other, now=now)
    # Further on already: staff know more than we do.
    with contextlib.suppress(StaleTransition):
        before = lead.move_to(Lead.Stage.BOOKED, only_from=("new", "contacted"))
        intake.tell_stage(booking.submission, before=before, now=now, booking=booking_data(booking))


def cancel(submission: Submission, *, now: datetime) -> None:
    """Cancels the open booking; without one nothing happens, so that a repeated call is no error."""
    in_turn(submission, lambda: _cancel(submission, now=now))


def _cancel(submission: Submission, *, now: datetime) -> None:
    booking = open_booking(submission, now=now)
    if booking is not None:
        release(booking, now=now)


def release(booking: Booking, *, now: datetime) -> None:
    booking.move_to(Status.CANCELLED, now=now)
    _tell("booking.cancelled", booking, now=now)


def expire_holds(*, now: datetime) -> int:
    """Ends every hold whose time is over and tells it; gives how many."""
    due = Submission.objects.filter(bookings__in=_over(now)).only("id")
    return sum(in_turn(submission, partial(_expire, submission, now=now)) for submission in due[:500])


def _expire(submission: Submission, *, now: datetime) -> bool:
    booking = _full(_over(now).filter(submission=submission)).first()
    if booking is not None:
        booking.move_to(Status.EXPIRED, now=now)
        _tell("booking.expired", booking, now=now)
    return booking is not None


def _over(now: datetime) -> QuerySet[Booking]:
    return Booking.objects.filter(status=Status.TENTATIVE, expires_at__lte=now)


# --- finding --------------------------------------------------------------------------------------------


def open_booking(submission: Submission, *, now: datetime) -> Booking | None:
    """The booking that can still be acted on: not ended, and not over by the clock."""
    return _full(Booking.objects.filter(submission=submission, status__in=Booking.OPEN, ends_at__gt=now)).first()


def show_in_zone(submission: Submission) -> None:
    """The prospect named another zone: what is open is the same instant, told in their hours from now on."""
    Booking.objects.filter(submission=submission, status__in=Booking.OPEN).update(timezone=submission.timezone)


def _full(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    return bookings.select_related("submission__lead", "submission__assessment").prefetch_related("seats__advisor")


def advisor_for(submission: Submission) -> Advisor:
    """The advisor whose times this submission may pick from: the assigned one, while still active."""
    assignment = Assignment.objects.select_related("advisor").filter(submission=submission).first()
    if assignment is None:
        raise UnableToBook("pending", "We are still looking for the advisor who fits. Ask again in a moment.")
    if assignment.advisor and assignment.advisor.active:
        return assignment.advisor
    raise UnableToBook("no_advisor", "No advisor is free at the moment. We will come back to you.")


def _tell(type_: str, booking: Booking, *, now: datetime) -> None:
    data, id_ = booking_data(booking), str(booking.id)
    events.publish(type_, submission=booking.submission, now=now, booking=data, booking_id=id_)
