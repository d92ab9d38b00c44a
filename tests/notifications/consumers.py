"""Days of a webhook consumer on a real database and a real receiver: the clock is moved, what is due is done."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from notifications import endpoint_health, endpoint_notes, webhooks
from outbox import outbox, turns
from outbox.models import Delivery
from tests.notifications.clock import at
from tests.receivers import Received, WebhookReceiver

SERVICES = {
    "notifications.fan_out": webhooks.fan_out,
    "notifications.send_endpoint_note": endpoint_notes.send_endpoint_note,
}


def work() -> None:
    """Does everything that is due now, as relay and workers would."""
    while rows := outbox.claim_due(now=timezone.now()):
        for row in rows:
            if row.task == "notifications.deliver_webhook":
                turns.attempt(str(row.pk), webhooks.deliver)
            else:
                outbox.attempt(str(row.pk), SERVICES.get(row.task, lambda _: None))


def live(start: datetime, *, hours: float, watch_every: timedelta = timedelta(hours=2)) -> datetime:
    """From one due moment to the next, the watch in between; gives the end."""
    now, end = start, start + timedelta(hours=hours)
    while now < end:
        with at(now):
            endpoint_health.watch(now=now)
            work()
        due = Delivery.objects.filter(status__in=Delivery.OPEN).aggregate(next=Min("due_at"))["next"]
        now = min(now + watch_every, max(due, now + timedelta(seconds=1)) if due else end)
    return end


def taken(receiver: WebhookReceiver) -> Iterator[Received]:
    while not receiver.requests.empty():
        yield receiver.requests.get()


def statuses(target: object) -> Counter[str]:
    return Counter(Delivery.objects.filter(target=str(target)).values_list("status", flat=True))
