"""Who is next among those who fit equally well: the formula with its arithmetic, and what it makes of 300 leads."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from scheduling import matching
from scheduling.matching import WINDOW_DAYS, Candidate


def person(id_: int, bookings: int = 0, weight: float = 1.0, hours: float = 100.0, days: float = 28) -> Candidate:
    return Candidate(id_, cto_depth=2, ai_depth=0, bookings=bookings, weight=weight, hours=hours, days=days)


# (bookings + 1) / (weight * hours), plus of the mean of the others the part of 28 days that a newcomer was not here
SHARES = [
    ("nobody has any", [person(1), person(2)],
     {1: 0.01, 2: 0.01}),  # 1 / 100 each
    ("one has three", [person(1, 3), person(2)],
     {1: 0.04, 2: 0.01}),  # 4 / 100, 1 / 100
    ("twice the weight, twice the conversations", [person(1, 1), person(2, 3, weight=2)],
     {1: 0.02, 2: 0.02}),  # 2 / 100, 4 / 200
    ("half the hours", [person(1, 3), person(2, 1, hours=50)],
     {1: 0.04, 2: 0.04}),  # 4 / 100, 2 / 50
    ("of two idle ones the one with more room is next", [person(1), person(2, weight=2)],
     {1: 0.01, 2: 0.005}),  # 1 / 100, 1 / 200
    ("a newcomer of today is as full as the mean", [person(1, 10), person(2, 20), person(3, days=0)],
     {1: 0.11, 2: 0.21, 3: 0.16}),  # mean = 30 / 200 = 0.15; 1 / 100 + 28/28 of 0.15
    ("a newcomer after a week", [person(1, 10), person(2, 20), person(3, 2, days=7)],
     {1: 0.11, 2: 0.21, 3: 0.1425}),  # 3 / 100 + 21/28 of 0.15
    ("a newcomer of twice the weight", [person(1, 10), person(2, weight=2, days=14)],
     {1: 0.11, 2: 0.055}),  # mean = 10 / 100; 1 / 200 + 14/28 of 0.1
    ("the mean weighs by what each may take", [person(1, 10), person(2, 20, weight=3), person(3, days=0)],
     {1: 0.11, 2: 0.07, 3: 0.085}),  # mean = 30 / 400 = 0.075; 21 / 300; 1 / 100 + 0.075
    ("a house that opened today counts what there is", [person(1, 3, days=0), person(2, days=0)],
     {1: 0.04, 2: 0.01}),  # nobody to take a mean of
    ("who joins tomorrow by a clock that is wrong is of today", [person(1, 10), person(2, days=-1)],
     {1: 0.11, 2: 0.11}),  # mean = 0.1; 1 / 100 + 28/28 of 0.1
]  # fmt: skip


@pytest.mark.parametrize(("equals", "expected"), [row[1:] for row in SHARES], ids=[row[0] for row in SHARES])
def test_share(equals: list[Candidate], expected: dict[int, float]) -> None:
    assert matching.shares_of(equals) == expected


def test_share_is_compared_among_those_who_fit_equally_well_alone() -> None:
    deep, some, newcomer = Candidate(1, 3, 0, bookings=40), Candidate(2, 1, 0, bookings=10), Candidate(3, 1, 0, days=0)

    found = matching.match("fractional_cto", "cto", [deep, some, newcomer])

    # The mean for the newcomer is that of the one beside them: 10 / 100, and not 50 / 200.
    assert found.shares == {1: 0.41, 2: 0.11, 3: 0.11}


def give(days: int, distances: Iterator[int]) -> list[int]:
    """Who is given each of five leads a day, with a conversation so many days later.

    Numbers 1 and 2 have a weight of 1, number 3 has 2; number 4 joins after 30 days, with a weight of 1.
    """
    given: list[int] = []
    ahead: list[tuple[int, int]] = []  # (day of the conversation, whose)
    for n in range(5 * days):
        today = n // 5
        booked = Counter(who for day, who in ahead if today < day <= today + WINDOW_DAYS)
        team = [person(1, booked[1]), person(2, booked[2]), person(3, booked[3], weight=2)]
        if today >= 30:
            team.append(person(4, booked[4], days=today - 30))
        who = matching.match("fractional_cto", "cto", team).ranked[0].id
        given.append(who)
        ahead.append((today + next(distances), who))
    return given


def any_distance() -> Iterator[int]:
    dice = random.Random(2026)
    while True:
        yield dice.randint(1, 14)


# How far off the exact part of 150 leads somebody may be. What is evened out is what lies ahead of each, so with
# conversations near and far the number of leads swings a little more.
SPANS = [("each a week ahead", lambda: itertools.repeat(7), 3), ("within a fortnight", any_distance, 8)]


@pytest.mark.parametrize(("distances", "off"), [row[1:] for row in SPANS], ids=[row[0] for row in SPANS])
def test_three_hundred_leads_go_by_weight_and_no_newcomer_is_flooded(
    distances: Callable[[], Iterator[int]], off: int
) -> None:
    given = give(60, distances())

    before, after = Counter(given[:150]), Counter(given[150:])
    assert len(given) == 300
    # Four parts before: two have one each, the third has two.
    assert all(abs(before[who] - 150 * parts / 4) <= off for who, parts in ((1, 1), (2, 1), (3, 2)))
    # The newcomer grows into a fifth: in their first month they get some, fewer than that, and most of them late.
    assert 12 <= after[4] <= 150 / 5
    assert 3 <= given[150:220].count(4) < given[220:290].count(4)
    # The others share the rest as before.
    rest = 150 - after[4]
    assert all(abs(after[who] - rest * parts / 4) <= off for who, parts in ((1, 1), (2, 1), (3, 2)))


@pytest.mark.parametrize(("distances", "off"), [row[1:] for row in SPANS], ids=[row[0] for row in SPANS])
def test_after_their_first_month_a_newcomer_has_a_full_share(distances: Callable[[], Iterator[int]], off: int) -> None:
    settled = Counter(give(120, distances())[-150:])

    assert all(abs(settled[who] - 150 * parts / 5) <= off for who, parts in ((1, 1), (2, 1), (3, 2), (4, 1)))


def test_who_comes_back_from_leave_is_not_flooded_either() -> None:
    """Their share counts what lies ahead, not what they missed: they are asked first until they are as full."""
    back, others = person(1, 0), [person(2, 6), person(3, 6)]
    team, given = {c.id: c.bookings for c in (back, *others)}, []
    for _ in range(12):
        who = matching.match("fractional_cto", "cto", [person(id_, n) for id_, n in team.items()]).ranked[0].id
        team[who] += 1
        given.append(who)

    # Six to draw level, then one of three: never more than the others have ahead of them.
    assert given[:6] == [1] * 6
    assert team == {1: 8, 2: 8, 3: 8}
