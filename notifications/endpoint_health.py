"""How endpoints fare: failing, told to staff, paused, tried again, and given what they missed.

`notifications.webhooks` says how each call ended; `watch` looks every minute. A single failure is the retries'
business. One hour without a success is an outage: staff hear of it once, and once more when it is over; five days of
it pause the endpoint. Whoever answers again gets everything of the outage at once, oldest first, as it was.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from notifications import endpoints
from notifications.endpoints import TASK, WELL
from notifications.models import Endpoint
from outbox import outbox, replays
from outbox.models import Delivery
from outbox.outbox import News
from outbox.retry import DeliveryError, Postponed

ALERT_AFTER = timedelta(hours=1)
PAUSE_AFTER = timedelta(days=5)
PROBE_EVERY = timedelta(minutes=15)
KEPT = timedelta(days=30)
TRIED_ENOUGH = 20
HELD = "Held back: the endpoint is paused, and tried every 15 minutes."


# --- what a call tells ----------------------------------------------------------------------------------


def hold_if_paused(delivery: Delivery, endpoint: Endpoint, *, now: datetime) -> None:
    """Raises Postponed for what a paused endpoint gets later, and DeliveryError for what has waited for 30 days."""
    if endpoint.paused_at is None or endpoint.probe == delivery.pk:
        return
    until = delivery.created_at + KEPT
    if now >= until:
        raise DeliveryError(f"The endpoint has been paused for {KEPT.days} days.", permanent=True)
    raise Postponed(until, HELD)


def note_failure(endpoint: Endpoint, *, now: datetime) -> None:
    if endpoint.failing_since is None:
        Endpoint.objects.filter(pk=endpoint.pk, failing_since=None).update(failing_since=now)
    elif endpoint.probe:
        Endpoint.objects.filter(pk=endpoint.pk).update(probe=None)


def note_gone(endpoint: Endpoint, *, now: datetime) -> None:
    """The consumer says that it is no more: switched off, and staff are told."""
    with transaction.atomic():
        if Endpoint.objects.filter(pk=endpoint.pk, active=True).update(active=False):
            _tell("endpoint.gone", endpoint, now=now)


def note_success(endpoint: Endpoint, *, now: datetime) -> None:
    """All is well again; after an outage everything that it missed is due now."""
    if endpoint.failing_since is None:
        return
    with transaction.atomic():
        row = Endpoint.objects.select_for_update().filter(pk=endpoint.pk, failing_since__isnull=False).first()
        if row is None:
            return
        Endpoint.objects.filter(pk=row.pk).update(**WELL)
        if row.alerted_at:
            rows = _missed(row, now=now)
            if row.paused_at is None:
                # One that it cannot take, with little beside it, looks like an outage again and again.
                rows = rows.filter(attempt_count__lt=TRIED_ENOUGH)
            missed = replays.make_due(rows, now=now)
            _tell("endpoint.recovered", row, now=now, missed=missed)


def _missed(endpoint: Endpoint, *, now: datetime) -> QuerySet[Delivery]:
    """What failed since the outage began, and what waits; at most 30 days back, and no tests."""
    assert endpoint.failing_since is not None
    rows = endpoints.deliveries_of(endpoint).filter(event__occurred_at__gte=now - KEPT)
    since = Q(status=Delivery.Status.FAILED, settled_at__gte=endpoint.failing_since)
    return rows.filter(since | Q(status=Delivery.Status.PENDING)).exclude(event__data__has_key="is_test")


def in_outage() -> list[str]:
    """The endpoints, as targets of deliveries, that get what failed when they answer again."""
    return [
        str(pk) for pk in Endpoint.objects.filter(active=True, alerted_at__isnull=False).values_list("pk", flat=True)
    ]


# --- what the clock tells -------------------------------------------------------------------------------


def watch(*, now: datetime) -> None:
    """Tells staff, pauses and tries again, each once however many watch."""
    failing = Endpoint.objects.filter(active=True, failing_since__isnull=False)
    for endpoint in failing.filter(failing_since__lte=now - ALERT_AFTER, alerted_at=None):
        with transaction.atomic():
            if failing.filter(pk=endpoint.pk, alerted_at=None).update(alerted_at=now):
                _tell("endpoint.failing", endpoint, now=now)
    failing.filter(failing_since__lte=now - PAUSE_AFTER, paused_at=None).update(paused_at=now, probed_at=now)
    paused = failing.filter(paused_at__isnull=False)
    for endpoint in paused.filter(Q(probed_at=None) | Q(probed_at__lte=now - PROBE_EVERY)):
        _probe(endpoint, now=now)
    _let_go(now=now)


def _probe(endpoint: Endpoint, *, now: datetime) -> None:
    """Lets through what was tried least: one event that it cannot take must not keep it paused. Else a ping."""
    with transaction.atomic():
        if not Endpoint.objects.filter(pk=endpoint.pk, probed_at=endpoint.probed_at).update(probed_at=now):
            return
        candidate = _missed(endpoint, now=now).order_by("attempt_count", "created_at").first()
        if candidate is None:
            candidate = endpoints.ping(endpoint, now=now)
        Endpoint.objects.filter(pk=endpoint.pk).update(probe=candidate.pk)
        replays.make_due(Delivery.objects.filter(pk=candidate.pk), now=now)


def _let_go(*, now: datetime) -> None:
    """What was being held back in the moment in which its endpoint was resumed."""
    held = Delivery.objects.filter(task=TASK, status=Delivery.Status.PENDING, due_at__gt=now, last_error=HELD)
    targets = set(held.values_list("target", flat=True))
    paused = Endpoint.objects.filter(pk__in=targets, paused_at__isnull=False).values_list("pk", flat=True)
    left = held.filter(target__in=targets - {str(pk) for pk in paused})
    if left.exists():
        replays.make_due(left, now=now)


def _tell(type_: str, endpoint: Endpoint, *, now: datetime, missed: int = 0) -> None:
    since = endpoint.failing_since or now
    data = {"endpoint_id": str(endpoint.pk), "since": since.isoformat(), "missed": missed}
    outbox.publish(News(type=type_, data=data), now=now)
