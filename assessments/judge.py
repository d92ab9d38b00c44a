"""From answers to a decision that explains itself: one pure function, the same record for everybody.

Comes after the door (`intake`) and before every page, mail and webhook that tells the verdict. Judging the
same answers under the same ruleset gives the same record, byte for byte. The rules are those of the domain
page (docs/domain.md); each is named where it acts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from assessments.signals import BY_KEY, LARGE_COMPANY_SIZES, ORDER, RULESET, SIGNALS, Side, Signal

Gap = Literal["cto", "ai", "both", "unclear"]

# How much of its weight an answer brings. "Unsure" is weak evidence, not none, and never a gap by itself.
STRENGTH = {"yes": 1.0, "unsure": 0.05, "no": 0.0}
DENIAL = 0.8  # a denied foundation says what `no_core_systems` says, a little less surely
FLOOR = 0.34  # below this a side is no gap: about one middling yes
CLEAR = 0.55  # a verdict is clear from here, where the margin is wide enough
CLEAR_MARGIN = 0.25
BOTH_FLOOR = 0.57  # more than any one yes, even with working core systems beside it: a stray yes makes no `both`
BOTH_RATIO = 0.62
TIE = 0.02  # closer than this, neither side of `both` is the heavier one

FOUNDATION = ("no_core_systems", "core_systems_work")
AI_IN_USE = [s.key for s in SIGNALS if s.side == "ai" and not s.is_wish and s.key not in FOUNDATION]


@dataclass(frozen=True)
class Reason:
    """One piece of evidence as it is told: for or against its side, with its weight in the decision."""

    signal: str
    side: Side
    direction: Literal["for", "against"]
    weight: float
    source: Literal["answer", "message"]
    text: str
    quote: str | None = None


@dataclass(frozen=True)
class Decision:
    """The decision record. Scores and margin lie in [0, 1], rounded to two places."""

    gap: Gap
    primary: Side | None
    engagement: str
    confidence: Literal["clear", "leaning", "none"]
    margin: float
    scores: dict[str, float]
    asked_for: str | None
    reasons: tuple[Reason, ...]
    would_change: tuple[str, ...]
    tie_breaks: tuple[str, ...]
    ruleset: str
    intent: str = "prospect"
    best_guess: Gap = "unclear"

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON-ready data, in the order of the contract."""
        record = asdict(self)
        return record | {key: list(record[key]) for key in ("reasons", "would_change", "tie_breaks")}


@dataclass(frozen=True)
class Verdict:
    """The part of a decision that depends on numbers alone."""

    gap: Gap
    primary: Side | None
    cto: float
    ai: float
    waits_for: str | None  # the answer for which AI comes after technology
    contradicts: bool


def judge(answers: Mapping[str, str], *, company_size: str | None = None, asked_for: str | None = None) -> Decision:
    """The decision on one self-assessment. Unknown keys raise KeyError: the door refuses them earlier."""
    verdict = weigh(answers)
    confidence = _confidence(verdict)
    return Decision(
        gap=verdict.gap,
        primary=verdict.primary,
        engagement=_engagement(verdict.gap, company_size),
        confidence=confidence,
        margin=round(abs(verdict.cto - verdict.ai), 2),
        scores={"cto": round(verdict.cto, 2), "ai": round(verdict.ai, 2)},
        asked_for=asked_for,
        reasons=tuple(_reasons(answers, verdict)),
        would_change=tuple(_would_change(answers, verdict)),
        tie_breaks=() if confidence == "clear" else tuple(_tie_breaks(answers)),
        ruleset=RULESET,
        best_guess=_best_guess(verdict),
    )


def weigh(answers: Mapping[str, str]) -> Verdict:
    """Scores of both sides and the gap that follows from them."""
    contradicts = all(answers.get(key) == "yes" for key in FOUNDATION)
    if contradicts:
        # Working and missing at once is as good as unsure: the rest decides.
        answers = {**answers, **dict.fromkeys(FOUNDATION, "unsure")}
    cto, ai = _score(answers, "cto"), _score(answers, "ai")
    missing, leaderless = _missing_foundation(answers), _leaderless(answers)
    if missing == "core_systems_work":
        cto = _either(cto, DENIAL * BY_KEY["no_core_systems"].weight)
    # Wanting AI with no foundation under it is first of all a CTO gap; AI in use is a burden of today.
    waits_for = (missing or leaderless) if ai >= FLOOR and not _ai_in_use(answers) else None
    gap, primary = ("cto", "cto") if waits_for else _gap(cto, ai)
    if gap == "ai" and missing:
        # AI in use on a foundation that is missing: nobody helps with one and leaves the other.
        gap = "both"
    return Verdict(gap, primary, cto, ai, waits_for, contradicts)


def _gap(cto: float, ai: float) -> tuple[Gap, Side | None]:
    low, high = sorted((cto, ai))
    if high < FLOOR:
        return "unclear", None
    heavier: Side = "cto" if cto > ai else "ai"
    if low >= BOTH_FLOOR and low >= BOTH_RATIO * high:
        return "both", None if high - low < TIE else heavier
    if high - low < TIE:
        return "unclear", None  # two stray answers that pull in opposite directions
    return heavier, heavier


def _score(answers: Mapping[str, str], side: Side) -> float:
    """Noisy or: each yes closes a part of what is left to 1, so more evidence never lowers the score."""
    score = 0.0
    for signal in SIGNALS:
        if signal.side == side:
            score = _either(score, signal.weight * STRENGTH[answers.get(signal.key, "no")])
    return score


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


def _ai_in_use(answers: Mapping[str, str]) -> bool:
    return any(answers.get(key) == "yes" for key in AI_IN_USE)


def _confidence(verdict: Verdict) -> Literal["clear", "leaning", "none"]:
    if verdict.gap == "unclear":
        return "none"
    if verdict.contradicts:
        return "leaning"
    if verdict.gap == "both":
        return "clear" if min(verdict.cto, verdict.ai) >= CLEAR + 0.1 else "leaning"
    wide = abs(verdict.cto - verdict.ai) >= CLEAR_MARGIN or verdict.waits_for
    return "clear" if wide and max(verdict.cto, verdict.ai) >= CLEAR else "leaning"


def _engagement(gap: Gap, company_size: str | None) -> str:
    if gap == "both":
        return "cto_and_ai_officer" if company_size in LARGE_COMPANY_SIZES else "one_leader_for_both"
    return {"cto": "fractional_cto", "ai": "fractional_ai_officer", "unclear": "discovery"}[gap]


def _best_guess(verdict: Verdict) -> Gap:
    if verdict.gap != "unclear" or max(verdict.cto, verdict.ai) == 0:
        return verdict.gap
    return "cto" if verdict.cto >= verdict.ai else "ai"


# --- telling it -----------------------------------------------------------------------------------------


def _reasons(answers: Mapping[str, str], verdict: Verdict) -> Iterable[Reason]:
    """What spoke for and against, heaviest first; "no" is told only of the signals that say most."""
    given = sorted((key for key in answers if answers[key] != "unsure"), key=lambda key: _rank(answers, key))
    reasons = [_reason(BY_KEY[key], answers[key]) for key in given if _worth_telling(BY_KEY[key], answers[key])]
    if verdict.contradicts:
        reasons.insert(0, _remark("no_core_systems", "against", CONTRADICTION))
    if verdict.waits_for:
        reasons.insert(0, _remark(verdict.waits_for, "for", AI_WAITS))
    return reasons


CONTRADICTION = (
    "Your answers say both that the core systems work and that they are missing; we would ask about that first."
)
AI_WAITS = (
    "You want AI, and the foundation that it would stand on is not there yet: technology comes first, AI after it."
)


def _remark(signal: str, direction: Literal["for", "against"], text: str) -> Reason:
    """On the whole, so it weighs nothing; it speaks for technology or against it."""
    return Reason(signal, "cto", direction, 0.0, "answer", text)


def _rank(answers: Mapping[str, str], key: str) -> tuple[bool, float, int]:
    return answers[key] != "yes", -BY_KEY[key].weight, ORDER[key]


def _worth_telling(signal: Signal, answer: str) -> bool:
    return answer == "yes" or signal.is_quick


def _reason(signal: Signal, answer: str) -> Reason:
    affirmed = answer == "yes"
    return Reason(
        signal=signal.key,
        side=signal.side,
        direction="for" if affirmed else "against",
        weight=signal.weight,
        source="answer",
        text=signal.affirmed if affirmed else signal.denied,
    )


GAP_NAMES: dict[Gap, str] = {
    "cto": "a fractional CTO",
    "ai": "a fractional AI officer",
    "both": "both roles",
    "unclear": "a conversation first",
}


def _would_change(answers: Mapping[str, str], verdict: Verdict) -> list[str]:
    """Single answers that would turn the verdict: for each other gap the likeliest, open statements first."""
    by_gap: dict[Gap, str] = {}
    for signal in sorted(SIGNALS, key=lambda signal: (signal.key in answers, -signal.weight)):
        other = "no" if answers.get(signal.key) == "yes" else "yes"
        turned = weigh({**answers, signal.key: other}).gap
        if turned != verdict.gap and turned not in by_gap:
            by_gap[turned] = f"{other.capitalize()} to “{signal.text}” would point to {GAP_NAMES[turned]}."
    return list(by_gap.values())


def _tie_breaks(answers: Mapping[str, str]) -> list[str]:
    """The heaviest open statement of each side: answering both splits the case best."""
    open_signals = [signal for signal in SIGNALS if answers.get(signal.key) not in {"yes", "no"}]
    picks = []
    for side in ("cto", "ai"):
        candidates = [signal for signal in open_signals if signal.side == side]
        if candidates:
            picks.append(max(candidates, key=lambda signal: signal.weight).key)
    return picks
