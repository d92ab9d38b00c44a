"""Scores, gap and confidence: the part of a decision that depends on numbers alone.

Pure. Comes before `assessments.judge`, which makes the record of it, and `assessments.telling`, which puts it in
words. The rules are those of the domain page (docs/domain.md); each is named where it acts.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from assessments.evidence import GAPS, PROSPECT, Gap, Reading
from assessments.rulesets import FOUNDATION, Ruleset, Side

Confidence = Literal["clear", "leaning", "none"]


@dataclass(frozen=True)
class Verdict:
    """The part of a decision that depends on numbers alone.

    `by_message` says that the reading had a part in the gap, `differs` that it points elsewhere; `waits_for` is the
    answer for which AI comes after technology; `best_guess` is the gap before a message's low confidence made it
    unclear (for answers alone it is the gap: the rules know no guess).
    """

    gap: Gap
    primary: Side | None
    confidence: Confidence
    best_guess: Gap
    cto: float
    ai: float
    waits_for: str | None = None
    contradicts: bool = False
    by_message: bool = False
    differs: bool = False
    intent: str = PROSPECT


def weigh(answers: Mapping[str, str], reading: Reading | None, rules: Ruleset) -> Verdict:
    """Scores of both sides and the gap that follows: a message adds to answers, and never overrules clear ones."""
    verdict = _by_answers(answers, rules)
    if reading is None:
        return verdict
    verdict = replace(verdict, intent=_intent(reading, verdict.confidence, rules))
    if verdict.confidence != "clear":
        verdict = _by_message(verdict, answers, reading, rules)
    elif _differs(verdict, reading, rules):
        verdict = replace(verdict, confidence="leaning", differs=True)
    # The message as a whole is one more piece of evidence for each side.
    cto, ai = pull(reading, "cto", rules), pull(reading, "ai", rules)
    return replace(verdict, cto=_either(verdict.cto, cto), ai=_either(verdict.ai, ai))


# --- answers --------------------------------------------------------------------------------------------


def _by_answers(answers: Mapping[str, str], rules: Ruleset) -> Verdict:
    limits = rules.thresholds
    contradicts = answers.get("no_core_systems") == "yes" == answers.get("core_systems_work")
    if contradicts:
        # Working and missing at once is as good as unsure: the rest decides.
        answers = {**answers, **dict.fromkeys(FOUNDATION, "unsure")}
    cto, ai = _scores(answers, rules)
    missing = _missing_foundation(answers)
    if missing == "core_systems_work" and "no_core_systems" in rules.by_key:
        cto = _either(cto, limits.denial * rules.by_key["no_core_systems"].weight)
    # Wanting AI with no foundation under it is first of all a CTO gap; AI in use is a burden of today.
    waits_for = (missing or _leaderless(answers)) if ai >= limits.floor and not _in_use(answers, rules) else None
    gap, primary = ("cto", "cto") if waits_for else _gap(cto, ai, rules)
    if gap == "ai" and missing:
        # AI in use on a foundation that is missing: nobody helps with one and leaves the other.
        gap = "both"
    confidence: Confidence = "none"
    if gap != "unclear":
        is_clear = not contradicts and _is_clear(gap, cto, ai, waits=waits_for is not None, rules=rules)
        confidence = "clear" if is_clear else "leaning"
    return Verdict(gap, primary, confidence, gap, cto, ai, waits_for, contradicts)


def _gap(cto: float, ai: float, rules: Ruleset) -> tuple[Gap, Side | None]:
    limits = rules.thresholds
    low, high = sorted((cto, ai))
    if high < limits.floor:
        return "unclear", None
    heavier: Side = "cto" if cto > ai else "ai"
    if low >= limits.both_floor and low >= limits.both_ratio * high:
        return "both", None if high - low < limits.tie else heavier
    if high - low < limits.tie:
        return "unclear", None  # two stray answers that pull in opposite directions
    return heavier, heavier


def _scores(answers: Mapping[str, str], rules: Ruleset) -> tuple[float, float]:
    """Noisy or: each yes closes a part of what is left to 1, so more evidence never lowers a score.

    Raises KeyError for a statement or an answer that there is none of.
    """
    cto = ai = 1.0
    # In the ruleset's order: the order of the answers must not reach the last digit.
    for key in sorted(answers, key=rules.order.__getitem__):
        if rules.by_key[key].side == "cto":
            cto *= rules.leaves[key][answers[key]]
        else:
            ai *= rules.leaves[key][answers[key]]
    return 1 - cto, 1 - ai


def _either(score: float, evidence: float) -> float:
    return 1 - (1 - score) * (1 - evidence)


def _missing_foundation(answers: Mapping[str, str]) -> str | None:
    """The answer that says that there is no foundation."""
    if answers.get("no_core_systems") == "yes":
        return "no_core_systems"
    denied = answers.get("core_systems_work") == "no" and answers.get("no_core_systems") != "no"
    return "core_systems_work" if denied else None


def _leaderless(answers: Mapping[str, str]) -> str | None:
    """The answer that says that nobody owns technology, unless its systems work all the same."""
    alone = answers.get("no_technical_leadership") == "yes" and answers.get("core_systems_work") != "yes"
    return "no_technical_leadership" if alone else None


def _in_use(answers: Mapping[str, str], rules: Ruleset) -> bool:
    return any(answers.get(key) == "yes" for key in rules.in_use)


def _is_clear(gap: Gap, cto: float, ai: float, *, waits: bool, rules: Ruleset) -> bool:
    limits = rules.thresholds
    if gap == "both":
        return min(cto, ai) >= limits.both_clear
    return max(cto, ai) >= limits.clear and (waits or abs(cto - ai) >= limits.clear_margin)


# --- the message ----------------------------------------------------------------------------------------


def _by_message(verdict: Verdict, answers: Mapping[str, str], reading: Reading, rules: Ruleset) -> Verdict:
    """The verdict where the answers alone are not clear: what both together point to most, if surely enough."""
    if verdict.intent != PROSPECT:
        return replace(verdict, gap="unclear", primary=None, confidence="none", best_guess="unclear", by_message=True)
    if verdict.gap != "unclear" and max(GAPS, key=reading.gaps.__getitem__) == "unclear":
        return verdict  # a message adds; "see above" takes nothing away
    chances = _chances(verdict, reading)
    likeliest = max(GAPS, key=chances.__getitem__)
    guess, waits_for = _founded(likeliest, verdict, answers, reading, rules)
    gap = guess if waits_for or chances[likeliest] >= rules.thresholds.read_floor else "unclear"
    return replace(
        verdict,
        gap=gap,
        primary=_primary(gap, verdict, reading, rules),
        confidence=_confidence_read(gap, chances[likeliest], verdict, reading, rules),
        best_guess=guess,
        waits_for=waits_for,
        by_message=True,
    )


def _founded(
    gap: Gap, verdict: Verdict, answers: Mapping[str, str], reading: Reading, rules: Ruleset
) -> tuple[Gap, str | None]:
    """The gap by the same house rule as for answers: AI wishes wait for the foundation, AI in use does not."""
    missing = None if verdict.contradicts else _missing_foundation(answers) or _leaderless(answers)
    if gap == "cto":
        return gap, verdict.waits_for
    if gap != "ai" or not missing:
        return gap, None
    return ("both", None) if _reads_ai_in_use(reading, rules) else ("cto", missing)


def _chances(verdict: Verdict, reading: Reading) -> dict[Gap, float]:
    """How likely each gap is by answers and message together; sums to 1.

    The score of a side is read as the chance that it is a gap, from even odds upward: a few answers lean, and what
    was not asked says nothing.
    """
    cto, ai = 0.5 + verdict.cto / 2, 0.5 + verdict.ai / 2
    by_answers = {"cto": cto * (1 - ai), "ai": ai * (1 - cto), "both": cto * ai, "unclear": (1 - cto) * (1 - ai)}
    joint: dict[Gap, float] = {gap: by_answers[gap] * reading.gaps[gap] for gap in GAPS}
    return {gap: joint[gap] / (sum(joint.values()) or 1.0) for gap in GAPS}


def _primary(gap: Gap, verdict: Verdict, reading: Reading, rules: Ruleset) -> Side | None:
    """The heavier side: by the message's own weighing, moved by what was answered."""
    if gap != "both":
        return None if gap == "unclear" else gap
    odds = math.log(max(reading.primary_cto, 0.001) / max(1 - reading.primary_cto, 0.001))
    chance = 1 / (1 + math.exp(-odds - rules.thresholds.read_answers_pull * (verdict.cto - verdict.ai)))
    if abs(chance - 0.5) < rules.thresholds.read_primary_tie:
        return None
    return "cto" if chance > 0.5 else "ai"


def _confidence_read(gap: Gap, chance: float, verdict: Verdict, reading: Reading, rules: Ruleset) -> Confidence:
    if gap == "unclear":
        return "none"
    sides: tuple[Side, ...] = ("cto", "ai") if gap == "both" else (gap,)
    sure = chance >= rules.thresholds.read_clear and not verdict.contradicts
    answered = max(verdict.cto, verdict.ai) > 0
    return "clear" if sure and (answered or _is_told(reading, sides, rules)) else "leaning"


def _is_told(reading: Reading, sides: tuple[Side, ...], rules: Ruleset) -> bool:
    """Some sentence says it: a likelihood without one may come from stray words."""
    told = (rules.by_key.get(e.signal) for e in reading.evidence if e.polarity == "supports")
    return any(signal is not None and signal.side in sides for signal in told)


def _differs(verdict: Verdict, reading: Reading, rules: Ruleset) -> bool:
    """The answers are clear, and the message surely points to the other role alone."""
    other: dict[str, Side] = {"cto": "ai", "ai": "cto"}
    side = other.get(verdict.gap)
    return side is not None and reading.gaps[side] >= rules.thresholds.read_clear and _is_told(reading, (side,), rules)


def pull(reading: Reading, side: Side, rules: Ruleset) -> float:
    """How far the message as a whole moves the score of a side, as a yes to a statement would."""
    return rules.thresholds.read_weight * (reading.gaps[side] + reading.gaps["both"])


def _reads_ai_in_use(reading: Reading, rules: Ruleset) -> bool:
    return any(e.signal in rules.in_use and e.polarity == "supports" for e in reading.evidence)


def _intent(reading: Reading | None, answered: Confidence, rules: Ruleset) -> str:
    """Who writes. Whoever gave clear answers is a prospect, unless the message says very surely that they are none."""
    limits = rules.thresholds
    surely = limits.read_intent_of_answers if answered == "clear" else limits.read_intent
    if reading is None or reading.intent_strength < surely:
        return PROSPECT
    return reading.intent
