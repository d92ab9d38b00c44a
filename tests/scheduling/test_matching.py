"""Which advisor fits: who is considered, in which order, and by which step."""

import itertools

import pytest

from scheduling import matching
from scheduling.matching import Candidate

# cto, ai, load; the number is the place in this list
CTO_DEEP = Candidate(1, cto_depth=3, ai_depth=0, load=0)
CTO_SOME = Candidate(2, cto_depth=1, ai_depth=0, load=0)
AI_DEEP = Candidate(3, cto_depth=0, ai_depth=3, load=0)
AI_SOME = Candidate(4, cto_depth=0, ai_depth=1, load=0)
BOTH_CTO = Candidate(5, cto_depth=3, ai_depth=1, load=0)
BOTH_AI = Candidate(6, cto_depth=1, ai_depth=3, load=0)
BOTH_EVEN = Candidate(7, cto_depth=2, ai_depth=2, load=0)
TICKS = Candidate(8, cto_depth=1, ai_depth=1, load=0)
NEITHER = Candidate(9, cto_depth=0, ai_depth=0, load=0)
ALL = [CTO_DEEP, CTO_SOME, AI_DEEP, AI_SOME, BOTH_CTO, BOTH_AI, BOTH_EVEN, TICKS, NEITHER]

# engagement, primary, who is there, who is considered (best first), by which step
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
    ("two roles: begin with the heavier one", "cto_and_ai_officer", "ai", ALL,
     [AI_DEEP, BOTH_AI, BOTH_EVEN, AI_SOME, TICKS, BOTH_CTO], "fits"),
    ("two roles of the same weight", "cto_and_ai_officer", None, ALL,
     [BOTH_EVEN, BOTH_CTO, BOTH_AI, TICKS], "fits"),
    ("a discovery: somebody who knows both", "discovery", None, ALL, [BOTH_EVEN, BOTH_CTO, BOTH_AI, TICKS], "fits"),
    ("a discovery among specialists", "discovery", None, [AI_DEEP, CTO_DEEP], [CTO_DEEP, AI_DEEP], "least_loaded"),
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
    assert matching.rank(engagement, primary, there) == (expected, step)


def test_of_equals_the_one_with_fewer_conversations_goes_first_then_the_older_one() -> None:
    busy, idle, idle_too = Candidate(1, 2, 0, load=5), Candidate(2, 2, 0, load=1), Candidate(3, 2, 0, load=1)

    ranked, _ = matching.rank("fractional_cto", "cto", [idle_too, busy, idle])

    assert ranked == [idle, idle_too, busy]


def test_depth_goes_before_load() -> None:
    deep, idle = Candidate(1, 3, 0, load=9), Candidate(2, 2, 0, load=0)

    assert matching.rank("fractional_cto", "cto", [idle, deep])[0] == [deep, idle]


def test_with_nobody_who_fits_the_least_loaded_goes_first() -> None:
    busy, idle = Candidate(1, 0, 3, load=4), Candidate(2, 0, 0, load=0)

    assert matching.rank("fractional_cto", "cto", [busy, idle]) == ([idle, busy], "least_loaded")


def test_the_order_in_which_they_come_never_matters() -> None:
    team = [CTO_DEEP, BOTH_CTO, BOTH_EVEN, TICKS, AI_DEEP]
    expected = matching.rank("one_leader_for_both", "cto", team)

    orders = list(itertools.permutations(team))

    assert len(orders) == 120
    assert all(matching.rank("one_leader_for_both", "cto", order) == expected for order in orders)
