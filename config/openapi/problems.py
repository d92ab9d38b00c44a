"""Refusals, added to every operation: what can go wrong with any call, said once."""

from typing import Any

CONTENT_TYPE = "application/problem+json"
ANYWHERE = {
    "400": "The call cannot be read, or a field is wrong; `errors` names each.",
    "404": "There is nothing here, or no longer.",
    "406": "The answer cannot be given in a form that you accept.",
    "429": "Too many calls; `Retry-After` says when to come back.",
    "500": "Something broke on our side; nothing was stored half-way.",
    "503": "The database does not answer; try again in a few seconds.",
}
WITH_BODY = {
    "408": "The body did not arrive in time; send it again.",
    "411": "The body came in chunks, without its length.",
    "413": "The body is too large.",
    "415": "The body is of a kind that is not taken.",
}
STALE = "It has changed since you read it; read it again."
OF_ONE = {
    "submit": {
        "409": "The first call with this Idempotency-Key is still running.",
        "422": "This Idempotency-Key was used with other fields.",
    },
    "book": {"409": "That time is not free, or nothing can be booked; `alternatives` are free."},
    "move": {"409": "That time is not free, or there is nothing to move; `alternatives` are free."},
    "confirm": {"409": "There is nothing left to confirm; `alternatives` are free."},
    "listSlots": {"409": "There is nobody whose times could be listed."},
    "readInvitation": {"409": "The booking is not confirmed."},
    "changeLead": {"412": STALE},
    "eraseLead": {"412": STALE},
    "changeBooking": {"409": "That time is not free, or it cannot be so; `alternatives` are free.", "412": STALE},
    "changeEndpoint": {"412": STALE},
    "deleteEndpoint": {"412": STALE},
    "retryDelivery": {"409": "It is being sent right now, or has arrived."},
    "listEvents": {"410": "What comes after this place is no longer kept; go on after `oldest`."},
    "tellMailEvent": {"401": "The signature is missing, wrong or too old."},
}
TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "code": TEXT | {"description": "For programs: stays the same when the words change."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": TEXT | {"description": "A JSON pointer to the field (RFC 6901)."},
                    "code": TEXT,
                    "detail": TEXT,
                },
                "required": ["pointer", "code", "detail"],
            },
        },
        "scope": TEXT | {"description": "With 403: the scope that the key lacks."},
        "oldest": TEXT | {"description": "With 410: where the feed goes on."},
        "alternatives": {"type": "array", "items": {"$ref": "#/components/schemas/Slot"}},
    },
    "required": ["type", "title", "status", "detail", "code"],
    "examples": [
        {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "/email: An email address must have an @-sign.",
            "code": "invalid",
            "errors": [{"pointer": "/email", "code": "invalid", "detail": "An email address must have an @-sign."}],
        }
    ],
}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}}
# The IETF draft's; every answer of a call that is counted has them.
RATE_LIMIT = {
    "RateLimit": {
        "description": "Calls that are left, and seconds until there are more.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {"description": "Calls in a window of seconds.", "schema": {"type": "string"}},
}
HEADERS = {"409": RETRY_AFTER, "429": RETRY_AFTER | RATE_LIMIT, "503": RETRY_AFTER}


def add(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Post-processing of drf-spectacular. An operation keeps what it says of a status by itself."""
    result["components"].setdefault("securitySchemes", {}).update(SCHEMES)
    result["components"]["schemas"]["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            _add(operation)
    return result


SCHEMES = {
    "standardWebhooks": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: with `webhook-id` and `webhook-timestamp`, over the exact body.",
    },
}


def _add(operation: dict[str, Any]) -> None:
    told = ANYWHERE | (WITH_BODY if "requestBody" in operation else {})
    if operation.get("security"):
        told = told | {"401": "No key, or one that is not valid.", "403": "The key lacks a scope; `detail` names it."}
    told |= OF_ONE.get(operation["operationId"], {})
    for status, description in told.items():
        operation["responses"].setdefault(status, _response(status, description))


def _response(status: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        **({"headers": HEADERS[status]} if status in HEADERS else {}),
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
