"""Loads what is booked and gives each advisor's free slots: one query, however many advisors and days."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from scheduling.models import Advisor, BookingAdvisor
from scheduling.slots import Interval, open_slots


def free_slots(
    advisors: Iterable[Advisor], *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> dict[int, list[Interval]]:
    """Free slots in UTC by advisor id, within [since, until) and each advisor's own notice and horizon."""
    advisors = list(advisors)
    since = since or now
    until = until or now + timedelta(days=max((advisor.horizon_days for advisor in advisors), default=0))
    busy = _busy(advisors, since, until)
    return {
        advisor.id: list(open_slots(advisor.rules, busy[advisor.id], since=since, until=until, now=now))
        for advisor in advisors
    }


def is_free(advisor: Advisor, slot: Interval, *, now: datetime) -> bool:
    return slot in free_slots([advisor], now=now, since=slot[0], until=slot[1])[advisor.id]


def _busy(advisors: list[Advisor], since: datetime, until: datetime) -> dict[int, list[Interval]]:
    day = timedelta(days=1)  # a slot at the edge has buffers and length beyond it
    rows = BookingAdvisor.objects.filter(
        advisor__in=advisors, holds_time=True, blocked__overlap=DateTimeTZRange(since - day, until + day)
    ).values_list("advisor_id", "blocked")
    busy: dict[int, list[Interval]] = defaultdict(list)
    for advisor_id, blocked in rows:
        busy[advisor_id].append((blocked.lower, blocked.upper))
    return busy
