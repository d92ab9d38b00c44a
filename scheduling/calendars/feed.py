"""From the bytes of an iCalendar feed to the times at which its owner is busy.

Pure but for a clock. Comes after `scheduling.calendars.sources`, which fetches, and before `sync`, which stores.
Recurrence and time zones are the libraries' work; here stands what counts as busy, and what is too much.
"""

import math
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalendar import Event

from scheduling.calendars.blocks import Block, split
from scheduling.calendars.patience import OutOfTime, at_most

Interval = tuple[datetime, datetime]

MAX_EVENTS = 50_000
MAX_TIMES = 20_000  # occurrences within the window
MAX_BLOCK = 100_000  # characters of one event, titles and the like already dropped
MAX_STEPS = 200_000  # of one rule, from its start to the end of the window
SERIES_SECONDS = 1.0
FEED_SECONDS = 7.0
DAY = timedelta(days=1)
NOT_BUSY = {"STATUS": {"CANCELLED"}, "TRANSP": {"TRANSPARENT"},
            "X-MICROSOFT-CDO-BUSYSTATUS": {"FREE", "WORKINGELSEWHERE"}}  # fmt: skip
STEP_SECONDS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600, "DAILY": 86_400, "WEEKLY": 604_800,
                "MONTHLY": 2_592_000, "YEARLY": 31_536_000}  # fmt: skip
DAYS_IN_STEP = {"WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}


class NotReadable(Exception):
    """This is no calendar, or more of one than can be read. The message is for staff."""


class Broken(Exception):
    """One event that cannot be read; the others can."""


@dataclass(frozen=True)
class Feed:
    """When its owner is busy, in UTC, in order and without overlaps; and how many events could not be read."""

    busy: list[Interval]
    skipped: int = 0


@dataclass
class _Reading:
    """What one reading goes by, and what it has found so far."""

    window: Interval
    zone: ZoneInfo
    owner: str
    until: float
    times: list[Interval] = field(default_factory=list)
    seen: int = 0
    skipped: int = 0

    def add(self, event: Event) -> None:
        """Notes one occurrence, where it takes the owner's time within the window."""
        if not _takes_time(event, self.owner):
            return
        start, end = _instant(event.start, self.zone), _instant(event.end, self.zone)
        if end < start and not _ends_later_by_the_wall(event):
            raise Broken("It ends before it starts.")
        start, end = max(start, self.window[0]), min(end, self.window[1])
        if start < end:
            self.times.append((start, end))
        if len(self.times) > MAX_TIMES:
            raise NotReadable(f"It has more than {MAX_TIMES:,} times within these weeks.")

    def seconds_left(self) -> float:
        left = self.until - time.process_time()
        if left <= 0:
            raise NotReadable(f"Reading it takes longer than {FEED_SECONDS:.0f} seconds.")
        return left


def read(
    content: bytes,
    *,
    window: Interval,
    zone: ZoneInfo,
    owner: str = "",
    is_own: Callable[[str], bool] = lambda uid: False,
) -> Feed:
    """Busy times within the window. All-day events and floating times are taken in `zone`.

    `owner` is the mail address whose declined invitations do not count; `is_own` names the UIDs that are
    conversations of this house, which know their times better than a copy does. Raises NotReadable.
    """
    reading = _Reading(window, zone, owner.strip().lower(), time.process_time() + FEED_SECONDS)
    # Zones that a feed defines are kept by the parser for the whole process, under names that feeds share.
    icalendar.use_zoneinfo()  # type: ignore[no-untyped-call]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for uid, series in _by_uid(_events(_blocks(content), reading)).items():
            if not is_own(uid):
                _read_series(series, reading)
    if reading.skipped and reading.skipped == reading.seen:
        raise NotReadable(f"None of its {reading.skipped} events could be read.")
    return Feed(merged(reading.times), reading.skipped)


def _ends_later_by_the_wall(event: Event) -> bool:
    """In the hour that a change of clocks leaves out, 02:01 comes after 03:00: such an occurrence takes no time."""
    start, end = event.start, event.end
    if not isinstance(start, datetime) or not isinstance(end, datetime) or start.tzinfo != end.tzinfo:
        return False
    return start.replace(tzinfo=None) <= end.replace(tzinfo=None)


def merged(times: Iterable[Interval]) -> list[Interval]:
    """In order, and without overlaps."""
    joined: list[Interval] = []
    for start, end in sorted(times):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _blocks(content: bytes) -> list[Block]:
    text = content.decode("utf-8-sig", "replace").strip()
    if not text:
        raise NotReadable("The answer is empty.")
    if not text[:100].upper().startswith("BEGIN:VCALENDAR"):
        web = text[:200].lower().startswith(("<!doctype", "<html"))
        raise NotReadable("It is a web page, not a calendar." if web else "It is not a calendar (iCalendar).")
    if not text[-100:].upper().endswith("END:VCALENDAR"):
        raise NotReadable("The calendar breaks off before its end.")
    blocks = list(split(text))
    if sum(block.kind == "VEVENT" for block in blocks) > MAX_EVENTS:
        raise NotReadable(f"It has more than {MAX_EVENTS:,} events.")
    if {block.kind for block in blocks} - {"VTIMEZONE"} == {"VFREEBUSY"}:
        raise NotReadable("It lists free and busy times (VFREEBUSY) instead of events.")
    return blocks


# --- events -------------------------------------------------------------------------------------------


def _events(blocks: list[Block], reading: _Reading) -> Iterator[Event]:
    """Each event that may matter, parsed by itself; after the time zones that it may name."""
    first, last = reading.window[0].date() - 2 * DAY, reading.window[1].date() + 2 * DAY
    for block in sorted(blocks, key=lambda block: block.kind == "VEVENT"):
        if block.kind == "VEVENT" and block.is_surely_outside(first, last):
            continue
        reading.seen += block.kind == "VEVENT"
        try:
            with at_most(min(SERIES_SECONDS, reading.seconds_left())):
                parsed = _parsed(block)
        except (OutOfTime, Broken):
            reading.skipped += block.kind == "VEVENT"
            continue
        if parsed is not None:
            yield parsed


def _parsed(block: Block) -> Event | None:
    """Raises Broken. A time zone is only remembered, by the parser."""
    if block.size > MAX_BLOCK:
        raise Broken("It is too large.")
    try:
        if block.kind != "VEVENT":
            icalendar.Component.from_ical(block.text)
            return None
        event = cast(Event, Event.from_ical(block.text))
        if event.errors or not isinstance(event.start, date):
            raise Broken("It has a value that cannot be read.")
    except Broken:
        raise
    except Exception as error:  # whatever a stranger's text makes a parser say
        raise Broken(str(error)) from error
    return event


def _by_uid(events: Iterable[Event]) -> dict[str, list[Event]]:
    series: dict[str, list[Event]] = defaultdict(list)
    for number, event in enumerate(events):
        series[str(event.get("UID") or number)].append(event)
    return series


def _read_series(series: list[Event], reading: _Reading) -> None:
    """The occurrences of one UID: an event, or a rule with the occurrences that were changed."""
    known = len(reading.times)
    try:
        with at_most(min(SERIES_SECONDS, reading.seconds_left())):
            for event in _occurrences(series, reading):
                reading.add(event)
    except NotReadable:
        raise
    except (OutOfTime, Exception):
        del reading.times[known:]
        reading.skipped += len(series)


def _occurrences(series: list[Event], reading: _Reading) -> Iterator[Event]:
    if all("RECURRENCE-ID" not in event and not _repeats(event) for event in series):
        yield from series  # two events that share a UID by mistake are two events
        return
    for event in series:
        _refuse_endless(event, reading.window[1])
    calendar = icalendar.Calendar()
    for event in series:
        calendar.add_component(event)
    since, until = (moment.astimezone(reading.zone) for moment in reading.window)
    yield from recurring_ical_events.of(calendar).between(since - DAY, until + DAY)


def _repeats(event: Event) -> bool:
    return "RRULE" in event or "RDATE" in event


def _refuse_endless(event: Event, until: datetime) -> None:
    """Raises Broken for a rule of more steps than a person's calendar has reason to."""
    found = event.get("RRULE") or []
    rules = found if isinstance(found, list) else [found]
    start = event.start
    days = (until.date() - (start.date() if isinstance(start, datetime) else start)).days + 1
    for rule in rules:
        [frequency, interval] = [str(rule["FREQ"][0]).upper(), int(rule.get("INTERVAL", [1])[0])]
        if interval < 1:
            raise Broken("It repeats every zero days.")
        steps = days * 86_400 / STEP_SECONDS[frequency] / interval
        if any(name in rule for name in ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")):
            steps *= DAYS_IN_STEP.get(frequency, 1)
        steps *= math.prod(len(rule.get(name, [0])) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
        if steps > MAX_STEPS:
            raise Broken("It repeats too often.")


# --- what counts as busy, and when ------------------------------------------------------------------------


def _takes_time(event: Event, owner: str) -> bool:
    if any(str(event.get(name, "")).strip().upper() in values for name, values in NOT_BUSY.items()):
        return False
    guests = event.get("ATTENDEE") or []
    for guest in guests if isinstance(guests, list) else [guests]:
        address = str(guest).strip().lower().removeprefix("mailto:")
        if owner and address == owner and str(guest.params.get("PARTSTAT", "")).upper() == "DECLINED":
            return False
    return True


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    """In UTC. A date is its midnight, and a time without a zone the clock's time, where the owner lives."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
