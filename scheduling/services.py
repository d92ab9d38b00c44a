"""What happens to a conversation: booked by the house, confirmed, picked, cancelled, expired.

`book_call` comes after the intake, through the outbox; the others after an act of the prospect or of staff.
The database decides who gets a time; a lost race is tried again with what is still free.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db import IntegrityError, OperationalError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from intake import events
from intake import services as intake
from intake.models import Lead, StaleTransition, Submission
from outbox.models import Delivery
from scheduling import holds, matching
from scheduling.availability import free_slots, is_free
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor
from scheduling.replies import booking_data
from scheduling.slots import Interval

T = TypeVar("T")
Status = Booking.Status
Outcome = Assignment.Outcome
# Exclusion violation, unique violation, deadlock, serialization failure: somebody else was faster.
LOST_RACE = {"23P01", "23505", "40P01", "40001"}
TRIES = 4


class UnableToBook(Exception):
    """The time cannot be booked; `code` says why: slot_taken, off_grid, closed or no_advisor."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _unless_lost(act: Callable[[], T]) -> T:
    """Runs a transaction again while it loses against another one. Raises what the last try raised."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return act()
        except (IntegrityError, OperationalError) as error:
            if not left or getattr(error.__cause__, "sqlstate", "") not in LOST_RACE:
                raise
    raise AssertionError("unreachable")


# --- the house books ------------------------------------------------------------------------------------


def book_call(delivery: Delivery) -> dict[str, str]:
    """Decides once about the conversation of a submission: holds a time, confirms a wished one, or offers.

    Nobody free is no error: it is recorded, published as `booking.unavailable`, and staff are told.
    """
    submission = (
        Submission.objects.select_related("lead", "assessment")
        .filter(pk=delivery.event.data["submission"]["id"])
        .first()
    )
    if submission is None or submission.lead is None:
        return {"skipped": "The submission was erased."}
    assignment = _unless_lost(lambda: _decide(submission, now=timezone.now()))
    return {"outcome": str(assignment.outcome)}


def _decide(submission: Submission, *, now: datetime) -> Assignment:
    decided = Assignment.objects.filter(submission=submission).first()
    if decided is not None:
        return decided
    decision = submission.assessment.decision
    ranked, step = matching.rank(decision["engagement"], decision["primary"], _candidates())
    assignment = Assignment(
        submission=submission, step=step, candidates=[asdict(candidate) for candidate in ranked], decided_at=now
    )
    if submission.is_test:
        assignment.outcome = Outcome.NONE
    else:
        advisors = Advisor.objects.in_bulk([candidate.id for candidate in ranked])
        _give_time(assignment, [advisors[candidate.id] for candidate in ranked], now=now)
    assignment.save(force_insert=True)
    if assignment.outcome == Outcome.UNAVAILABLE:
        events.publish("booking.unavailable", submission=submission, now=now)
    return assignment


def _candidates() -> list[matching.Candidate]:
    busy = Count("seats", filter=Q(seats__holds_time=True, seats__booking__status__in=Booking.OPEN))
    rows = Advisor.objects.filter(active=True).annotate(load=busy)
    return [matching.Candidate(row.id, row.cto_depth, row.ai_depth, row.load) for row in rows]


def _give_time(assignment: Assignment, ranked: list[Advisor], *, now: datetime) -> None:
    """Books the best thing there is: a wished time, else a held one, else the advisor with times to offer."""
    submission = assignment.submission
    free = free_slots(ranked, now=now)
    for wish in map(datetime.fromisoformat, submission.preferred_start):
        for advisor in ranked:
            slot = next((slot for slot in free[advisor.id] if slot[0] == wish), None)
            if slot:
                _book(submission, advisor, slot, status=Status.CONFIRMED, now=now)
                assignment.advisor, assignment.outcome = advisor, Outcome.CONFIRMED
                return
    assignment.advisor = next((advisor for advisor in ranked if free[advisor.id]), None)
    if assignment.advisor is None:
        assignment.outcome = Outcome.UNAVAILABLE
        return
    slot = _slot_to_hold(submission, assignment.advisor, free[assignment.advisor.id], now=now)
    assignment.outcome = Outcome.HELD if slot else Outcome.OFFER
    if slot:
        _book(submission, assignment.advisor, slot, status=Status.TENTATIVE, now=now)


def _slot_to_hold(submission: Submission, advisor: Advisor, free: list[Interval], *, now: datetime) -> Interval | None:
    if not submission.hold or submission.assessment.decision["gap"] == "unclear":
        return None
    held = BookingAdvisor.objects.filter(advisor=advisor, holds_time=True, booking__status=Status.TENTATIVE)
    starts = list(held.values_list("booking__starts_at", flat=True))
    allowed = holds.with_room(free, starts, zone=advisor.zone)
    return holds.choose(allowed, now=now, zone=_zone(submission, advisor))


def _zone(submission: Submission, advisor: Advisor) -> ZoneInfo:
    return ZoneInfo(submission.timezone or advisor.timezone)


def _book(submission: Submission, advisor: Advisor, slot: Interval, *, status: Status, now: datetime) -> Booking:
    """Writes the booking and its seat; the exclusion constraint has the last word."""
    start, end = slot
    rules = advisor.rules
    confirmed = status == Status.CONFIRMED
    zone = _zone(submission, advisor)
    booking = Booking.objects.create(
        submission=submission,
        status=status,
        starts_at=start,
        ends_at=end,
        timezone=zone.key,
        expires_at=None if confirmed else holds.expires_at(now=now, start=start, notice=rules.notice, zone=zone),
        confirmed_at=now if confirmed else None,
        created_at=now,
    )
    BookingAdvisor.objects.create(
        booking=booking,
        advisor=advisor,
        blocked=DateTimeTZRange(start - rules.buffer_before, end + rules.buffer_after, "[)"),
    )
    if confirmed:
        _after_confirming(booking, now=now)
    else:
        _tell("booking.tentative", booking, now=now)
    return booking


# --- the prospect acts ----------------------------------------------------------------------------------


def pick(submission: Submission, start: datetime, *, now: datetime) -> tuple[Booking, bool]:
    """Books a time that the prospect chose, confirmed at once; an open booking moves there.

    Gives the booking and whether it is a new one. Raises UnableToBook: slot_taken, off_grid or closed.
    """
    advisor = advisor_for(submission)
    try:
        return _unless_lost(lambda: _pick(submission, advisor, start, now=now))
    except IntegrityError as error:
        raise UnableToBook("slot_taken", "Somebody else has just taken this time.") from error


def _pick(submission: Submission, advisor: Advisor, start: datetime, *, now: datetime) -> tuple[Booking, bool]:
    before = open_booking(submission, lock=True)
    if before and before.starts_at == start and before.status == Status.CONFIRMED:
        return before, False
    if before:
        before.seats.update(holds_time=False)  # its own old time must not stand in its way
    slot = is_free(advisor, start, now=now)
    if slot is None:
        raise UnableToBook(*_why_not(advisor, start, now=now))
    if before is None:
        return _book(submission, advisor, slot, status=Status.CONFIRMED, now=now), True
    return _move(before, advisor, slot, now=now), False


def _move(booking: Booking, advisor: Advisor, slot: Interval, *, now: datetime) -> Booking:
    was_confirmed = booking.status == Status.CONFIRMED
    rules = advisor.rules
    booking.starts_at, booking.ends_at = slot
    booking.status, booking.expires_at = Status.CONFIRMED, None
    booking.confirmed_at = booking.confirmed_at or now
    booking.save(update_fields=["starts_at", "ends_at", "status", "expires_at", "confirmed_at"])
    booking.seats.update(
        blocked=DateTimeTZRange(slot[0] - rules.buffer_before, slot[1] + rules.buffer_after, "[)"), holds_time=True
    )
    if was_confirmed:
        _tell("booking.rescheduled", booking, now=now)
    else:
        _after_confirming(booking, now=now)
    return booking


def _why_not(advisor: Advisor, start: datetime, *, now: datetime) -> tuple[str, str]:
    taken = BookingAdvisor.objects.filter(advisor=advisor, holds_time=True, blocked__contains=start).exists()
    if taken:
        return "slot_taken", "This time is taken."
    return "off_grid", "This is not one of the free times. Choose one from the list of slots."


def confirm(submission: Submission, *, now: datetime) -> Booking:
    """A held time becomes a conversation; a confirmed one stays so. Raises UnableToBook: closed."""
    return _unless_lost(lambda: _confirm(submission, now=now))


def _confirm(submission: Submission, *, now: datetime) -> Booking:
    booking = open_booking(submission, lock=True)
    if booking is None:
        raise UnableToBook("closed", "There is no held time to confirm. Choose a new one.")
    if booking.status == Status.CONFIRMED:
        return booking
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
    for other in _full(Booking.objects.filter(submission__lead=lead, status=Status.TENTATIVE), lock=True):
        _release(other, now=now)
    # Further on already: staff know more than we do.
    with contextlib.suppress(StaleTransition):
        intake.change_stage(lead, Lead.Stage.BOOKED, now=now, only_from=("new", "contacted"))


def cancel(submission: Submission, *, now: datetime) -> None:
    """Cancels the open booking; without one nothing happens, so that a repeated call is no error."""
    _unless_lost(lambda: _cancel(submission, now=now))


def _cancel(submission: Submission, *, now: datetime) -> None:
    booking = open_booking(submission, lock=True)
    if booking is not None:
        _release(booking, now=now)


def _release(booking: Booking, *, now: datetime) -> None:
    booking.move_to(Status.CANCELLED, now=now)
    _tell("booking.cancelled", booking, now=now)


def expire_holds(*, now: datetime) -> int:
    """Ends every hold whose time is over and tells it; gives how many."""
    expired = 0
    due = Booking.objects.filter(status=Status.TENTATIVE, expires_at__lte=now).values_list("pk", flat=True)
    for pk in list(due[:500]):
        with transaction.atomic():
            booking = _full(Booking.objects.filter(pk=pk, status=Status.TENTATIVE), lock=True).first()
            if booking is not None:
                booking.move_to(Status.EXPIRED, now=now)
                _tell("booking.expired", booking, now=now)
                expired += 1
    return expired


# --- finding --------------------------------------------------------------------------------------------


def open_booking(submission: Submission, *, lock: bool = False) -> Booking | None:
    return _full(Booking.objects.filter(submission=submission, status__in=Booking.OPEN), lock=lock).first()


def _full(bookings: QuerySet[Booking], *, lock: bool) -> QuerySet[Booking]:
    bookings = bookings.select_related("submission__lead", "submission__assessment").prefetch_related("seats__advisor")
    return bookings.select_for_update(of=("self",)) if lock else bookings


def advisor_for(submission: Submission) -> Advisor:
    """The advisor whose times this submission may pick from: the assigned one, while still active."""
    assignment = Assignment.objects.select_related("advisor").filter(submission=submission).first()
    if assignment and assignment.advisor and assignment.advisor.active:
        return assignment.advisor
    raise UnableToBook("no_advisor", "No advisor is free at the moment. We will come back to you.")


def _tell(type_: str, booking: Booking, *, now: datetime) -> None:
    events.publish(
        type_,
        submission=booking.submission,
        now=now,
        booking=booking_data(booking),
        booking_id=str(booking.id),
    )
