"""One event to one endpoint: the body, and one signed POST.

Comes after `fan_out`, which makes one delivery per endpoint that wants the event. The outbox decides when it
is tried again.
"""

import json
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from django.utils import timezone

from intake.events import instant
from notifications import endpoints, signing
from notifications.endpoints import TASK
from notifications.models import Endpoint
from outbox import http, outbox
from outbox.models import Delivery, Event
from outbox.retry import DeliveryError

VERSION = 1
MAX_BYTES = 20_000
GONE = 410
CONTACT = ("email", "name", "company")
DATA = (
    "lead", "submission", "assessment", "intent", "booking", "follow_up", "from", "to", "sequence", "admin_url",
)  # fmt: skip


def fan_out(delivery: Delivery) -> dict[str, int]:
    """One delivery of the event for every active endpoint that wants its type."""
    event = delivery.event
    if is_test(event):
        return {"endpoints": 0}  # a marked test counts nothing, here or elsewhere
    targets = [str(endpoint.id) for endpoint in Endpoint.objects.filter(active=True) if endpoint.wants(event.type)]
    outbox.add_deliveries(event, task=TASK, targets=targets, now=timezone.now())
    return {"endpoints": len(targets)}


def deliver(delivery: Delivery) -> dict[str, Any]:
    """Posts the event. Only 2xx is success; 410 switches the endpoint off. Raises DeliveryError."""
    endpoint = Endpoint.objects.filter(pk=delivery.target).first()
    if endpoint is None or not (endpoint.active or is_test(delivery.event)):
        raise DeliveryError("The endpoint was switched off or deleted.", permanent=True)
    content = body(delivery.event, include_contact=endpoint.include_contact)
    headers = {"Content-Type": "application/json", "User-Agent": "Truegap-Webhooks/1"}
    now = timezone.now()
    keys = endpoints.signing_secrets(endpoint, now=now)
    headers |= signing.headers(keys, message_id=str(delivery.event_id), at=now, body=content)
    try:
        answer = http.post(endpoint.url, content=content, headers=headers)
    except http.Refused as error:
        raise DeliveryError(f"Refused to call this address: {error}", permanent=True) from error
    except httpx.HTTPError as error:
        raise DeliveryError(f"{type(error).__name__}: {error}") from error
    _judge(answer, endpoint)
    return _details(answer)


def is_test(event: Event) -> bool:
    return bool(event.data.get("is_test"))


def _judge(answer: http.Answer, endpoint: Endpoint) -> None:
    if 200 <= answer.status < 300:
        return
    if answer.status == GONE:
        Endpoint.objects.filter(pk=endpoint.pk).update(active=False)
        raise DeliveryError("410 Gone: the endpoint is switched off.", permanent=True, details=_details(answer))
    raise DeliveryError(
        f"The endpoint answered {answer.status}.",
        retry_after_seconds=retry_after(answer.retry_after),
        details=_details(answer),
    )


def _details(answer: http.Answer) -> dict[str, Any]:
    return {"status": answer.status, "milliseconds": answer.milliseconds, "answer": answer.text}


def retry_after(header: str) -> float | None:
    """Seconds from a Retry-After header, as a number or a date; nonsense and the past are None."""
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        seconds = (parsedate_to_datetime(header) - timezone.now()).total_seconds()
    except (ValueError, TypeError):
        return None
    return seconds if seconds > 0 else None


def body(event: Event, *, include_contact: bool) -> bytes:
    """The bytes that are signed and sent: made from the stored event, so the same at every try and replay."""
    message = told(event, include_contact=include_contact)
    content = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    if len(content) > MAX_BYTES:
        raise DeliveryError(f"The event has {len(content)} bytes, more than {MAX_BYTES}.", permanent=True)
    return content


def told(event: Event, *, include_contact: bool) -> dict[str, Any]:
    """What consumers hear of an event, in the feed, too."""
    data = {key: event.data[key] for key in DATA if key in event.data}
    if not include_contact:
        data = _without_contact(data)
    return {"type": event.type, "timestamp": instant(event.occurred_at), "version": VERSION, "data": data}


def _without_contact(data: dict[str, Any]) -> dict[str, Any]:
    data = dict(data)
    if data.get("lead"):
        data["lead"] = {key: value for key, value in data["lead"].items() if key not in CONTACT}
    if data.get("booking"):
        data["booking"] = {key: value for key, value in data["booking"].items() if key != "join_url"}
    return data
