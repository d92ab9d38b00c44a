"""Free slots of one advisor: the hours of a day in their zone, minus what is taken, on their grid.

Pure. `scheduling.availability` loads the rules and what is taken; the visitor's page, the mail and the hold read
the result. All arithmetic is done in UTC: the zone is asked only where wall clocks become instants, so nights of
23 and 25 hours come out right.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
INSTANT = timedelta.resolution
MIDNIGHT = time()
END = datetime.max.replace(tzinfo=UTC)
# Windows are looked at from a week before what is asked for. Ranges that overlap are one, with one grid, and a chain
# of them lasts longer than a week for nobody who sleeps: so a slot is the same whichever part is asked for.
AROUND = timedelta(days=7)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Interval = tuple[datetime, datetime]
Ranges = Sequence[tuple[time, time]]


@dataclass(frozen=True)
class Rules:
    """When an advisor takes conversations. `weekly` maps 0 (Monday) to 6 to ranges of local wall time, `overrides`
    has the dates that differ; a range that ends at or before its start goes on past midnight, and belongs to the
    day on which it starts."""

    zone: ZoneInfo
    weekly: Mapping[int, Ranges]
    length: timedelta
    step: timedelta
    buffer_before: timedelta
    buffer_after: timedelta
    notice: timedelta
    horizon: timedelta
    overrides: Mapping[date, Ranges] = field(default_factory=dict)
    max_per_day: int | None = None
    max_per_week: int | None = None

    def ranges_of(self, day: date) -> Ranges:
        found = self.overrides.get(day)
        return self.weekly.get(day.weekday(), ()) if found is None else found


@dataclass(frozen=True)
class Diary:
    """What an advisor has on: times that are taken, with their own buffers, and when conversations start."""

    busy: Sequence[Interval] = ()
    booked: Sequence[datetime] = ()


EMPTY = Diary()


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
    rules: Rules, diary: Diary = EMPTY, *, since: datetime, until: datetime, now: datetime
) -> Iterator[Interval]:
    """Slots (start, end) in UTC, in order, that begin within [since, until), touch nothing that is taken, and
    begin on no day and in no week that is full. The advisor's own buffers are kept free around each."""
    since = max(since, now + rules.notice)
    until = min(until, now + rules.horizon)
    if since >= until:
        return
    barred = merged([*_barred(rules, rules.length, diary), (until, END)])
    index = 0
    for window_start, window_end in _windows(rules, since, until):
        last = window_end - rules.length
        start = _first_on_grid(window_start, rules.step, since)
        while start <= last:
            while barred[index][1] <= start:
                index += 1
            barred_from, barred_to = barred[index]
            if barred_to == END and start >= barred_from:
                return
            if start >= barred_from:
                start = _first_on_grid(window_start, rules.step, barred_to)
            while start <= last and start < barred_from:
                yield start, start + rules.length
                start += rules.step


def shared(found: Sequence[Interval], rules: Rules, diary: Diary = EMPTY, *, now: datetime) -> list[Interval]:
    """Those of the found slots, all of one length, in which a colleague with these rules is free, too.

    They need not be on the colleague's grid: the one who leads sets it.
    """
    if not found:
        return []
    since, until = now + rules.notice, now + rules.horizon
    windows = _joined(_windows(rules, found[0][0], found[-1][1]))
    barred = merged(_barred(rules, found[0][1] - found[0][0], diary))
    return [
        (start, end)
        for start, end in found
        if since <= start < until and end <= _end_of_that_around(start, windows) and not _is_within(start, barred)
    ]


def slot_at(rules: Rules, start: datetime, *, now: datetime) -> Interval | None:
    """The slot that begins at this very instant, taken or not; None where there is none on the grid."""
    if start > now + rules.horizon:
        return None  # the end of the calendar, which a visitor may name, leaves no room to count
    slot = next(open_slots(rules, since=start, until=start + rules.step, now=now), None)
    return slot if slot and slot[0] == start else None


def open_time(rules: Rules, away: Iterable[Interval], *, since: datetime, until: datetime) -> timedelta:
    """How much time the week and its overrides leave open within [since, until), without what is away."""
    windows = [(max(start, since), min(end, until)) for start, end in _windows(rules, since, until)]
    gaps = merged(away)
    return sum(
        (
            end - start - sum((max(min(end, to) - max(start, off), timedelta()) for off, to in gaps), timedelta())
            for start, end in windows
            if start < end
        ),
        timedelta(),
    )


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """In order, those that overlap as one; those that only touch stay apart, so that a range keeps its own grid."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _joined(windows: Iterable[Interval]) -> list[Interval]:
    """As one, too, what only touches: for whom the grid is not asked."""
    result: list[Interval] = []
    for start, end in windows:
        if result and start == result[-1][1]:
            result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def _end_of_that_around(moment: datetime, windows: list[Interval]) -> datetime:
    """When the window ends that the moment lies in; the moment itself where it lies in none."""
    before = bisect_right(windows, moment, key=lambda window: window[0])
    return max(windows[before - 1][1], moment) if before else moment


def _is_within(moment: datetime, intervals: list[Interval]) -> bool:
    return _end_of_that_around(moment, intervals) > moment


def _barred(rules: Rules, length: timedelta, diary: Diary) -> list[Interval]:
    """The moments at which no slot of this length may begin: it would touch what is taken, or the day is full."""
    before, after = rules.buffer_before, length + rules.buffer_after
    touching = [(start - after + INSTANT, end + before) for start, end in diary.busy]
    return touching + _full(rules, diary.booked)


def _full(rules: Rules, booked: Iterable[datetime]) -> list[Interval]:
    """The days, and the weeks from Monday on, that have as many conversations as the advisor takes."""
    if rules.max_per_day is None and rules.max_per_week is None:
        return []
    per_day = Counter(start.astimezone(rules.zone).date() for start in booked)
    per_week: Counter[date] = Counter()
    for day, count in per_day.items():
        per_week[day - day.weekday() * DAY] += count
    days = {day for day, count in per_day.items() if rules.max_per_day and count >= rules.max_per_day}
    for monday, count in per_week.items():
        if rules.max_per_week and count >= rules.max_per_week:
            days.update(monday + n * DAY for n in range(7))
    return [stretch for day in days for stretch in _stretches(day, MIDNIGHT, MIDNIGHT, rules.zone)]


def _first_on_grid(window_start: datetime, step: timedelta, since: datetime) -> datetime:
    """The first step of the window's own grid that does not lie before `since`."""
    if since <= window_start:
        return window_start
    return window_start + -(-(since - window_start) // step) * step


def _windows(rules: Rules, since: datetime, until: datetime) -> list[Interval]:
    """The working windows in and around [since, until), in UTC and in order."""
    day = (since - AROUND).astimezone(rules.zone).date()
    last = (until + rules.length).astimezone(rules.zone).date()
    windows: list[Interval] = []
    while day <= last:
        for wall_start, wall_end in rules.ranges_of(day):
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
