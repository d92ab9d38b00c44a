"""Hours as staff type them, and as they are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.hours import parse_ranges, read_line, write_line

LINES = [
    ("", []),
    ("  ", []),
    ("09:00–12:30, 13:30–17:00", [["09:00", "12:30"], ["13:30", "17:00"]]),
    ("9-12:30,13.30 - 17", [["09:00", "12:30"], ["13:30", "17:00"]]),
    ("13:30—17:00; 9 to 12", [["09:00", "12:00"], ["13:30", "17:00"]]),
    ("09:00–12:00, 12:00–13:00,", [["09:00", "12:00"], ["12:00", "13:00"]]),
    ("22:00–02:00", [["22:00", "02:00"]]),
    ("20:00–24:00", [["20:00", "00:00"]]),
    ("00:00–24:00", [["00:00", "00:00"]]),
]


@pytest.mark.parametrize(("line", "pairs"), LINES)
def test_a_line_is_read_however_it_is_written(line: str, pairs: list[list[str]]) -> None:
    assert read_line(line) == pairs


BAD = [
    ("closed", "“closed” is no range of time. Write it like 09:00–12:30"),
    ("9 am–5 pm", "is no range of time"),
    ("09:00", "is no range of time"),
    ("09:00–12:30–17:00", "is no range of time"),
    ("09:00–12:30 13:30–17:00", "is no range of time"),
    ("09:00–25:00", "an hour that no clock shows"),
    ("24:00–02:00", "an hour that no clock shows"),
    ("09:60–10:00", "an hour that no clock shows"),
    ("09:00–12:00, 11:00–13:00", "09:00–12:00 reaches into the next range, from 11:00"),
    ("09:00–12:00, 09:00–12:00", "reaches into the next range"),
    ("08:00–02:00, 09:00–10:00", "08:00–02:00 reaches into the next range, from 09:00"),
    ('[["09:00", "17:00"]]', "is no range of time"),
    ("०९:००–१०:००x", "is no range of time"),
]


@pytest.mark.parametrize(("line", "message"), BAD)
def test_a_line_that_is_no_hours_is_refused_with_the_way_out(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_line(line)


MINUTES = st.integers(0, 24 * 60 - 1)


@given(st.lists(st.tuples(MINUTES, MINUTES), max_size=4))
def test_what_is_read_is_written_and_read_the_same(spans: list[tuple[int, int]]) -> None:
    line = ", ".join(f"{a // 60:02}:{a % 60:02}–{b // 60:02}:{b % 60:02}" for a, b in spans)
    try:
        pairs = read_line(line)
    except ValueError:
        return

    assert read_line(write_line(pairs)) == pairs
    assert len(parse_ranges("mon", pairs)) == len(spans)
