"""Loads what an advisor has on and gives free slots: one query for each table, however many advisors and days."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from scheduling import slots
from scheduling.models import Advisor, BookingAdvisor, BusyTime, DateOverride, TimeOff
from scheduling.slots import Diary, Interval, Ranges, Rules, parse_ranges

# A week may be full because of what stands in it before or after what is asked for.
AROUND = timedelta(days=8)


class Loaded(NamedTuple):
    rules: Rules
    diary: Diary


def free_slots(
    advisors: Iterable[Advisor], *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> dict[int, list[Interval]]:
    """Free slots in UTC by advisor id, within [since, until) and each advisor's own notice and horizon."""
    advisors = list(advisors)
    since, until = since or now, until or _farthest(advisors, now)
    loaded = _load(advisors, since, until, now=now)
    free: dict[int, list[Interval]] = {advisor.id: [] for advisor in advisors}
    for id_, (rules, diary) in loaded.items():
        free[id_] = list(slots.open_slots(rules, diary, since=since, until=until, now=now))
    return free


def joint_slots(
    leader: Advisor, colleague: Advisor, *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> list[Interval]:
    """The leader's free slots, on the leader's grid, in which the colleague is free, too, by the colleague's rules."""
    since, until = since or now, until or _farthest([leader], now)
    loaded = _load([leader, colleague], since, until, now=now)
    if not {leader.id, colleague.id} <= loaded.keys():
        return []
    found = slots.open_slots(*loaded[leader.id], since=since, until=until, now=now)
    return slots.shared(list(found), *loaded[colleague.id], now=now)


def is_free(advisor: Advisor, slot: Interval, *, now: datetime) -> bool:
    return slot in free_slots([advisor], now=now, since=slot[0], until=slot[1])[advisor.id]


def slot_at(advisor: Advisor, start: datetime, *, now: datetime) -> Interval | None:
    """The advisor's slot that begins at this very instant, taken or not; None where there is none on the grid."""
    if not now <= start <= now + timedelta(days=advisor.horizon_days):
        return None  # the ends of the calendar, which a visitor may name, leave no room to count
    return slots.slot_at(_rules([advisor], start, start)[advisor.id], start, now=now)


def hours_available(advisors: Iterable[Advisor], *, now: datetime, days: int = 28) -> dict[int, float]:
    """Hours that each advisor's week, overrides and time off leave open from now on; what is booked counts as open."""
    advisors, until = list(advisors), now + timedelta(days=days)
    away = _time_off(advisors, now, until)
    return {
        id_: slots.open_time(rules, away[id_], since=now, until=until) / timedelta(hours=1)
        for id_, rules in _rules(advisors, now, until).items()
    }


def withheld(advisor_ids: Collection[int], *, now: datetime) -> set[int]:
    """Advisors who are offered to nobody for now, since nobody can tell when they are busy."""
    return set()


def _farthest(advisors: list[Advisor], now: datetime) -> datetime:
    return now + timedelta(days=max((advisor.horizon_days for advisor in advisors), default=0))


def _load(advisors: list[Advisor], since: datetime, until: datetime, *, now: datetime) -> dict[int, Loaded]:
    """Rules and diary by advisor id, without those who are withheld."""
    hidden = withheld([advisor.id for advisor in advisors], now=now)
    advisors = [advisor for advisor in advisors if advisor.id not in hidden]
    since, until = since - AROUND, until + AROUND
    rules = _rules(advisors, since, until)
    seats, away, busy = _seats(advisors, since, until), _time_off(advisors, since, until), _busy(advisors, since, until)
    return {
        id_: Loaded(rules[id_], Diary([blocked for blocked, _ in seats[id_]] + away[id_] + busy[id_],
                                      [start for _, start in seats[id_]]))
        for id_ in rules
    }  # fmt: skip


# --- one table each -----------------------------------------------------------------------------------


def _rules(advisors: list[Advisor], since: datetime, until: datetime) -> dict[int, Rules]:
    """The rules with the overrides of these days, and of those around that a slot may reach into."""
    first, last = (since - slots.AROUND - slots.DAY).date(), (until + slots.AROUND).date()
    rows = DateOverride.objects.filter(advisor__in=advisors, date__range=(first, last))
    overrides: dict[int, dict[date, Ranges]] = defaultdict(dict)
    for advisor_id, day, ranges in rows.values_list("advisor_id", "date", "ranges"):
        overrides[advisor_id][day] = parse_ranges(day.isoformat(), ranges)
    return {advisor.id: replace(advisor.rules, overrides=overrides[advisor.id]) for advisor in advisors}


def _seats(advisors: list[Advisor], since: datetime, until: datetime) -> dict[int, list[tuple[Interval, datetime]]]:
    """What is blocked by conversations, held ones too, and when each starts."""
    rows = BookingAdvisor.objects.filter(
        advisor__in=advisors, holds_time=True, blocked__overlap=DateTimeTZRange(since, until)
    ).values_list("advisor_id", "blocked", "booking__starts_at")
    seats: dict[int, list[tuple[Interval, datetime]]] = defaultdict(list)
    for advisor_id, blocked, start in rows:
        seats[advisor_id].append(((blocked.lower, blocked.upper), start))
    return seats


def _time_off(advisors: list[Advisor], since: datetime, until: datetime) -> dict[int, list[Interval]]:
    rows = TimeOff.objects.filter(advisor__in=advisors, starts_at__lt=until, ends_at__gt=since)
    away: dict[int, list[Interval]] = defaultdict(list)
    for advisor_id, start, end in rows.values_list("advisor_id", "starts_at", "ends_at"):
        away[advisor_id].append((start, end))
    return away


def _busy(advisors: list[Advisor], since: datetime, until: datetime) -> dict[int, list[Interval]]:
    """What the outside calendars say."""
    rows = BusyTime.objects.filter(
        calendar__advisor__in=advisors, calendar__active=True, period__overlap=DateTimeTZRange(since, until)
    ).values_list("calendar__advisor_id", "period")
    busy: dict[int, list[Interval]] = defaultdict(list)
    for advisor_id, period in rows:
        busy[advisor_id].append((period.lower, period.upper))
    return busy
