"""What happens to a conversation after it was decided: picked, confirmed, cancelled, expired.

After an act of the prospect or of staff, or by the clock. `scheduling.bookings` writes the rows.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db.models import QuerySet

from intake.models import StaleTransition, Submission
from scheduling import bookings
from scheduling.availability import is_free, slot_at
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking

Status = Booking.Status


def pick(submission: Submission, start: datetime, *, now: datetime) -> tuple[Booking, bool]:
    """Books a time that the prospect chose, confirmed at once; an open booking moves there.

    Gives the booking and whether it is a new one. Raises UnableToBook: slot_taken, off_grid or no_advisor.
    """
    return bookings.in_turn(submission, lambda: _pick(submission, start, now=now))


def _pick(submission: Submission, start: datetime, *, now: datetime) -> tuple[Booking, bool]:
    advisor = advisor_for(submission)
    before = bookings.open_booking(submission, now=now)
    if before is None:
        _refuse_what_is_over(submission)
    if before and before.starts_at == start and before.status == Status.CONFIRMED:
        return before, False
    slot = slot_at(advisor, start, now=now)
    if slot is None:
        raise UnableToBook("off_grid", "This is not one of the free times. Choose one from the list of slots.")
    if before:
        before.seats.update(holds_time=False)  # its own old time must not stand in its way
    if not is_free(advisor, slot, now=now):
        raise UnableToBook("slot_taken", "This time is taken.")
    if before is None:
        return bookings.book(submission, Team(advisor), slot, status=Status.CONFIRMED, now=now), True
    return bookings.move(before, Team(advisor), slot, now=now), False


def _refuse_what_is_over(submission: Submission) -> None:
    if Booking.objects.filter(submission=submission, status=Status.CONFIRMED).exists():
        raise UnableToBook("closed", "This conversation has taken place. Answer its mail to arrange another one.")


def confirm(submission: Submission, *, now: datetime, seen: datetime | None = None) -> Booking:
    """A held time becomes a conversation; a confirmed one stays so. `seen` is the time that somebody looked at.

    Raises UnableToBook: closed.
    """
    return bookings.in_turn(submission, lambda: _confirm(submission, seen, now=now))


def _confirm(submission: Submission, seen: datetime | None, *, now: datetime) -> Booking:
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
    bookings.after_confirming(booking, now=now)
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


# --- finding ------------------------------------------------------------------------------------------


def show_in_zone(submission: Submission) -> None:
    """The prospect named another zone: what is open is the same instant, told in their hours from now on."""
    Booking.objects.filter(submission=submission, status__in=Booking.OPEN).update(timezone=submission.timezone)


def advisor_for(submission: Submission) -> Advisor:
    """The advisor whose times this submission may pick from: the assigned one, while still active."""
    assignment = Assignment.objects.select_related("advisor").filter(submission=submission).first()
    if assignment is None:
        raise UnableToBook("pending", "We are still looking for the advisor who fits. Ask again in a moment.")
    if assignment.advisor and assignment.advisor.active:
        return assignment.advisor
    raise UnableToBook("no_advisor", "No advisor is free at the moment. We will come back to you.")
