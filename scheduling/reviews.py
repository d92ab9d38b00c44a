"""The verdict on a submission has changed: does the advisor who was chosen still fit?

Comes after `intake.reassess` and a correction by staff, through the outbox (`lead.reassessed`). Nobody is mailed
for it: the reply was sent, and the page shows what is held or offered now.
"""

from dataclasses import asdict
from datetime import datetime

from django.utils import timezone

from intake import services as intake
from intake.models import Submission
from outbox.models import Delivery
from scheduling import services
from scheduling.availability import free_slots
from scheduling.models import Advisor, Assignment, Booking
from scheduling.slots import Interval

Outcome = Assignment.Outcome
SETTLED = (Booking.Status.CONFIRMED, Booking.Status.COMPLETED)


def review_call(delivery: Delivery) -> dict[str, str]:
    """Keeps a confirmed conversation; exchanges a held time, or the times on offer, where another advisor fits now."""
    submission = intake.of_event(delivery.event)
    if submission is None:
        return {"skipped": "The submission was erased."}
    return {"review": services.in_turn(submission, lambda: _review(submission, now=timezone.now()))}


def _review(submission: Submission, *, now: datetime) -> str:
    assignment = Assignment.objects.filter(submission=submission).first()
    if assignment is None:
        return "Not decided yet: it will be, by the verdict as it then stands."
    if assignment.outcome == Outcome.NONE:
        return "A test: there is no conversation."
    if Booking.objects.filter(submission=submission, status__in=SETTLED).exists():
        return "The conversation stays as it was agreed."
    submission.refresh_from_db(fields=["assessment"])
    result = _rematch(submission, assignment, now=now)
    assignment.decided_at = now
    assignment.save()
    return result


def _rematch(submission: Submission, assignment: Assignment, *, now: datetime) -> str:
    hold = services.open_booking(submission, now=now)
    if hold is not None and not services.is_prospect(submission):
        services.release(hold, now=now)
        assignment.outcome = Outcome.OFFER
        hold = None
    ranked, step = services.rank(submission, now=now)
    advisor_id = hold.advisor.id if hold else assignment.advisor_id
    if advisor_id in {candidate.id for candidate in ranked}:
        return "The advisor still fits."
    advisors = services.locked(ranked)
    free = free_slots(advisors, now=now)
    advisor = next((advisor for advisor in advisors if free[advisor.id]), None)
    if advisor is None:
        return "Nobody who fits better is free."
    assignment.advisor, assignment.step = advisor, step
    assignment.candidates = [asdict(candidate) for candidate in ranked]
    assignment.outcome = Outcome.OFFER
    if hold is not None and _exchange(hold, advisor, free[advisor.id], now=now):
        assignment.outcome = Outcome.HELD
    return f"Now with {advisor}."


def _exchange(hold: Booking, advisor: Advisor, free: list[Interval], *, now: datetime) -> bool:
    """Lets a held time go; whether another one is held instead, under the same rules as the first."""
    services.release(hold, now=now)
    slot = services.slot_to_hold(hold.submission, advisor, free, now=now)
    if slot:
        services.book(hold.submission, advisor, slot, status=Booking.Status.TENTATIVE, now=now)
    return slot is not None
