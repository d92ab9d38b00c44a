"""Free slots against a walk over every minute (`minutes`): overrides, breaks, nights, buffers, notice, horizon, caps.

`make walk` compares two years of six zones; here are many small cases, most of them on nights when clocks change.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import slots
from scheduling.slots import Diary, Rules
from tests.scheduling import minutes
from tests.scheduling.minutes import DAY, MINUTE, Taken

CHANGES = {
    "Europe/Berlin": [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1), date(2027, 3, 14)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4), date(2027, 4, 4)],
    "America/St_Johns": [date(2026, 3, 8), date(2026, 11, 1)],
    "Asia/Kathmandu": [date(2026, 3, 29)],
}
DAY_MINUTES = 24 * 60
# Three ranges of twelve hours and four of six could be one window that began so long ago.
CHAIN = timedelta(hours=61)

# Minutes of the day, half of them between one and three at night, when clocks change.
CLOCKS = (st.integers(12, 36) | st.integers(0, 287)).map(lambda fives: 5 * fives)


@dataclass(frozen=True)
class Case:
    rules: Rules
    taken: Taken
    since: datetime
    until: datetime
    now: datetime

    @property
    def diary(self) -> Diary:
        return Diary.of(self.taken.busy, self.taken.booked)


@st.composite
def ranges(draw: st.DrawFn, longest: int) -> tuple[time, time]:
    """A range that lasts at most so many minutes, perhaps past midnight."""
    start, end = draw(st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] != pair[1]))
    if (end - start) % DAY_MINUTES > DAY_MINUTES / 2:
        start, end = end, start
    end = (start + min((end - start) % DAY_MINUTES, longest)) % DAY_MINUTES
    return time(*divmod(start, 60)), time(*divmod(end, 60))


@st.composite
def made_rules(draw: st.DrawFn, zone: str, around: date) -> Rules:
    """Up to three ranges on the days around `around`, and up to two dates of these on which others hold."""
    weekly: dict[int, list[tuple[time, time]]] = {}
    for _ in range(draw(st.integers(0, 3))):
        day = around + timedelta(days=draw(st.sampled_from([0, 0, -1, 1])))
        weekly.setdefault(day.weekday(), []).append(draw(ranges(12 * 60)))
    dates = st.sampled_from([0, -1, 1]).map(lambda days: around + timedelta(days=days))
    return Rules(
        zone=ZoneInfo(zone),
        weekly=weekly,
        length=draw(st.integers(1, 24)) * 5 * MINUTE,
        step=draw(st.integers(1, 18)) * 5 * MINUTE,
        buffer_before=draw(st.integers(0, 20)) * MINUTE,
        buffer_after=draw(st.integers(0, 20)) * MINUTE,
        notice=draw(st.sampled_from([0, 0, 7, 600])) * MINUTE,
        horizon=draw(st.sampled_from([60 * 24 * 60, 1000])) * MINUTE,
        overrides=draw(st.dictionaries(dates, st.lists(ranges(6 * 60), max_size=2), max_size=2)),
        max_per_day=draw(st.sampled_from([None, None, 1, 2])),
        max_per_week=draw(st.sampled_from([None, None, 2, 3])),
    )


@st.composite
def diaries(draw: st.DrawFn, start: datetime, open_: list[datetime]) -> Taken:
    """What is taken, mostly around times that are open, from minutes to days; and when conversations start."""
    anywhere = st.integers(-DAY_MINUTES, 2 * DAY_MINUTES).map(lambda minute: start + minute * MINUTE)
    near = st.tuples(st.sampled_from(open_), st.integers(-60, 60)).map(lambda pair: pair[0] + pair[1] * MINUTE)
    moments = st.one_of(near, near, near, anywhere) if open_ else anywhere
    lasts = st.one_of(*[st.integers(1, 60)] * 3, st.just(2 * DAY_MINUTES))
    busy = draw(st.lists(st.tuples(moments, lasts), max_size=3))
    booked = draw(st.lists(moments, max_size=3))
    return Taken(
        [(begin, begin + length * MINUTE) for begin, length in busy],
        booked + draw(st.lists(st.integers(-7, 7).map(lambda days: start + days * DAY), max_size=2)),
    )


@st.composite
def days(draw: st.DrawFn, zone: str) -> date:
    return draw(st.sampled_from(CHANGES[zone]) | st.dates(date(2026, 1, 1), date(2026, 12, 31)))


@st.composite
def cases(draw: st.DrawFn, zone: str, around: date) -> Case:
    """An advisor, what is taken, and what is asked for when."""
    start = datetime.combine(around, time(), tzinfo=UTC) - timedelta(hours=20)
    since = start + draw(st.integers(0, 20 * 60)) * MINUTE
    until = since + draw(st.integers(1, 60) | st.integers(20 * 60, 36 * 60)) * MINUTE
    now = since - draw(st.sampled_from([0, 0, 30, 300])) * MINUTE
    rules = draw(made_rules(zone, around))
    open_ = [slot[0] for slot in slots.open_slots(rules, since=since, until=until, now=now)]
    return Case(rules, draw(diaries(start, open_)), since, until, now)


@pytest.mark.parametrize("zone", CHANGES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_it_finds_exactly_what_a_walk_over_every_minute_finds(zone: str, data: st.DataObject) -> None:
    case = data.draw(cases(zone, data.draw(days(zone))))
    asked = {"since": case.since, "until": case.until, "now": case.now}

    found = list(slots.open_slots(case.rules, case.diary, **asked))

    assert found == minutes.walk(case.rules, case.taken, **asked, before=CHAIN)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_two_share_exactly_what_a_walk_through_the_colleagues_minutes_leaves(zone: str, data: st.DataObject) -> None:
    case = data.draw(cases(zone, around := data.draw(days(zone))))
    found = list(slots.open_slots(case.rules, since=case.since, until=case.until, now=case.now))
    colleague = data.draw(made_rules(data.draw(st.sampled_from([zone, "Asia/Kathmandu"])), around))

    shared = slots.shared(found, colleague, case.diary, now=case.now)

    assert shared == minutes.walk_with(found, colleague, case.taken, now=case.now)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_open_time_is_as_many_minutes_as_are_open_and_not_away(zone: str, data: st.DataObject) -> None:
    case = data.draw(cases(zone, data.draw(days(zone))))

    found = slots.open_time(case.rules, case.diary, since=case.since, until=case.until)

    ranges = minutes.open_minutes(case.rules, case.since - DAY, case.until + DAY).values()
    away = {minute for start, end in case.taken.busy for minute in minutes.each(start, end)}
    at_work = {minute for minute in set().union(*ranges) - away if case.since <= minute < case.until}
    assert found == len(at_work) * MINUTE


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_part_of_the_calendar_has_the_slots_of_the_whole(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(list(CHANGES)))
    case = data.draw(cases(zone, data.draw(days(zone))))
    since, until = sorted(data.draw(st.tuples(*[st.integers(-DAY_MINUTES, 3 * DAY_MINUTES)] * 2)))
    whole = {"since": case.since - 2 * DAY, "until": case.until + 3 * DAY, "now": case.now}
    part = {"since": case.since + since * MINUTE, "until": case.since + until * MINUTE, "now": case.now}

    found = list(slots.open_slots(case.rules, case.diary, **part))

    everything = slots.open_slots(case.rules, case.diary, **whole)
    assert found == [slot for slot in everything if part["since"] <= slot[0] < part["until"]]
