"""Which advisors are withheld because nobody can tell when they are busy, and who is told about it.

The last known times hold for CALENDAR_VALID_MINUTES. After that a dead calendar would either hide everything or
double-book its owner; instead others are offered, bookings stay, and staff hear of each outage once.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, Case, DurationField, ExpressionWrapper, F, Q, QuerySet, Value, When

from outbox import outbox
from outbox.outbox import News
from scheduling.models import Calendar


def withheld(advisor_ids: Collection[int], *, now: datetime) -> set[int]:
    """Those of the advisors who may be offered to nobody now."""
    rows = Calendar.objects.filter(_unsure(now), advisor__in=advisor_ids, active=True)
    return set(rows.values_list("advisor_id", flat=True))


def judged(calendars: QuerySet[Calendar], *, now: datetime) -> QuerySet[Any]:
    """Each with `withholds`: whether it keeps its advisor from being offered."""
    withholds = Case(When(_unsure(now) & Q(active=True), then=True), default=False, output_field=BooleanField())
    return calendars.annotate(withholds=withholds)


def _unsure(now: datetime) -> Q:
    """Never read, too long ago, not as far ahead as times are offered, or by another clock than the advisor's."""
    oldest = now - timedelta(minutes=settings.CALENDAR_VALID_MINUTES)
    horizon = ExpressionWrapper(F("advisor__horizon_days") * Value(timedelta(days=1)), output_field=DurationField())
    too_short = Q(covered_until=None) | Q(covered_until__lt=Value(now) + horizon)
    return Q(read_at=None) | Q(read_at__lt=oldest) | too_short | ~Q(zone=F("advisor__timezone"))


def tell(*, now: datetime) -> None:
    """Publishes what began or ended since the last look: one event an outage, one when it is over."""
    failed = (Q(failures__gte=1) & ~Q(error="")) | Q(failures__gte=2)  # one that is being read first is no outage
    rows = judged(Calendar.objects.filter(active=True, advisor__active=True), now=now)
    for calendar in rows.filter(failed, withholds=True, alerted_at=None):
        _note(calendar, "calendar.unreadable", alerted_at=now, now=now)
    for calendar in rows.filter(withholds=False, alerted_at__isnull=False):
        _note(calendar, "calendar.readable", alerted_at=None, now=now)


def _note(calendar: Calendar, type_: str, *, alerted_at: datetime | None, now: datetime) -> None:
    """Two workers that see the same outage: the row decides who tells it."""
    with transaction.atomic():
        rows = Calendar.objects.filter(pk=calendar.pk, alerted_at=calendar.alerted_at)
        if rows.update(alerted_at=alerted_at):
            outbox.publish(News(type=type_, data={"calendar_id": calendar.pk}), now=now)
