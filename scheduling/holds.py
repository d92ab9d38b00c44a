"""The held time: which slot is pencilled in unasked, and how long it stays so.

Pure; the rules are the public contract's. `scheduling.services.book_call` asks here after it has found the
free slots of the matching advisor.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.slots import DAY, Interval

EARLIEST = timedelta(hours=24)
WITHIN_WORKING_DAYS = 10
OFFICE_HOURS = (time(9), time(17))
LIFE = timedelta(hours=48)
MAX_SHARE = 0.4
MAX_A_DAY = 4


def is_working_day(day: datetime) -> bool:
    return day.weekday() < 5


def choose(slots: Iterable[Interval], *, now: datetime, zone: ZoneInfo) -> Interval | None:
    """The first slot at least 24 h and one working day ahead, Monday to Friday 09:00 to 17:00 in the
    prospect's zone, within ten working days; None where there is none."""
    first, last = working_days(now, zone)
    for start, end in slots:
        local_start, local_end = start.astimezone(zone), end.astimezone(zone)
        if local_start.date() > last.date():
            return None
        if start < now + EARLIEST or local_start.date() < first.date() or not is_working_day(local_start):
            continue
        same_day = local_start.date() == local_end.date()
        if same_day and OFFICE_HOURS[0] <= local_start.time() and local_end.time() <= OFFICE_HOURS[1]:
            return start, end
    return None


def working_days(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first and the tenth working day after today, as the prospect's calendar counts them."""
    day = now.astimezone(zone)
    days: list[datetime] = []
    while len(days) < WITHIN_WORKING_DAYS:
        day += DAY
        if is_working_day(day):
            days.append(day)
    return days[0], days[-1]


def expires_at(*, now: datetime, start: datetime, notice: timedelta, zone: ZoneInfo) -> datetime:
    """48 h from now without weekend hours, but never after the advisor's minimum notice before the start."""
    left, moment = LIFE, now
    while left > timedelta(0):
        local = moment.astimezone(zone)
        midnight = datetime.combine(local.date() + DAY, time(), tzinfo=zone).astimezone(now.tzinfo)
        if is_working_day(local):
            used = min(left, midnight - moment)
            left -= used
            moment += used
        else:
            moment = midnight
    return min(moment, start - notice)


def with_room(slots: Sequence[Interval], held: Sequence[datetime], *, zone: ZoneInfo) -> list[Interval]:
    """The slots that may still be held: unconfirmed holds take at most 40% of what is open, and four a day.

    `held` are the starts of the advisor's unconfirmed holds, `zone` is the advisor's.
    """
    if len(held) + 1 > MAX_SHARE * (len(slots) + len(held)):
        return []
    by_day = Counter(start.astimezone(zone).date() for start in held)
    return [slot for slot in slots if by_day[slot[0].astimezone(zone).date()] < MAX_A_DAY]
