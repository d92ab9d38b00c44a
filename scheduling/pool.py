"""Everybody who could be chosen, with the numbers that `scheduling.matching` goes by: a fixed number of queries.

What is counted belongs to others' enquiries alone, so that a second look finds no other numbers by its own first one.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from intake.models import Submission
from scheduling.availability import hours_available
from scheduling.matching import WINDOW_DAYS, Candidate
from scheduling.models import Advisor, Assignment, BookingAdvisor, TimeOff

WINDOW = timedelta(days=WINDOW_DAYS)
DAY = timedelta(days=1)


def active() -> QuerySet[Advisor]:
    return Advisor.objects.filter(active=True).order_by("pk")


def candidates(advisors: Iterable[Advisor], submission: Submission, *, now: datetime) -> list[Candidate]:
    advisors = list(advisors)
    hours = hours_available(advisors, now=now, days=WINDOW_DAYS)
    bookings, idle_since = _bookings(submission, now), _idle_since(submission)
    on_leave = _on_leave(now)
    return [
        Candidate(
            id=advisor.id,
            cto_depth=advisor.cto_depth,
            ai_depth=advisor.ai_depth,
            bookings=bookings.get(advisor.id, 0),
            weight=advisor.weight,
            hours=round(hours[advisor.id], 1),
            days=min((now - advisor.joined_at) / DAY, WINDOW_DAYS),
            idle_since=idle_since.get(advisor.id),
            on_leave=advisor.id in on_leave,
        )
        for advisor in advisors
    ]


def owners(submission: Submission) -> list[int]:
    """Whom this person was given before, in another enquiry: whoever had a conversation with them, then the others."""
    others = BookingAdvisor.objects.filter(leads=True, booking__submission__lead=submission.lead)
    talked = others.exclude(booking__submission=submission).order_by("-booking__created_at", "-booking_id")
    rows = Assignment.objects.filter(submission__lead=submission.lead, advisor__isnull=False)
    chosen = rows.exclude(submission=submission).order_by("-decided_at", "-pk")
    return [*talked.values_list("advisor_id", flat=True), *chosen.values_list("advisor_id", flat=True)]


def _bookings(submission: Submission, now: datetime) -> dict[int, int]:
    """Conversations that start within 28 days, held or confirmed, led or joined."""
    ahead = BookingAdvisor.objects.filter(
        holds_time=True, booking__starts_at__gt=now, booking__starts_at__lte=now + WINDOW
    ).exclude(booking__submission=submission)
    return dict(ahead.order_by().values_list("advisor_id").annotate(Count("pk")))


def _idle_since(submission: Submission) -> dict[int, datetime]:
    """When each was chosen last."""
    last = Assignment.objects.filter(advisor=OuterRef("pk")).exclude(submission=submission).order_by("-decided_at")
    rows = active().annotate(last=Subquery(last.values("decided_at")[:1])).values_list("pk", "last")
    return {id_: moment for id_, moment in rows if moment}


def _on_leave(now: datetime) -> set[int]:
    """Away at this moment, and for a day or longer: a dentist is no leave."""
    rows = TimeOff.objects.filter(starts_at__lte=now, ends_at__gt=now, ends_at__gte=F("starts_at") + DAY)
    return set(rows.values_list("advisor_id", flat=True))
