"""Reads the calendars that are due: one after another, with no transaction held while a server answers.

Called by the task `scheduling.read_calendars`. A row is claimed before the call and settled after it, so that two
workers never read the same one, and only one is read at a time: whatever hangs, one worker process is enough for it.
"""

import logging
import time
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Q
from django.utils import timezone

from scheduling.calendars.feed import Interval
from scheduling.calendars.sources import Reading, Unreadable, source_of
from scheduling.models import BusyTime, Calendar

logger = logging.getLogger(__name__)

LOOP_SECONDS = 1.0  # beat rings again soon; a fetch that starts later could outlast the task
BEFORE = timedelta(days=1)
BEYOND = timedelta(days=7)  # so that “unchanged” says something for a week
LOCK = 0x7275CA1E  # an arbitrary number, ours


def read_due() -> None:
    """Reads one due calendar, and further ones as long as they are quick."""
    started = time.monotonic()
    while read_next(now=timezone.now()) and time.monotonic() - started < LOOP_SECONDS:
        pass


def read_next(*, now: datetime) -> bool:
    """Claims the calendar that has waited longest, reads it and keeps what came; False where none is due."""
    calendar = _claim(now=now)
    if calendar is None:
        return False
    window = (now - BEFORE, now + timedelta(days=calendar.advisor.horizon_days) + BEYOND)
    try:
        reading = source_of(calendar)(calendar, window, now)
    except Unreadable as error:
        _settle_failure(calendar, str(error))
    except SoftTimeLimitExceeded:
        _settle_failure(calendar, "Reading it took too long.")
    except Exception as error:
        # Not foreseen, so a defect; the others are to be read all the same.
        logger.exception("Calendar %s could not be read", calendar.pk)
        _settle_failure(calendar, f"A defect of ours: {type(error).__name__}.")
    else:
        _settle(calendar, reading, window, now=now)
    return True


def _claim(*, now: datetime) -> Calendar | None:
    """The failure is noted first, so that a reading that kills its worker counts as one."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if Calendar.objects.filter(claimed_until__gt=now).exists():
            return None
        due = Q(tried_at=None) | Q(tried_at__lte=now - timedelta(seconds=settings.CALENDAR_READ_SECONDS))
        calendar = (
            Calendar.objects.select_for_update(of=("self",), no_key=True)
            .select_related("advisor")
            .filter(due, active=True, advisor__active=True)
            .order_by(F("tried_at").asc(nulls_first=True), "pk")
            .first()
        )
        if calendar is None:
            return None
        calendar.tried_at = now
        calendar.claimed_until = now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
        calendar.failures += 1
        calendar.save(update_fields=["tried_at", "claimed_until", "failures"])
        return calendar


def _settle(calendar: Calendar, reading: Reading, window: Interval, *, now: datetime) -> None:
    changes = {"read_at": now, "failures": 0, "error": "", "etag": reading.etag, "skipped": reading.skipped,
               "last_modified": reading.last_modified}  # fmt: skip
    if reading.busy is not None:
        changes |= {"covered_until": window[1], "zone": calendar.advisor.timezone}
    with transaction.atomic():
        if _release(calendar, **changes) and reading.busy is not None:
            _exchange(calendar, reading.busy)


def _settle_failure(calendar: Calendar, error: str) -> None:
    """What was known stays known; `health` says how long it holds."""
    _release(calendar, error=error[:300])


def _release(calendar: Calendar, **changes: object) -> bool:
    """Ends the claim, where it is still this one: a changed address or a later reader has the last word."""
    rows = Calendar.objects.filter(pk=calendar.pk, claimed_until=calendar.claimed_until, url=calendar.url)
    return rows.update(claimed_until=None, **changes) == 1


def _exchange(calendar: Calendar, busy: list[Interval]) -> None:
    """Only what differs is written: most readings change nothing, and every one would leave dead rows."""
    known = {(row.period.lower, row.period.upper): row.pk for row in calendar.busy.all()}
    wanted = set(busy)
    gone = [pk for period, pk in known.items() if period not in wanted]
    BusyTime.objects.filter(pk__in=gone).delete()
    BusyTime.objects.bulk_create(
        BusyTime(calendar=calendar, period=DateTimeTZRange(*period, "[)")) for period in busy if period not in known
    )


def read_soon(calendar: Calendar) -> None:
    """Makes it due now; a worker reads it within seconds. No request waits for a calendar server."""
    Calendar.objects.filter(pk=calendar.pk).update(tried_at=None)
