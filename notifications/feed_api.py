"""GET /api/v1/events/: the feed of what happened, for consumers that fetch it or catch up without their webhook.

Comes after the door (`intake.staff_door`); `outbox.feed` keeps the order. What an event says is what webhooks say.
"""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from intake.asking import Strict, asked
from intake.models import ApiKey
from intake.staff_door import StaffView, scopes
from notifications import webhooks
from notifications.models import public_types
from outbox import feed
from outbox.models import Event

MOST, USUAL = 500, 100


class Gone(APIException):
    """410: what comes after this place is no longer kept."""

    status_code = 410
    default_code = "too_old"

    def __init__(self, error: feed.TooOld) -> None:
        super().__init__(
            f"The feed keeps {feed.KEPT.days} days, and what comes after this place is older. Read how things stand "
            f"now from the lists, then go on with after={error.oldest}."
        )
        self.extra = {"oldest": str(error.oldest)}


class Types(serializers.Field):
    """Event types with commas between."""

    def to_internal_value(self, data: Any) -> list[str]:
        wanted = [name.strip() for name in data.split(",") if name.strip()]
        known = public_types()
        for name in wanted:
            if name not in known:
                raise ValidationError(f"There is no event type “{name[:64]}”. Use one or more of: {', '.join(known)}.")
        return wanted


class FeedQuery(Strict):
    kind = "parameter"

    after = serializers.IntegerField(required=False, default=0, min_value=0, max_value=2**63 - 1)
    types = Types(required=False)
    limit = serializers.IntegerField(required=False, default=USUAL, min_value=1, max_value=MOST)


class EventsView(StaffView):
    scopes = scopes(read=ApiKey.Scope.EVENTS_READ, write=ApiKey.Scope.EVENTS_READ)

    def get(self, request: Request) -> Response:
        query = asked(FeedQuery, request)
        types = query.get("types") or public_types()
        try:
            part = feed.read(query["after"], types=types, limit=query["limit"], now=timezone.now())
        except feed.TooOld as error:
            raise Gone(error) from error
        except feed.Unknown as error:
            detail = "The feed has not come so far. Take `next` of an earlier answer, or leave it out to begin."
            raise ValidationError({"after": [detail]}, code="unknown") from error
        with_contact = self.may(ApiKey.Scope.LEADS_READ)
        events = [_told(event, with_contact=with_contact) for event in part.events]
        return Response({"events": events, "next": str(part.next), "more": part.more})


def _told(event: Event, *, with_contact: bool) -> dict[str, Any]:
    said = webhooks.told(event, include_contact=with_contact)
    return {"id": str(event.pk), **{name: said[name] for name in ("type", "timestamp", "data")}}
