"""What happens to a conversation after it was decided: picked, confirmed, cancelled, expired.

After an act of the prospect or of staff, or by the clock. `scheduling.bookings` writes the rows.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet

from intake.models import StaleTransition, Submission
from scheduling import bookings, fitting, offers
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking

Status = Booking.Status


def pick(submission: Submission, start: datetime, *, now: datetime) -> tuple[Booking, bool]:
    """Books a time that the prospect chose, confirmed at once; an open booking moves there.

    Gives the booking and whether it is a new one. Raises UnableToBook.
    """
    return bookings.in_turn(submission, lambda: _pick(submission, start, now=now))


def move(submission: Submission, start: datetime, *, now: datetime) -> Booking:
    """As `pick`, for somebody who has a booking. Raises UnableToBook: closed where there is none, or as `pick` does."""
    return bookings.in_turn(submission, lambda: _move(submission, start, now=now))


def _move(submission: Submission, start: datetime, *, now: datetime) -> Booking:
    if bookings.open_booking(submission, now=now) is None:
        raise UnableToBook("closed", "There is no conversation to move. Choose a time, and it is booked.")
    return _pick(submission, start, now=now)[0]


def _pick(submission: Submission, start: datetime, *, now: datetime) -> tuple[Booking, bool]:
    assignment = offers.assignment_of(submission)
    before = bookings.open_booking(submission, now=now)
    if before is None:
        refuse_what_is_over(submission)
    if before and before.starts_at == start and before.status == Status.CONFIRMED:
        return before, False
    if before:
        before.seats.update(holds_time=False)  # its own old time must not stand in its way
    team, slot = offers.place(submission, start, now=now, is_move=before is not None)
    assign(assignment, team, now=now)
    if before is None:
        return bookings.book(submission, team, slot, status=Status.CONFIRMED, now=now), True
    return bookings.move(before, team, slot, now=now), False


def assign(assignment: Assignment, team: Team, *, now: datetime, step: str = "gone") -> None:
    """Whose times the page offers from now on; `step` says why others than before."""
    if assignment.outcome == Assignment.Outcome.UNAVAILABLE:
        assignment.outcome = Assignment.Outcome.OFFER
    if fitting.team_of(assignment) != team:
        # A colleague who is only briefed stays so.
        colleague = team.colleague or (None if assignment.is_joint else assignment.colleague)
        assignment.advisor, assignment.colleague = team.leader, None if colleague == team.leader else colleague
        assignment.is_joint, assignment.step, assignment.decided_at = team.colleague is not None, step, now
    assignment.save()


def refuse_what_is_over(submission: Submission) -> None:
    """A conversation that has begun is neither moved nor doubled; how it went is for staff to tell."""
    if Booking.objects.filter(submission=submission, status=Status.CONFIRMED).exists():
        raise UnableToBook("closed", "This conversation has taken place. Answer its mail to arrange another one.")


def confirm(submission: Submission, *, now: datetime, seen: datetime | None = None, **more: Any) -> Booking:
    """A held time becomes a conversation; a confirmed one stays so. `seen` is the time that somebody looked at.

    Raises UnableToBook: closed.
    """
    return bookings.in_turn(submission, lambda: _confirm(submission, seen, now=now, **more))


def _confirm(submission: Submission, seen: datetime | None, *, now: datetime, **more: Any) -> Booking:
    booking = bookings.open_booking(submission, now=now)
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
    bookings.after_confirming(booking, now=now, **more)
    return booking


def cancel(submission: Submission, *, now: datetime) -> None:
    """Cancels the open booking; without one nothing happens, so that a repeated call is no error."""
    bookings.in_turn(submission, lambda: _cancel(submission, now=now))


def _cancel(submission: Submission, *, now: datetime) -> None:
    booking = bookings.open_booking(submission, now=now)
    if booking is not None:
        bookings.release(booking, now=now)


def expire_holds(*, now: datetime) -> int:
    """Ends every hold whose time is over and tells it; gives how many."""
    due = Submission.objects.filter(bookings__in=_over(now)).only("id")
    return sum(bookings.in_turn(submission, partial(_expire, submission, now=now)) for submission in due[:500])


def _expire(submission: Submission, *, now: datetime) -> bool:
    booking = bookings.full(_over(now).filter(submission=submission)).first()
    if booking is not None:
        booking.move_to(Status.EXPIRED, now=now)
        bookings.tell("booking.expired", booking, now=now)
    return booking is not None


def _over(now: datetime) -> QuerySet[Booking]:
    return Booking.objects.filter(status=Status.TENTATIVE, expires_at__lte=now)


def show_in_zone(submission: Submission) -> None:
    """The prospect named another zone: what is open is the same instant, told in their hours from now on."""
    Booking.objects.filter(submission=submission, status__in=Booking.OPEN).update(timezone=submission.timezone)


def advisor_for(submission: Submission) -> Advisor:
    """The assigned advisor, while still active. Raises UnableToBook: pending, closed or no_advisor."""
    team = fitting.team_of(offers.assignment_of(submission))
    if team is None:
        raise UnableToBook("no_advisor", offers.NOBODY)
    return team.leader
