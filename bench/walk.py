"""Two years of free slots in six zones, against a walk over every minute of them (`tests.scheduling.minutes`).

`.venv/bin/python -m bench.walk`, or `make walk`; takes a minute or two and needs no server. Each zone has four
advisors with weeks of several ranges, some past midnight; with overrides on about every tenth date and on each night
of a change of the clock; and with time off, busy times, caps, buffers, notice and horizon. Ends with 1 where
a slot differs.
"""

import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

from scheduling import slots
from scheduling.slots import Diary, Rules
from tests.scheduling import minutes
from tests.scheduling.minutes import DAY, MINUTE, Taken

FIRST, DAYS, SEED = date(2026, 1, 1), 730, 1
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu",
    "Africa/Casablanca",
)  # fmt: skip
WEEKS: tuple[dict[int, list[tuple[str, str]]], ...] = (
    {day: [("09:00", "12:30"), ("13:30", "17:00")] for day in range(5)},
    {6: [("00:30", "04:00"), ("22:00", "03:30")], 5: [("21:00", "02:40")], 0: [("08:00", "12:00"), ("11:45", "14:15")]},
    {day: [("00:00", "00:00")] for day in range(7)},
    {6: [("02:00", "03:00")], 0: [("23:45", "06:00")], 3: [("10:00", "10:50"), ("10:50", "12:00"), ("20:00", "01:00")]},
)
# length, step, buffer before and after, notice in minutes; horizon in days; caps a day and a week
TERMS = (
    (30, 30, 10, 10, 720, 731, 4, 12),
    (50, 25, 0, 15, 0, 731, None, None),
    (60, 45, 5, 0, 60, 365, 9, 40),
    (20, 20, 0, 0, 0, 731, 2, None),
)


def nights_of_change(zone: ZoneInfo) -> Iterator[date]:
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        noon = datetime.combine(day, clock(12), tzinfo=zone)
        if noon.utcoffset() != (noon - DAY).utcoffset():
            yield day


def ranges(pairs: list[tuple[str, str]]) -> list[tuple[clock, clock]]:
    return [(clock.fromisoformat(start), clock.fromisoformat(end)) for start, end in pairs]


def make_case(zone: ZoneInfo, number: int, dice: random.Random) -> tuple[Rules, Taken]:
    week, (length, step, before, after, notice, horizon, per_day, per_week) = WEEKS[number], TERMS[number]
    others: list[Any] = [[], [("10:00", "12:00")], [("01:30", "03:15"), ("14:00", "16:00")], [("22:30", "02:30")]]
    dates = {FIRST + timedelta(days=dice.randrange(DAYS)) for _ in range(DAYS // 10)} | set(nights_of_change(zone))
    first = datetime.combine(FIRST, clock(), tzinfo=UTC)
    at = [first + dice.randrange(DAYS * 24 * 4) * 15 * MINUTE for _ in range(DAYS * 2)]
    rules = Rules(
        zone=zone,
        weekly={day: ranges(pairs) for day, pairs in week.items()},
        length=length * MINUTE,
        step=step * MINUTE,
        buffer_before=before * MINUTE,
        buffer_after=after * MINUTE,
        notice=notice * MINUTE,
        horizon=horizon * DAY,
        overrides={day: ranges(dice.choice(others)) for day in sorted(dates) if dice.random() < 0.8},
        max_per_day=per_day,
        max_per_week=per_week,
    )
    busy = [(start, start + dice.choice([10, 30, 45, 120]) * MINUTE) for start in at]
    time_off = [(start, start + dice.randrange(1, 6) * DAY) for start in dice.sample(at, 12)]
    return rules, Taken(busy + time_off, at)


def compare(zone: ZoneInfo, number: int, dice: random.Random) -> tuple[int, int]:
    """How many slots there are by the walk, and how many differ; asked at once, and in parts of three weeks."""
    rules, taken = make_case(zone, number, dice)
    now = datetime.combine(FIRST, clock(), tzinfo=zone).astimezone(UTC)
    until, diary = now + DAYS * DAY, Diary.of(taken.busy, taken.booked)
    walked = minutes.walk(rules, taken, since=now, until=until, now=now, before=2 * DAY)
    at_once = list(slots.open_slots(rules, diary, since=now, until=until, now=now))
    in_parts = [
        slot
        for start in range(0, DAYS, 21)
        for slot in slots.open_slots(
            rules, diary, since=now + start * DAY, until=min(now + (start + 21) * DAY, until), now=now
        )
    ]
    return len(walked), len(set(walked) ^ set(at_once)) + len(set(walked) ^ set(in_parts))


def main() -> None:
    print("| zone | days | clock changes | advisors | slots | mismatches | seconds |\n|---|---|---|---|---|---|---|")
    slots_in_all = mismatches = 0
    for name in ZONES:
        zone, started = ZoneInfo(name), time.perf_counter()
        dice = random.Random(f"{SEED} {name}")
        counts = [compare(zone, number, dice) for number in range(len(WEEKS))]
        found, wrong = (sum(column) for column in zip(*counts, strict=True))
        changes, took = len(list(nights_of_change(zone))), time.perf_counter() - started
        print(f"| {name} | {DAYS} | {changes} | {len(WEEKS)} | {found} | {wrong} | {took:.0f} |", flush=True)
        slots_in_all, mismatches = slots_in_all + found, mismatches + wrong
        minutes.clock.cache_clear()
    print(f"{len(ZONES)} zones x {DAYS} days: {slots_in_all} slots, {mismatches} mismatches")
    sys.exit(mismatches > 0)


if __name__ == "__main__":
    main()
