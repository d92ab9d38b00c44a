"""The held time: which slot, for how long, and how many of them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling import holds
from scheduling.slots import Interval

BERLIN = ZoneInfo("Europe/Berlin")
HALF_HOUR = timedelta(minutes=30)


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    """`2026-11-23 10:00` there (a Monday), in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def slot(text: str, zone: str = "Europe/Berlin", minutes: int = 30) -> Interval:
    return at(text, zone), at(text, zone) + timedelta(minutes=minutes)


def test_the_week_of_these_tests_begins_on_a_monday() -> None:
    assert date(2026, 11, 23).weekday() == 0


# now, a slot, may it be held?
ONE_SLOT = [
    ("24 h ahead", "2026-11-23 10:00", "2026-11-24 10:00", True),
    ("a minute less", "2026-11-23 10:01", "2026-11-24 10:00", False),
    ("more than 24 h ahead, on the next day", "2026-11-23 00:30", "2026-11-24 09:00", True),
    ("48 h ahead, on a Saturday", "2026-11-26 10:00", "2026-11-28 10:00", False),
    ("a Sunday", "2026-11-26 10:00", "2026-11-29 10:00", False),
    ("the Monday after a Friday", "2026-11-27 16:00", "2026-11-30 09:00", True),
    ("the Monday after a Saturday", "2026-11-28 10:00", "2026-11-30 09:00", True),
    ("the Monday after a Sunday, less than 24 h", "2026-11-29 10:00", "2026-11-30 09:00", False),
    ("before nine", "2026-11-23 10:00", "2026-11-25 08:59", False),
    ("nine", "2026-11-23 10:00", "2026-11-25 09:00", True),
    ("ending at five", "2026-11-23 10:00", "2026-11-25 16:30", True),
    ("ending after five", "2026-11-23 10:00", "2026-11-25 16:31", False),
    ("at night", "2026-11-23 10:00", "2026-11-25 23:45", False),
    ("the tenth working day", "2026-11-23 10:00", "2026-12-07 16:30", True),
    ("the eleventh working day", "2026-11-23 10:00", "2026-12-08 09:00", False),
    ("the tenth working day after a Sunday", "2026-11-29 10:00", "2026-12-11 09:00", True),
]


@pytest.mark.parametrize(("now", "start", "is_held"), [row[1:] for row in ONE_SLOT], ids=[row[0] for row in ONE_SLOT])
def test_a_slot_is_held_within_bounds(now: str, start: str, is_held: bool) -> None:
    chosen = holds.choose([slot(start)], now=at(now), zone=BERLIN)

    assert chosen == (slot(start) if is_held else None)


def test_the_first_of_the_slots_in_bounds_is_held() -> None:
    offered = [slot(f"2026-11-{day}") for day in ("24 09:30", "24 17:00", "25 08:30", "25 10:00", "25 11:00")]

    chosen = holds.choose(offered, now=at("2026-11-23 10:00"), zone=BERLIN)

    assert chosen == slot("2026-11-25 10:00")


def test_nothing_is_held_where_nothing_is_free() -> None:
    assert holds.choose([], now=at("2026-11-23 10:00"), zone=BERLIN) is None


# One and the same slots, an advisor's in New York; the prospect's zone decides.
ZONES = [
    ("America/New_York", "2026-11-24 09:00"),
    ("Europe/Berlin", "2026-11-24 09:00"),
    ("America/Los_Angeles", "2026-11-24 12:00"),
    ("Asia/Kolkata", None),
    ("Asia/Tokyo", "2026-11-24 19:00"),  # Wednesday 09:00 there
]


@pytest.mark.parametrize(("zone", "expected"), ZONES)
def test_office_hours_are_those_of_the_prospect(zone: str, expected: str | None) -> None:
    york = "America/New_York"
    offered = [slot(f"2026-11-24 {hour:02}:00", york) for hour in (9, 10, 11, 12, 13, 14, 15, 16, 19)]

    chosen = holds.choose(offered, now=at("2026-11-23 08:00", york), zone=ZoneInfo(zone))

    assert chosen == (slot(expected, york) if expected else None)


def test_the_working_days_are_counted_by_the_prospects_calendar() -> None:
    # Still Friday in Honolulu, Saturday already in Auckland: the same Monday slot is one working day ahead in both.
    now, start = datetime(2026, 11, 27, 23, tzinfo=UTC), datetime(2026, 11, 30, 20, tzinfo=UTC)

    honolulu = holds.choose([(start, start + HALF_HOUR)], now=now, zone=ZoneInfo("Pacific/Honolulu"))
    auckland = holds.choose([(start, start + HALF_HOUR)], now=now, zone=ZoneInfo("Pacific/Auckland"))

    assert honolulu == auckland == (start, start + HALF_HOUR)
    assert now.astimezone(ZoneInfo("Pacific/Auckland")).weekday() == 5


# now, start, hours of notice, when the hold ends
LIVES = [
    ("two days of the week", "2026-11-23 10:00", "2026-12-03 10:00", 12, "2026-11-25 10:00"),
    ("over a weekend", "2026-11-26 10:00", "2026-12-10 10:00", 12, "2026-11-30 10:00"),
    ("begun on a Friday night", "2026-11-27 23:00", "2026-12-10 10:00", 12, "2026-12-01 23:00"),
    ("begun on a Saturday", "2026-11-28 10:00", "2026-12-10 10:00", 12, "2026-12-02 00:00"),
    ("begun on a Sunday night", "2026-11-29 23:59", "2026-12-10 10:00", 12, "2026-12-02 00:00"),
    ("ending with a Friday", "2026-11-26 00:00", "2026-12-10 10:00", 12, "2026-11-28 00:00"),
    ("the notice comes first", "2026-11-23 10:00", "2026-11-24 12:00", 12, "2026-11-24 00:00"),
    ("the notice comes at the same moment", "2026-11-23 10:00", "2026-11-25 22:00", 12, "2026-11-25 10:00"),
    ("the notice comes a minute later", "2026-11-23 10:00", "2026-11-25 22:01", 12, "2026-11-25 10:00"),
    ("no notice", "2026-11-23 10:00", "2026-11-24 10:00", 0, "2026-11-24 10:00"),
    # 48 hours of real time without the weekend: Sunday had 25 and 23 of them.
    ("over the end of summer time", "2026-10-23 10:00", "2026-11-04 10:00", 12, "2026-10-27 10:00"),
    ("over its beginning", "2026-03-27 10:00", "2026-04-09 10:00", 12, "2026-03-31 10:00"),
]


@pytest.mark.parametrize(
    ("now", "start", "notice", "expected"), [row[1:] for row in LIVES], ids=[row[0] for row in LIVES]
)
def test_a_hold_lives_48_hours_without_weekends(now: str, start: str, notice: int, expected: str) -> None:
    ends = holds.expires_at(now=at(now), start=at(start), notice=timedelta(hours=notice), zone=BERLIN)

    assert ends == at(expected)


def test_weekends_are_those_of_the_prospect() -> None:
    # Sunday 20:00 UTC: Monday already in Auckland, where the hold's hours begin to count at once.
    now, start = datetime(2026, 11, 29, 20, tzinfo=UTC), datetime(2026, 12, 10, 20, tzinfo=UTC)

    ends = [
        holds.expires_at(now=now, start=start, notice=timedelta(hours=12), zone=ZoneInfo(zone))
        for zone in ("UTC", "Pacific/Auckland")
    ]

    assert ends == [datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 12, 1, 20, tzinfo=UTC)]


def test_a_change_of_the_clock_on_a_working_day_takes_nothing_from_the_48_hours() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # 24 April 2026, a Friday, has no first hour

    ends = holds.expires_at(
        now=at("2026-04-22 20:00", "Africa/Cairo"), start=at("2026-05-05 10:00"), notice=timedelta(0), zone=cairo
    )

    assert ends == at("2026-04-22 20:00", "Africa/Cairo") + timedelta(hours=48)


# open slots, holds, may one more be held? At most 40% of what was open.
SHARES = [
    (0, 0, False), (1, 0, False), (2, 0, False), (3, 0, True), (4, 1, True), (3, 1, False), (5, 2, False), (6, 2, True),
    (55, 35, True), (54, 35, False), (12, 8, False), (61, 39, True), (60, 39, False),
]  # fmt: skip


@pytest.mark.parametrize(("free", "held", "has_room"), SHARES)
def test_holds_take_at_most_two_fifths_of_the_open_slots(free: int, held: int, has_room: bool) -> None:
    # Three a day, so that the cap of a day plays no part.
    moments = [at("2026-11-23 09:00") + timedelta(days=n // 3, hours=n % 3) for n in range(free + held)]
    offered = [(start, start + HALF_HOUR) for start in moments[:free]]

    allowed = holds.with_room(offered, moments[free:], zone=BERLIN)

    assert allowed == (offered if has_room else [])


def test_a_day_with_four_holds_has_no_room_for_a_fifth() -> None:
    monday, tuesday = ([slot(f"2026-11-{day} {hour:02}:00") for hour in range(8, 18)] for day in ("23", "24"))
    held = [start for start, _ in monday[:4] + tuesday[:3]]

    allowed = holds.with_room(monday[4:] + tuesday[3:], held, zone=BERLIN)

    assert allowed == tuesday[3:]


def test_the_days_of_the_cap_are_the_advisors() -> None:
    # 23:30 UTC is Monday in London and Tuesday in Berlin.
    held = [datetime(2026, 11, 23, 23, 30, tzinfo=UTC) + n * timedelta(seconds=1) for n in range(4)]
    tuesday = [slot(f"2026-11-24 {hour:02}:00", "UTC") for hour in range(8, 18)]

    berlin = holds.with_room(tuesday, held, zone=BERLIN)
    london = holds.with_room(tuesday, held, zone=ZoneInfo("Europe/London"))

    assert berlin == []
    assert london == tuesday


# notice, now, the slots, which of them is held: a hold ends with the notice, and has to live four hours
SHORT_LIVES = [
    ("four hours are enough", 20, "2026-11-23 10:00", ["24 10:00"], "24 10:00"),
    ("less is not, so the next one is tried", 21, "2026-11-23 10:00", ["24 10:59", "24 11:00"], "24 11:00"),
    ("a day of notice: it would end as it begins", 24, "2026-11-23 10:00", ["24 10:00", "24 14:00"], "24 14:00"),
    ("more notice than the slot is ahead: it would be over", 48, "2026-11-23 10:00", ["24 10:00"], None),
    ("two days of notice", 48, "2026-11-23 10:00", ["24 10:00", "25 10:00", "25 13:30", "25 14:00"], "25 14:00"),
]


@pytest.mark.parametrize(
    ("notice", "now", "there", "expected"), [row[1:] for row in SHORT_LIVES], ids=[row[0] for row in SHORT_LIVES]
)
def test_hold_that_would_hardly_live_is_not_made(notice: int, now: str, there: list[str], expected: str | None) -> None:
    slots = [slot(f"2026-11-{moment}") for moment in there]

    chosen = holds.choose(slots, now=at(now), zone=BERLIN, notice=timedelta(hours=notice))

    assert chosen == (slot(f"2026-11-{expected}") if expected else None)
    if chosen:
        ends = holds.expires_at(now=at(now), start=chosen[0], notice=timedelta(hours=notice), zone=BERLIN)
        assert ends - at(now) >= timedelta(hours=4)


# now, the first slot, whether that is within five working days
SOON = [
    ("later today", "2026-11-23 10:00", "2026-11-23 16:00", True),
    ("the fifth working day", "2026-11-23 10:00", "2026-11-30 23:30", True),
    ("the sixth", "2026-11-23 10:00", "2026-12-01 00:00", False),
    ("five after a Saturday", "2026-11-28 10:00", "2026-12-04 17:00", True),
    ("six after a Saturday", "2026-11-28 10:00", "2026-12-07 09:00", False),
]


@pytest.mark.parametrize(("now", "start", "expected"), [row[1:] for row in SOON], ids=[row[0] for row in SOON])
def test_soon_is_within_five_working_days(now: str, start: str, expected: bool) -> None:
    assert holds.is_soon([slot(start), slot("2026-12-30 09:00")], now=at(now), zone=BERLIN) is expected


def test_nothing_is_never_soon() -> None:
    assert not holds.is_soon([], now=at("2026-11-23 10:00"), zone=BERLIN)


def test_shared_slots_are_measured_by_all_that_is_open() -> None:
    # One shared slot of six open ones, and two held already: a third is 3 of 8.
    shared, held = [slot("2026-11-25 10:00")], [at("2026-11-26 10:00"), at("2026-11-27 10:00")]

    assert holds.with_room(shared, held, zone=BERLIN, total=6) == shared
    assert holds.with_room(shared, held, zone=BERLIN, total=5) == []
    assert holds.with_room(shared, held, zone=BERLIN) == []
