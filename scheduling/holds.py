"""The held time: which slot is pencilled in unasked, and how long it stays so.

Pure; the rules are the public contract's. `scheduling.calls.book_call` asks here after it has found the
free slots of the matching advisor.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.slots import DAY, Interval

EARLIEST = timedelta(hours=24)
WITHIN_WORKING_DAYS = 10
SOON_WORKING_DAYS = 5
OFFICE_HOURS = (time(9), time(17))
LIFE = timedelta(hours=48)
# A hold that is over before its mail is read holds nothing: then the next slot is tried.
LEAST_LIFE = timedelta(hours=4)
MAX_PERCENT = 40
MAX_A_DAY = 4


def choose(
    slots: Iterable[Interval], *, now: datetime, zone: ZoneInfo, notice: timedelta = timedelta(0)
) -> Interval | None:
    """The first slot at least 24 h and one working day ahead, Monday to Friday 09:00 to 17:00 in the prospect's zone,
    within ten working days, whose hold would live four hours; None where there is none."""
    days = working_days_after(now.astimezone(zone).date())
    for slot in slots:
        if slot[0] < now + EARLIEST or slot[0].astimezone(zone).date() not in days:
            continue
        ends = expires_at(now=now, start=slot[0], notice=notice, zone=zone)
        if in_office_hours(slot, zone=zone) and ends - now >= LEAST_LIFE:
            return slot
    return None


def is_soon(slots: Sequence[Interval], *, now: datetime, zone: ZoneInfo) -> bool:
    """Whether one of them is today or within the next five working days."""
    last = working_days_after(now.astimezone(zone).date())[SOON_WORKING_DAYS - 1]
    return bool(slots) and slots[0][0].astimezone(zone).date() <= last


def in_office_hours(slot: Interval, *, zone: ZoneInfo) -> bool:
    """Monday to Friday, 09:00 to 17:00 there."""
    start, end = (moment.astimezone(zone) for moment in slot)
    if start.date() != end.date() or not is_working_day(start.date()):
        return False
    return OFFICE_HOURS[0] <= start.time() and end.time() <= OFFICE_HOURS[1]


def is_working_day(day: date) -> bool:
    return day.weekday() < 5


def working_days_after(today: date) -> list[date]:
    """The next ten working days; the first of them is one working day ahead."""
    days: list[date] = []
    while len(days) < WITHIN_WORKING_DAYS:
        today += DAY
        if is_working_day(today):
            days.append(today)
    return days


def expires_at(*, now: datetime, start: datetime, notice: timedelta, zone: ZoneInfo) -> datetime:
    """48 h from now without weekend hours, but never after the advisor's minimum notice before the start."""
    left, moment = LIFE, now.astimezone(UTC)
    while left > timedelta(0):
        today = moment.astimezone(zone).date()
        midnight = datetime.combine(today + DAY, time(), tzinfo=zone).astimezone(UTC)
        used = min(left, midnight - moment) if is_working_day(today) else timedelta(0)
        left -= used
        moment = moment + used if used else midnight
    return min(moment, start - notice)


def with_room(
    slots: Sequence[Interval], held: Sequence[datetime], *, zone: ZoneInfo, total: int | None = None
) -> list[Interval]:
    """The slots that may still be held: unconfirmed holds take at most 40% of what is open, and four a day.

    `held` are the starts of the advisor's unconfirmed holds, `zone` is the advisor's; `total` is how many slots they
    have open where `slots` are not all of them, in a joint conversation.
    """
    if 100 * (len(held) + 1) > MAX_PERCENT * ((len(slots) if total is None else total) + len(held)):
        return []
    by_day = Counter(start.astimezone(zone).date() for start in held)
    return [slot for slot in slots if by_day[slot[0].astimezone(zone).date()] < MAX_A_DAY]
