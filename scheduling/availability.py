"""Loads what advisors have on and gives free slots: three statements, however many advisors and days."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from scheduling import slots
from scheduling.calendars.health import withheld
from scheduling.clocks import Span
from scheduling.hours import Ranges, parse_ranges
from scheduling.models import Advisor, DateOverride, TimeOff
from scheduling.slots import Diary, Interval, Rules

# What happens around the days that are asked for: a week may be full of it, a night may reach into them.
AROUND = timedelta(days=9)

# All that takes an advisor's time. Thousands of rows are read ten times as fast as whole numbers than as times.
TAKEN = """
    SELECT advisor_id, (extract(epoch FROM since) * 1000000)::bigint, (extract(epoch FROM until) * 1000000)::bigint,
           (extract(epoch FROM booked) * 1000000)::bigint
    FROM (
        SELECT seat.advisor_id, lower(seat.blocked) AS since, upper(seat.blocked) AS until, booking.starts_at AS booked
        FROM scheduling_bookingadvisor seat JOIN scheduling_booking booking ON booking.id = seat.booking_id
        WHERE seat.advisor_id = ANY(%(ids)s) AND seat.holds_time
              AND seat.blocked && tstzrange(%(since)s, %(until)s)
        UNION ALL
        SELECT calendar.advisor_id, lower(busy.period), upper(busy.period), NULL
        FROM scheduling_busytime busy JOIN scheduling_calendar calendar ON calendar.id = busy.calendar_id
        WHERE calendar.advisor_id = ANY(%(ids)s) AND calendar.active
              AND busy.period && tstzrange(%(since)s, %(until)s)
        UNION ALL
        SELECT advisor_id, starts_at, ends_at, NULL
        FROM scheduling_timeoff
        WHERE advisor_id = ANY(%(ids)s) AND ends_at > %(since)s AND starts_at < %(until)s
    ) taken
"""


class Loaded(NamedTuple):
    rules: Rules
    diary: Diary


def free_slots(
    advisors: Iterable[Advisor], *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> dict[int, list[Interval]]:
    """Free slots in UTC by advisor id, within [since, until) and each advisor's own notice and horizon."""
    advisors = list(advisors)
    found = free_in_turn(advisors, now=now, since=since, until=until)
    return {advisor.id: free for advisor, free in zip(advisors, found, strict=True)}


def free_in_turn(
    advisors: Iterable[Advisor], *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> Iterator[list[Interval]]:
    """The free slots of each of these advisors: loaded at once, found only as they are asked."""
    advisors = list(advisors)
    since, until = since or now, until or _farthest(advisors, now)
    loaded = _load(advisors, since, until, now=now)
    for advisor in advisors:
        there = loaded.get(advisor.id)
        yield list(slots.open_slots(*there, since=since, until=until, now=now)) if there else []


def joint_slots(
    leader: Advisor, colleague: Advisor, *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> list[Interval]:
    """The leader's free slots, on the leader's grid, in which the colleague is free, too, by the colleague's rules."""
    return next(joint_in_turn([(leader, colleague)], now=now, since=since, until=until))


def joint_in_turn(
    pairs: Iterable[tuple[Advisor, Advisor]],
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[list[Interval]]:
    """The joint slots of each of these pairs of leader and colleague: loaded at once, found only as they are asked."""
    pairs = list(pairs)
    everybody = list({advisor.id: advisor for pair in pairs for advisor in pair}.values())
    since, until = since or now, until or _farthest([leader for leader, _ in pairs], now)
    loaded = _load(everybody, since, until, now=now)
    free: dict[int, list[Interval]] = {}
    for leader, colleague in pairs:
        if not {leader.id, colleague.id} <= loaded.keys():
            yield []
            continue
        if leader.id not in free:
            free[leader.id] = list(slots.open_slots(*loaded[leader.id], since=since, until=until, now=now))
        yield slots.shared(free[leader.id], *loaded[colleague.id], now=now)


def slot_at(advisor: Advisor, start: datetime, *, now: datetime) -> Interval | None:
    """The advisor's slot that begins at this very instant, taken or not; None where there is none on the grid."""
    if not now <= start <= now + timedelta(days=advisor.horizon_days):
        return None  # the ends of the calendar, which a visitor may name, leave no room to count
    return slots.slot_at(_rules([advisor], start, start)[advisor.id], start, now=now)


def hours_available(advisors: Iterable[Advisor], *, now: datetime, days: int = 28) -> dict[int, float]:
    """Hours that each advisor's week, overrides and time off leave open from now on; what is booked counts as open."""
    advisors, until = list(advisors), now + timedelta(days=days)
    away: dict[int, list[Interval]] = defaultdict(list)
    rows = TimeOff.objects.filter(advisor__in=advisors, starts_at__lt=until, ends_at__gt=now)
    for advisor_id, start, end in rows.values_list("advisor_id", "starts_at", "ends_at"):
        away[advisor_id].append((start, end))
    return {
        id_: slots.open_time(rules, Diary.of(away[id_]), since=now, until=until) / timedelta(hours=1)
        for id_, rules in _rules(advisors, now, until).items()
    }


def _farthest(advisors: list[Advisor], now: datetime) -> datetime:
    return now + timedelta(days=max((advisor.horizon_days for advisor in advisors), default=0))


def _load(advisors: list[Advisor], since: datetime, until: datetime, *, now: datetime) -> dict[int, Loaded]:
    """Rules and diary by advisor id, without those who are withheld."""
    hidden = withheld([advisor.id for advisor in advisors], now=now)
    rules = _rules([advisor for advisor in advisors if advisor.id not in hidden], since, until)
    diaries = _diaries(list(rules), since - AROUND, until + AROUND)
    return {id_: Loaded(rules[id_], diaries[id_]) for id_ in rules}


def _rules(advisors: list[Advisor], since: datetime, until: datetime) -> dict[int, Rules]:
    """The rules with the overrides of these days and of those around."""
    dates = (since - AROUND).date(), (until + AROUND).date()
    rows = DateOverride.objects.filter(advisor__in=advisors, date__range=dates)
    overrides: dict[int, dict[date, Ranges]] = defaultdict(dict)
    for advisor_id, day, ranges in rows.values_list("advisor_id", "date", "ranges"):
        overrides[advisor_id][day] = parse_ranges(day.isoformat(), ranges)
    return {advisor.id: replace(advisor.rules, overrides=overrides[advisor.id]) for advisor in advisors}


def _diaries(advisor_ids: list[int], since: datetime, until: datetime) -> dict[int, Diary]:
    """Conversations, held ones too, with their buffers; what outside calendars say; time off."""
    taken: dict[int, list[Span]] = {id_: [] for id_ in advisor_ids}
    booked: dict[int, list[int]] = {id_: [] for id_ in advisor_ids}
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, {"ids": advisor_ids, "since": since, "until": until})
        for id_, start, end, begins in cursor:
            taken[id_].append((start, end))
            if begins is not None:
                booked[id_].append(begins)
    return {id_: Diary(taken[id_], booked[id_]) for id_ in advisor_ids}
