"""Working hours as they are written down: ranges of wall time, as JSON and as a line that people type.

Pure. `scheduling.slots` makes moments of them.
"""

import re
from collections.abc import Sequence
from datetime import time
from itertools import pairwise
from typing import cast

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Ranges = Sequence[tuple[time, time]]

CLOCK = r"(\d{1,2})(?:[:.](\d{2}))?"
RANGE = re.compile(rf"{CLOCK}\s*(?:-|–|—|to)\s*{CLOCK}")
EXAMPLE = "Write it like 09:00–12:30, 13:30–17:00."


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


def read_line(line: str) -> list[list[str]]:
    """“09:00–12:30, 13:30–17:00” as JSON, in order; an empty line is no range. Raises ValueError with the way out.

    “22:00–02:00” goes on past midnight; 24:00 is the midnight at the end of the day.
    """
    parts = [part.strip() for part in re.split(r"[,;]", line)]
    pairs = sorted(_typed(part) for part in parts if part)
    for (start, end), (after, _) in pairwise(pairs):
        if end <= start or after < end:
            raise ValueError(f"{_text(start, end)} reaches into the next range, from {after}. Make one of both.")
    return [[start, end] for start, end in pairs]


def _typed(part: str) -> tuple[str, str]:
    found = RANGE.fullmatch(part)
    if found is None:
        raise ValueError(f"“{part[:40]}” is no range of time. {EXAMPLE}")
    from_hour, from_minute, to_hour, to_minute = (int(number or 0) for number in found.groups())
    if (to_hour, to_minute) == (24, 0):
        to_hour = 0
    try:
        start, end = time(from_hour, from_minute), time(to_hour, to_minute)
    except ValueError:
        raise ValueError(f"“{part[:40]}” has an hour that no clock shows. {EXAMPLE}") from None
    return f"{start:%H:%M}", f"{end:%H:%M}"


def write_line(pairs: Sequence[Sequence[str]]) -> str:
    """The line that `read_line` reads the same ranges from."""
    return ", ".join(_text(start, end) for start, end in pairs)


def _text(start: str, end: str) -> str:
    return f"{start}–{end}"
