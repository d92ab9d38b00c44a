"""Deliver again, or to one receiver alone: what staff and consumers ask for beside the routes of an event.

Comes beside `outbox.outbox`, which delivers what is made due here as it does everything.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from uuid6 import uuid7

from outbox.models import Delivery, Event
from outbox.outbox import add_deliveries, queue_of, ring_after_commit


def deliver_only(type_: str, data: dict[str, Any], *, task: str, target: str, now: datetime) -> Delivery:
    """An event that goes to one receiver and causes nothing else, whatever its type causes otherwise."""
    with transaction.atomic():
        event = Event.objects.create(type=type_, occurred_at=now, data=data)
        add_deliveries(event, task=task, targets=[target], now=now)
    return Delivery.objects.select_related("event").get(event=event)


def add_missing(events: QuerySet[Event], *, task: str, target: str, now: datetime) -> None:
    """A delivery to `target` of each of the events that has none."""
    missing = events.exclude(pk__in=Delivery.objects.filter(task=task, target=target).values("event"))
    rows = (
        Delivery(id=uuid7(), event_id=pk, task=task, target=target, queue=queue_of(task), due_at=now, created_at=now)
        for pk in missing.values_list("pk", flat=True).iterator()
    )
    Delivery.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def make_due(rows: QuerySet[Delivery], *, now: datetime) -> int:
    """All of them are due now, the oldest event first, each with its whole schedule before it; tells how many.

    Ids and bodies stay, since the events do. What is being sent at this moment is left alone.
    """
    ordered = rows.order_by("event__occurred_at", "event__sequence").values_list("pk", flat=True)
    with transaction.atomic(), connection.cursor() as cursor:
        changed = _update(cursor, list(ordered), now=now)
        ring_after_commit()
    return changed


def _update(cursor: Any, ids: Iterable[Any], *, now: datetime) -> int:
    # A microsecond apart and none of them ahead: in their order, and before what happens next.
    cursor.execute(
        """
        UPDATE outbox_delivery
        SET status = 'pending', leased_until = NULL, settled_at = NULL, attempts_forgiven = attempt_count,
            due_at = %(now)s - interval '1 microsecond' * (cardinality(%(ids)s::uuid[]) - wanted.place)
        FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, place)
        WHERE outbox_delivery.id = wanted.id AND status <> 'sending'
        """,
        {"now": now, "ids": list(ids)},
    )
    changed: int = cursor.rowcount
    return changed
