"""The webhooks section: what an endpoint is posted, event by event (docs/events.md says it in words)."""

from typing import Any

from config.openapi.shapes import ENGAGEMENTS, GAPS, SIDES, STAGES
from notifications import examples
from notifications.models import public_types

# When each type happens. A type that consumers get and that is missing here breaks the schema, and its test.
HAPPENS = {
    "lead.created": "A person's first accepted submission was stored.",
    "lead.assessed": "A submission was accepted and judged.",
    "lead.reassessed": "What was sent was corrected and judged again, or staff corrected the gap.",
    "lead.stage_changed": "A lead moved to another stage.",
    "lead.unsubscribed": "A person wants no more follow-ups.",
    "lead.erased": "A person was erased; their earlier events keep only id and type.",
    "submission.quarantined": "A submission was set aside: at the door, where no lead is made, or by staff later.",
    "follow_up.sent": "A follow-up was handed to the mail server.",
    "follow_up.failed": "A follow-up could not be delivered and is not tried again.",
    "booking.tentative": "A time is held.",
    "booking.confirmed": "A conversation is booked.",
    "booking.rescheduled": "A confirmed conversation moved, or another advisor takes it.",
    "booking.cancelled": "A held time was let go, or a conversation cancelled.",
    "booking.expired": "A held time ran out.",
    "booking.completed": "A conversation took place.",
    "booking.no_show": "Nobody came.",
    "booking.unavailable": "No advisor has a free time.",
    "ping": "A test that somebody asked for.",
}
CONTACT = " Only where the endpoint includes contact details."
TEXT = {"type": "string"}
ID = {"type": "string", "format": "uuid"}
TIME = {"type": "string", "format": "date-time"}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


LEAD = _object(
    {
        "id": ID,
        "email": TEXT | {"description": CONTACT.strip()},
        "name": TEXT | {"description": CONTACT.strip()},
        "company": TEXT | {"description": CONTACT.strip()},
        "stage": {"enum": list(STAGES)},
        "gap": {"enum": [*GAPS, ""], "description": "What the house goes by: judged, or corrected by staff."},
        "primary": {"enum": [*SIDES, None]},
        "engagement": {"enum": [*ENGAGEMENTS, ""]},
        "asked_for": {"type": ["string", "null"]},
    },
    optional=("email", "name", "company"),
)
SUBMISSION = _object({"id": ID, "created_at": TIME})
ABOUT_LEAD = {
    "lead": {"$ref": "#/components/schemas/EventLead"},
    "submission": SUBMISSION,
    "assessment": {"$ref": "#/components/schemas/Assessment", "description": "As in the reply, without quotes."},
    "intent": TEXT,
    "booking": {"anyOf": [{"$ref": "#/components/schemas/Booking"}, {"type": "null"}]},
    "sequence": {"type": "integer", "minimum": 1, "description": "Counts the events of one lead."},
    "admin_url": TEXT,
}
FOLLOW_UP = _object({"id": ID, "step": TEXT, "sent_at": {"type": ["string", "null"]}, "error": TEXT})
ONLY_ERASED = _object({"lead": _object({"id": ID}), "sequence": {"type": "integer", "minimum": 1}})
QUARANTINED = _object({"submission": _object({"id": ID, "created_at": TIME, "reasons": {"type": "array"}})})


def _data(type_: str) -> dict[str, Any]:
    if type_ == "lead.erased":
        return ONLY_ERASED
    if type_ == "submission.quarantined":
        return QUARANTINED
    if type_ == "ping":
        return {"type": "object"}
    if type_.startswith("follow_up."):
        return _object({"lead": ABOUT_LEAD["lead"], "follow_up": FOLLOW_UP})
    if type_ == "lead.stage_changed":
        return _object({**ABOUT_LEAD, "from": {"enum": list(STAGES)}, "to": {"enum": list(STAGES)}})
    return _object(ABOUT_LEAD)


def add(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Post-processing of drf-spectacular. Raises KeyError for a public type that HAPPENS does not tell of."""
    result["components"]["schemas"]["EventLead"] = LEAD
    result["webhooks"] = {type_: {"post": _webhook(type_)} for type_ in public_types()}
    return result


def _webhook(type_: str) -> dict[str, Any]:
    body = _object({"type": {"const": type_}, "timestamp": TIME, "version": {"const": 1}, "data": _data(type_)})
    content = {"application/json": {"schema": body, "example": examples.body(type_)}}
    return {
        "operationId": f"event_{type_.replace('.', '_')}",
        "tags": ["webhooks"],
        "summary": HAPPENS[type_],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": TEXT, "description": description}
            for name, description in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "2XX": {"description": "Taken. Everything else is tried again, ten times over 75 hours."},
            "410": {"description": "Switches the endpoint off."},
        },
    }


HEADERS = {
    "webhook-id": "The event's id: the same over all retries and replays.",
    "webhook-timestamp": "Of this attempt, in Unix seconds.",
    "webhook-signature": "v1,… with HMAC-SHA256 over id, timestamp and body; several while a secret is rotated.",
}
