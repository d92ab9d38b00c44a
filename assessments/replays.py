"""Who would move if a draft were published: past judgements weighed again under it, from what is stored.

Comes between the check of a draft (`assessments.publishing`) and its publication. No message is read again. Which
judgements count is for the room that knows the submissions (`intake`).
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from assessments import services
from assessments.evidence import GAPS, Gap, Reading
from assessments.models import Assessment, QuestionnaireVersion
from assessments.rulesets import Ruleset
from assessments.weighing import weigh

NEWEST = 5_000


@dataclass(frozen=True)
class Move:
    """One judgement that would come out otherwise."""

    assessment_id: int
    before: Gap
    after: Gap


@dataclass
class Replay:
    """How past judgements would come out. `counts` is by (gap as told, gap under the draft).

    `ignored` counts answers to statements that the draft has not, by key.
    """

    counts: Counter[tuple[Gap, Gap]] = field(default_factory=Counter)
    moved: list[Move] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    @property
    def judged(self) -> int:
        return self.counts.total()

    @property
    def matrix(self) -> list[tuple[Gap, list[int]]]:
        """A line for each gap as told: how many would come out as each gap."""
        return [(before, [self.counts[before, after] for after in GAPS]) for before in GAPS]


def replay(draft: QuestionnaireVersion, *, past: QuerySet[Assessment], limit: int = NEWEST) -> Replay:
    """Weighs the first `limit` of these judgements again, in their order. One query, never all rows in memory."""
    rules = services.ruleset_of(draft)
    outcome = Replay()
    rows = past.values_list("pk", "answers", "evidence", "decision__gap")[:limit]
    for pk, answers, evidence, before in rows.iterator(chunk_size=500):
        outcome.ignored.update(key for key in answers if key not in rules.by_key)
        after = _gap(answers, evidence, rules)
        outcome.counts[before, after] += 1
        if after != before:
            outcome.moved.append(Move(pk, before, after))
    return outcome


def _gap(answers: dict[str, str], evidence: dict[str, Any], rules: Ruleset) -> Gap:
    """The part of the decision that says who gets which: the record around it would take ten times as long."""
    known = {key: answer for key, answer in answers.items() if key in rules.by_key}
    return weigh(known, Reading.from_dict(evidence) if evidence else None, rules).gap
