"""Free slots of one advisor: the hours of a day in their zone, minus what is taken, on their grid.

Pure. `scheduling.availability` loads the rules and what is taken; the visitor's page, the mail and the hold read
the result. Inside, a moment is a whole number: the microseconds since 1970 in UTC, which add up fast and exactly.
The zone is asked only where wall clocks become moments, so nights of 23 and 25 hours come out right.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from scheduling.clocks import A_DAY, EPOCH_DAY, FOREVER, INSTANT, Offsets, Span, moments, offsets, told, whole
from scheduling.hours import Ranges

DAY = timedelta(days=1)
# Windows are looked at from a week before what is asked for. Ranges that overlap are one, with one grid, and a chain
# of them lasts longer than a week for nobody who sleeps: so a slot is the same whichever part is asked for.
DAYS_BEFORE = 7
# A day and a week are full by what stands in them before and after what is asked for.
DAYS_AROUND = 9

Interval = tuple[datetime, datetime]


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


@dataclass(frozen=True)
class Diary:
    """What an advisor has on, as moments: what is taken, with buffers of its own, and when conversations start."""

    busy: Sequence[Span] = ()
    booked: Sequence[int] = ()

    @classmethod
    def of(cls, busy: Iterable[Interval], booked: Iterable[datetime] = ()) -> "Diary":
        return cls([(whole(start), whole(end)) for start, end in busy], [whole(start) for start in booked])


EMPTY = Diary()


def open_slots(
    rules: Rules, diary: Diary = EMPTY, *, since: datetime, until: datetime, now: datetime
) -> Iterator[Interval]:
    """Slots (start, end) in UTC, in order, that begin within [since, until), touch nothing that is taken, and
    begin on no day and in no week that is full. The advisor's own buffers are kept free around each."""
    since = max(since, now + rules.notice)
    until = min(until, now + rules.horizon)
    if since >= until:
        return
    first, length, step = whole(since), rules.length // INSTANT, rules.step // INSTANT
    here = _offsets(rules, since, until)
    barred = merged([*_barred(rules, length, diary, here), (whole(until), FOREVER)])
    index = 0
    for window_start, window_end in _windows(rules, since, until, here):
        start = _on_grid(window_start, step, first)
        while start + length <= window_end:
            while barred[index][1] <= start:
                index += 1
            barred_from, barred_to = barred[index]
            if start >= barred_from and barred_to == FOREVER:
                return
            if start >= barred_from:
                start = _on_grid(window_start, step, barred_to)
            while start < barred_from and start + length <= window_end:
                yield told(start), told(start + length)
                start += step


def shared(found: Sequence[Interval], rules: Rules, diary: Diary = EMPTY, *, now: datetime) -> list[Interval]:
    """Those of the found slots, all of one length, in which a colleague with these rules is free, too.

    They need not be on the colleague's grid: the one who leads sets it.
    """
    earliest, latest = now + rules.notice, now + rules.horizon
    found = [slot for slot in found if earliest <= slot[0] < latest]
    if not found:
        return []
    since, until = found[0][0], found[-1][1]
    here = _offsets(rules, since, until)
    at_work = _joined(_windows(rules, since, until, here))
    barred = merged(_barred(rules, (found[0][1] - found[0][0]) // INSTANT, diary, here))
    return [
        (start, end)
        for start, end in found
        if _end_around(whole(start), at_work) >= whole(end) and _end_around(whole(start), barred) <= whole(start)
    ]


def slot_at(rules: Rules, start: datetime, *, now: datetime) -> Interval | None:
    """The slot that begins at this very instant, taken or not; None where there is none on the grid."""
    if start > now + rules.horizon:
        return None  # the end of the calendar, which a visitor may name, leaves no room to count
    slot = next(open_slots(rules, since=start, until=start + rules.step, now=now), None)
    return slot if slot and slot[0] == start else None


def open_time(rules: Rules, away: Diary = EMPTY, *, since: datetime, until: datetime) -> timedelta:
    """How much time the week and its overrides leave open within [since, until), without what is away."""
    first, last = whole(since), whole(until)
    gone = merged([*away.busy, (last, FOREVER)])
    total = 0
    for start, end in _windows(rules, since, until, _offsets(rules, since, until)):
        start = max(start, first)
        for gone_from, gone_to in gone:
            total += max(min(end, gone_from) - start, 0)
            start = max(start, gone_to)
    return total * INSTANT


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, those that overlap as one; those that only touch stay apart, so that a range keeps its own grid."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _joined(windows: Iterable[Span]) -> list[Span]:
    """As one, too, those that only touch: where nobody asks for the grid."""
    result: list[Span] = []
    for start, end in windows:
        if result and start == result[-1][1]:
            result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def _end_around(moment: int, spans: list[Span]) -> int:
    """The end of the span that begins last before or at this moment."""
    before = bisect_right(spans, moment, key=itemgetter(0))
    return spans[before - 1][1] if before else 0


def _on_grid(window_start: int, step: int, since: int) -> int:
    """The first step of the window's own grid that does not lie before `since`."""
    return max(window_start, window_start - (window_start - since) // step * step)


def _offsets(rules: Rules, since: datetime, until: datetime) -> Offsets:
    """The zone's offsets for everything that may be asked of these days."""
    return offsets(rules.zone, _ordinal(since) - DAYS_AROUND, _ordinal(until + rules.length) + DAYS_AROUND)


def _ordinal(moment: datetime) -> int:
    return moment.astimezone(UTC).toordinal()


def _barred(rules: Rules, length: int, diary: Diary, here: Offsets) -> list[Span]:
    """The moments at which no slot of this length may begin: it would touch what is taken, or the day is full."""
    before, after = rules.buffer_before // INSTANT, length + rules.buffer_after // INSTANT
    touching = [(start - after + 1, end + before) for start, end in diary.busy]
    return touching + _full(rules, diary.booked, here)


def _full(rules: Rules, booked: Sequence[int], here: Offsets) -> list[Span]:
    """The days, and the weeks from Monday on, that have as many conversations as the advisor takes."""
    if rules.max_per_day is None and rules.max_per_week is None:
        return []
    per_day: Counter[int] = Counter()
    for since, until, offset in here:
        per_day.update((moment + offset) // A_DAY for moment in booked if since <= moment < until)
    per_week: Counter[int] = Counter()
    for day, count in per_day.items():
        per_week[day - _weekday(day)] += count
    days = {day for day, count in per_day.items() if rules.max_per_day and count >= rules.max_per_day}
    for monday, count in per_week.items():
        if rules.max_per_week and count >= rules.max_per_week:
            days.update(range(monday, monday + 7))
    return [span for day in days for span in moments(day * A_DAY, (day + 1) * A_DAY, here)]


def _weekday(day: int) -> int:
    """0 (Monday) to 6, of a day that is counted from 1970."""
    return (day + EPOCH_DAY - 1) % 7


def _windows(rules: Rules, since: datetime, until: datetime, here: Offsets) -> list[Span]:
    """The working windows in and around [since, until), in order."""
    weekly = {weekday: _walls(ranges) for weekday, ranges in rules.weekly.items()}
    overrides = {day.toordinal() - EPOCH_DAY: _walls(ranges) for day, ranges in rules.overrides.items()}
    first = _ordinal(since) - EPOCH_DAY - DAYS_BEFORE
    last = _ordinal(until + rules.length) - EPOCH_DAY + 1
    windows: list[Span] = []
    for day in range(first, last + 1):
        ranges = overrides[day] if day in overrides else weekly.get(_weekday(day), ())
        for start, end in ranges:
            windows += moments(day * A_DAY + start, day * A_DAY + end, here)
    return merged(windows)


def _walls(ranges: Ranges) -> list[Span]:
    """Ranges of wall time from the midnight before."""
    spans = [(_since_midnight(start), _since_midnight(end)) for start, end in ranges]
    return [(start, end if end > start else end + A_DAY) for start, end in spans]


def _since_midnight(clock: time) -> int:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second) // INSTANT
