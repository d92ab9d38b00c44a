"""The verdict on a submission, or its time zone, has changed: do the advisor and the held time still fit?

Comes after `intake.reassess` and a correction by staff, through the outbox (`lead.reassessed`); after another zone
alone, at once (`scheduling.answers`). Nobody is mailed for it: the reply was sent, and the page shows what is held
or offered now.
"""

from dataclasses import asdict
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from intake import services as intake
from intake.corrections import is_told_by
from intake.models import Submission
from outbox.models import Delivery
from scheduling import bookings, fitting, holds
from scheduling.availability import free_slots
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking
from scheduling.slots import Interval

Outcome = Assignment.Outcome
FITS = "The advisor still fits."
SETTLED = (Booking.Status.CONFIRMED, Booking.Status.COMPLETED)


def review_call(delivery: Delivery) -> dict[str, str]:
    """Keeps a confirmed conversation; exchanges a held time, or the times on offer, where another advisor fits now."""
    submission = intake.of_event(delivery.event)
    if submission is None:
        return {"skipped": "The submission was erased."}
    found = {"review": _in_turn(submission)}
    if is_told_by(delivery.event):
        found |= {f"review of {other.pk}": _in_turn(other) for other in _others(submission)}
    return found


def _others(submission: Submission) -> QuerySet[Submission]:
    """What else this person sent: a correction is about the person, so it holds for each of them."""
    undecided = Q(assignment=None) | Q(assignment__outcome=Outcome.NONE)
    settled = Booking.objects.filter(submission=OuterRef("pk"), status__in=SETTLED)
    rows = Submission.objects.filter(lead=submission.lead).select_related("assessment").order_by("created_at", "pk")
    return rows.exclude(undecided | Q(pk=submission.pk) | Exists(settled))


def _in_turn(submission: Submission) -> str:
    return bookings.in_turn(submission, lambda: review(submission, now=timezone.now()))


def review(submission: Submission, *, now: datetime) -> str:
    """Looks once, and says what came of it. Belongs inside of `bookings.in_turn`."""
    assignment = Assignment.objects.filter(submission=submission).first()
    if assignment is None:
        return "Not decided yet: it will be, by the verdict as it then stands."
    if assignment.outcome == Outcome.NONE:
        return "A test: there is no conversation."
    if Booking.objects.filter(submission=submission, status__in=SETTLED).exists():
        return "The conversation stays as it was agreed."
    submission.refresh_from_db(fields=fitting.DECIDES)
    result = _rematch(submission, assignment, now=now)
    assignment.decided_at = now
    assignment.save()
    return result


def _rematch(submission: Submission, assignment: Assignment, *, now: datetime) -> str:
    hold = bookings.open_booking(submission, now=now)
    if hold is not None and not fitting.is_prospect(submission):
        bookings.release(hold, now=now)
        assignment.outcome = Outcome.OFFER
        hold = None
    ranked, step = fitting.rank(submission, now=now)
    advisor_id = hold.advisor.id if hold else assignment.advisor_id
    if advisor_id in {candidate.id for candidate in ranked}:
        return _into_office_hours(hold, assignment, now=now) if hold else FITS
    advisors = fitting.locked([candidate.id for candidate in ranked])
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


def _into_office_hours(hold: Booking, assignment: Assignment, *, now: datetime) -> str:
    """The advisor fits, and the held time does unless the prospect named a zone where it is night."""
    if holds.in_office_hours((hold.starts_at, hold.ends_at), zone=fitting.zone_of(hold.submission, hold.advisor)):
        return FITS
    (advisor,) = fitting.locked([hold.advisor.id])
    free = free_slots([advisor], now=now)[advisor.id]
    assignment.outcome = Outcome.HELD if _exchange(hold, advisor, free, now=now) else Outcome.OFFER
    return "Nobody is asked to talk at night: the held time is given back."


def _exchange(hold: Booking, advisor: Advisor, free: list[Interval], *, now: datetime) -> bool:
    """Lets a held time go; whether another one is held instead, under the same rules as the first."""
    bookings.release(hold, now=now)
    slot = fitting.slot_to_hold(hold.submission, advisor, free, now=now)
    if slot:
        bookings.book(hold.submission, Team(advisor), slot, status=Booking.Status.TENTATIVE, now=now)
    return slot is not None
