"""Reads messages: text in, evidence with quotes out (`assessments.evidence`).

Comes after the door and before `assessments.judge`. The reader at work is chosen here: the one without a model
file, and the one with sentence embeddings where the extra is installed, as soon as it has loaded. Nothing heavy is
imported before somebody reads: workers never do.
"""

from functools import cache
from pathlib import Path

from assessments.evidence import Reader, Reading

WEIGHTS = Path(__file__).parent / "weights"
VERSION = "linear-2026.11-1"

_better: Reader | None = None


def read(text: str) -> Reading | None:
    """What the text says, or None where there is nothing to read. Never raises, whatever a stranger typed."""
    return current().read(text) if text.strip() else None


def current() -> Reader:
    """The reader at work."""
    return _better or linear_reader()


@cache
def linear_reader() -> Reader:
    """The reader that every installation has."""
    from assessments import rulesets
    from assessments.reading import linear
    from assessments.reading.reader import LinearReader

    sides = {signal.key: signal.side for signal in rulesets.current().signals}
    return LinearReader(linear.load(WEIGHTS / f"{VERSION}.npz"), sides)
