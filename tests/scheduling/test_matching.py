"""Which advisor fits: who is considered, in which order, by which step."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import matching
from scheduling.matching import Candidate, Step

# The number is the place in this list.
CTO_DEEP = Candidate(1, cto_depth=3, ai_depth=0)
CTO_SOME = Candidate(2, cto_depth=1, ai_depth=0)
AI_DEEP = Candidate(3, cto_depth=0, ai_depth=3)
AI_SOME = Candidate(4, cto_depth=0, ai_depth=1)
BOTH_CTO = Candidate(5, cto_depth=3, ai_depth=1)
BOTH_AI = Candidate(6, cto_depth=1, ai_depth=3)
BOTH_EVEN = Candidate(7, cto_depth=2, ai_depth=2)
TICKS = Candidate(8, cto_depth=1, ai_depth=1)
NEITHER = Candidate(9, cto_depth=0, ai_depth=0)
ALL = [CTO_DEEP, CTO_SOME, AI_DEEP, AI_SOME, BOTH_CTO, BOTH_AI, BOTH_EVEN, TICKS, NEITHER]
TWINS = [Candidate(id_, cto_depth=2, ai_depth=0) for id_ in (1, 2, 3)]
JUNE = datetime(2026, 6, 1, tzinfo=UTC)

# engagement, primary, who is there, who is considered (best first), by which rule
RANKS = [
    ("a CTO: the deepest, the specialist first", "fractional_cto", "cto", ALL,
     [CTO_DEEP, BOTH_CTO, BOTH_EVEN, CTO_SOME, TICKS, BOTH_AI], "fits"),
    ("an AI officer: the deepest, the specialist first", "fractional_ai_officer", "ai", ALL,
     [AI_DEEP, BOTH_AI, BOTH_EVEN, AI_SOME, TICKS, BOTH_CTO], "fits"),
    ("one for both: strong where the gap is heaviest", "one_leader_for_both", "cto", ALL,
     [BOTH_CTO, BOTH_EVEN], "fits"),
    ("one for both, and AI is the heavier side", "one_leader_for_both", "ai", ALL, [BOTH_AI, BOTH_EVEN], "fits"),
    ("one for both of the same weight", "one_leader_for_both", None, ALL,
     [BOTH_EVEN, BOTH_CTO, BOTH_AI, TICKS], "fits"),
    ("nobody strong spans both: depth before a tick in each", "one_leader_for_both", "cto",
     [TICKS, BOTH_AI, CTO_DEEP, AI_DEEP], [CTO_DEEP, BOTH_AI, TICKS], "primary_side"),
    ("nobody spans both of the same weight", "one_leader_for_both", None, [AI_SOME, CTO_DEEP],
     [CTO_DEEP, AI_SOME], "least_loaded"),
    ("two roles: the heavier one leads", "cto_and_ai_officer", "ai", ALL,
     [AI_DEEP, BOTH_AI, BOTH_EVEN, AI_SOME, TICKS, BOTH_CTO], "fits"),
    ("two roles of the same weight: the foundation leads", "cto_and_ai_officer", None, ALL,
     [CTO_DEEP, BOTH_CTO, BOTH_EVEN, CTO_SOME, TICKS, BOTH_AI], "fits"),
    ("a discovery: the strongest in both", "discovery", None, ALL, [BOTH_EVEN, BOTH_CTO, BOTH_AI, TICKS], "fits"),
    ("a discovery among specialists", "discovery", None, [AI_DEEP, CTO_DEEP], [CTO_DEEP, AI_DEEP], "least_loaded"),
    ("a discovery that leans, among specialists", "discovery", "ai", [CTO_DEEP, AI_SOME], [AI_SOME], "primary_side"),
    ("a CTO where there is none", "fractional_cto", "cto", [AI_DEEP, NEITHER], [AI_DEEP, NEITHER], "least_loaded"),
    ("an AI officer where there is none", "fractional_ai_officer", "ai", [CTO_DEEP], [CTO_DEEP], "least_loaded"),
    ("nobody at all", "fractional_cto", "cto", [], [], "nobody"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("engagement", "primary", "there", "expected", "step"), [row[1:] for row in RANKS], ids=[row[0] for row in RANKS]
)
def test_it_ranks_who_fits(
    engagement: str, primary: str | None, there: list[Candidate], expected: list[Candidate], step: str
) -> None:
    found = matching.match(engagement, primary, there)

    assert (list(found.ranked), found.pool_step) == (expected, step)
    assert set(found.out) == {candidate.id for candidate in there} - {candidate.id for candidate in expected}
    assert set(found.out.values()) <= {"does_not_fit"}


# Who joins the leader, by the heavier side.
JOIN = [
    ("cto", ALL, [AI_DEEP, BOTH_AI, BOTH_EVEN, AI_SOME, TICKS, BOTH_CTO]),
    ("ai", ALL, [CTO_DEEP, BOTH_CTO, BOTH_EVEN, CTO_SOME, TICKS, BOTH_AI]),
    (None, ALL, [AI_DEEP, BOTH_AI, BOTH_EVEN, AI_SOME, TICKS, BOTH_CTO]),
    ("cto", [CTO_DEEP, NEITHER], []),
]


@pytest.mark.parametrize(("primary", "there", "expected"), JOIN)
def test_the_other_side_joins(primary: str | None, there: list[Candidate], expected: list[Candidate]) -> None:
    found = matching.colleagues(primary, there)

    assert (list(found.ranked) if found else []) == expected


# who is there, whom the person knows, who goes first, the steps and whom each left
STEPS: list[tuple[str, list[Candidate], list[int], int, list[tuple[str, list[int]]]]] = [
    ("the only one who fits", [CTO_DEEP, AI_DEEP], [], 1, [("fits", [1])]),
    ("the deepest", [CTO_DEEP, CTO_SOME], [], 1, [("fits", [1, 2]), ("depth", [1])]),
    ("depth goes before a fair share", [Candidate(1, 3, 0, bookings=50), CTO_SOME], [], 1,
     [("fits", [1, 2]), ("depth", [1])]),
    ("of equals, who has fewer conversations", [Candidate(1, 2, 0, bookings=5), Candidate(2, 2, 0, bookings=1)], [], 2,
     [("fits", [2, 1]), ("fair_share", [2])]),
    ("of those with the same share, who was never chosen",
     [Candidate(1, 2, 0, idle_since=JUNE), Candidate(2, 2, 0)], [], 2, [("fits", [2, 1]), ("longest_idle", [2])]),
    ("or longest ago", [Candidate(1, 2, 0, idle_since=JUNE), Candidate(2, 2, 0, idle_since=JUNE.replace(day=2))], [], 1,
     [("fits", [1, 2]), ("longest_idle", [1])]),
    ("or who was here first", TWINS, [], 1, [("fits", [1, 2, 3]), ("here_first", [1])]),
    ("each step narrows what the one before has left",
     [CTO_SOME, *(Candidate(id_, 3, 0, bookings=1) for id_ in (3, 4)), Candidate(5, 3, 0, bookings=2)], [], 3,
     [("fits", [3, 4, 5, 2]), ("depth", [3, 4, 5]), ("fair_share", [3, 4]), ("here_first", [3])]),
    ("the person's own advisor, deep or not", [CTO_DEEP, CTO_SOME], [2], 2, [("fits", [2, 1]), ("returning", [2])]),
    ("the latest of their own who fits", [*TWINS, AI_DEEP], [99, 3, 2], 3,
     [("fits", [3, 1, 2]), ("returning", [3])]),
    ("one of their own who does not fit any more", [CTO_SOME, Candidate(3, 0, 3)], [3], 2, [("fits", [2])]),
    ("one of their own who is on leave", [CTO_SOME, Candidate(3, 3, 0, on_leave=True)], [3], 2, [("fits", [2])]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "owners", "first", "steps"), [row[1:] for row in STEPS], ids=[row[0] for row in STEPS]
)
def test_each_step_says_whom_it_left(
    there: list[Candidate], owners: list[int], first: int, steps: list[tuple[str, list[int]]]
) -> None:
    found = matching.match("fractional_cto", "cto", there, owners=owners)

    assert found.ranked[0].id == first
    assert found.steps == tuple(Step(name, tuple(left)) for name, left in steps)
    assert found.step == steps[-1][0]


def test_who_is_away_is_no_candidate_and_it_says_why() -> None:
    team = [Candidate(1, 3, 0, on_leave=True), Candidate(2, 3, 0, hours=0), Candidate(3, 1, 0), Candidate(4, 0, 3)]

    found = matching.match("fractional_cto", "cto", team)

    assert [candidate.id for candidate in found.ranked] == [3]
    assert found.out == {1: "on_leave", 2: "no_hours", 4: "does_not_fit"}


def test_with_the_only_one_who_fits_on_leave_somebody_else_is_asked() -> None:
    found = matching.match("fractional_cto", "cto", [Candidate(1, 3, 0, on_leave=True), AI_DEEP])

    assert ([candidate.id for candidate in found.ranked], found.step) == ([3], "least_loaded")


def test_it_says_how_many_fit_equally_well() -> None:
    deep = [Candidate(id_, 3, 0, bookings=id_) for id_ in (10, 11)]

    assert matching.match("fractional_cto", "cto", [*deep, *TWINS]).equals == 2
    assert matching.match("fractional_cto", "cto", [*deep, *TWINS], owners=[11]).equals == 1
    assert matching.match("fractional_cto", "cto", []).equals == 0


# --- whatever the team ----------------------------------------------------------------------------------

ENGAGEMENTS = [
    ("fractional_cto", "cto"), ("fractional_ai_officer", "ai"), ("discovery", None), ("one_leader_for_both", None),
    ("one_leader_for_both", "cto"), ("one_leader_for_both", "ai"), ("cto_and_ai_officer", None),
    ("cto_and_ai_officer", "cto"), ("cto_and_ai_officer", "ai"),
]  # fmt: skip
MOMENTS = datetime(2026, 1, 1), datetime(2026, 2, 1)  # noqa: DTZ001 - hypothesis adds the zone
somebody = st.builds(
    Candidate,
    id=st.integers(1, 50),
    cto_depth=st.integers(0, 3),
    ai_depth=st.integers(0, 3),
    bookings=st.integers(0, 60),
    weight=st.sampled_from([0.1, 0.3, 1.0, 2.0, 10.0]),
    hours=st.sampled_from([0.0, 0.5, 33.3, 140.0]),
    days=st.floats(0, 28),
    idle_since=st.none() | st.datetimes(*MOMENTS, timezones=st.just(UTC)),
    on_leave=st.booleans(),
)
teams = st.lists(somebody, max_size=8, unique_by=lambda candidate: candidate.id)


@settings(max_examples=300, deadline=None)
@given(team=teams, asked=st.sampled_from(ENGAGEMENTS), owners=st.lists(st.integers(1, 50), max_size=3), data=st.data())
def test_whatever_the_team(
    team: list[Candidate], asked: tuple[str, str | None], owners: list[int], data: st.DataObject
) -> None:
    found = matching.match(*asked, team, owners=owners)

    # Nobody who is away; everybody who is there when nobody fits; each is either ranked or out, and never both.
    there = {candidate.id for candidate in team if not candidate.on_leave and candidate.hours > 0}
    ranked = {candidate.id for candidate in found.ranked}
    assert ranked <= there
    assert bool(ranked) == bool(there)
    assert ranked | set(found.out) == {candidate.id for candidate in team}
    assert not ranked & set(found.out)
    # The steps lead from all who may be asked to the one who is, and each leaves fewer.
    left = [set(step.left) for step in found.steps]
    assert left[0] == ranked
    assert all(after < before for before, after in itertools.pairwise(left))
    assert left[-1] == ({found.ranked[0].id} if ranked else set())
    # The order in which they come changes nothing, to the last digit.
    shuffled = data.draw(st.permutations(team))
    assert matching.match(*asked, shuffled, owners=owners) == found
