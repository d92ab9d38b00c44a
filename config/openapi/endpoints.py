"""Webhook endpoints in the OpenAPI document. Registered with drf-spectacular when imported."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from config.openapi.describing import described, keyed
from config.openapi.fields import FLAG
from config.openapi.staff import ETAG, IF_MATCH, IF_NONE_MATCH, MACHINES, UNCHANGED, in_path
from config.openapi.staff_shapes import choice, page
from intake.asking import Listing
from notifications.endpoints_api import AboutDeliveries
from notifications.models import Endpoint as Row
from notifications.models import public_types
from outbox import http
from outbox.models import Attempt as AttemptRow
from outbox.models import Delivery as DeliveryRow

TYPES = public_types()
TYPE = {"enum": [*TYPES, ""]}
PING = OpenApiParameter("type", TYPE | {"default": "ping"}, "query", description="Which event to make up.")
ENDPOINT, DELIVERY = in_path("endpoint_id"), in_path("delivery_id")
LOCATION = OpenApiParameter("Location", str, "header", response=[201], description="The endpoint's own address.")
FIELDS: dict[str, Any] = {
    "url": {
        "type": "string",
        "format": "webhook-url",
        "maxLength": http.MAX_URL_LENGTH,
        "description": "https on port 443 or 8443, unless the address is in an allowed network.",
    },
    "event_types": {
        "type": "array",
        "items": {"enum": ["*", *TYPES]},
        "minItems": 1,
        "maxItems": 100,
        "description": "Types, or * for all.",
    },
    "include_contact": FLAG | {"description": "Whether name, address, company and the link to the call are sent."},
    "active": FLAG,
}
SECRET = {
    "secret": {
        "type": "string",
        "format": "webhook-secret",
        "description": "One of your own (whsec_ and 24 to 64 bytes in base64); left out: one is made.",
    }
}


def _taken(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    return {"application/json": schema | ({"required": list(required)} if required else {})}


class Health(serializers.Serializer):
    state = choice(tuple(Row.State.values))
    failing_since = serializers.DateTimeField(allow_null=True, help_text="The first failure after the last success.")
    paused_at = serializers.DateTimeField(allow_null=True, help_text="It resumes by itself when it answers again.")
    probed_at = serializers.DateTimeField(allow_null=True, help_text="When a paused one was last tried.")


class Endpoint(serializers.Serializer):
    """Where a consumer wants its events."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    include_contact = serializers.BooleanField()
    active = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    health = Health()
    previous_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then the secret of before signs, too."
    )


class EndpointWithSecret(Endpoint):
    """The one reply that tells the secret."""

    secret = serializers.CharField()


class Attempt(serializers.Serializer):
    number = serializers.IntegerField()
    outcome = choice(tuple(AttemptRow.Outcome.values))
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField()
    status = serializers.IntegerField(allow_null=True, help_text="What the endpoint answered.")
    milliseconds = serializers.IntegerField(allow_null=True)
    answer = serializers.CharField(allow_null=True, help_text="The beginning of it.")


class Delivery(serializers.Serializer):
    """One event on its way to one endpoint, with every try."""

    id = serializers.UUIDField()
    event = inline_serializer(
        "DeliveredEvent",
        {
            "id": serializers.UUIDField(help_text="The `webhook-id`."),
            "type": serializers.CharField(),
            "timestamp": serializers.DateTimeField(),
        },
    )
    status = choice(tuple(DeliveryRow.Status.values))
    due_at = serializers.DateTimeField(allow_null=True, help_text="The next try; null: it is over.")
    last_error = serializers.CharField()
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    attempts = Attempt(many=True)


def _told(operation: str, summary: str, description: str = "", **more: Any) -> Any:
    return keyed(MACHINES, operation, "webhooks:manage", summary, description, **more)


described(
    "notifications.endpoints_api.EndpointsView",
    get=_told(
        "listEndpoints",
        "Who is told by webhook",
        parameters=[Listing],
        responses={200: page(Endpoint, "EndpointPage")},
    ),
    post=_told(
        "createEndpoint",
        "Tell one more",
        "The secret is in this reply and never again.",
        parameters=[LOCATION],
        request=_taken(FIELDS | SECRET, "url", examples=[{"url": "https://crm.example.com/hooks/truegap"}]),
        responses={201: EndpointWithSecret},
    ),
)
described(
    "notifications.endpoints_api.EndpointDetail",
    get=_told(
        "readEndpoint",
        "One endpoint, and how it fares",
        parameters=[ENDPOINT, IF_NONE_MATCH, ETAG],
        responses={200: Endpoint, 304: UNCHANGED},
    ),
    patch=_told(
        "changeEndpoint",
        "Change it",
        parameters=[ENDPOINT, IF_MATCH, ETAG],
        request=_taken(FIELDS, examples=[{"active": False}]),
        responses={200: Endpoint},
    ),
    delete=_told(
        "deleteEndpoint",
        "Delete it",
        "What waits for it is not sent any more.",
        parameters=[ENDPOINT, IF_MATCH],
        responses={204: OpenApiResponse(description="It is gone.")},
    ),
)
described(
    "notifications.endpoints_api.RotateView",
    post=_told(
        "rotateSecret",
        "A new secret",
        "It is in this reply and never again; the one of before signs too for 24 hours.",
        parameters=[ENDPOINT],
        request=_taken(SECRET),
        responses={200: EndpointWithSecret},
    ),
)
described(
    "notifications.endpoints_api.PingView",
    post=_told(
        "testEndpoint",
        "Send it a test event",
        "Made up, signed and sent like all others, to this endpoint alone, even where it is off.",
        parameters=[ENDPOINT, PING],
        request=None,
        responses={202: Delivery},
    ),
)
described(
    "notifications.endpoints_api.DeliveriesView",
    get=_told(
        "listDeliveries",
        "What was, is or will be sent to it, newest first",
        parameters=[ENDPOINT, AboutDeliveries, OpenApiParameter("type", TYPE, "query")],
        responses={200: page(Delivery, "DeliveryPage")},
    ),
)
described(
    "notifications.endpoints_api.RetryView",
    post=_told(
        "retryDelivery",
        "Send it again, with the same id",
        "Due at once, with its whole schedule before it.",
        parameters=[ENDPOINT, DELIVERY],
        request=None,
        responses={202: Delivery},
    ),
)
