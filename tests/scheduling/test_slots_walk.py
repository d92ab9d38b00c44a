"""Free slots against a walk over every minute: what the clock on the wall says there, and nothing cleverer."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import slots
from scheduling.slots import Diary, Interval, Rules

MINUTE = timedelta(minutes=1)
DAY_MINUTES = 24 * 60
CHANGES = {
    "Europe/Berlin": [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1), date(2027, 3, 14)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4), date(2027, 4, 4)],
    "Asia/Kolkata": [date(2026, 3, 29)],
}


# Minutes of the day, half of them between one and three at night, when clocks change.
CLOCKS = (st.integers(12, 36) | st.integers(0, 287)).map(lambda fives: 5 * fives)


@st.composite
def weeks(draw: st.DrawFn, around: date) -> dict[int, list[tuple[time, time]]]:
    """Up to three ranges of at most twelve hours on the days around `around`."""
    hours: dict[int, list[tuple[time, time]]] = {}
    for _ in range(draw(st.integers(1, 3))):
        day = around + timedelta(days=draw(st.sampled_from([0, 0, -1, 1])))
        start, end = draw(st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] != pair[1]))
        if (end - start) % DAY_MINUTES > DAY_MINUTES / 2:
            start, end = end, start
        hours.setdefault(day.weekday(), []).append((time(*divmod(start, 60)), time(*divmod(end, 60))))
    return hours


@st.composite
def cases(draw: st.DrawFn, zone: str) -> tuple[Rules, list[Interval], datetime, datetime, datetime]:
    """An advisor, what is busy, and what is asked for when."""
    around = draw(st.sampled_from(CHANGES[zone]) | st.dates(date(2026, 1, 1), date(2028, 12, 31)))
    rules = Rules(
        zone=ZoneInfo(zone),
        weekly=draw(weeks(around)),
        length=draw(st.integers(1, 24)) * 5 * MINUTE,
        step=draw(st.integers(1, 18)) * 5 * MINUTE,
        buffer_before=draw(st.integers(0, 20)) * MINUTE,
        buffer_after=draw(st.integers(0, 20)) * MINUTE,
        notice=draw(st.sampled_from([0, 0, 7, 600])) * MINUTE,
        horizon=draw(st.sampled_from([60 * 24 * 60, 1000])) * MINUTE,
    )
    start = datetime.combine(around, time(), tzinfo=UTC) - timedelta(hours=20)
    since = start + draw(st.integers(0, 20 * 60)) * MINUTE
    until = since + draw(st.integers(1, 60) | st.integers(20 * 60, 36 * 60)) * MINUTE
    begins = st.integers(0, 48 * 60)
    busy = [
        (start + begin * MINUTE, start + (begin + length) * MINUTE)
        for begin, length in draw(st.lists(st.tuples(begins, st.integers(1, 120)), max_size=4))
    ]
    now = since - draw(st.sampled_from([0, 0, 30, 300])) * MINUTE
    return rules, busy, since, until, now


def open_minutes(rules: Rules, first: datetime, last: datetime) -> dict[tuple[date, int], set[datetime]]:
    """For each range of each local day the minutes at which the wall clock is inside of it."""
    inside: dict[tuple[date, int], set[datetime]] = {}
    minute = first
    while minute < last:
        wall = minute.astimezone(rules.zone).replace(tzinfo=None)
        for day in (wall.date(), wall.date() - timedelta(days=1)):
            for index, (start, end) in enumerate(rules.weekly.get(day.weekday(), ())):
                begins = datetime.combine(day, start)
                ends = datetime.combine(day if end > start else day + timedelta(days=1), end)
                if begins <= wall < ends:
                    inside.setdefault((day, index), set()).add(minute)
        minute += MINUTE
    return inside


def runs(minutes: set[datetime]) -> list[set[datetime]]:
    found: list[set[datetime]] = []
    for minute in sorted(minutes):
        if minute - MINUTE in minutes:
            found[-1].add(minute)
        else:
            found.append({minute})
    return found


def walk(rules: Rules, busy: list[Interval], since: datetime, until: datetime, now: datetime) -> list[Interval]:
    """Every slot, found without any arithmetic on zones: minute by minute, by what the clock on the wall says."""
    windows: list[set[datetime]] = []
    # Three ranges of twelve hours could be one that began a day and a half ago; no slot lasts over two hours.
    for minutes in open_minutes(rules, since - timedelta(hours=37), until + timedelta(hours=2)).values():
        for run in runs(minutes):
            shared = [window for window in windows if window & run]
            windows = [window for window in windows if window not in shared] + [run.union(*shared)]
    found = []
    for window in windows:
        start = min(window)
        while start in window:
            minutes = {start + n * MINUTE for n in range(rules.length // MINUTE)}
            blocked_from, blocked_to = start - rules.buffer_before, start + rules.length + rules.buffer_after
            is_free = all(end <= blocked_from or begin >= blocked_to for begin, end in busy)
            is_asked = since <= start < until and now + rules.notice <= start < now + rules.horizon
            if minutes <= window and is_free and is_asked:
                found.append((start, start + rules.length))
            start += rules.step
    return sorted(found)


@pytest.mark.parametrize("zone", CHANGES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_it_finds_exactly_what_a_walk_over_every_minute_finds(zone: str, data: st.DataObject) -> None:
    rules, busy, since, until, now = data.draw(cases(zone))

    found = list(slots.open_slots(rules, Diary(busy), since=since, until=until, now=now))

    assert found == walk(rules, busy, since, until, now)
