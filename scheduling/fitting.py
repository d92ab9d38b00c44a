"""Who fits a submission, and which time may be held for it: asked by the first decision and by each review.

Changes nothing; `scheduling.matching` and `scheduling.holds` have the rules.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from assessments.evidence import PROSPECT
from intake.belief import Belief, believed
from intake.models import Submission
from scheduling import holds, matching
from scheduling.models import Advisor, Booking, BookingAdvisor
from scheduling.slots import Interval

# What a decision about a conversation goes by, and what a prospect may have changed since it was read.
DECIDES = ("assessment", "timezone", "company_size", "preferred_start", "hold")


def rank(submission: Submission, *, now: datetime) -> tuple[list[matching.Candidate], str]:
    """Who fits what the house believes of this submission, best first, and the step that decided it."""
    belief = _belief(submission)
    return matching.rank(belief.engagement, belief.primary, _candidates(now=now))


def _belief(submission: Submission) -> Belief:
    lead = submission.lead
    assert lead is not None
    size = submission.company_size or lead.company_size
    return believed(lead.corrected_gap, submission.assessment.decision, company_size=size)


def locked(ids: list[int]) -> list[Advisor]:
    """The advisors in this order. Locked in one order: two decisions at once would both count the same holds."""
    rows = Advisor.objects.select_for_update(no_key=True).order_by("pk")
    advisors = rows.in_bulk(ids)
    return [advisors[id_] for id_ in ids]


def _candidates(*, now: datetime) -> list[matching.Candidate]:
    ahead = Count("seats", filter=Q(seats__holds_time=True, seats__booking__starts_at__gt=now))
    rows = Advisor.objects.filter(active=True).annotate(load=ahead)
    return [matching.Candidate(row.id, row.cto_depth, row.ai_depth, row.load) for row in rows]


def is_prospect(submission: Submission) -> bool:
    """Somebody who wants to sell, work or study here may choose a time; the house books none of itself."""
    return bool(submission.assessment.decision["intent"] == PROSPECT)


def slot_to_hold(submission: Submission, advisor: Advisor, free: list[Interval], *, now: datetime) -> Interval | None:
    """The time that is pencilled in unasked, where one may be."""
    if not submission.hold or not is_prospect(submission) or _belief(submission).gap == "unclear":
        return None
    held = BookingAdvisor.objects.filter(advisor=advisor, holds_time=True, booking__status=Booking.Status.TENTATIVE)
    starts = list(held.values_list("booking__starts_at", flat=True))
    allowed = holds.with_room(free, starts, zone=advisor.zone)
    return holds.choose(allowed, now=now, zone=zone_of(submission, advisor))


def zone_of(submission: Submission, advisor: Advisor) -> ZoneInfo:
    """The prospect's zone; the advisor's where none came."""
    return ZoneInfo(submission.timezone or advisor.timezone)
