"""Free slots of one advisor: weekly hours in their zone, minus what is busy, on their grid.

Pure. `scheduling.services` loads the rules and the busy times; the visitor's page, the mail and the hold
read the result. All arithmetic is done in UTC: the zone is asked only where a wall clock becomes an
instant, so nights of 23 and 25 hours come out right.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
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
    return {WEEKDAYS.index(day): [_range(day, pair) for pair in ranges] for day, ranges in hours.items()}


def _range(day: str, pair: object) -> tuple[time, time]:
    try:
        start, end = cast("tuple[str, str]", pair)
        return time.fromisoformat(start), time.fromisoformat(end)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{day}: {pair!r} is no range. Use ["09:00", "17:00"].') from error


def open_slots(
    rules: Rules, busy: Iterable[Interval], *, since: datetime, until: datetime, now: datetime
) -> Iterator[Interval]:
    """Slots (start, end) in UTC, in order, that begin within [since, until) and touch nothing busy.

    `busy` holds blocked times with their own buffers; ours are added around the slot.
    """
    since = max(since, now + rules.notice)
    until = min(until, now + rules.horizon)
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


def merged(busy: Iterable[Interval]) -> list[Interval]:
    """Overlapping and touching intervals as one each, in order."""
    result: list[Interval] = []
    for start, end in sorted(busy):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _first_on_grid(window_start: datetime, step: timedelta, since: datetime) -> datetime:
    """The first step of the window's own grid that does not lie before `since`."""
    if since <= window_start:
        return window_start
    return window_start + -(-(since - window_start) // step) * step


def _windows(rules: Rules, since: datetime, until: datetime) -> Iterator[Interval]:
    """The working windows that reach into [since, until), in UTC. One a day starts the day before: past midnight."""
    day = since.astimezone(rules.zone).date() - DAY
    last = until.astimezone(rules.zone).date()
    windows = []
    while day <= last:
        for start, end in rules.weekly.get(day.weekday(), ()):
            window = _instant(day, start, rules.zone), _instant(day if end > start else day + DAY, end, rules.zone)
            if window[1] > since and window[0] < until:
                windows.append(window)
        day += DAY
    return iter(merged_windows(windows))


def merged_windows(windows: Iterable[Interval]) -> list[Interval]:
    """Ranges that overlap count once; ranges that only touch keep their own grid."""
    result: list[Interval] = []
    for start, end in sorted(windows):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The one place where a wall clock becomes an instant. A time in the spring gap means the moment after it."""
    local = datetime.combine(day, wall, tzinfo=zone)
    return local.astimezone(UTC)
