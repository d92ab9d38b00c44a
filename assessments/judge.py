"""From answers and a reading to a decision that explains itself: one pure function, the same record for everybody.

Comes after the door (`intake`) and the reader, before every page, mail and webhook that tells the verdict. Judging
the same answers and the same reading under the same ruleset gives the same record, byte for byte.
`assessments.weighing` holds the rules, `assessments.telling` the words.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from assessments import rulesets, telling
from assessments.evidence import PROSPECT, Gap, Reading
from assessments.rulesets import Ruleset, Side
from assessments.telling import Reason
from assessments.weighing import Confidence, weigh


@dataclass(frozen=True)
class Decision:
    """The decision record. Scores and margin lie in [0, 1], rounded to two places."""

    gap: Gap
    primary: Side | None
    engagement: str
    confidence: Confidence
    margin: float
    scores: dict[str, float]
    asked_for: str | None
    reasons: tuple[Reason, ...]
    would_change: tuple[str, ...]
    tie_breaks: tuple[str, ...]
    ruleset: str
    intent: str = PROSPECT
    best_guess: Gap = "unclear"

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON-ready data, in the order of the contract."""
        record = asdict(self)
        return record | {key: list(record[key]) for key in ("reasons", "would_change", "tie_breaks")}


def judge(
    answers: Mapping[str, str],
    *,
    reading: Reading | None = None,
    company_size: str | None = None,
    asked_for: str | None = None,
    ruleset: Ruleset | None = None,
) -> Decision:
    """The decision on one self-assessment. Unknown keys raise KeyError: the door refuses them earlier."""
    rules = ruleset or rulesets.current()
    verdict = weigh(answers, reading, rules)
    case = telling.Case(answers, reading, rules, verdict)

    def turned(other: Mapping[str, str]) -> Gap:
        return weigh(other, reading, rules).gap

    return Decision(
        gap=verdict.gap,
        primary=verdict.primary,
        engagement=engagement_of(verdict.gap, company_size, rules),
        confidence=verdict.confidence,
        margin=round(abs(verdict.cto - verdict.ai), 2),
        scores={"cto": round(verdict.cto, 2), "ai": round(verdict.ai, 2)},
        asked_for=_asked_for(asked_for, reading),
        reasons=tuple(telling.reasons(case)),
        would_change=tuple(telling.would_change(case, turned)),
        tie_breaks=() if verdict.confidence == "clear" else tuple(telling.tie_breaks(case)),
        ruleset=rules.version,
        intent=verdict.intent,
        best_guess=verdict.best_guess,
    )


def _asked_for(asked_for: str | None, reading: Reading | None) -> str | None:
    """The role that they ticked, else the one that they wrote of."""
    if asked_for in {None, "not_sure"} and reading is not None and reading.asked_for:
        return reading.asked_for
    return asked_for


def engagement_of(gap: Gap, company_size: str | None, rules: Ruleset) -> str:
    if gap == "both":
        return "cto_and_ai_officer" if company_size in rules.large_company_sizes else "one_leader_for_both"
    return {"cto": "fractional_cto", "ai": "fractional_ai_officer", "unclear": "discovery"}[gap]
