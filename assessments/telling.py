"""The decision in words: reasons for and against, what would change it, what to ask next.

Pure; the second half of `assessments.judge`. All texts come from the ruleset; a quote is the prospect's own
sentence as the reader found it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from assessments.evidence import PROSPECT, Evidence, Gap, Reading
from assessments.rulesets import Ruleset, Side, Signal
from assessments.weighing import Verdict, pull

Direction = Literal["for", "against"]
WHOLE = "message"  # the signal of a reason that the message gives as a whole
MOST_QUOTED = 6
MOST_CHANGES = 3
EVEN = 0.5

GAP_NAMES: dict[Gap, str] = {
    "cto": "a fractional CTO",
    "ai": "a fractional AI officer",
    "both": "both roles",
    "unclear": "a conversation first",
}


@dataclass(frozen=True)
class Reason:
    """One piece of evidence as it is told: for or against its side, with its weight in the decision."""

    signal: str
    side: Side
    direction: Direction
    weight: float
    source: Literal["answer", "message"]
    text: str
    quote: str | None = None


@dataclass(frozen=True)
class Case:
    """All that there is to tell of."""

    answers: Mapping[str, str]
    reading: Reading | None
    rules: Ruleset
    verdict: Verdict


def reasons(case: Case) -> list[Reason]:
    """What is to be said first, then the answers, then the message; each heaviest first."""
    return [*_remarks(case), *_from_answers(case), *_from_message(case)]


# --- reasons --------------------------------------------------------------------------------------------


def _remarks(case: Case) -> Iterator[Reason]:
    """On the whole, so they weigh nothing; they speak for technology or against it."""
    if case.verdict.waits_for:
        yield Reason(case.verdict.waits_for, "cto", "for", 0.0, "answer", case.rules.remarks["ai_waits"])
    if case.verdict.contradicts:
        yield Reason("no_core_systems", "cto", "against", 0.0, "answer", case.rules.remarks["contradiction"])


def _from_answers(case: Case) -> list[Reason]:
    """Yes is told of everything; no only of the signals that say most."""
    told = [
        (signal, case.answers[signal.key])
        for signal in case.rules.signals
        if case.answers.get(signal.key) == "yes" or (signal.quick and case.answers.get(signal.key) == "no")
    ]
    told.sort(key=lambda row: (row[1] != "yes", -row[0].weight))  # stable: equal weights in the ruleset's order
    return [_reason(signal, affirmed=answer == "yes") for signal, answer in told]


def _reason(signal: Signal, *, affirmed: bool) -> Reason:
    return Reason(
        signal=signal.key,
        side=signal.side,
        direction="for" if affirmed else "against",
        weight=signal.weight,
        source="answer",
        text=signal.affirmed if affirmed else signal.denied,
    )


def _from_message(case: Case) -> Iterator[Reason]:
    """What the message says as a whole, then sentence by sentence; nothing of somebody who is no prospect."""
    reading, remarks = case.reading, case.rules.remarks
    if reading is None or case.verdict.intent != PROSPECT:
        return
    if case.verdict.differs:
        side: Side = "ai" if case.verdict.gap == "cto" else "cto"
        yield Reason(WHOLE, side, "against", 0.0, "message", remarks["message_differs"])
    elif case.verdict.by_message:
        for side in _sides(case.verdict.gap):
            yield Reason(
                WHOLE, side, "for", round(pull(reading, side, case.rules), 2), "message", remarks[f"whole_{side}"]
            )
    yield from _quoted(case, reading)


def _sides(gap: Gap) -> tuple[Side, ...]:
    return ("cto", "ai") if gap == "both" else (gap,) if gap != "unclear" else ()


def _quoted(case: Case, reading: Reading) -> list[Reason]:
    """The surest sentence of each signal, with its quote; a signal that was answered the same way is told already."""
    best: dict[str, Evidence] = {}
    for found in reading.evidence:
        if found.signal in case.rules.by_key and found.strength > getattr(best.get(found.signal), "strength", 0.0):
            best[found.signal] = found
    told = [reason for found in best.values() if (reason := _quote(found, reading, case)) is not None]
    told.sort(key=lambda reason: (-reason.weight, case.rules.order[reason.signal]))
    return told[:MOST_QUOTED]


def _quote(found: Evidence, reading: Reading, case: Case) -> Reason | None:
    signal = case.rules.by_key[found.signal]
    supports = found.polarity == "supports"
    answer = case.answers.get(signal.key)
    if answer == ("yes" if supports else "no"):
        return None
    doubted = answer in {"yes", "no"}
    if not _worth_telling(found, signal, reading, case):
        return None
    return Reason(
        signal=signal.key,
        side=signal.side,
        direction="for" if supports else "against",
        weight=0.0 if doubted else round(signal.weight * found.strength, 2),
        source="message",
        text=case.rules.remarks["message_doubts"] if doubted else signal.affirmed if supports else signal.denied,
        quote=found.quote,
    )


def _worth_telling(found: Evidence, signal: Signal, reading: Reading, case: Case) -> bool:
    """A denial in a message that as a whole speaks for the same side is most likely a "no" that was misread."""
    supports = found.polarity == "supports"
    if not supports and reading.gaps[signal.side] + reading.gaps["both"] >= EVEN:
        return False
    backs = supports == (signal.side in _sides(case.verdict.gap))
    return backs or found.strength >= case.rules.thresholds.read_opposing


# --- what would change it -------------------------------------------------------------------------------


def would_change(case: Case, turned: Callable[[Mapping[str, str]], Gap]) -> list[str]:
    """The smallest changes of answers that would turn the verdict, in words: one for each other gap.

    Single answers first, open statements before given ones, heavy before light; where no single answer turns
    it, the fewest of the heaviest that do together. `turned` gives the gap of other answers.
    """
    by_gap: dict[Gap, str] = {}
    for signal in sorted(case.rules.signals, key=lambda signal: (signal.key in case.answers, -signal.weight)):
        changes = {signal.key: _other(case.answers, signal)}
        gap = turned({**case.answers, **changes})
        if gap != case.verdict.gap and gap not in by_gap:
            by_gap[gap] = _change(changes, gap, case.rules)
            if len(by_gap) == MOST_CHANGES:
                break
    if not by_gap:
        by_gap = _together(case, turned)
    return list(by_gap.values())[:MOST_CHANGES]


def _together(case: Case, turned: Callable[[Mapping[str, str]], Gap]) -> dict[Gap, str]:
    """Saying what was not said of the other side, or taking back what was said of one: each until it turns."""
    heaviest = sorted(case.rules.signals, key=lambda signal: -signal.weight)
    yes = {key for key, answer in case.answers.items() if answer == "yes"}
    sides = _sides(case.verdict.gap)
    ways = [[s for s in heaviest if s.key not in yes and s.side not in sides]]
    ways += [[s for s in heaviest if s.key in yes and s.side == side] for side in sides]
    by_gap: dict[Gap, str] = {}
    for way in ways:
        changes: dict[str, str] = {}
        for signal in way[:4]:
            changes[signal.key] = _other(case.answers, signal)
            gap = turned({**case.answers, **changes})
            if gap != case.verdict.gap:
                by_gap.setdefault(gap, _change(changes, gap, case.rules))
                break
    return by_gap


def _other(answers: Mapping[str, str], signal: Signal) -> str:
    return "no" if answers.get(signal.key) == "yes" else "yes"


def _change(changes: Mapping[str, str], gap: Gap, rules: Ruleset) -> str:
    texts = [f"“{rules.by_key[key].text}”" for key in changes]
    listed = texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
    return f"{next(iter(changes.values())).capitalize()} to {listed} would point to {GAP_NAMES[gap]}."


# --- what to ask ----------------------------------------------------------------------------------------


def tie_breaks(case: Case) -> list[str]:
    """The heaviest open statement of each side: answering both splits the case best.

    Open is what was neither answered nor said in the message.
    """
    said = {found.signal for found in case.reading.evidence} if case.reading else set()
    settled = {key for key, answer in case.answers.items() if answer in {"yes", "no"}} | said
    picks = []
    for side in ("cto", "ai"):
        candidates = [signal for signal in case.rules.signals if signal.side == side and signal.key not in settled]
        if candidates:
            picks.append(max(candidates, key=lambda signal: signal.weight).key)
    return picks
