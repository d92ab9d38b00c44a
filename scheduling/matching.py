"""Which advisor fits: a pure choice, step by step, from depth, what belongs to whom, and fair shares.

`scheduling.pool` brings the numbers; what each step left is kept in Assignment, so that a salesperson sees why.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

WINDOW_DAYS = 28
STRONG = 2  # "does it": who leads where the gap is heaviest has to be that
OTHER = {"cto": "ai", "ai": "cto"}
ROLE = {"cto": "fractional_cto", "ai": "fractional_ai_officer"}
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Candidate:
    """An advisor as matching sees one: depth from 0 to 3 in each field, and the next 28 days.

    `bookings` are the conversations that start in them, held or confirmed; `hours` is what the week leaves open in
    them; `days` is how many of the last 28 days they have been here; `idle_since` is when they were chosen last.
    """

    id: int
    cto_depth: int
    ai_depth: int
    bookings: int = 0
    weight: float = 1.0
    hours: float = 100.0
    days: float = WINDOW_DAYS
    idle_since: datetime | None = None
    on_leave: bool = False

    def depth(self, side: str) -> int:
        return self.cto_depth if side == "cto" else self.ai_depth

    @property
    def capacity(self) -> float:
        return self.weight * self.hours

    @property
    def absence(self) -> str:
        """Why there is no conversation with them now, whoever asks; empty where there may be one."""
        if self.on_leave:
            return "on_leave"
        return "" if self.hours > 0 else "no_hours"


Fits = Callable[[Candidate], bool]
Key = tuple[int, ...]
Rank = Callable[[Candidate], Key]


@dataclass(frozen=True)
class Step:
    """One step of the choice, and whom it left."""

    name: str
    left: tuple[int, ...]


@dataclass(frozen=True)
class Match:
    """Who may lead the conversation, the fittest first, and how that came about."""

    ranked: tuple[Candidate, ...]
    steps: tuple[Step, ...]
    shares: Mapping[int, float]
    out: Mapping[int, str]
    equals: int  # how many at the head of `ranked` fit equally well; one where the person has an advisor already

    @property
    def step(self) -> str:
        """The step that decided: the last one that left fewer than there were."""
        return self.steps[-1].name

    @property
    def pool_step(self) -> str:
        """By which rule somebody could be a candidate at all."""
        return self.steps[0].name


def match(
    engagement: str, primary: str | None, candidates: Iterable[Candidate], *, owners: Sequence[int] = ()
) -> Match:
    """The candidates who fit, best first; `owners` are those whom the person has talked to, the latest first.

    Nobody who is on leave or has no hours. With nobody who fits the engagement: the primary side's advisors; with
    none of those: everybody who is there. Among them the person's own advisor goes first, then the fittest, then
    whoever has had the smallest share of what they may take (`shares_of`), then who was chosen longest ago.
    """
    everybody = sorted(candidates, key=lambda c: c.id)
    out = {c.id: c.absence or "does_not_fit" for c in everybody}
    there = [c for c in everybody if not c.absence]
    step, pool = _pool(engagement, primary, there)
    rank = _rank(engagement, primary) if step != "least_loaded" else _everybody_alike
    shares = _shares_in_ranks(pool, rank)
    ids = {c.id for c in pool}
    owner = next((id_ for id_ in owners if id_ in ids), None)
    ranked = sorted(pool, key=lambda c: (c.id != owner, rank(c), shares[c.id], c.idle_since or NEVER, c.id))
    equals = 1 if owner is not None else sum(rank(c) == rank(ranked[0]) for c in ranked)
    return Match(
        ranked=tuple(ranked),
        steps=tuple(_steps(step, ranked, owner, rank, shares)),
        shares=shares,
        out={id_: why for id_, why in out.items() if id_ not in ids},
        equals=equals,
    )


def colleagues(primary: str | None, candidates: Iterable[Candidate]) -> Match | None:
    """Of two roles, who fits the one that does not lead; None where nobody has depth on it."""
    side = OTHER[primary or "cto"]
    found = match(ROLE[side], side, candidates)
    return found if found.pool_step == "fits" else None


def shares_of(equals: Sequence[Candidate]) -> dict[int, float]:
    """How much of what they may take each of those who fit equally well has been given; the lowest is next.

        share = (bookings + credit + 1) / (weight × hours)
        credit = (28 − days) / 28 × mean × weight × hours, for who has been here for fewer than 28 days; else 0
        mean = all bookings / all (weight × hours) of those among them who have been here for 28 days; 0 without any

    The 1 is the conversation that is about to be given, so that of two idle ones the one with more room is asked.
    The days that a newcomer was not here count as if they had been booked like the others then: on the first day they
    are as full as the mean, and are asked in turn; what they may hold grows with each day, to a full share after 28.
    """
    settled = [c for c in equals if c.days >= WINDOW_DAYS]
    # fsum is exact, so that the order in which they come never changes a digit.
    mean = math.fsum(c.bookings for c in settled) / math.fsum(c.capacity for c in settled) if settled else 0.0
    return {c.id: round((c.bookings + 1) / c.capacity + _missing(c) * mean, 6) for c in equals}


def _missing(candidate: Candidate) -> float:
    return (WINDOW_DAYS - min(max(candidate.days, 0), WINDOW_DAYS)) / WINDOW_DAYS


def _shares_in_ranks(pool: list[Candidate], rank: Rank) -> dict[int, float]:
    """Each is compared with those who fit equally well, and with nobody else."""
    shares: dict[int, float] = {}
    for _, equals in groupby(sorted(pool, key=rank), key=rank):
        shares |= shares_of(list(equals))
    return shares


def _steps(
    first: str, ranked: list[Candidate], owner: int | None, rank: Rank, shares: Mapping[int, float]
) -> Iterator[Step]:
    """The first step, and each further one that left fewer than there were."""
    left = ranked
    yield Step(first, _ids(left))
    keys: tuple[tuple[str, Callable[[Candidate], object]], ...] = (
        ("returning", lambda c: c.id == owner or owner is None),
        ("depth", rank),
        ("fair_share", lambda c: shares[c.id]),
        ("longest_idle", lambda c: c.idle_since),
        ("here_first", lambda c: c.id),
    )
    for name, key in keys:
        after = [c for c in left if key(c) == key(left[0])]
        if len(after) < len(left):
            left = after
            yield Step(name, _ids(left))


def _ids(candidates: list[Candidate]) -> tuple[int, ...]:
    return tuple(c.id for c in candidates)


def _pool(engagement: str, primary: str | None, there: list[Candidate]) -> tuple[str, list[Candidate]]:
    rules: tuple[tuple[str, Fits], ...] = (
        ("fits", _fits(engagement, primary)),
        ("primary_side", lambda c: primary is not None and c.depth(primary) > 0),
        ("least_loaded", lambda _: True),
    )
    for step, fits in rules:
        pool = list(filter(fits, there))
        if pool:
            return step, pool
    return "nobody", []


def _fits(engagement: str, primary: str | None) -> Fits:
    if engagement == "fractional_cto":
        return lambda c: c.cto_depth > 0
    if engagement == "fractional_ai_officer":
        return lambda c: c.ai_depth > 0
    if engagement == "cto_and_ai_officer":
        return lambda c: c.depth(primary or "cto") > 0
    if engagement == "one_leader_for_both" and primary is not None:
        # Depth in the primary side matters more than a tick in each.
        return lambda c: c.depth(primary) >= STRONG and c.cto_depth > 0 and c.ai_depth > 0
    return lambda c: c.cto_depth > 0 and c.ai_depth > 0


def _rank(engagement: str, primary: str | None) -> Rank:
    """Smaller sorts first."""
    if engagement == "cto_and_ai_officer":
        primary = primary or "cto"  # the foundation comes first where both weigh the same
    if primary is None:
        return lambda c: (-min(c.cto_depth, c.ai_depth), -(c.cto_depth + c.ai_depth))
    other = OTHER[primary]
    if engagement == "one_leader_for_both":
        return lambda c: (-c.depth(primary), -c.depth(other))
    # For one role the specialist goes first, so that those who span both stay free for leads who need both.
    return lambda c: (-c.depth(primary), c.depth(other))


def _everybody_alike(_: Candidate) -> Key:
    return ()
