"""One receiver's turn: a worker that has delivered to it takes its next due one at once, for some seconds.

Comes after the relay, in place of `outbox.attempt`, for tasks of a queue in OUTBOX_PER_TARGET. One row is let go and
one is taken in the same transaction, so no receiver ever has more calls at once than its share; and a healthy one is
not slowed down to two deliveries for each round of relay and broker.
"""

import time
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from outbox import outbox
from outbox.models import Delivery
from outbox.outbox import Outcome, Service


def attempt(delivery_id: str, service: Service) -> None:
    """As `outbox.attempt`, and then on with what else is due for the same target."""
    stop_at = time.monotonic() + settings.OUTBOX_TURN_SECONDS
    delivery = outbox.begin(delivery_id, now=timezone.now())
    while delivery is not None:
        outcome = outbox.run(delivery, service)
        delivery = _settle(delivery, outcome, now=timezone.now(), go_on=time.monotonic() < stop_at)


def _settle(delivery: Delivery, outcome: Outcome, *, now: datetime, go_on: bool) -> Delivery | None:
    """Writes the outcome and takes the next one. Who lost the row meanwhile has no place to give on."""
    with transaction.atomic():
        has_place = outbox.finish(delivery, outcome, now)
        following = _next_of(delivery, now=now) if go_on and has_place else None
        started = outbox.start(following, now=now) if following else None
        if started is None:
            outbox.ring_after_commit()
    return started


def _next_of(delivery: Delivery, *, now: datetime) -> Delivery | None:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    return (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("event")
        .filter(free, target=delivery.target, task=delivery.task, status__in=Delivery.OPEN, due_at__lte=now)
        .order_by("due_at")
        .first()
    )
