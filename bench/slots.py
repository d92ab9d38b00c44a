"""How long 30 days of open slots take, from rows to instants, for 1, 10 and 50 advisors; against a naive way.

Starts a PostgreSQL of its own, so it runs anywhere: `.venv/bin/python -m bench.slots`. Each advisor has 200
conversations, busy times of an outside calendar, overrides, time off and caps; 15 zones, and clocks change within the
days. The naive way gets the same rows for nothing and asks the zone for each slot, and each taken time for each slot;
both must find the same slots. They take turns; read the ratios. What it prints is written down in docs/performance.md.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from config.local.servers import Servers

NOW = datetime(2026, 10, 12, 6, tzinfo=UTC)  # clocks change on 25 October in Europe, on 1 November in America
DAYS, BOOKINGS, ADVISORS, ROUNDS = 30, 200, (1, 10, 50), 30
DAY, HALF_HOUR, BUFFER = timedelta(days=1), timedelta(minutes=30), timedelta(minutes=10)
ZONES = (
    "Europe/Berlin", "Europe/London", "Europe/Lisbon", "Europe/Athens", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns", "Asia/Kolkata", "Asia/Tokyo",
    "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland",
)  # fmt: skip


@contextmanager
def a_house() -> Iterator[None]:
    """Django on an empty database that lives as long as the measurement."""
    with tempfile.TemporaryDirectory(prefix="truegap-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs under another account and has to reach it
        servers = Servers(Path(folder), postgres_password="bench", only=("postgres",))
        os.environ |= {
            "DATABASE_URL": servers.start().database_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "SECRET_KEY": "bench" * 12,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        try:
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            yield
        finally:
            servers.stop()


def make_advisors(count: int) -> list[Any]:
    """Advisors with a full diary; what each has on is drawn, and always the same."""
    from assessments import services as assessments
    from scheduling.models import Booking, BookingAdvisor, BusyTime, Calendar, DateOverride, TimeOff
    from scheduling.models.advisors import office_week
    from tests import factories

    assessments.publish_default(now=NOW)
    submission, dice = factories.make_submission(now=NOW), random.Random(7)
    advisors = []
    for number in range(count):
        advisor = factories.make_advisor(
            timezone=ZONES[number % len(ZONES)], weekly_hours=office_week(), horizon_days=DAYS,
            buffer_before_minutes=10, buffer_after_minutes=10, max_per_day=9, max_per_week=44,
        )  # fmt: skip
        advisors.append(advisor)
        first = NOW + timedelta(hours=dice.randrange(24))
        starts = [first + n * 3 * HALF_HOUR * 2.3 for n in range(BOOKINGS)]
        status = Booking.Status.COMPLETED  # holds its time like an open one, and one enquiry may have many
        rows = Booking.objects.bulk_create(
            Booking(
                submission=submission, status=status, timezone="UTC", created_at=NOW,
                starts_at=at, ends_at=at + HALF_HOUR,
            )
            for at in starts
        )  # fmt: skip
        BookingAdvisor.objects.bulk_create(
            BookingAdvisor(booking=row, advisor=advisor, blocked=(row.starts_at - BUFFER, row.ends_at + BUFFER))
            for row in rows
        )
        calendar = Calendar.objects.create(
            advisor=advisor,
            url=f"https://calendars.example.com/{number}.ics",
            read_at=NOW,  # and so far ahead, in this zone: else the advisor is withheld
            covered_until=NOW + 2 * DAYS * DAY,
            zone=advisor.timezone,
        )
        busy = [NOW + dice.randrange(DAYS * 24) * timedelta(hours=1) for _ in range(40)]
        BusyTime.objects.bulk_create(BusyTime(calendar=calendar, period=(at, at + 2 * HALF_HOUR)) for at in busy)
        DateOverride.objects.bulk_create(
            DateOverride(advisor=advisor, date=date(2026, 10, day), ranges=[["10:00", "14:00"]] if day % 2 else [])
            for day in (14, 17, 19, 25, 29)
        )
        TimeOff.objects.create(advisor=advisor, starts_at=NOW + 8 * DAY, ends_at=NOW + 10 * DAY)
    return advisors


def in_time(diary: Any) -> tuple[list[Any], list[datetime]]:
    from scheduling.clocks import told

    return [(told(start), told(end)) for start, end in diary.busy], [told(start) for start in diary.booked]


def naive(rules: Any, busy: list[Any], booked: list[datetime]) -> list[tuple[datetime, datetime]]:
    """As one writes it first: walk each day's ranges in local time, and ask everything for each slot."""
    found = []
    day, last = NOW.astimezone(rules.zone).date() - DAY, (NOW + rules.horizon).astimezone(rules.zone).date()
    while day <= last:
        for wall_start, wall_end in rules.overrides.get(day, rules.weekly.get(day.weekday(), ())):
            local = datetime.combine(day, wall_start, tzinfo=rules.zone)
            while local + rules.length <= datetime.combine(day, wall_end, tzinfo=rules.zone):
                start = local.astimezone(UTC)
                end = (local + rules.length).astimezone(UTC)
                free = all(b <= start - rules.buffer_before or a >= end + rules.buffer_after for a, b in busy)
                if NOW + rules.notice <= start < NOW + rules.horizon and free:
                    dates = [moment.astimezone(rules.zone).date() for moment in booked]
                    in_week = [d for d in dates if d.isocalendar()[:2] == day.isocalendar()[:2]]
                    if dates.count(day) < rules.max_per_day and len(in_week) < rules.max_per_week:
                        found.append((start, end))
                local += rules.step
        day += DAY
    return found


def milliseconds(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def row(advisors: list[Any]) -> str:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from scheduling import availability, slots

    until = NOW + DAYS * DAY
    with CaptureQueriesContext(connection) as statements:
        found = availability.free_slots(advisors, now=NOW)
    loaded = availability._load(advisors, NOW, until, now=NOW)
    by_hand_on = {id_: (rules, *in_time(diary)) for id_, (rules, diary) in loaded.items()}
    assert {id_: naive(*each) for id_, each in by_hand_on.items()} == found, "the two ways differ"

    def compute() -> None:
        for each in loaded.values():
            list(slots.open_slots(*each, since=NOW, until=until, now=NOW))

    whole, pure, slow = [], [], []
    for turn in range(ROUNDS):
        whole.append(milliseconds(lambda: availability.free_slots(advisors, now=NOW)))
        pure.append(milliseconds(compute))
        if turn % 10 == 0:
            slow.append(milliseconds(lambda: [naive(*each) for each in by_hand_on.values()]))
    p50, p95 = statistics.median(whole), statistics.quantiles(whole, n=20)[18]
    computing, by_hand = statistics.median(pure), statistics.median(slow)
    count = sum(map(len, found.values()))
    return (
        f"| {len(advisors)} | {count} | {len(statements)} | {p50:.2f} | {p95:.2f} | {computing:.2f} | {by_hand:.1f} "
        f"| {by_hand / computing:.0f} | {by_hand / p50:.0f} |"
    )


def main() -> None:
    with a_house():
        advisors = make_advisors(max(ADVISORS))
        print(f"{DAYS} days, {BOOKINGS} conversations each, {ROUNDS} rounds", file=sys.stderr)
        print(
            "| advisors | slots | statements | p50 ms | p95 ms | of it computing | naive | ratio | ratio with loading |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for count in ADVISORS:
            print(row(advisors[:count]))


if __name__ == "__main__":
    main()
