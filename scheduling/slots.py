"""Free slots of one advisor: weekly hours in their zone, minus what is busy, on their grid.

Pure. `scheduling.availability` loads the rules and the busy times; the visitor's page, the mail and the
hold read the result. All arithmetic is done in UTC: the zone is asked only where wall clocks become
instants, so nights of 23 and 25 hours come out right.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# Windows are looked at a week around what is asked for. Ranges that overlap are one, with one grid, and a chain
# of them that ends at all ends within a week: so a slot is the same whichever part of the calendar is asked for.
AROUND = timedelta(days=7)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Rules:
    """When an advisor takes conversations. `weekly` maps 0 (Monday) to 6 to ranges of local wall time;
    a range that ends at or before its start goes on past midnight."""

    zone: ZoneInfo
    weekly: Mapping[int, Sequence[tuple[time, time]]]
    length: timedelta
    step: timedelta
    buffer_before: timedelta
    buffer_after: timedelta
    notice: timedelta
    horizon: timedelta


def parse_weekly(hours: object) -> dict[int, list[tuple[time, time]]]:
    """`{"mon": [["09:00", "17:00"]], …}` as ranges by weekday. Raises ValueError that names what is wrong."""
    if not isinstance(hours, dict):
        raise ValueError('Hours must be an object like {"mon": [["09:00", "17:00"]]}.')
    unknown = set(hours) - set(WEEKDAYS)
    if unknown:
        raise ValueError(f"“{sorted(unknown)[0]}” is no day. Use {', '.join(WEEKDAYS)}.")
    return {WEEKDAYS.index(day): parse_ranges(day, pairs) for day, pairs in hours.items()}


def parse_ranges(day: str, pairs: object) -> list[tuple[time, time]]:
    """`[["09:00", "17:00"]]` as times. Raises ValueError that names the day and what is wrong."""
    if not isinstance(pairs, list):
        raise ValueError(f'{day}: {pairs!r} is no list of ranges. Use [["09:00", "17:00"]].')
    return [_range(day, pair) for pair in pairs]


def _range(day: str, pair: object) -> tuple[time, time]:
    try:
        start, end = map(time.fromisoformat, cast("list[str]", pair))
    except (TypeError, ValueError) as error:
        raise ValueError(f'{day}: {pair!r} is no range. Use ["09:00", "17:00"].') from error
    if start.tzinfo or end.tzinfo:
        raise ValueError(f"{day}: {pair!r} has an offset. The hours are those of the advisor's zone.")
    return start, end


def open_slots(
    rules: Rules, busy: Iterable[Interval], *, since: datetime, until: datetime, now: datetime
) -> Iterator[Interval]:
    """Slots (start, end) in UTC, in order, that begin within [since, until) and touch nothing busy.

    `busy` holds blocked times with their own buffers; ours are added around the slot.
    """
    since = max(since, now + rules.notice)
    until = min(until, now + rules.horizon)
    if since >= until:
        return
    taken = merged(busy)
    index = 0
    for window_start, window_end in _windows(rules, since, until):
        start = _first_on_grid(window_start, rules.step, since)
        while start + rules.length <= window_end and start < until:
            blocked_from, blocked_to = start - rules.buffer_before, start + rules.length + rules.buffer_after
            while index < len(taken) and taken[index][1] <= blocked_from:
                index += 1
            if index == len(taken) or taken[index][0] >= blocked_to:
                yield start, start + rules.length
            start += rules.step


def slot_at(rules: Rules, start: datetime, *, now: datetime) -> Interval | None:
    """The slot that begins at this very instant, busy or not; None where there is none on the grid."""
    if start > now + rules.horizon:
        return None  # the end of the calendar, which a visitor may name, leaves no room to count
    slot = next(open_slots(rules, (), since=start, until=start + rules.step, now=now), None)
    return slot if slot and slot[0] == start else None


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """In order, those that overlap as one; those that only touch stay apart, so that a range keeps its own grid."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _first_on_grid(window_start: datetime, step: timedelta, since: datetime) -> datetime:
    """The first step of the window's own grid that does not lie before `since`."""
    if since <= window_start:
        return window_start
    return window_start + -(-(since - window_start) // step) * step


def _windows(rules: Rules, since: datetime, until: datetime) -> list[Interval]:
    """The working windows in and around [since, until), in UTC and in order."""
    day = (since - AROUND).astimezone(rules.zone).date()
    last = (until + AROUND).astimezone(rules.zone).date()
    windows: list[Interval] = []
    while day <= last:
        for wall_start, wall_end in rules.weekly.get(day.weekday(), ()):
            windows += _stretches(day, wall_start, wall_end, rules.zone)
        day += DAY
    return merged(windows)


def _stretches(day: date, start: time, end: time, zone: ZoneInfo) -> list[Interval]:
    """The one place where wall clocks become instants: every moment at which the clock reads start to end.

    One stretch on nearly every day. What the clock skips in spring does not exist; what it repeats in autumn
    counts both times, so that a range which begins or ends within the repeated hour is two stretches.
    """
    wall_start = datetime.combine(day, start, tzinfo=UTC)
    wall_end = datetime.combine(day if end > start else day + DAY, end, tzinfo=UTC)
    before, after = _offset(wall_start - DAY, zone), _offset(wall_end + DAY, zone)
    if before == after:
        return [(wall_start - before, wall_end - before)]
    change = _change(wall_start - DAY, wall_end + DAY, zone)
    first = wall_start - before, min(wall_end - before, change)
    second = max(wall_start - after, change), wall_end - after
    if first[0] < first[1] == second[0] < second[1]:
        return [(first[0], second[1])]
    return [stretch for stretch in (first, second) if stretch[0] < stretch[1]]


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The moment between these two at which the zone's offset changes. No zone changes it twice in so few days."""
    before = _offset(low, zone)
    while high - low > timedelta.resolution:
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return cast(timedelta, moment.astimezone(zone).utcoffset())
