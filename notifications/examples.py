"""One posted body for each type of event, with the person of our examples. Pure.

Shown in the OpenAPI document, and posted by `notifications.endpoints.ping` to a consumer who asks for a test.
"""

from typing import Any

ID, MOMENT = "01a20a11-6ee5-7f0e-8a6f-6f9a4f1c2b3d", "2026-11-23T10:00:00Z"
SUBMISSION = {"id": "01a20a11-6ee4-7d52-9b1c-0d5b8f1a7c11", "created_at": MOMENT}
LEAD = {
    "id": ID,
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "company": "Engines Ltd",
    "stage": "new",
    "gap": "ai",
    "primary": "ai",
    "engagement": "fractional_ai_officer",
    "asked_for": "cto",
}
ASSESSMENT = {
    "gap": "ai",
    "primary": "ai",
    "engagement": "fractional_ai_officer",
    "confidence": "clear",
    "margin": 0.5,
    "scores": {"cto": 0.0, "ai": 0.5},
    "asked_for": "cto",
    "ruleset": "2026.11-2",
    "reasons": [
        {
            "signal": "asks_how_to_use_ai",
            "side": "ai",
            "direction": "for",
            "weight": 0.5,
            "source": "answer",
            "text": "The question in the room is how to use AI, not what technology to have.",
            "quote": None,
        }
    ],
    "would_change": [],
    "tie_breaks": [],
}
BOOKING: dict[str, Any] = {
    "status": "confirmed",
    "start": "2026-11-25T09:00:00-05:00",
    "end": "2026-11-25T09:30:00-05:00",
    "timezone": "America/New_York",
    "advisor": {"name": "Maya Okafor", "title": "Fractional AI officer"},
    "with": [],
    "join_url": "https://meet.example.com/maya",
    "expires_at": None,
}
ABOUT_LEAD = {
    "lead": LEAD,
    "submission": SUBMISSION,
    "assessment": ASSESSMENT,
    "intent": "prospect",
    "booking": None,
    "sequence": 2,
    "admin_url": f"https://truegap.example.com/admin/intake/lead/{ID}/change/",
}
FOLLOW_UP = {"id": ID, "step": "no_booking/two_days", "sent_at": MOMENT, "error": ""}
WITHOUT_LEAD: dict[str, dict[str, Any]] = {
    "lead.erased": {"lead": {"id": ID}, "sequence": 9},
    "submission.quarantined": {"submission": SUBMISSION | {"reasons": ["trap"]}},
    "ping": {},
}


def body(type_: str) -> dict[str, Any]:
    return {"type": type_, "timestamp": MOMENT, "version": 1, "data": data(type_)}


def data(type_: str) -> dict[str, Any]:
    if type_ in WITHOUT_LEAD:
        return WITHOUT_LEAD[type_]
    if type_.startswith("follow_up."):
        return {"lead": LEAD, "follow_up": FOLLOW_UP}
    moved = {"from": "new", "to": "contacted"} if type_ == "lead.stage_changed" else {}
    booked = {"booking": BOOKING} if type_.startswith("booking.") else {}
    return ABOUT_LEAD | booked | moved
