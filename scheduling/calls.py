"""The first decision about the conversation of a submission: whom, and which time is booked, held or offered.

Comes after the intake, through the outbox (`lead.assessed`); `scheduling.reviews` looks again when the verdict changes.
"""

from dataclasses import asdict
from datetime import datetime

from django.utils import timezone

from intake import events
from intake import services as intake
from intake.models import Submission
from outbox.models import Delivery
from scheduling import bookings, fitting
from scheduling.availability import free_slots
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking

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
                bookings.book(submission, Team(advisor), slot, status=Status.CONFIRMED, now=now)
                assignment.advisor, assignment.outcome = advisor, Outcome.CONFIRMED
                return
    assignment.advisor = next((advisor for advisor in ranked if free[advisor.id]), None)
    if assignment.advisor is None:
        assignment.outcome = Outcome.UNAVAILABLE
        return
    slot = fitting.slot_to_hold(submission, assignment.advisor, free[assignment.advisor.id], now=now)
    assignment.outcome = Outcome.HELD if slot else Outcome.OFFER
    if slot:
        bookings.book(submission, Team(assignment.advisor), slot, status=Status.TENTATIVE, now=now)
