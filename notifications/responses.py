"""That a person has answered: told by the mail system, or by staff. It stops every series that has begun."""

from datetime import datetime
from typing import Any

from intake.models import Lead
from notifications.models import Response


def note(lead: Lead, *, now: datetime, reference: str = "", told_by: Any = None) -> bool:
    """Keeps it; says whether it is new. A `reference` is told once, however often it comes."""
    row = {"lead": lead, "responded_at": now, "told_by": told_by}
    if not reference:
        Response.objects.create(**row)
        return True
    return Response.objects.get_or_create(reference=reference, defaults=row)[1]
