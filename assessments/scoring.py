"""How right the judgement is, on labelled sets: accuracy, confusion and calibration as lines of text.

Pure but for reading the sets. Printed by `manage.py evaluate_assessments`; its floors are checked by the tests.
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assessments import evaluation_sets, reading
from assessments.evaluation_sets import Row
from assessments.evidence import GAPS
from assessments.judge import Decision, judge

SETS: dict[str, Callable[..., list[Row]]] = {
    "answers": evaluation_sets.answer_sets,
    "messages": evaluation_sets.messages,
    "mixed": evaluation_sets.mixed,
}
TITLES = {"answers": "Answer sets", "messages": "Messages alone", "mixed": "Answers with a message"}
FLOORS = evaluation_sets.FOLDER / "floors.toml"


@dataclass(frozen=True)
class Scored:
    """One labelled case and the decision on it."""

    label: Row
    decision: Decision

    @property
    def gap_right(self) -> bool:
        return bool(self.label["gap"] == self.decision.gap)

    @property
    def guess_right(self) -> bool:
        return bool(self.label["gap"] == self.decision.best_guess)

    @property
    def primary_right(self) -> bool:
        return bool(self.label["primary"] == self.decision.primary)

    @property
    def engagement_right(self) -> bool:
        return bool(self.label.get("engagement", self.decision.engagement) == self.decision.engagement)


def score(name: str, *splits: str) -> list[Scored]:
    """All cases of a set, judged."""
    return [Scored(row, _decide(row)) for row in SETS[name](*splits)]


def _decide(row: Row) -> Decision:
    message = row.get("text") or row.get("message") or ""
    return judge(
        row.get("answers", {}),
        reading=reading.read(message),
        company_size=row.get("company_size"),
        asked_for=row.get("asked_for"),
    )


def figures(cases: Sequence[Scored]) -> dict[str, float]:
    """The figures that have floors, each from 0 to 1; without cases of a kind there is none."""
    hard = [case for case in cases if case.label["difficulty"] == "hard"]
    both = [case for case in cases if case.label["gap"] == case.decision.gap == "both"]
    with_gap = [case for case in cases if case.label["gap"] != "unclear"]
    right = [case for case in cases if case.gap_right]
    shares = {
        "gap": _share(case.gap_right for case in cases),
        "gap_hard": _share(case.gap_right for case in hard),
        "best_guess": _share(case.guess_right for case in cases),
        "best_guess_hard": _share(case.guess_right for case in hard),
        "primary": _share(case.primary_right for case in with_gap),
        "primary_of_both": _share(case.primary_right for case in both),
        "engagement": _share(case.engagement_right for case in right),
    }
    return {name: share for name, share in shares.items() if share is not None}


def missed(name: str, measured: dict[str, float]) -> list[str]:
    """A sentence for each committed floor of this set that is not reached."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))[name]
    return [
        f"{TITLES[name]}: {figure} is {measured[figure]:.3f}, the floor is {floor:.3f}."
        for figure, floor in floors.items()
        if measured[figure] < floor
    ]


def report(name: str, cases: Sequence[Scored]) -> Iterator[str]:
    """All that is known of a set, as lines."""
    yield f"{TITLES[name]}: {len(cases)} cases"
    for figure, share in figures(cases).items():
        yield f"  {figure:16} {share:.3f}"
    yield "  right on gap (best guess)"
    for key in ("gap", "difficulty", "language", "intent"):
        yield from _by(key, cases)
    yield from _confusion(cases)
    yield from _calibration(cases)


def _by(key: str, cases: Sequence[Scored]) -> Iterator[str]:
    groups: dict[Any, list[Scored]] = {}
    for case in cases:
        groups.setdefault(case.label.get(key), []).append(case)
    if len(groups) > 1:
        for value, group in sorted(groups.items(), key=lambda item: -len(item[1])):
            right, guess = _share(case.gap_right for case in group), _share(case.guess_right for case in group)
            yield f"    {key:10} {value!s:12} {right:.3f} ({guess:.3f}) of {len(group)}"


def _confusion(cases: Sequence[Scored]) -> Iterator[str]:
    counted = Counter((case.label["gap"], case.decision.gap) for case in cases)
    yield "  confusion: a line for each labelled gap, a column for each verdict"
    yield "    " + " " * 10 + "".join(f"{gap:>9}" for gap in GAPS)
    for label in GAPS:
        yield f"    {label:10}" + "".join(f"{counted[label, gap]:>9}" for gap in GAPS)


def _calibration(cases: Sequence[Scored]) -> Iterator[str]:
    yield "  calibration: how often a verdict of this confidence is right"
    for confidence in ("clear", "leaning", "none"):
        group = [case for case in cases if case.decision.confidence == confidence]
        if group:
            yield f"    {confidence:10} {_share(case.gap_right for case in group):.3f} of {len(group)}"


def _share(flags: Iterable[bool]) -> float | None:
    known = list(flags)
    return sum(known) / len(known) if known else None
