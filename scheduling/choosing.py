"""Whom a submission's conversation is given: the match, with the free times beside it, written into an Assignment.

Asked by the first decision (`scheduling.calls`) and by each review (`scheduling.reviews`), inside of their
transaction. Every active advisor is locked first, in one order: decisions at the same moment wait for each other, so
that the second one counts what the first one gave.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from intake.belief import Belief
from intake.models import Submission
from scheduling import fitting, holds, matching, pool
from scheduling.availability import free_in_turn, joint_in_turn
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment
from scheduling.slots import Interval

TWO_ROLES = "cto_and_ai_officer"


@dataclass(frozen=True)
class Option:
    """Somebody who may take the conversation, and when they are free for it."""

    team: Team
    slots: list[Interval]


@dataclass(frozen=True)
class Choice:
    """Who fits a submission at this moment."""

    submission: Submission
    belief: Belief
    everybody: Sequence[matching.Candidate]
    match: matching.Match
    advisors: dict[int, Advisor]
    now: datetime

    @cached_property
    def ranked(self) -> list[Advisor]:
        return [self.advisors[candidate.id] for candidate in self.match.ranked]

    def colleagues_of(self, leader: Advisor) -> list[Advisor]:
        """Who may stand at the leader's side for the other role, best first; nobody where one role is asked for."""
        ranked = self._other_side.ranked if self._other_side else ()
        return [self.advisors[candidate.id] for candidate in ranked if candidate.id != leader.pk]

    @cached_property
    def _other_side(self) -> matching.Match | None:
        if self.belief.engagement != TWO_ROLES:
            return None
        return matching.colleagues(self.belief.primary, self.everybody)

    def options(self, *, leader: Advisor | None = None) -> Iterator[Option]:
        """Everybody with free times, best first; for both roles the one pair that is free soon, where there is one.

        With `leader`, only they are asked. Nobody's times are worked out before they are asked for.
        """
        joint = self._joint([leader] if leader else self.ranked[: self.match.equals])
        if joint:
            yield joint
            return
        leaders = [leader] if leader else self.ranked
        for advisor, free in zip(leaders, free_in_turn(leaders, now=self.now), strict=True):
            if free:
                yield Option(Team(advisor), free)

    def _joint(self, leaders: list[Advisor]) -> Option | None:
        """The first pair who are both free within five working days, of those who fit equally well to lead."""
        pairs = [(leader, colleague) for leader in leaders for colleague in self.colleagues_of(leader)]
        if not pairs:
            return None
        for (leader, colleague), slots in zip(pairs, joint_in_turn(pairs, now=self.now), strict=True):
            if holds.is_soon(slots, now=self.now, zone=fitting.zone_of(self.submission, leader)):
                return Option(Team(leader, colleague), slots)
        return None

    def give(self, assignment: Assignment, option: Option | None, *, step: str = "") -> None:
        """Writes down who it is and why. `step` says what took it from the first to another one of them."""
        steps: list[dict[str, Any]] = [{"step": each.name, "left": list(each.left)} for each in self.match.steps]
        if option is None:
            assignment.advisor = assignment.colleague = None
        else:
            self._give(assignment, option.team, steps, step=step)
        assignment.is_joint = option is not None and option.team.colleague is not None
        assignment.step = next(each["step"] for each in reversed(steps) if each["step"] not in {"joint", "briefed"})
        assignment.steps = steps
        assignment.candidates = self._numbers()

    def _give(self, assignment: Assignment, team: Team, steps: list[dict[str, Any]], *, step: str) -> None:
        leader = team.leader
        if leader != self.ranked[0]:
            steps.append({"step": step or "free", "left": [leader.pk]})
        assignment.advisor = leader
        assignment.colleague = team.colleague or next(iter(self.colleagues_of(leader)), None)
        if assignment.colleague:
            ids = [leader.pk, assignment.colleague.pk]
            steps.append({"step": "joint" if team.colleague else "briefed", "left": ids})

    def _numbers(self) -> list[dict[str, Any]]:
        """Who may lead, best first; then the others, with the numbers of who may join, and why the rest is out."""
        by_id = {candidate.id: candidate for candidate in self.everybody}
        may_join = self._other_side.shares if self._other_side else {}
        fit = [_numbers(candidate) | {"share": self.match.shares[candidate.id]} for candidate in self.match.ranked]
        others = [
            _numbers(by_id[id_]) | {"share": may_join[id_]} if id_ in may_join else _depths(by_id[id_]) | {"out": why}
            for id_, why in self.match.out.items()
        ]
        return fit + others


def choose(submission: Submission, *, now: datetime) -> Choice:
    advisors = list(pool.active().select_for_update(no_key=True))
    belief, everybody, found = fitting.matched(submission, advisors, now=now)
    by_id = {advisor.pk: advisor for advisor in advisors}
    return Choice(submission, belief, everybody, found, by_id, now)


def _depths(candidate: matching.Candidate) -> dict[str, Any]:
    return {"id": candidate.id, "cto_depth": candidate.cto_depth, "ai_depth": candidate.ai_depth}


def _numbers(candidate: matching.Candidate) -> dict[str, Any]:
    idle_since = candidate.idle_since
    return _depths(candidate) | {
        "bookings": candidate.bookings,
        "weight": candidate.weight,
        "hours": candidate.hours,
        "days": int(candidate.days),
        "idle_since": idle_since.isoformat(timespec="seconds") if idle_since else None,
    }
