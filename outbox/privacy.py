"""What the outbox holds about a person: events with their data, and what was said while they were delivered.

Run through `intake.persons`, which knows people; here a person is the subject of events.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from outbox.models import Attempt, Delivery, Event

MODELS = {
    "outbox.Event": "loses all but id, type and time",
    "outbox.Delivery": "open ones are cancelled; loses what was said of errors",
    "outbox.Attempt": "loses what was said of errors, and the answers",
    "outbox.FeedPosition": "holds nobody",
    "outbox.Heartbeat": "holds nobody",
}
BATCH = 5000
Status = Delivery.Status


def export(person: Any) -> dict[str, Any]:
    if person.lead is None:
        return {"events": []}
    rows = Event.objects.filter(subject__in=person.subjects).order_by("occurred_at")
    return {"events": [{"type": row.type, "at": row.occurred_at.isoformat()} for row in rows]}


def erase(person: Any, *, now: datetime, asked_for: bool) -> None:
    """What is being sent at this moment may still arrive; whoever sends it finds its row taken and writes nothing."""
    if person.lead is None:
        return
    deliveries = Delivery.objects.filter(event__subject__in=person.subjects)
    deliveries.filter(status__in=Delivery.OPEN).update(status=Status.CANCELLED, settled_at=now, leased_until=None)
    deliveries.update(last_error="")
    Attempt.objects.filter(delivery__event__subject__in=person.subjects).update(error="", details={})
    Event.objects.filter(subject__in=person.subjects).update(data={})


# --- two leads that are one person (`intake.merging`) ---------------------------------------------------


def counts(lead: Any) -> dict[str, int]:
    return {}


def obstacles(kept: Any, lost: Any) -> list[str]:
    return []


def move(lost: Any, kept: Any, *, now: datetime) -> None:
    """Events never change: those of before bear the id of before."""


def purge(now: datetime) -> dict[str, int]:
    """Settled deliveries with their attempts, then events of which nothing is open; in batches."""
    days = settings.RETENTION_DAYS
    settled = Delivery.objects.exclude(status__in=Delivery.OPEN)
    old = settled.filter(settled_at__lt=now - timedelta(days=days["deliveries"]))
    deliveries = _delete(old)
    past = Event.objects.filter(occurred_at__lt=now - timedelta(days=days["events"]))
    return {"deliveries": deliveries, "events": _delete(past.exclude(deliveries__status__in=Delivery.OPEN))}


def _delete(rows: Any) -> int:
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    rows.model.objects.filter(pk__in=ids).delete()
    return len(ids)
