"""What somebody may choose from at this moment: whom, and which times; and why a start is none of them.

Asked by the visitor's API and pages, by staff, and again inside of each booking. Changes nothing, so that times come
back to a page by themselves once somebody is free: "nobody is free" is what was found, never a state for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from intake.models import Submission
from scheduling import fitting, replies
from scheduling.availability import slot_at
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking
from scheduling.slots import Interval

ALTERNATIVES = 3
# What lies nearest lies within so many days, nearly always; all of the calendar is looked at only where it does not.
SOON = timedelta(days=7)
FARTHEST = timedelta(days=1000)
NOBODY = "No advisor is free at the moment. Tell us when it suits you, and we write to you."


@dataclass(frozen=True)
class Offer:
    """Who would take the conversation, their free times, and the zone in which they are told."""

    team: Team
    slots: list[Interval]
    zone: ZoneInfo

    @property
    def colleagues(self) -> list[Advisor]:
        return [self.team.colleague] if self.team.colleague else []


def offer(
    submission: Submission, *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> Offer:
    """The assigned advisor's times; another fitting one's where that one is gone or has none at all.

    Raises UnableToBook: pending, closed or no_advisor.
    """
    for team in teams(submission, now=now):
        slots = fitting.slots_of(team, now=now, since=since, until=until)
        if slots or has_times(team, now=now):
            return Offer(team, slots, fitting.zone_of(submission, team.leader))
    raise UnableToBook("no_advisor", NOBODY)


def place(submission: Submission, start: datetime, *, now: datetime, is_move: bool) -> tuple[Team, Interval]:
    """Who takes a conversation at this start, as `offer` would offer it: whoever has times keeps the submission.

    A move stays with those who have it, while they are here. Raises UnableToBook, which says why not.
    """
    stays = is_move and fitting.team_of(assignment_of(submission)) is not None
    refusal: UnableToBook | None = None
    for team in teams(submission, now=now):
        try:
            return team, free_slot(team, start, now=now)
        except UnableToBook as error:
            refusal = refusal or error
        if stays or has_times(team, now=now):
            break
    raise refusal or UnableToBook("no_advisor", NOBODY)


def has_times(team: Team, *, now: datetime) -> bool:
    """Whether there is any at all; the next days answer that nearly always."""
    soon = now + team.notice + SOON
    return bool(fitting.slots_of(team, now=now, until=soon) or fitting.slots_of(team, now=now, since=soon))


def alternatives(submission: Submission, wished: datetime | None, *, now: datetime) -> list[dict[str, str]]:
    """The free times nearest to the wished one, as the API tells times; none where nobody is free."""
    wished = wished if wished and now <= wished <= now + FARTHEST else None
    around = (wished - SOON, wished + SOON) if wished else (now, now + SOON)
    try:
        found = offer(submission, now=now, since=around[0], until=around[1])
        if len(found.slots) < ALTERNATIVES:
            found = offer(submission, now=now)
    except UnableToBook:
        return []
    return [told(slot, found.zone) for slot in nearest(found.slots, wished)]


def teams(submission: Submission, *, now: datetime) -> Iterator[Team]:
    """Whose times may be picked, best first: the assigned ones; then, if it comes to that, those who fit by now."""
    own = fitting.team_of(assignment_of(submission))
    if own:
        yield own
    submission.refresh_from_db(fields=fitting.DECIDES)
    ranked, _ = fitting.rank(submission, now=now)
    advisors = Advisor.objects.in_bulk([candidate.id for candidate in ranked])
    yield from (Team(advisors[candidate.id]) for candidate in ranked if not own or candidate.id != own.leader.pk)


def assignment_of(submission: Submission) -> Assignment:
    found = Assignment.objects.select_related("advisor", "colleague").filter(submission=submission).first()
    if found is None or submission.is_quarantined:
        raise UnableToBook("pending", "We are still looking for the advisor who fits. Ask again in a moment.")
    if found.outcome == Assignment.Outcome.NONE:
        raise UnableToBook("closed", "This was a test: there is no conversation to arrange.")
    return found


def standing(submission: Submission, booking: Booking | None, *, now: datetime) -> tuple[str, Offer | None]:
    """The state of the conversation, and the times on offer where it is `offer`.

    Whether anybody is free is looked at now: what the first decision found may be long over.
    """
    state = replies.booking_state(submission, booking, now=now)
    if state not in {"offer", "unavailable"}:
        return state, None
    try:
        return "offer", offer(submission, now=now)
    except UnableToBook:
        return "unavailable", None


def nearest(slots: Iterable[Interval], wished: datetime | None, *, count: int = ALTERNATIVES) -> list[Interval]:
    """The slots that lie nearest to the wished time, in their order; the first ones where none is known."""
    if wished is None:
        return list(slots)[:count]
    return sorted(sorted(slots, key=lambda slot: (abs(slot[0] - wished), slot[0]))[:count])


def told(slot: Interval, zone: ZoneInfo) -> dict[str, str]:
    """As the API and events tell a time."""
    return {"start": replies.in_zone(slot[0], zone), "end": replies.in_zone(slot[1], zone)}


# --- one start ------------------------------------------------------------------------------------------


def free_slot(team: Team, start: datetime, *, now: datetime) -> Interval:
    """The slot that begins then. Raises UnableToBook where there is none, or somebody has taken it."""
    slot = slot_of(team, start, now=now)
    if slot not in fitting.slots_of(team, now=now, since=slot[0], until=slot[1]):
        raise UnableToBook("slot_taken", "This time is taken. Choose another one.")
    return slot


def slot_of(team: Team, start: datetime, *, now: datetime) -> Interval:
    """The slot that begins then, free or not. Raises UnableToBook, which says what is wrong with the start."""
    horizon = team.leader.rules.horizon
    if start <= now:
        raise UnableToBook("past", "This time has passed. Choose one from the list of free times.")
    if start < now + team.notice:
        raise UnableToBook("too_soon", f"This is too soon: we need {_spoken(team.notice)} to prepare.")
    if start > now + horizon:
        raise UnableToBook("too_late", f"This is too far ahead: we plan {_spoken(horizon)} ahead.")
    slot = slot_at(team.leader, start, now=now)
    if slot is None:
        raise UnableToBook("off_grid", "No conversation begins at this time. Choose one from the list of free times.")
    return slot


def _spoken(span: timedelta) -> str:
    hours = round(span / timedelta(hours=1))
    if hours >= 48 and hours % 24 == 0:
        return f"{hours // 24} days"
    return "an hour" if hours == 1 else f"{hours} hours"
