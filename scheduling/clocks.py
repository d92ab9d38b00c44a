"""Where wall clocks become moments, and the only place: what a zone's clock shows, and when.

Pure. A moment is a whole number, the microseconds since 1970 in UTC; so is an offset, and a time on the wall, which is
the moment at which a clock in UTC would show it.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

INSTANT = timedelta.resolution
A_DAY = timedelta(days=1) // INSTANT
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()
FOREVER = 2**63
# No zone changes its offset twice in so few days.
STRIDE = 3

Span = tuple[int, int]
# From when to when the zone is how far from UTC; the first begins and the last ends never.
Offsets = tuple[tuple[int, int, int], ...]


def whole(moment: datetime) -> int:
    return (moment - EPOCH) // INSTANT


def told(moment: int) -> datetime:
    return EPOCH + timedelta(microseconds=moment)


def moments(wall_start: int, wall_end: int, here: Offsets) -> list[Span]:
    """Every moment at which the clock on the wall reads start to end.

    One stretch on nearly every day. What the clock skips in spring does not exist; what it repeats in autumn counts
    both times, so that a range which begins or ends within the repeated hour is two stretches.
    """
    found: list[Span] = []
    for since, until, offset in here:
        start, end = max(wall_start - offset, since), min(wall_end - offset, until)
        if start < end and found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        elif start < end:
            found.append((start, end))
    return found


@lru_cache(maxsize=1024)
def offsets(zone: ZoneInfo, first_day: int, last_day: int) -> Offsets:
    """The offsets of a zone over these days, which are counted as `date.toordinal` does."""
    changes = [-FOREVER]
    known = [_offset(first_day, zone)]
    low = first_day
    while low < last_day:
        high = min(low + STRIDE, last_day)
        if _offset(high, zone) != known[-1]:
            changes.append(_change(low, high, zone))
            known.append(_offset(high, zone))
        low = high
    return tuple(zip(changes, [*changes[1:], FOREVER], known, strict=True))


def _change(first_day: int, last_day: int, zone: ZoneInfo) -> int:
    """The moment between these two days at which the offset changes."""
    low, high = (first_day - EPOCH_DAY) * A_DAY, (last_day - EPOCH_DAY) * A_DAY
    before = _offset_at(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset_at(middle, zone) == before else (low, middle)
    return high


def _offset(day: int, zone: ZoneInfo) -> int:
    return _offset_at((day - EPOCH_DAY) * A_DAY, zone)


def _offset_at(moment: int, zone: ZoneInfo) -> int:
    return cast(timedelta, told(moment).astimezone(zone).utcoffset()) // INSTANT
