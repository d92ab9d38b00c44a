"""Webhook endpoints: made, changed, signed anew, tested, and given again what they missed.

The services behind the admin and the API. `notifications.webhooks` sends to them, `notifications.endpoint_health`
keeps watch over them.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from notifications import examples
from notifications.models import PING, Endpoint, public_types
from notifications.signing import new_secret
from outbox import outbox, replays
from outbox.models import Delivery, Event

TASK = "notifications.deliver_webhook"
GRACE = timedelta(hours=24)
WELL = {"failing_since": None, "alerted_at": None, "paused_at": None, "probed_at": None, "probe": None}
CHANGEABLE = ("url", "event_types", "include_contact", "active")


def create(*, secret: str = "", **fields: Any) -> Endpoint:
    """A new endpoint from `url` and, where given, `event_types`, `include_contact`, `active`.

    The caller shows `secret` this once. Raises ValidationError, by field, for anything that must not be.
    """
    endpoint = Endpoint(**_known(fields), secret=secret or new_secret())
    endpoint.full_clean()
    endpoint.save(force_insert=True)
    return endpoint


def change(endpoint: Endpoint, **fields: Any) -> Endpoint:
    """Only these fields, so that what the workers note meanwhile stays. Raises ValidationError, by field."""
    anew: dict[str, Any] = {}
    if fields.get("active") and not endpoint.active:
        anew = dict(WELL)  # what was before it was off says nothing about now
    elif "url" in fields and endpoint.paused_at:
        anew = {"probed_at": None}  # the new address is tried at once
    for name, value in {**_known(fields), **anew}.items():
        setattr(endpoint, name, value)
    _check(endpoint, fields)
    endpoint.save(update_fields=[*fields, *anew])
    return endpoint


def _check(endpoint: Endpoint, names: Collection[str]) -> None:
    """Raises ValidationError for these fields alone: an address that is no longer allowed can still be switched off."""
    try:
        endpoint.full_clean()
    except ValidationError as error:
        wrong = {name: found for name, found in error.error_dict.items() if name in names}
        if wrong:
            raise ValidationError(wrong) from error


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"An endpoint has no {', '.join(sorted(unknown))} to set.")
    return fields


def rotate_secret(endpoint: Endpoint, *, now: datetime, secret: str = "") -> str:
    """A new secret, which the caller shows this once; the one of before signs too for 24 hours.

    Raises ValidationError for a given one that is too weak.
    """
    with transaction.atomic():
        row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        endpoint.previous_secret, endpoint.previous_secret_until = row.secret, now + GRACE
        endpoint.secret = secret or new_secret()
        _check(endpoint, ("secret",))
        endpoint.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    return endpoint.secret


def signing_secrets(endpoint: Endpoint, *, now: datetime) -> list[str]:
    """The secrets that sign at this moment, the newest first."""
    until = endpoint.previous_secret_until
    return [endpoint.secret, *([endpoint.previous_secret] if until and now < until else [])]


def ping(endpoint: Endpoint, *, type_: str = PING, now: datetime) -> Delivery:
    """A test event with example data, signed and sent like all others, to this endpoint alone, even if it is off.

    Raises ValidationError for a type that no consumer gets.
    """
    if type_ not in public_types():
        raise ValidationError({"type": f"There is no event type “{type_[:64]}”."})
    data = {**examples.data(type_), "is_test": True}
    return replays.deliver_only(type_, data, task=TASK, target=str(endpoint.pk), now=now)


def deliveries_of(endpoint: Endpoint) -> QuerySet[Delivery]:
    """Everything that was, is or will be sent to it, the newest first."""
    rows = Delivery.objects.filter(task=TASK, target=str(endpoint.pk)).select_related("event")
    return rows.order_by("-created_at", "-id")


def retry(delivery: Delivery, *, now: datetime) -> bool:
    """Due now with its whole schedule before it, where it failed, was cancelled or waits; whether it was so."""
    return outbox.retry(delivery.pk, now=now)


def replayable(endpoint: Endpoint, *, since: datetime, until: datetime, types: Collection[str] = ()) -> QuerySet[Event]:
    """The events from `since` until before `until` that it wants, and of these types where some are named."""
    events = Event.objects.filter(occurred_at__gte=since, occurred_at__lt=until, type__in=_wanted(endpoint, types))
    # An erased person's events are empty; a test was for one moment.
    return events.exclude(data={}).exclude(data__has_key="is_test")


def _wanted(endpoint: Endpoint, types: Collection[str]) -> list[str]:
    return [type_ for type_ in public_types() if endpoint.wants(type_) and (not types or type_ in types)]


def replay(endpoint: Endpoint, *, since: datetime, until: datetime, types: Collection[str] = (), now: datetime) -> int:
    """Sends the events of that range again, oldest first, with their ids and bodies; tells how many.

    Those too that happened before there was this endpoint, or while it was off.
    """
    events = replayable(endpoint, since=since, until=until, types=types)
    with transaction.atomic():
        replays.add_missing(events, task=TASK, target=str(endpoint.pk), now=now)
        return replays.make_due(deliveries_of(endpoint).filter(event__in=events), now=now)
