"""Notes to staff about a webhook endpoint: it fails, it answers again, or its consumer says that it is gone.

Comes after `notifications.endpoint_health`, which says each once.
"""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from notifications import colleagues, endpoints
from notifications.models import Endpoint
from outbox.models import Delivery, Event


def send_endpoint_note(delivery: Delivery) -> dict[str, object]:
    """Tells it, unless it is no longer so by now."""
    event = delivery.event
    endpoint = Endpoint.objects.filter(pk=event.data["endpoint_id"]).first()
    if endpoint is None or (event.type == "endpoint.failing" and endpoint.alerted_at is None):
        return {"skipped": "The endpoint has changed since."}
    subject, lines = WORDS[event.type](endpoint, event)
    text = "\n".join([*lines, "", _desk_url(endpoint)])
    told = colleagues.tell(subject, text, to=colleagues.addresses(), delivery=delivery, now=timezone.now())
    return {"notes": told}


def _failing(endpoint: Endpoint, event: Event) -> tuple[str, list[str]]:
    last = endpoints.deliveries_of(endpoint).exclude(last_error="").order_by("-due_at").first()
    lines = [
        f"Webhooks to {endpoint} have failed since {_since(event)}.",
        "",
        f"What it said last: {last.last_error if last else '-'}",
        "",
        "Nothing is lost: each event is tried ten times over three days. If it goes on for five days, the endpoint is "
        "paused and tried every 15 minutes. As soon as it answers again it gets everything that it missed, oldest "
        "first. You hear of it then. If its address has changed, enter the new one:",
    ]
    return f"Webhooks fail: {endpoint}", lines


def _recovered(endpoint: Endpoint, event: Event) -> tuple[str, list[str]]:
    missed = event.data["missed"]
    lines = [
        f"Webhooks to {endpoint} arrive again. They had failed since {_since(event)}.",
        "",
        f"Events of that time that are delivered now: {missed}.",
    ]
    return f"Webhooks arrive again: {endpoint}", lines


def _gone(endpoint: Endpoint, event: Event) -> tuple[str, list[str]]:
    lines = [
        f"{endpoint} answered “410 Gone”: its consumer wants no more webhooks, so the endpoint is switched off.",
        "",
        "If that was a mistake, switch it on again and replay what happened meanwhile:",
    ]
    return f"A webhook endpoint is switched off: {endpoint}", lines


WORDS = {"endpoint.failing": _failing, "endpoint.recovered": _recovered, "endpoint.gone": _gone}


def _since(event: Event) -> str:
    return f"{datetime.fromisoformat(event.data['since']):%Y-%m-%d %H:%M} UTC"


def _desk_url(endpoint: Endpoint) -> str:
    return settings.PUBLIC_BASE_URL + reverse("admin:notifications_endpoint_change", args=[endpoint.pk])
