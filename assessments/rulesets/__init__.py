"""Rulesets: signals, weights, thresholds and texts as versioned data, one TOML file each.

Pure. Comes before `assessments.judge`, which turns answers and a reading into a decision under one of them. A
questionnaire that staff published brings its own statements into the ruleset that was current (`with_signals`).
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

Side = Literal["cto", "ai"]

CURRENT = "2026.11-2"
ASKED_FOR = ("cto", "ai", "both", "not_sure")
OPTIONS = ("yes", "no", "unsure")
COMPANY_SIZES = ("1-10", "11-50", "51-200", "201-1000", "1000+")
FOUNDATION = ("no_core_systems", "core_systems_work")
FOLDER = Path(__file__).parent


class UnknownRuleset(KeyError):
    """A decision names a ruleset that this version of the program does not carry."""


@dataclass(frozen=True)
class Signal:
    """One statement that a prospect answers yes, no or unsure.

    `weight` is how far one yes alone moves its side's score towards 1. `wish` marks AI signals that tell of a
    wish rather than of AI in use: without a foundation they wait. `affirmed` and `denied` tell a yes and a no
    back to the prospect.
    """

    key: str
    side: Side
    weight: float
    text: str
    affirmed: str
    denied: str
    wish: bool = False
    quick: bool = False
    help: str = ""


@dataclass(frozen=True)
class Thresholds:
    """From where on something counts; each is explained beside its number in the ruleset's file."""

    unsure: float
    denial: float
    floor: float
    clear: float
    clear_margin: float
    both_floor: float
    both_ratio: float
    both_clear: float
    tie: float
    read_weight: float
    read_floor: float
    read_clear: float
    read_unbooked: float
    read_intent: float
    read_intent_of_answers: float
    read_primary_tie: float
    read_answers_pull: float
    read_opposing: float


@dataclass(frozen=True)
class Ruleset:
    """All that a decision depends on besides what somebody sent. `version` is what decisions name."""

    version: str
    slug: str
    title: str
    large_company_sizes: frozenset[str]
    thresholds: Thresholds
    remarks: dict[str, str]
    signals: tuple[Signal, ...]
    by_key: dict[str, Signal] = field(init=False, repr=False, compare=False)
    order: dict[str, int] = field(init=False, repr=False, compare=False)
    in_use: tuple[str, ...] = field(init=False, repr=False, compare=False)  # AI that is there already
    leaves: dict[str, dict[str, float]] = field(init=False, repr=False, compare=False)  # of the way to 1, by answer

    def __post_init__(self) -> None:
        in_use = (s.key for s in self.signals if s.side == "ai" and not s.wish and s.key not in FOUNDATION)
        object.__setattr__(self, "by_key", {signal.key: signal for signal in self.signals})
        object.__setattr__(self, "order", {signal.key: index for index, signal in enumerate(self.signals)})
        object.__setattr__(self, "in_use", tuple(in_use))
        brings = {"yes": 1.0, "unsure": self.thresholds.unsure, "no": 0.0}
        leaves = {s.key: {answer: 1 - s.weight * part for answer, part in brings.items()} for s in self.signals}
        object.__setattr__(self, "leaves", leaves)

    def with_signals(self, signals: Iterable[Signal], *, name: str) -> "Ruleset":
        """These statements under the same thresholds. The same statements are the same ruleset."""
        signals = tuple(signals)
        return self if signals == self.signals else replace(self, version=f"{self.version}/{name}", signals=signals)


def current() -> Ruleset:
    return load(CURRENT)


@cache
def load(version: str) -> Ruleset:
    """The ruleset of this version. Raises UnknownRuleset."""
    known = {path.stem: path for path in FOLDER.glob("*.toml")}
    if version not in known:
        raise UnknownRuleset(version)
    return parse(tomllib.loads(known[version].read_text(encoding="utf-8")))


def parse(data: dict[str, Any]) -> Ruleset:
    """A ruleset from its data. Raises TypeError where a field is missing or unknown."""
    return Ruleset(
        version=data["version"],
        slug=data["slug"],
        title=data["title"],
        large_company_sizes=frozenset(data["large_company_sizes"]),
        thresholds=Thresholds(**data["thresholds"]),
        remarks=data["remarks"],
        signals=tuple(Signal(**row) for row in data["signals"]),
    )
