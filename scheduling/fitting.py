"""Who fits a submission, and which time may be held for it: asked by the first decision and by each review.

Changes nothing; `scheduling.matching` and `scheduling.holds` have the rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from assessments.services import is_surely_prospect
from intake.belief import Belief, believed
from intake.models import Firm, Submission
from scheduling import holds, matching, pool
from scheduling.availability import free_slots, joint_slots
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor
from scheduling.slots import Interval

# What a decision about a conversation goes by, and what a prospect may have changed since it was read.
DECIDES = ("assessment", "timezone", "company_size", "preferred_start", "hold")


@dataclass(frozen=True)
class Team:
    """Who takes part in a conversation: who leads it, and the colleague of the other side where it is a joint one."""

    leader: Advisor
    colleague: Advisor | None = None

    @property
    def members(self) -> tuple[Advisor, ...]:
        """In the one order in which rows of advisors are locked and written."""
        both = (self.leader, self.colleague) if self.colleague else (self.leader,)
        return tuple(sorted(both, key=lambda advisor: advisor.pk))

    @property
    def notice(self) -> timedelta:
        return max(advisor.rules.notice for advisor in self.members)


def team_of(assignment: Assignment) -> Team | None:
    """Whose times this assignment offers, as they stand now; None where nobody does. One who has left takes no part."""
    if assignment.advisor is None or not assignment.advisor.active:
        return None
    colleague = assignment.colleague
    return Team(assignment.advisor, colleague if assignment.is_joint and colleague and colleague.active else None)


def slots_of(
    team: Team, *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> list[Interval]:
    """The times that may be picked: in UTC, in order; in a joint conversation those at which both are free."""
    if team.colleague:
        return joint_slots(team.leader, team.colleague, now=now, since=since, until=until)
    return free_slots([team.leader], now=now, since=since, until=until)[team.leader.id]


def rank(submission: Submission, *, now: datetime) -> tuple[list[matching.Candidate], str]:
    """Who fits what the house believes of this submission, best first, and the step that decided it."""
    _, _, found = matched(submission, pool.active(), now=now)
    return list(found.ranked), found.step


def matched(
    submission: Submission, advisors: Iterable[Advisor], *, now: datetime
) -> tuple[Belief, list[matching.Candidate], matching.Match]:
    """What the house believes of this submission, these advisors as candidates, and who of them fits it."""
    belief = believe(submission)
    candidates = pool.candidates(advisors, submission, now=now)
    found = matching.match(belief.engagement, belief.primary, candidates, owners=pool.owners(submission))
    return belief, candidates, found


def believe(submission: Submission) -> Belief:
    lead = submission.lead
    assert lead is not None
    size = submission.company_size or lead.company_size
    return believed(lead.corrected_gap, submission.assessment.decision, company_size=size)


def locked(ids: list[int]) -> list[Advisor]:
    """The advisors in this order. Locked in one order: two decisions at once would both count the same holds."""
    rows = Advisor.objects.select_for_update(no_key=True).order_by("pk")
    advisors = rows.in_bulk(ids)
    return [advisors[id_] for id_ in ids]


def is_prospect(submission: Submission) -> bool:
    """Somebody who may want to sell, work or study here can choose a time; the house books none of itself."""
    return is_surely_prospect(submission.assessment)


def may_wish(submission: Submission) -> bool:
    """Whether a wished time is booked at once."""
    return is_prospect(submission) and _unasked(submission) != Firm.Holds.OFF


def may_hold(submission: Submission) -> bool:
    """Whether the house pencils in a time unasked."""
    if not submission.hold or not is_prospect(submission) or believe(submission).gap == "unclear":
        return False
    return _unasked(submission) == Firm.Holds.ON


def _unasked(submission: Submission) -> str:
    """What the house books of itself: as the site has it that the enquiry came from, else as the firm has it."""
    return (submission.site.holds if submission.site else "") or Firm.get().holds


def slot_to_hold(submission: Submission, team: Team, slots: list[Interval], *, now: datetime) -> Interval | None:
    """Which of the team's free times is pencilled in unasked, where one may be: each of them needs room for it."""
    if not may_hold(submission):
        return None
    held = _held(team)
    # In a joint conversation the shared times are not all that is open to each of them.
    free = free_slots(team.members, now=now) if team.colleague else {team.leader.id: slots}
    for advisor in team.members:
        slots = holds.with_room(slots, held[advisor.id], zone=advisor.zone, total=len(free[advisor.id]))
    return holds.choose(slots, now=now, zone=zone_of(submission, team.leader), notice=team.notice)


def _held(team: Team) -> dict[int, list[datetime]]:
    rows = BookingAdvisor.objects.filter(
        advisor__in=team.members, holds_time=True, booking__status=Booking.Status.TENTATIVE
    )
    held: dict[int, list[datetime]] = {advisor.id: [] for advisor in team.members}
    for advisor_id, start in rows.values_list("advisor_id", "booking__starts_at"):
        held[advisor_id].append(start)
    return held


def zone_of(submission: Submission, advisor: Advisor) -> ZoneInfo:
    """The prospect's zone; the advisor's where none came."""
    return ZoneInfo(submission.timezone or advisor.timezone)
