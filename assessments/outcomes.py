"""How right the judge was: what the gap really was is recorded, and counted against what was judged.

Comes after a conversation or a correction at the desk (`intake`); the admin and `manage.py evaluate_assessments`
show the report. Nothing here changes a weight: that takes somebody who reads it and a new ruleset.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from assessments.evidence import GAPS
from assessments.models import Assessment, Outcome, QuestionnaireVersion
from assessments.telling import WHOLE

Source = Outcome.Source
FEW = 30  # with fewer outcomes than this, the report says so first
RULES = {
    "clear": "Clear answers",
    "leaning": "Leaning answers",
    "message": "The message",
    "ai_waits": "AI waits for the foundation",
    "contradiction": "Contradicting answers",
    "too_little": "Too little to go by",
}


# --- record ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What the gap really was. `primary` is the heavier side of both, if there is one. Raises ValueError for others."""

    gap: str
    primary: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.gap not in GAPS:
            raise ValueError(f"gap: use one of {', '.join(GAPS)}.")
        if self.primary and (self.gap != "both" or self.primary not in {"cto", "ai"}):
            raise ValueError("primary: only both has a heavier side, cto or ai.")


def record(
    assessment: Assessment,
    found: Found,
    *,
    source: str = Source.CONVERSATION,
    by: AbstractBaseUser | None = None,
    now: datetime,
) -> Outcome:
    """Notes what was found, over what was noted before; a correction never over what a conversation has shown."""
    values: dict[str, Any] = {**asdict(found), "source": source, "recorded_by": by, "recorded_at": now}
    with transaction.atomic():
        outcome, is_new = Outcome.objects.select_for_update(of=("self",)).get_or_create(
            assessment=assessment, defaults=values
        )
        if not is_new and (source == Source.CONVERSATION or outcome.source != Source.CONVERSATION):
            for name, value in values.items():
                setattr(outcome, name, value)
            outcome.save()
        return outcome


def withdraw_corrections(assessments: Iterable[int]) -> None:
    """Staff took back what they had said of these; what conversations have shown stays."""
    Outcome.objects.filter(assessment__in=list(assessments), source=Source.CORRECTION).delete()


# --- report ---------------------------------------------------------------------------------------------


@dataclass
class Rate:
    """How often something was right, and the range that holds the true rate in 19 of 20 such counts (Wilson)."""

    name: str
    right: int = 0
    of: int = 0

    def count(self, *, right: bool) -> None:
        self.right += right
        self.of += 1

    @property
    def percent(self) -> int:
        return round(100 * self.right / self.of) if self.of else 0

    @property
    def low(self) -> int:
        return round(100 * self._range()[0])

    @property
    def high(self) -> int:
        return round(100 * self._range()[1])

    def _range(self) -> tuple[float, float]:
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.96, self.of, self.right / self.of
        middle, spread = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return max(0.0, (middle - spread) / (1 + z * z / n)), min(1.0, (middle + spread) / (1 + z * z / n))


@dataclass
class Report:
    """`matrix` is judged gap → real gap → how many; `signals` say how often the real gap had the signal's side."""

    matrix: dict[str, dict[str, int]] = field(default_factory=lambda: {gap: dict.fromkeys(GAPS, 0) for gap in GAPS})
    overall: Rate = field(default_factory=lambda: Rate("All"))
    rules: dict[str, Rate] = field(default_factory=lambda: {key: Rate(name) for key, name in RULES.items()})
    signals: dict[str, Rate] = field(default_factory=dict)
    sides: dict[str, str] = field(default_factory=dict)
    by_source: Counter[str] = field(default_factory=Counter)

    @property
    def caveat(self) -> str:
        few = f"Only {self.overall.of} so far: too few to change a weight by. " if self.overall.of < FEW else ""
        return (
            f"{few}These are no sample: people are recorded who came to talk or whose verdict was corrected. The range "
            "beside a rate holds the true one in 19 of 20 such counts; a wide range says that little is known."
        )


def confusion() -> Report:
    """Judged against real: the matrix, and how often each signal and each rule was right. Two queries."""
    report = Report()
    rows = Outcome.objects.values_list(
        "gap", "source", "assessment__decision", "assessment__answers", "assessment__evidence",
        "assessment__questionnaire_version_id",
    )  # fmt: skip
    sides = _sides()
    for real, source, decision, answers, evidence, version in rows.order_by("assessment_id"):
        report.by_source[source] += 1
        report.matrix[decision["gap"]][real] += 1
        right = decision["gap"] == real
        report.overall.count(right=right)
        report.rules[rule_of(decision, was_read=bool(evidence))].count(right=right)
        for key in sorted(_said(answers, evidence)):
            side = sides.get((version, key))
            if side is not None:
                report.sides[key] = side
                report.signals.setdefault(key, Rate(key)).count(right=real in {side, "both"})
    report.signals = dict(
        sorted(report.signals.items(), key=lambda item: (report.sides[item[0]], -item[1].of, item[0]))
    )
    return report


def _sides() -> dict[tuple[int, str], str]:
    published = QuestionnaireVersion.objects.filter(published_at__isnull=False)
    versions = published.values_list("pk", "statements")
    return {(pk, row["key"]): row["side"] for pk, statements in versions for row in statements}


def _said(answers: Mapping[str, str], evidence: Mapping[str, Any]) -> set[str]:
    """The signals that were answered with yes or read out of the message."""
    read = {row["signal"] for row in evidence.get("evidence", ()) if row["polarity"] == "supports"}
    return {key for key, answer in answers.items() if answer == "yes"} | read


def rule_of(decision: Mapping[str, Any], *, was_read: bool) -> str:
    """Which of RULES decided, from what the decision record says of itself."""
    for reason in decision["reasons"]:
        if reason["source"] == "answer" and not reason["weight"]:  # a remark on the whole
            return "ai_waits" if reason["direction"] == "for" else "contradiction"
    if any(reason["signal"] == WHOLE and reason["direction"] == "for" for reason in decision["reasons"]):
        return "message"
    if decision["gap"] == "unclear":
        return "message" if was_read else "too_little"
    return str(decision["confidence"])


# --- as plain text --------------------------------------------------------------------------------------


def lines() -> list[str]:
    """The report for a terminal."""
    report = confusion()
    if not report.overall.of:
        return ["No outcome has been recorded yet."]
    counted = ", ".join(f"{count} {source}" for source, count in sorted(report.by_source.items()))
    return [
        f"{report.overall.of} outcomes ({counted}); the gap was judged right in {_rate(report.overall)}.",
        report.caveat,
        "",
        f"{'judged / really':<16}" + "".join(f"{gap:>9}" for gap in GAPS),
        *[f"{judged:<16}" + "".join(f"{row[gap]:>9}" for gap in GAPS) for judged, row in report.matrix.items()],
        "",
        "Which rule decided, and how often it was right:",
        *_rates(report.rules.values()),
        "",
        "Said by answer or message, and how often the real gap had that side:",
        *[f"{report.sides[rate.name]:<4} {line}" for rate, line in zip(report.signals.values(),
          _rates(report.signals.values()), strict=True)],
    ]  # fmt: skip


def _rates(rates: Iterable[Rate]) -> Iterator[str]:
    return (f"{rate.name:<34}{_rate(rate)}" for rate in rates)


def _rate(rate: Rate) -> str:
    return f"{rate.right} of {rate.of} ({rate.percent}%, {rate.low} to {rate.high})" if rate.of else "no case yet"
