"""Which advisor fits: a pure ranking from depth and load, the fittest first.

`scheduling.calls` asks here with all active advisors; what it chose and why is kept in Assignment.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """An advisor as matching sees one: depth from 0 to 3 in each field, and how many conversations are open."""

    id: int
    cto_depth: int
    ai_depth: int
    load: int

    def depth(self, side: str) -> int:
        return self.cto_depth if side == "cto" else self.ai_depth


STRONG = 2  # "does it": who leads where the gap is heaviest has to be that
Fits = Callable[[Candidate], bool]
Rank = Callable[[Candidate], tuple[int, ...]]


def rank(engagement: str, primary: str | None, candidates: Iterable[Candidate]) -> tuple[list[Candidate], str]:
    """The candidates who fit, best first, and the step that decided who may be among them.

    With nobody who fits the engagement: the primary side's advisors, the deepest first; with none of those:
    everybody, the least loaded first.
    """
    pool = list(candidates)
    steps: tuple[tuple[str, Fits, Rank], ...] = (
        ("fits", _fits(engagement, primary), _rank(engagement, primary)),
        ("primary_side", lambda c: primary is not None and c.depth(primary) > 0, _rank(engagement, primary)),
        ("least_loaded", lambda _: True, lambda _: ()),
    )
    for step, fits, order in steps:
        chosen = sorted(filter(fits, pool), key=lambda c: (*order(c), c.load, c.id))
        if chosen:
            return chosen, step
    return [], "nobody"


def _fits(engagement: str, primary: str | None) -> Fits:
    if engagement == "fractional_cto":
        return lambda c: c.cto_depth > 0
    if engagement == "fractional_ai_officer":
        return lambda c: c.ai_depth > 0
    if engagement == "cto_and_ai_officer" and primary is not None:
        return lambda c: c.depth(primary) > 0
    if engagement == "one_leader_for_both" and primary is not None:
        # Depth in the primary side matters more than a tick in each.
        return lambda c: c.depth(primary) >= STRONG and c.cto_depth > 0 and c.ai_depth > 0
    return lambda c: c.cto_depth > 0 and c.ai_depth > 0


def _rank(engagement: str, primary: str | None) -> Rank:
    """Smaller sorts first."""
    if primary is None:
        return lambda c: (-min(c.cto_depth, c.ai_depth), -(c.cto_depth + c.ai_depth))
    other = "ai" if primary == "cto" else "cto"
    if engagement == "one_leader_for_both":
        return lambda c: (-c.depth(primary), -c.depth(other))
    # For one role the specialist goes first, so that those who span both stay free for leads who need both.
    return lambda c: (-c.depth(primary), c.depth(other))
