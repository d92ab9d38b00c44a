"""Bounces, complaints and answers in the words of the mail services themselves, with the extra `esp` (anymail).

Anymail reads each service's own calls under /anymail/, checks who calls, and sends what they mean as a signal; here
that becomes what `notifications.mail_events` takes from everybody else. Mail itself goes out by SMTP.
"""

import importlib.util
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from notifications import mail_events

# Anymail's words for what will not get better, of those that come with “bounced” and “rejected”.
DEAD = ("bounced", "invalid")


def urls() -> list[URLPattern | URLResolver]:
    """The addresses that mail services call; none without the extra and a secret, since they would be open to all."""
    if not settings.ANYMAIL.get("WEBHOOK_SECRET") or importlib.util.find_spec("anymail") is None:
        return []
    from anymail.signals import inbound, tracking

    tracking.connect(take_tracking, dispatch_uid="notifications.mail_services")
    inbound.connect(take_inbound, dispatch_uid="notifications.mail_services")
    return [path("anymail/", include("anymail.urls"))]


def take_tracking(event: Any, **_: Any) -> None:
    """Does what a bounce or a complaint asks for; opens, clicks and deliveries are passed over."""
    told = _meaning(event)
    if told and event.recipient:
        _take({**told, "email": event.recipient}, event)


def _meaning(event: Any) -> dict[str, Any]:
    if event.event_type == "complained":
        return {"type": "complaint"}
    if event.event_type in {"bounced", "rejected"} and event.reject_reason in DEAD:
        return {"type": "bounce", "permanent": not _may_pass(event)}
    return {}


def _may_pass(event: Any) -> bool:
    """Some services call a full mailbox a bounce, too, and say only in their own words that it is a soft one."""
    own_words = event.esp_event if isinstance(event.esp_event, dict) else {}
    return any("soft" in str(own_words.get(key, "")).lower() for key in ("Type", "type", "event"))


def take_inbound(event: Any, **_: Any) -> None:
    """An answer, known by the mail that it answers or by its sender. Machines that answer are passed over."""
    message = event.message
    if message.get("Auto-Submitted", "no").lower() != "no" or message.from_email is None:
        return
    told = {"type": "reply", "email": message.from_email.addr_spec, "message_id": message.get("In-Reply-To", "")}
    _take(told, event)


def _take(told: dict[str, Any], event: Any) -> None:
    mail_events.take(told, reference=str(event.event_id or "")[:255])
