"""The order of the feed: every event gets a number once it is committed, under one lock, so none comes in behind.

Comes after `publish`, called by the relay and by whoever reads the feed. An id or a time is chosen before the commit:
an event of a slow transaction would appear behind a reader who has passed its place. Nothing here waits for a
transaction that is still open; what it publishes gets its number when it ends.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min

from outbox.models import Event, FeedPosition

KEPT = timedelta(days=90)
AT_ONCE = 10_000  # numbered in one go; a house that was never asked before catches up over several

NUMBER = """
    WITH fresh AS MATERIALIZED (
        SELECT id, occurred_at FROM outbox_event WHERE feed_number IS NULL
        ORDER BY occurred_at, id LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED),
    placed AS (SELECT id, row_number() OVER (ORDER BY occurred_at, id) AS place FROM fresh)
    UPDATE outbox_event SET feed_number = %(last)s + place FROM placed WHERE outbox_event.id = placed.id
"""


@dataclass(frozen=True)
class Reach:
    """How far the feed goes: the last number, and whether everything that is committed has one."""

    last: int
    is_all: bool


class Unknown(Exception):
    """A number that was never given here."""


class TooOld(Exception):
    """What comes after this number is no longer kept. `oldest` is the number to go on from."""

    def __init__(self, oldest: int) -> None:
        super().__init__()
        self.oldest = oldest


@dataclass(frozen=True)
class Part:
    """Events in their order; `next` is what to ask for next, whether there is more already or not."""

    events: list[Event]
    next: int
    more: bool


def number_committed(*, most: int = AT_ONCE) -> Reach:
    """Gives numbers to what is committed and has none, oldest first, in one statement."""
    if Event.objects.filter(feed_number=None).exists():
        return _number(most)
    return Reach(FeedPosition.objects.values_list("last", flat=True).first() or 0, is_all=True)


def _number(most: int) -> Reach:
    with transaction.atomic():
        FeedPosition.objects.bulk_create([FeedPosition()], ignore_conflicts=True)
        position = FeedPosition.objects.select_for_update().get()
        # A statement of its own, so that it sees what was committed while this one waited for its turn.
        with connection.cursor() as cursor:
            cursor.execute(NUMBER, {"most": most, "last": position.last})
            given = cursor.rowcount
        position.last += given
        position.save(update_fields=["last"])
    return Reach(position.last, is_all=given < most)


def read(after: int, *, types: Collection[str], limit: int, now: datetime) -> Part:
    """The events of these types that come after a number; 0 is before the oldest that is kept.

    Marked tests are passed over. Raises Unknown and TooOld.
    """
    reach = number_committed()
    if after > reach.last:
        raise Unknown
    if after and _is_too_old(after, now):
        raise TooOld(_before_oldest(reach, now))
    after = after or _before_oldest(reach, now)
    rows = Event.objects.filter(feed_number__gt=after, feed_number__lte=reach.last, type__in=types)
    found = list(rows.exclude(data__contains={"is_test": True}).order_by("feed_number")[: limit + 1])
    if len(found) > limit:
        last_shown = found[limit - 1].feed_number
        assert last_shown is not None
        return Part(found[:limit], next=last_shown, more=True)
    return Part(found, next=reach.last, more=not reach.is_all)


def _is_too_old(after: int, now: datetime) -> bool:
    """Whether what comes next is older than what is kept, or was removed since."""
    numbers = Event.objects.filter(feed_number__isnull=False).order_by("feed_number")
    first = numbers.values_list("feed_number", flat=True).first()
    upcoming = numbers.filter(feed_number__gt=after).values_list("occurred_at", flat=True).first()
    return (first is not None and after < first - 1) or (upcoming is not None and upcoming <= now - KEPT)


def _before_oldest(reach: Reach, now: datetime) -> int:
    """The number before the first event that is kept."""
    kept = Event.objects.filter(occurred_at__gt=now - KEPT, feed_number__lte=reach.last)
    oldest = kept.order_by("occurred_at").values_list("occurred_at", flat=True).first()
    if oldest is None:
        return reach.last
    # What happened first may have been committed later than others, and so have a higher number; not an hour later.
    first: int = kept.filter(occurred_at__lte=oldest + timedelta(hours=1)).aggregate(first=Min("feed_number"))["first"]
    return first - 1
