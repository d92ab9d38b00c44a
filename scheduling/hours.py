"""Working hours as they are written down: ranges of wall time by weekday, as JSON and as a line that people type.

Pure. `scheduling.slots` makes instants of them.
"""

from collections.abc import Sequence
from datetime import time
from typing import cast

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Ranges = Sequence[tuple[time, time]]


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
    return start.replace(microsecond=0), end.replace(microsecond=0)
