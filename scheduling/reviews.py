"""The verdict on a submission, or its time zone, has changed: do the advisor and the held time still fit?

Comes after `intake.reassess` and a correction by staff, through the outbox (`lead.reassessed`); after another zone
alone, at once (`scheduling.answers`). Nobody is mailed for it: the reply was sent, and the page shows what is held
or offered now.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from intake import services as intake
from intake.corrections import is_told_by
from intake.models import Submission
from outbox.models import Delivery
from scheduling import bookings, choosing, fitting, holds
from scheduling.choosing import Choice, Option
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking
from scheduling.slots import Interval

Outcome = Assignment.Outcome
FITS = "The advisor still fits."
NOBODY_BETTER = "Nobody who fits better is free."
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
    choice = choosing.choose(submission, now=now)
    leader = hold.advisor if hold else assignment.advisor
    if leader is None or leader not in choice.ranked:
        return _give(assignment, choice, choice.options(), hold=hold, now=now)
    if _has_shape(assignment, choice, leader):
        fits = FITS if choice.match.pool_step == "fits" else NOBODY_BETTER
        return _into_office_hours(hold, assignment, now=now) or fits if hold else fits
    return _give(assignment, choice, choice.options(leader=leader), hold=hold, now=now)


def _has_shape(assignment: Assignment, choice: Choice, leader: Advisor) -> bool:
    """Whether one or two roles stand behind the conversation, as the verdict has it now."""
    colleagues = choice.colleagues_of(leader)
    return assignment.colleague in colleagues if colleagues else assignment.colleague is None


def _give(
    assignment: Assignment, choice: Choice, options: Iterator[Option], *, hold: Booking | None, now: datetime
) -> str:
    option = next(options, None)
    if option is None:
        return NOBODY_BETTER
    choice.give(assignment, option)
    if hold is None:
        assignment.outcome = Outcome.OFFER
    elif {seat.advisor for seat in hold.seats.all()} == set(option.team.members):
        _into_office_hours(hold, assignment, now=now)
    else:
        is_held = _exchange(hold, option.team, option.slots, now=now)
        assignment.outcome = Outcome.HELD if is_held else Outcome.OFFER
    beside = f" and {assignment.colleague}" if assignment.colleague else ""
    briefed = ", who is briefed" if beside and not assignment.is_joint else ""
    return f"Now with {option.team.leader}{beside}{briefed}."


def _into_office_hours(hold: Booking, assignment: Assignment, *, now: datetime) -> str:
    """Those who take part fit, and so does the time, unless the prospect named a zone where it is night."""
    if holds.in_office_hours((hold.starts_at, hold.ends_at), zone=fitting.zone_of(hold.submission, hold.advisor)):
        return ""
    team = Team(hold.advisor, next(iter(hold.colleagues), None))
    free = fitting.slots_of(team, now=now)
    assignment.outcome = Outcome.HELD if _exchange(hold, team, free, now=now) else Outcome.OFFER
    return "Nobody is asked to talk at night: the held time is given back."


def _exchange(hold: Booking, team: Team, free: list[Interval], *, now: datetime) -> bool:
    """Lets a held time go; whether another one is held instead, under the same rules as the first."""
    bookings.release(hold, now=now)
    slot = fitting.slot_to_hold(hold.submission, team, free, now=now)
    if slot:
        bookings.book(hold.submission, team, slot, status=Booking.Status.TENTATIVE, now=now)
    return slot is not None
