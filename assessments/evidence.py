"""What a reader finds in a message: text in, evidence with quotes out.

Pure. Made by a reader (`assessments.reading`), stored beside the decision, and read by `assessments.judge`, which
never sees the message itself. Another reader only has to give a `Reading`; the decision stays as it is.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

Gap = Literal["cto", "ai", "both", "unclear"]
GAPS: tuple[Gap, ...] = ("cto", "ai", "both", "unclear")
PROSPECT = "prospect"
INTENTS = (PROSPECT, "vendor", "job_seeker", "support", "student", "spam", "other")


@dataclass(frozen=True)
class Evidence:
    """One sentence that supports or denies a signal; `strength` in [0, 1] is how sure the reader is of it."""

    signal: str
    polarity: Literal["supports", "denies"]
    strength: float
    quote: str


@dataclass(frozen=True)
class Reading:
    """What one message says. Numbers are rounded to three places, so that a stored reading judges the same.

    `gaps` is how likely the message as a whole points to each gap (sums to 1); `intent` who writes, with its
    likelihood; `primary_cto` how likely technology is the heavier side if it is both; `asked_for` the role that
    the writer names, if any. `reader` is the name and version of what read it.
    """

    reader: str
    gaps: Mapping[Gap, float]
    intent: str = PROSPECT
    intent_strength: float = 1.0
    primary_cto: float = 0.5
    asked_for: str | None = None
    evidence: tuple[Evidence, ...] = field(default=())

    @property
    def stranger(self) -> float:
        """How likely whoever writes is no prospect."""
        return 1 - self.intent_strength if self.intent == PROSPECT else self.intent_strength

    def as_dict(self) -> dict[str, Any]:
        record = asdict(self)
        return record | {"gaps": dict(self.gaps), "evidence": list(record["evidence"])}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Reading":
        gaps: dict[Gap, float] = {gap: record["gaps"][gap] for gap in GAPS}
        evidence = tuple(Evidence(**row) for row in record["evidence"])
        return cls(**{**record, "gaps": gaps, "evidence": evidence})


class Reader(Protocol):
    """Reads messages. Never raises, whatever a stranger typed."""

    version: str

    def read(self, text: str) -> Reading | None:
        """What the text says, or None where there is nothing to read."""
