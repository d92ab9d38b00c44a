"""The first decision about the conversation of a submission: whom, and which time is booked, held or offered.

Comes after the intake, through the outbox (`lead.assessed`); `scheduling.reviews` looks again when the verdict changes.
"""

from datetime import datetime
from itertools import islice

from django.utils import timezone

from intake import events
from intake import services as intake
from intake.models import Submission
from outbox.models import Delivery
from scheduling import bookings, choosing, fitting
from scheduling.choosing import Choice, Option
from scheduling.models import Assignment, Booking
from scheduling.slots import Interval

Status = Booking.Status
Outcome = Assignment.Outcome


def book_call(delivery: Delivery) -> dict[str, str]:
    """Decides once about the conversation of a submission: holds a time, confirms a wished one, or offers.

    Nobody free is no error: it is recorded, published as `booking.unavailable`, and staff are told.
    """
    submission = intake.of_event(delivery.event)
    if submission is None:
        return {"skipped": "The submission was erased."}
    assignment = bookings.in_turn(submission, lambda: _decide(submission, now=timezone.now()))
    return {"outcome": str(assignment.outcome)} if assignment else {"skipped": "The submission was set aside."}


def _decide(submission: Submission, *, now: datetime) -> Assignment | None:
    decided = Assignment.objects.filter(submission=submission).first()
    if decided is not None:
        return decided
    # As it stands now: a correction may have come in between.
    submission.refresh_from_db(fields=[*fitting.DECIDES, "quarantine_reasons"])
    if submission.is_quarantined:
        return None
    assignment = Assignment(submission=submission, decided_at=now)
    choice = choosing.choose(submission, now=now)
    if submission.is_test:
        assignment.outcome = Outcome.NONE
        choice.give(assignment, None)
    else:
        _give_time(assignment, choice, now=now)
    assignment.save(force_insert=True)
    if assignment.outcome == Outcome.UNAVAILABLE:
        events.publish("booking.unavailable", submission=submission, now=now)
    return assignment


def _give_time(assignment: Assignment, choice: Choice, *, now: datetime) -> None:
    """Books the best thing there is: a wished time, else a held one, else whoever has times to offer."""
    submission, wishes = choice.submission, _wishes(choice.submission)
    options = list(choice.options() if wishes else islice(choice.options(), 1))
    wished = _wished(wishes, options)
    if wished:
        option, slot = wished
        bookings.book(submission, option.team, slot, status=Status.CONFIRMED, now=now)
        assignment.outcome = Outcome.CONFIRMED
        choice.give(assignment, option, step="wish")
    elif options:
        option = options[0]
        held = fitting.slot_to_hold(submission, option.team, option.slots, now=now)
        if held:
            bookings.book(submission, option.team, held, status=Status.TENTATIVE, now=now)
        assignment.outcome = Outcome.HELD if held else Outcome.OFFER
        choice.give(assignment, option)
    else:
        assignment.outcome = Outcome.UNAVAILABLE
        choice.give(assignment, None)


def _wishes(submission: Submission) -> list[datetime]:
    if not submission.preferred_start or not fitting.may_wish(submission):
        return []
    return [datetime.fromisoformat(wish) for wish in submission.preferred_start]


def _wished(wishes: list[datetime], options: list[Option]) -> tuple[Option, Interval] | None:
    """The best wish that somebody has free, with the fittest of those who have."""
    for wish in wishes:
        for option in options:
            slot = next((slot for slot in option.slots if slot[0] == wish), None)
            if slot:
                return option, slot
    return None
