"""A webhook endpoint and what was sent to it, as the API tells them; never with a secret."""

from collections.abc import Sequence
from typing import Any

from intake.events import instant, instant_or_none
from notifications.models import Endpoint
from outbox.models import Attempt, Delivery


def records(endpoints: Sequence[Endpoint]) -> list[dict[str, Any]]:
    return [record(endpoint) for endpoint in endpoints]


def record(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": str(endpoint.pk),
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "include_contact": endpoint.include_contact,
        "active": endpoint.active,
        "created_at": instant(endpoint.created_at),
        "health": {
            "state": str(endpoint.state),
            "failing_since": instant_or_none(endpoint.failing_since),
            "paused_at": instant_or_none(endpoint.paused_at),
            "probed_at": instant_or_none(endpoint.probed_at),
        },
        "previous_secret_until": instant_or_none(endpoint.previous_secret_until),
    }


def delivery_records(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    return [delivery_record(delivery) for delivery in deliveries]


def delivery_record(delivery: Delivery) -> dict[str, Any]:
    event = delivery.event
    return {
        "id": str(delivery.pk),
        "event": {"id": str(event.pk), "type": event.type, "timestamp": instant(event.occurred_at)},
        "status": str(delivery.status),
        "due_at": instant(delivery.due_at) if delivery.status in Delivery.OPEN else None,
        "last_error": delivery.last_error,
        "created_at": instant(delivery.created_at),
        "settled_at": instant_or_none(delivery.settled_at),
        "attempts": [_attempt(each) for each in sorted(delivery.attempts.all(), key=lambda each: each.number)],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    """One call: when, how long, and what came back."""
    return {
        "number": attempt.number,
        "outcome": str(attempt.outcome),
        "started_at": instant(attempt.started_at),
        "finished_at": instant_or_none(attempt.finished_at),
        "error": attempt.error,
        **{name: attempt.details.get(name) for name in ("status", "milliseconds", "answer")},
    }
