"""Free slots: tables of the rules, the nights on which clocks change, two years of six zones."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduling import slots
from scheduling.hours import WEEKDAYS, parse_weekly
from scheduling.slots import Diary, Interval, Rules

MINUTE = timedelta(minutes=1)
MONDAY = date(2026, 11, 23)
ALL_WEEK = {day: [["09:00", "17:00"]] for day in WEEKDAYS}


def make_rules(week: Any = None, *, zone: str = "Europe/Berlin", **minutes: int) -> Rules:
    """Half-hour slots on Mondays from nine to noon in Berlin, bookable for sixty days, without buffers or notice."""
    given = {"length": 30, "step": 30, "before": 0, "after": 0, "notice": 0, "horizon": 60 * 24 * 60} | minutes
    spans = {name: timedelta(minutes=value) for name, value in given.items()}
    return Rules(
        zone=ZoneInfo(zone),
        weekly=parse_weekly({"mon": [["09:00", "12:00"]]} if week is None else week),
        length=spans["length"],
        step=spans["step"],
        buffer_before=spans["before"],
        buffer_after=spans["after"],
        notice=spans["notice"],
        horizon=spans["horizon"],
    )


def local(day: date, clock: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def starts(rules: Rules, *, day: date = MONDAY, days: int = 1, busy: Iterable[Interval] = (), **over: Any) -> list[str]:
    """The local clock of every slot of these days, as of their first midnight."""
    since = datetime.combine(day, time(), tzinfo=rules.zone).astimezone(UTC)
    until = datetime.combine(day + timedelta(days=days), time(), tzinfo=rules.zone).astimezone(UTC)
    asked = {"since": since, "until": until, "now": since} | over
    return [f"{start.astimezone(rules.zone):%H:%M}" for start, _ in slots.open_slots(rules, Diary.of(busy), **asked)]


GRID = [
    ("whole steps", {}, ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]),
    ("a last slot that would end too late", {"length": 50, "step": 50}, ["09:00", "09:50", "10:40"]),
    ("steps shorter than slots", {"length": 60, "step": 30}, ["09:00", "09:30", "10:00", "10:30", "11:00"]),
    ("steps longer than slots", {"length": 20, "step": 60}, ["09:00", "10:00", "11:00"]),
    ("a slot as long as the range", {"length": 180}, ["09:00"]),
    ("a slot longer than the range", {"length": 181}, []),
]


@pytest.mark.parametrize(("minutes", "expected"), [row[1:] for row in GRID], ids=[row[0] for row in GRID])
def test_it_steps_through_the_hours(minutes: dict[str, int], expected: list[str]) -> None:
    assert starts(make_rules(**minutes)) == expected


HOURS = [
    ("a break", {"mon": [["09:00", "10:00"], ["10:45", "11:30"]]}, ["09:00", "09:30", "10:45"]),
    ("ranges that touch keep their own grids", {"mon": [["09:00", "09:45"], ["09:45", "11:00"]]},
     ["09:00", "09:45", "10:15"]),
    ("ranges that overlap are one", {"mon": [["09:00", "10:15"], ["10:00", "11:00"]]},
     ["09:00", "09:30", "10:00", "10:30"]),
    ("the same range twice", {"mon": [["09:00", "10:00"], ["09:00", "10:00"]]}, ["09:00", "09:30"]),
    ("ranges in any order", {"mon": [["11:00", "11:30"], ["09:00", "09:30"]]}, ["09:00", "11:00"]),
    ("a range inside of another", {"mon": [["09:00", "10:30"], ["09:20", "09:50"]]}, ["09:00", "09:30", "10:00"]),
    ("past midnight, begun the day before", {"sun": [["22:00", "01:00"]]}, ["00:00", "00:30"]),
    ("past midnight, begun today", {"mon": [["23:00", "01:00"]]}, ["23:00", "23:30"]),
    ("until midnight", {"mon": [["23:00", "00:00"]]}, ["23:00", "23:30"]),
    ("another weekday", {"tue": [["09:00", "17:00"]]}, []),
    ("a day without ranges", {"mon": []}, []),
    ("no hours at all", {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("hours", "expected"), [row[1:] for row in HOURS], ids=[row[0] for row in HOURS])
def test_it_keeps_to_the_weekly_hours(hours: Any, expected: list[str]) -> None:
    assert starts(make_rules(hours)) == expected


def test_a_range_that_ends_where_it_starts_lasts_a_day_and_slots_cross_midnight() -> None:
    rules = make_rules({"mon": [["12:00", "12:00"]]}, length=60, step=60)

    found = starts(rules, days=2)

    assert found == [f"{hour % 24:02}:00" for hour in range(12, 36)]


# busy from, busy to, minutes of buffer before and after, what is left
BUSY = [
    ("nothing", [], 0, 0, ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]),
    ("one slot", [("10:00", "10:30")], 0, 0, ["09:00", "09:30", "10:30", "11:00", "11:30"]),
    ("a minute", [("10:10", "10:11")], 0, 0, ["09:00", "09:30", "10:30", "11:00", "11:30"]),
    ("touching on both sides", [("08:30", "09:00"), ("10:00", "10:30")], 0, 0,
     ["09:00", "09:30", "10:30", "11:00", "11:30"]),
    ("a buffer before", [("10:00", "10:30")], 1, 0, ["09:00", "09:30", "11:00", "11:30"]),
    ("a buffer after", [("10:00", "10:30")], 0, 1, ["09:00", "10:30", "11:00", "11:30"]),
    ("a buffer that just fits", [("10:00", "10:30")], 30, 30, ["09:00", "11:00", "11:30"]),
    ("a buffer out of hours", [("08:00", "08:50")], 10, 0, ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]),
    ("busy times in any order, overlapping", [("11:00", "11:30"), ("09:00", "10:00"), ("09:30", "10:30")], 0, 0,
     ["10:30", "11:30"]),
    ("a long one around a short one", [("09:00", "11:30"), ("09:30", "09:40")], 0, 0, ["11:30"]),
    ("the whole day", [("00:00", "23:59")], 0, 0, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("busy", "before", "after", "expected"), [row[1:] for row in BUSY], ids=[row[0] for row in BUSY]
)
def test_it_leaves_out_what_is_busy(busy: list[tuple[str, str]], before: int, after: int, expected: list[str]) -> None:
    taken = [(local(MONDAY, start), local(MONDAY, end)) for start, end in busy]

    assert starts(make_rules(before=before, after=after), busy=taken) == expected


# now, minutes of notice, minutes of horizon, what is left
NOTICE = [
    ("08:00", 60, 9999, ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]),
    ("08:00", 61, 9999, ["09:30", "10:00", "10:30", "11:00", "11:30"]),
    ("09:10", 0, 9999, ["09:30", "10:00", "10:30", "11:00", "11:30"]),
    ("10:30", 0, 9999, ["10:30", "11:00", "11:30"]),
    ("11:31", 0, 9999, []),
    ("08:00", 0, 180, ["09:00", "09:30", "10:00", "10:30"]),
    ("08:00", 0, 181, ["09:00", "09:30", "10:00", "10:30", "11:00"]),
    ("08:00", 120, 120, []),
    ("08:00", 9999, 9999, []),
]


@pytest.mark.parametrize(("now", "notice", "horizon", "expected"), NOTICE)
def test_it_keeps_notice_and_horizon(now: str, notice: int, horizon: int, expected: list[str]) -> None:
    assert starts(make_rules(notice=notice, horizon=horizon), now=local(MONDAY, now)) == expected


def test_since_belongs_to_what_is_asked_for_and_until_does_not() -> None:
    since, until = local(MONDAY, "09:30"), local(MONDAY, "10:30")

    assert starts(make_rules(), since=since, until=until) == ["09:30", "10:00"]
    assert starts(make_rules(), since=since + MINUTE, until=until + MINUTE) == ["10:00", "10:30"]
    assert starts(make_rules(), since=until, until=since) == []


OVERLAPPING = {"mon": [["20:00", "02:00"], ["09:00", "10:15"], ["10:10", "12:00"]], "tue": [["01:40", "03:00"]]}


def test_a_slot_is_the_same_whichever_part_of_the_calendar_is_asked_for() -> None:
    rules = make_rules(OVERLAPPING)
    since, now = local(MONDAY, "00:00"), local(MONDAY, "00:00")
    whole = list(slots.open_slots(rules, since=since, until=since + timedelta(days=2), now=now))

    one_by_one = [
        found
        for minute in range(2 * 24 * 60)
        for found in slots.open_slots(
            rules, since=since + minute * MINUTE, until=since + (minute + 1) * MINUTE, now=now
        )
    ]

    assert len(whole) == 20
    assert one_by_one == whole
    assert [slots.slot_at(rules, start, now=now) for start, _ in whole] == whole


NO_SLOT = [
    ("between two steps", local(MONDAY, "09:40")),
    ("a microsecond late", local(MONDAY, "09:30") + timedelta.resolution),
    ("too late to fit in", local(MONDAY, "11:45")),
    ("out of hours", local(MONDAY, "12:00")),
    ("in the past", local(MONDAY - timedelta(days=7), "09:30")),
    ("within the notice", local(MONDAY, "09:00")),
    ("at the horizon", local(MONDAY + timedelta(days=7), "08:15")),
    ("past the horizon", local(MONDAY + timedelta(days=7), "09:30")),
    ("the end of the calendar", datetime.max.replace(tzinfo=UTC)),
    ("its beginning", datetime.min.replace(tzinfo=UTC)),
]


@pytest.mark.parametrize("start", [row[1] for row in NO_SLOT], ids=[row[0] for row in NO_SLOT])
def test_there_is_no_slot_off_the_grid_or_out_of_bounds(start: datetime) -> None:
    rules = make_rules(notice=60, horizon=7 * 24 * 60)
    now = local(MONDAY, "08:15")

    assert slots.slot_at(rules, start, now=now) is None
    assert slots.slot_at(rules, local(MONDAY, "09:30"), now=now)


# zone, day, range, local starts with their offsets; the clock jumps at 02:00 unless said
CLOCK_CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29), ("01:00", "04:00"), ["01:00+0100", "01:30+0100", "03:00+0200", "03:30+0200"]),
    ("Europe/Berlin", date(2026, 3, 29), ("02:30", "04:00"), ["03:00+0200", "03:30+0200"]),
    ("Europe/Berlin", date(2026, 3, 29), ("01:00", "02:30"), ["01:00+0100", "01:30+0100"]),
    ("Europe/Berlin", date(2026, 3, 29), ("02:00", "03:00"), []),
    ("Europe/Berlin", date(2026, 3, 29), ("02:10", "02:50"), []),
    # 03:00 becomes 02:00: the hour from two to three is there twice.
    ("Europe/Berlin", date(2026, 10, 25), ("01:30", "03:30"),
     ["01:30+0200", "02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100", "03:00+0100"]),
    ("Europe/Berlin", date(2026, 10, 25), ("02:30", "04:00"), ["02:30+0200", "02:30+0100", "03:00+0100", "03:30+0100"]),
    ("Europe/Berlin", date(2026, 10, 25), ("01:00", "02:30"), ["01:00+0200", "01:30+0200", "02:00+0200", "02:00+0100"]),
    ("Europe/Berlin", date(2026, 10, 25), ("02:00", "02:30"), ["02:00+0200", "02:00+0100"]),
    ("America/New_York", date(2026, 3, 8), ("01:30", "03:30"), ["01:30-0500", "03:00-0400"]),
    ("America/New_York", date(2026, 11, 1), ("01:30", "02:30"), ["01:30-0400", "01:30-0500", "02:00-0500"]),
    # Half an hour: 02:00 becomes 02:30 in October, and 01:30 in April.
    ("Australia/Lord_Howe", date(2026, 10, 4), ("01:30", "03:00"), ["01:30+1030", "02:30+1100"]),
    ("Australia/Lord_Howe", date(2026, 4, 5), ("01:00", "02:30"),
     ["01:00+1100", "01:30+1100", "01:30+1030", "02:00+1030"]),
    # Midnight itself is skipped.
    ("Africa/Cairo", date(2026, 4, 24), ("00:00", "02:00"), ["01:00+0300", "01:30+0300"]),
    ("Asia/Kolkata", date(2026, 3, 29), ("01:00", "03:00"), ["01:00+0530", "01:30+0530", "02:00+0530", "02:30+0530"]),
    ("Asia/Kathmandu", date(2026, 10, 25), ("23:00", "00:00"), ["23:00+0545", "23:30+0545"]),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "day", "hours", "expected"), CLOCK_CHANGES)
def test_it_counts_real_time_when_the_clock_changes(
    zone: str, day: date, hours: tuple[str, str], expected: list[str]
) -> None:
    rules = make_rules({WEEKDAYS[day.weekday()]: [list(hours)]}, zone=zone)
    since = datetime.combine(day - timedelta(days=1), time(12), tzinfo=UTC)

    found = list(slots.open_slots(rules, since=since, until=since + timedelta(days=3), now=since))

    assert [f"{start.astimezone(rules.zone):%H:%M%z}" for start, _ in found] == expected
    assert {end - start for start, end in found} <= {timedelta(minutes=30)}


def test_a_slot_may_last_over_the_change_of_the_clock() -> None:
    rules = make_rules({"sun": [["01:30", "04:00"]]}, length=60, step=40)
    since = datetime(2026, 3, 28, 12, tzinfo=UTC)

    found = list(slots.open_slots(rules, since=since, until=since + timedelta(days=2), now=since))

    ends = [(f"{start.astimezone(rules.zone):%H:%M}", f"{end.astimezone(rules.zone):%H:%M}") for start, end in found]
    assert ends == [("01:30", "03:30")]


ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland", "Africa/Casablanca",
)  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_no_slot_of_two_years_leaves_the_wall_clock_hours(zone: str) -> None:
    rules = make_rules(ALL_WEEK | {"sun": [["01:00", "03:00"]]}, zone=zone, horizon=730 * 24 * 60)
    now = local(date(2026, 1, 1), "00:00", zone)

    found = [
        (start.astimezone(rules.zone), (end - MINUTE).astimezone(rules.zone))
        for start, end in slots.open_slots(rules, since=now, until=now + rules.horizon, now=now)
    ]

    week = [pair for pair in found if pair[0].weekday() < 6]
    sundays = [pair for pair in found if pair[0].weekday() == 6]
    assert (len(week), len(sundays)) == (16 * 626, 4 * 104)  # an hour lost in spring is found in autumn
    assert all(first.hour >= 9 and last.hour < 17 for first, last in week)
    assert all(first.hour >= 1 and last.hour < 3 for first, last in sundays)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_without_end_has_as_many_slots_as_half_hours(day: date, hours: int) -> None:
    rules = make_rules({day: [["00:00", "00:00"]] for day in WEEKDAYS})

    assert len(starts(rules, day=day)) == 2 * hours


BAD_HOURS = [
    ([], "must be an object"),
    (None, "must be an object"),
    ({"monday": []}, "“monday” is no day"),
    ({"mon": 9}, "is no list of ranges"),
    ({"mon": None}, "is no list of ranges"),
    ({"mon": "09:00-17:00"}, "is no list of ranges"),
    ({"mon": {"09:00": "17:00"}}, "is no list of ranges"),
    ({"mon": ["09:00", "17:00"]}, "is no range"),
    ({"mon": [["09:00"]]}, "is no range"),
    ({"mon": [["09:00", "12:00", "17:00"]]}, "is no range"),
    ({"mon": [[9, 17]]}, "is no range"),
    ({"mon": [None]}, "is no range"),
    ({"mon": [["9 am", "5 pm"]]}, "is no range"),
    ({"mon": [["09:00", "25:00"]]}, "is no range"),
    ({"mon": [["09:00+01:00", "17:00"]]}, "has an offset"),
]


@pytest.mark.parametrize(("hours", "message"), BAD_HOURS)
def test_it_says_what_is_wrong_with_the_hours(hours: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_weekly(hours)
