"""The walk: free slots as the clock on the wall says them, minute by minute, and nothing cleverer.

Shares no line with `scheduling.slots` and `scheduling.clocks`: no offset is looked up, no interval merged, no step
skipped. Slow on purpose; what it walks through has whole minutes. Used by the property tests and by `make walk`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from scheduling.slots import Interval, Rules

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Taken:
    """What an advisor has on."""

    busy: Sequence[Interval]
    booked: Sequence[datetime]


@cache
def clock(zone: ZoneInfo, day: date) -> list[tuple[datetime, datetime]]:
    """Every minute of a day in UTC, with what the clock on the wall shows at it."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = [first + n * MINUTE for n in range(24 * 60)]
    return [(minute, minute.astimezone(zone).replace(tzinfo=None)) for minute in minutes]


def open_minutes(rules: Rules, since: datetime, until: datetime) -> dict[tuple[date, int], set[datetime]]:
    """For each range of each local day the minutes at which the wall clock is inside of it."""
    inside: dict[tuple[date, int], set[datetime]] = {}
    day = since.date()
    while day <= until.date():
        for minute, wall in clock(rules.zone, day):
            today = wall.date()
            for begun in (today, today - DAY):
                ranges = rules.overrides[begun] if begun in rules.overrides else rules.weekly.get(begun.weekday(), ())
                for index, (start, end) in enumerate(ranges):
                    begins = datetime.combine(begun, start)
                    ends = datetime.combine(begun if end > start else begun + DAY, end)
                    if begins <= wall < ends:
                        inside.setdefault((begun, index), set()).add(minute)
        day += DAY
    return inside


def windows(rules: Rules, since: datetime, until: datetime) -> list[set[datetime]]:
    """What is open without a gap; ranges that share a minute are one."""
    found: list[set[datetime]] = []
    for minutes in open_minutes(rules, since, until).values():
        for run in _runs(minutes):
            shared = [window for window in found if window & run]
            found = [window for window in found if window not in shared] + [run.union(*shared)]
    return found


def _runs(minutes: set[datetime]) -> list[set[datetime]]:
    found: list[set[datetime]] = []
    for minute in sorted(minutes):
        if minute - MINUTE in minutes:
            found[-1].add(minute)
        else:
            found.append({minute})
    return found


class Refusals:
    """Why a slot is not offered, though it is open then."""

    def __init__(self, rules: Rules, taken: Taken, now: datetime) -> None:
        self.rules, self.now = rules, now
        self.taken = {minute for start, end in taken.busy for minute in each(start, end)}
        walls = [start.astimezone(rules.zone) for start in taken.booked]
        self.per_day = Counter(wall.date() for wall in walls)
        self.per_week = Counter(wall.isocalendar()[:2] for wall in walls)

    def __call__(self, start: datetime, end: datetime) -> bool:
        rules, wall = self.rules, start.astimezone(self.rules.zone)
        return (
            start < self.now + rules.notice
            or start >= self.now + rules.horizon
            or not self.taken.isdisjoint(each(start - rules.buffer_before, end + rules.buffer_after))
            or (rules.max_per_day is not None and self.per_day[wall.date()] >= rules.max_per_day)
            or (rules.max_per_week is not None and self.per_week[wall.isocalendar()[:2]] >= rules.max_per_week)
        )


def each(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * MINUTE for n in range((end - start) // MINUTE)]


def walk(
    rules: Rules, taken: Taken, *, since: datetime, until: datetime, now: datetime, before: timedelta
) -> list[Interval]:
    """Every slot that begins within [since, until). `before` is how long a window may have been open already."""
    refuses, found = Refusals(rules, taken, now), []
    for window in windows(rules, since - before, until + rules.length):
        start = min(window)
        while start in window:
            end = start + rules.length
            if since <= start < until and all(m in window for m in each(start, end)) and not refuses(start, end):
                found.append((start, end))
            start += rules.step
    return sorted(found)


def walk_with(found: list[Interval], rules: Rules, taken: Taken, *, now: datetime) -> list[Interval]:
    """Those in which a colleague with these rules is open at every minute and has no reason to refuse."""
    if not found:
        return []
    refuses = Refusals(rules, taken, now)
    ranges = open_minutes(rules, found[0][0] - 2 * DAY, found[-1][1] + DAY).values()
    at_work = set().union(*ranges)
    return [(start, end) for start, end in found if at_work.issuperset(each(start, end)) and not refuses(start, end)]
