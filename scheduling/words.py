"""Times as people read them, in both zones; used on the visitor's page and in every mail. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.slots import Interval

APART = timedelta(hours=3)
AWAKE = range(8, 20)
UP = range(7, 22)
SATURDAY = 5


def day(moment: datetime) -> str:
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"


def when(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """“Tuesday, 24 November 2026, 10:00 to 10:30 (Europe/Berlin)”."""
    local = start.astimezone(zone)
    return f"{day(local)}, {local:%H:%M} to {end.astimezone(zone):%H:%M} ({zone.key})"


def abroad(start: datetime, end: datetime, *, home: ZoneInfo, people: Iterable[tuple[str, ZoneInfo]]) -> list[str]:
    """The same time for each of these people who live by another zone; those who share one are named together."""
    names: dict[ZoneInfo, list[str]] = {}
    for name, zone in people:
        if zone != home:
            names.setdefault(zone, []).append(name)
    return [elsewhere(start, end, zone=zone, home=home, who=" and ".join(who)) for zone, who in names.items()]


def elsewhere(start: datetime, end: datetime, *, zone: ZoneInfo, home: ZoneInfo, who: str) -> str:
    """The same time in the other's zone, with the date only where it differs."""
    there, here = start.astimezone(zone), start.astimezone(home)
    if there.utcoffset() == here.utcoffset():
        return f"The same hour for {who} ({zone.key})."
    date = f"{day(there)}, " if there.date() != here.date() else ""
    return f"For {who}: {date}{there:%H:%M} to {end.astimezone(zone):%H:%M} ({zone.key})."


def in_utc(start: datetime, end: datetime, *, home: ZoneInfo) -> str:
    """The same time where everybody can find their own hour, or nothing where home is at UTC just then."""
    here = start.astimezone(home)
    if not here.utcoffset():
        return ""
    there = start.astimezone(UTC)
    date = f"{day(there)}, " if there.date() != here.date() else ""
    return f"In UTC: {date}{there:%H:%M} to {end.astimezone(UTC):%H:%M}."


def when_short(moment: datetime, zone: ZoneInfo) -> str:
    """“Wednesday, 25 November 2026, 17:00”."""
    local = moment.astimezone(zone)
    return f"{day(local)}, {local:%H:%M}"


def spread(slots: Sequence[Interval], *, zone: ZoneInfo, count: int, a_day: int = 2) -> list[Interval]:
    """The soonest slots, at most `a_day` of one day and those hours apart, so that a list offers a choice; in order.

    Hours that suit somebody in `zone` go first. Others fill the list up, and at night only where the advisor has no
    other time: nobody chooses four in the morning.
    """
    chosen: list[Interval] = []
    for suits in (_on_a_working_day, _awake, _up):
        _choose(chosen, [slot for slot in slots if suits(slot[0].astimezone(zone))], zone, count, a_day)
    if not chosen:
        _choose(chosen, slots, zone, count, a_day)
    return sorted(chosen)


def _choose(chosen: list[Interval], slots: Sequence[Interval], zone: ZoneInfo, count: int, a_day: int) -> None:
    for slot in slots:
        if len(chosen) == count:
            return
        day = slot[0].astimezone(zone).date()
        same_day = [other for other in chosen if other[0].astimezone(zone).date() == day]
        if len(same_day) < a_day and all(abs(slot[0] - other[0]) >= APART for other in same_day):
            chosen.append(slot)


def _on_a_working_day(local: datetime) -> bool:
    return _awake(local) and local.weekday() < SATURDAY


def _awake(local: datetime) -> bool:
    return local.hour in AWAKE


def _up(local: datetime) -> bool:
    return local.hour in UP
