"""One event to one endpoint: the body, and one signed POST.

Comes after `fan_out`, which makes one delivery per endpoint that wants the event. The outbox decides when it
is tried again.
"""

import json
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from django.utils import timezone

from intake.events import instant
from notifications import endpoint_health as health
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


def is_test(event: Event) -> bool:
    return bool(event.data.get("is_test"))


def deliver(delivery: Delivery) -> dict[str, Any]:
    """Posts the event. Only 2xx is success; 410 switches the endpoint off. Raises DeliveryError or Postponed."""
    now, is_trial = timezone.now(), is_test(delivery.event)
    endpoint = Endpoint.objects.filter(pk=delivery.target).first()
    if endpoint is None or not (endpoint.active or is_trial):
        raise DeliveryError("The endpoint was switched off or deleted.", permanent=True)
    if not is_trial:
        health.hold_if_paused(delivery, endpoint, now=now)
    content = body(delivery.event, include_contact=endpoint.include_contact)
    keys = endpoints.signing_secrets(endpoint, now=now)
    signed = signing.headers(keys, message_id=str(delivery.event_id), at=now, body=content)
    try:
        details = _call(endpoint.url, content, signed)
    except DeliveryError as error:
        note = health.note_gone if error.details.get("status") == GONE else health.note_failure
        note(endpoint, now=timezone.now())
        # Somebody waits for the outcome of a test: it is tried once.
        error.permanent = error.permanent or is_trial
        raise
    health.note_success(endpoint, now=timezone.now())
    return details


def _call(url: str, content: bytes, signed: dict[str, str]) -> dict[str, Any]:
    """One POST, and what to keep of it. Raises DeliveryError for everything but 2xx."""
    headers = {"Content-Type": "application/json", "User-Agent": "Truegap-Webhooks/1", **signed}
    kept: dict[str, Any] = {"request": headers}
    started = time.monotonic()
    try:
        answer = http.post(url, content=content, headers=headers)
    except http.Refused as error:
        raise DeliveryError(f"Refused to call this address: {error}", permanent=True, details=kept) from error
    except httpx.HTTPError as error:
        kept["milliseconds"] = round((time.monotonic() - started) * 1000)
        raise DeliveryError(f"{type(error).__name__}: {error}", details=kept) from error
    kept |= {"status": answer.status, "milliseconds": answer.milliseconds, "answer": answer.text}
    if 200 <= answer.status < 300:
        return kept
    if answer.status == GONE:
        raise DeliveryError("410 Gone: the endpoint is switched off.", permanent=True, details=kept)
    raise DeliveryError(
        f"The endpoint answered {answer.status}.", retry_after_seconds=retry_after(answer.retry_after), details=kept
    )


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
