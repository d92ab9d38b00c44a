"""The outbox: publish an event, claim what is due, try it, settle it. The only writer of its tables.

Comes after a service that changed something (`publish`, in its transaction) and before the services that
act on it (`attempt`, called by their tasks). Nothing here knows what the tasks do. Delivery is at least
once, so every service must be safe to run twice.
"""

import logging
import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from outbox import doorbell
from outbox.models import Attempt, Delivery, Event
from outbox.retry import DeliveryError, Postponed, next_wait
from outbox.routes import Route, as_route

logger = logging.getLogger(__name__)

Service = Callable[[Delivery], dict[str, Any] | None]
RELAY_LOCK = 0x7275E6A9  # an arbitrary number, ours: one relay at a time keeps the caps of OUTBOX_IN_FLIGHT


@dataclass(frozen=True)
class News:
    """An event about to be published."""

    type: str
    data: dict[str, Any]
    subject: uuid.UUID | None = None
    sequence: int = 0


# --- publish --------------------------------------------------------------------------------------------


def publish(*news: News, now: datetime) -> list[Event]:
    """Writes the events and one delivery per route, in the caller's transaction; rings the bell after it.

    Raises KeyError for an event type without a line in settings.OUTBOX_ROUTES, and RuntimeError outside of
    a transaction: an event must be stored together with what it tells.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("publish() must run in the transaction of the change that it tells of.")
    events = [
        Event(type=item.type, subject=item.subject, sequence=item.sequence, occurred_at=now, data=item.data)
        for item in news
    ]
    deliveries = [
        _delivery(event, as_route(entry), now=now) for event in events for entry in settings.OUTBOX_ROUTES[event.type]
    ]
    Event.objects.bulk_create(events)
    Delivery.objects.bulk_create(deliveries)
    ring_after_commit()
    return events


def add_deliveries(
    event: Event, *, task: str, targets: Iterable[str], now: datetime, due: Mapping[str, datetime] | None = None
) -> None:
    """One delivery of `event` per target; a target that has one already keeps it.

    Each is due now, or when `due` says for its target.
    """
    rows = [_delivery(event, Route(task=task), target=target, now=now) for target in targets]
    for row in rows:
        row.due_at = (due or {}).get(row.target, row.due_at)
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    ring_after_commit()


def _delivery(event: Event, route: Route, *, now: datetime, target: str = "") -> Delivery:
    return Delivery(
        event=event,
        task=route.task,
        target=target,
        queue=queue_of(route.task),
        due_at=now + timedelta(seconds=route.within_seconds),
        created_at=now,
    )


@cache
def queue_of(task: str) -> str:
    """The queue that Celery's own routing gives the task."""
    route = current_app.amqp.router.route({}, task)
    return str(route["queue"].name)


def ring_after_commit() -> None:
    # robust: the work is stored by now, and nothing about a bell may turn that into an error.
    transaction.on_commit(doorbell.ring, robust=True)


# --- claim and hand over --------------------------------------------------------------------------------


def claim_due(*, now: datetime, limit: int = 100) -> list[Delivery]:
    """Leases up to `limit` due deliveries for the broker, oldest first, within the caps of their queues.

    Tasks of OUTBOX_PATIENT go when nothing else of their queue is due.

    A row whose lease has passed (its message or its worker was lost) is due again.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RELAY_LOCK])
        rows: list[Delivery] = []
        for queue, room in _room_by_queue(now).items():
            rows += _lease(queue, now=now, limit=min(room, limit - len(rows)))
    return rows


def _room_by_queue(now: datetime) -> dict[str, int]:
    """How many more rows of each queue with something due may be handed over."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT queue,
                   count(*) FILTER (WHERE leased_until > %(now)s),
                   count(*) FILTER (WHERE leased_until IS NULL OR leased_until <= %(now)s)
            FROM outbox_delivery WHERE status IN ('pending', 'sending') AND due_at <= %(now)s GROUP BY queue
            """,
            {"now": now},
        )
        caps = settings.OUTBOX_IN_FLIGHT
        return {queue: caps[queue] - leased for queue, leased, due in cursor.fetchall() if due}


# Oldest first; what is patient after everything else.
DUE = """
    SELECT id FROM outbox_delivery
    WHERE status IN ('pending', 'sending') AND queue = %(queue)s AND due_at <= %(now)s
      AND (leased_until IS NULL OR leased_until <= %(now)s)
    ORDER BY task = ANY(%(patient)s), due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
# Never more of one receiver than its share, and who has none out goes first: a long queue of one delays no other.
DUE_BY_TARGET = """
    SELECT id FROM outbox_delivery JOIN (
        SELECT id, leased_until > %(now)s IS TRUE AS is_out,
               count(*) FILTER (WHERE leased_until > %(now)s) OVER (PARTITION BY target)
               + row_number() OVER (PARTITION BY target, leased_until > %(now)s IS TRUE ORDER BY due_at, id) AS place
        FROM outbox_delivery WHERE status IN ('pending', 'sending') AND queue = %(queue)s AND due_at <= %(now)s
    ) AS placed USING (id)
    WHERE NOT is_out AND place <= %(share)s AND status IN ('pending', 'sending')
      AND (leased_until IS NULL OR leased_until <= %(now)s)
    ORDER BY place, due_at LIMIT %(limit)s FOR UPDATE OF outbox_delivery SKIP LOCKED
"""


def _lease(queue: str, *, now: datetime, limit: int) -> list[Delivery]:
    if limit <= 0:
        return []
    share = settings.OUTBOX_PER_TARGET.get(queue)
    rows = Delivery.objects.raw(
        # Materialised: a plain subquery may be run again for each row, and then takes more than its limit.
        f"""
        WITH due AS MATERIALIZED ({DUE_BY_TARGET if share else DUE})
        UPDATE outbox_delivery SET leased_until = %(until)s, status = 'pending'
        FROM due WHERE outbox_delivery.id = due.id
        RETURNING outbox_delivery.*
        """,  # noqa: S608 - both are constants
        {
            "queue": queue,
            "now": now,
            "limit": limit,
            "share": share,
            "patient": list(settings.OUTBOX_PATIENT),
            "until": lease_end(now),
        },
    )
    return sorted(rows, key=lambda row: row.due_at)  # RETURNING promises no order


def lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def hand_over(deliveries: Iterable[Delivery]) -> None:
    """Sends each leased row's task to the broker. What is lost on the way falls due again with its lease."""
    for delivery in deliveries:
        current_app.send_task(delivery.task, kwargs={"delivery_id": str(delivery.id)}, queue=delivery.queue)


# --- attempt --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How a try ended: the new status, and when the next one is due where it stays pending."""

    status: Delivery.Status
    error: str = ""
    due_at: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)
    is_postponed: bool = False


def attempt(delivery_id: str, service: Service) -> None:
    """Claims the delivery, runs the service with no transaction held, settles the result.

    Two workers with the same row: the second finds nothing to claim and returns. A worker that comes back
    after its lease has passed may finish its call, but settles nothing.
    """
    delivery = begin(delivery_id, now=timezone.now())
    if delivery is not None:
        _settle(delivery, run(delivery, service), now=timezone.now())


def run(delivery: Delivery, service: Service) -> Outcome:
    """Lets the service do it, and says how that ended. Never raises for what the service raises."""
    try:
        return Outcome(Delivery.Status.SUCCEEDED, details=service(delivery) or {})
    except DeliveryError as error:
        return _after_failure(delivery, error, now=timezone.now())
    except Postponed as wait:
        return Outcome(Delivery.Status.PENDING, error=str(wait), due_at=wait.until, is_postponed=True)
    except SoftTimeLimitExceeded:
        slow = DeliveryError(f"It took longer than {settings.CELERY_TASK_SOFT_TIME_LIMIT} s.")
        return _after_failure(delivery, slow, now=timezone.now())
    except Exception as error:
        # Not foreseen, so a defect: kept with its traceback, and tried again since nothing else is safe.
        logger.exception("%s failed on delivery %s", delivery.task, delivery.id)
        unforeseen = DeliveryError(f"{type(error).__name__}: {error}")
        return _after_failure(delivery, unforeseen, now=timezone.now())


def begin(delivery_id: str, *, now: datetime) -> Delivery | None:
    """Takes a row that was handed over; None where another worker has it, or where its tries are used up."""
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("event")
            .filter(pk=delivery_id, status=Delivery.Status.PENDING, leased_until__isnull=False)
            .first()
        )
        return start(delivery, now=now) if delivery else None


def start(delivery: Delivery, *, now: datetime) -> Delivery | None:
    """Begins the next attempt at a locked row: they rise before the try, so that one that kills its worker counts."""
    if delivery.attempt_count:
        delivery.attempts.filter(outcome=Attempt.Outcome.RUNNING).update(
            outcome=Attempt.Outcome.LOST, finished_at=now, error="The worker died or lost its lease."
        )
    if delivery.attempt_count - delivery.attempts_forgiven > len(_schedule(delivery)):
        finish(delivery, Outcome(Delivery.Status.FAILED, error=delivery.last_error or "Every try was lost."), now)
        ring_after_commit()
        return None
    delivery.attempt_count += 1
    delivery.status = Delivery.Status.SENDING
    delivery.leased_until = lease_end(now)
    delivery.save(update_fields=["attempt_count", "status", "leased_until"])
    Attempt.objects.create(delivery=delivery, number=delivery.attempt_count, started_at=now)
    return delivery


def is_last_try(delivery: Delivery) -> bool:
    """Whether a failure of the attempt that is running would be the last one."""
    return delivery.attempt_count - delivery.attempts_forgiven > len(_schedule(delivery))


def _schedule(delivery: Delivery) -> list[int]:
    waits = settings.OUTBOX_RETRY_SECONDS
    return list(waits.get(delivery.task, waits["default"]))


def _after_failure(delivery: Delivery, error: DeliveryError, *, now: datetime) -> Outcome:
    tries = delivery.attempt_count - delivery.attempts_forgiven
    wait = None
    if not error.permanent:
        wait = next_wait(
            tries,
            _schedule(delivery),
            spread=random.uniform(-1, 1),  # noqa: S311 - jitter, no secret
            retry_after_seconds=error.retry_after_seconds,
        )
    if wait is None:
        return Outcome(Delivery.Status.FAILED, error=str(error), details=error.details)
    due_at = now + timedelta(seconds=wait)
    return Outcome(Delivery.Status.PENDING, error=str(error), due_at=due_at, details=error.details)


def _settle(delivery: Delivery, outcome: Outcome, *, now: datetime) -> None:
    with transaction.atomic():
        finish(delivery, outcome, now)
        # A place in the queue came free: whoever waited for it should not wait for beat.
        ring_after_commit()


def finish(delivery: Delivery, outcome: Outcome, now: datetime) -> bool:
    """Writes the outcome, if the row is still as this process holds it: same status, same attempt."""
    settled = outcome.status not in Delivery.OPEN
    held = Delivery.objects.filter(pk=delivery.pk, status=delivery.status, attempt_count=delivery.attempt_count).update(
        status=outcome.status,
        last_error=outcome.error[:2000],
        leased_until=None,
        due_at=outcome.due_at or F("due_at"),
        attempts_forgiven=F("attempts_forgiven") + int(outcome.is_postponed),
        settled_at=now if settled else None,
    )
    if not held:
        logger.warning("Delivery %s was taken over while it ran; this result is dropped.", delivery.id)
        return False
    delivery.attempts.filter(number=delivery.attempt_count, finished_at=None).update(
        outcome=_said_of_attempt(outcome),
        finished_at=now,
        error=outcome.error[:2000],
        details=outcome.details,
    )
    if settled:
        _call_those_who_waited(delivery, now=now)
    return True


def _said_of_attempt(outcome: Outcome) -> Attempt.Outcome:
    if outcome.is_postponed:
        return Attempt.Outcome.POSTPONED
    succeeded = outcome.status == Delivery.Status.SUCCEEDED
    return Attempt.Outcome.SUCCEEDED if succeeded else Attempt.Outcome.FAILED


def _call_those_who_waited(delivery: Delivery, *, now: datetime) -> None:
    waiting = [
        route.task
        for route in map(as_route, settings.OUTBOX_ROUTES[delivery.event.type])
        if route.after == delivery.task
    ]
    if waiting:
        Delivery.objects.filter(
            event_id=delivery.event_id, task__in=waiting, status=Delivery.Status.PENDING, due_at__gt=now
        ).update(due_at=now)


# --- staff ----------------------------------------------------------------------------------------------


def retry(delivery_id: uuid.UUID, *, now: datetime) -> bool:
    """Makes a failed, cancelled or waiting delivery due now, with its whole schedule before it again."""
    changed = Delivery.objects.filter(pk=delivery_id, status__in=["failed", "cancelled", "pending"]).update(
        status=Delivery.Status.PENDING,
        due_at=now,
        leased_until=None,
        settled_at=None,
        attempts_forgiven=F("attempt_count"),
    )
    ring_after_commit()
    return changed == 1


def cancel(delivery_id: uuid.UUID, *, now: datetime) -> bool:
    """Ends a delivery that waits. One that is being sent right now cannot be called back."""
    changed = Delivery.objects.filter(pk=delivery_id, status="pending").update(
        status=Delivery.Status.CANCELLED, leased_until=None, settled_at=now
    )
    return changed == 1


# --- what never was -------------------------------------------------------------------------------------


def forget(subjects: Iterable[uuid.UUID]) -> None:
    """Removes the events of these subjects with all their effects: for rows that a trial run has made."""
    events = Event.objects.filter(subject__in=list(subjects))
    with transaction.atomic():
        # Held first: a worker that began one of them meanwhile would leave an attempt that points nowhere.
        list(Delivery.objects.select_for_update(of=("self",)).filter(event__in=events).values_list("pk"))
        events.delete()
