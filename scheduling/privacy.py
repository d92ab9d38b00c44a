"""What this room holds about a person: conversations, who was chosen for them, times they asked for.

Run by `intake.persons`. Conversations that lie ahead are given back; whose calendars have them is left for the note
that follows (`notifications.erasure_notes`).
"""

from datetime import datetime
from typing import Any

from intake.models import Lead
from intake.persons import Person
from intake.privacy import forget_in_the_log
from scheduling import invitations
from scheduling.models import Assignment, Booking, TimeRequest

MODELS = {
    "scheduling.Booking": "erased",
    "scheduling.BookingAdvisor": "erased with the booking",
    "scheduling.Assignment": "erased",
    "scheduling.TimeRequest": "erased",
    "scheduling.Advisor": "holds advisors",
    "scheduling.DateOverride": "holds advisors",
    "scheduling.TimeOff": "holds advisors",
    "scheduling.Calendar": "holds advisors",
    "scheduling.BusyTime": "holds advisors",
}


def export(person: Person) -> dict[str, Any]:
    rows = Booking.objects.filter(submission__in=person.submission_ids).prefetch_related("seats__advisor")
    wishes = TimeRequest.objects.filter(submission__in=person.submission_ids)
    return {
        "conversations": [
            {
                "status": row.status,
                "start": row.starts_at.isoformat(),
                "end": row.ends_at.isoformat(),
                "timezone": row.timezone,
                "with": [advisor.name for advisor in invitations.seated(row)],
            }
            for row in rows.order_by("starts_at")
        ],
        "times_asked_for": [{"wish": row.wish, "at": row.created_at.isoformat()} for row in wishes],
    }


def erase(person: Person, *, now: datetime, asked_for: bool) -> None:
    theirs = Booking.objects.filter(submission__in=person.submission_ids)
    person.follows["given_back"] = [
        {
            "uid": invitations.uid(row),
            "sequence": invitations.sequence(row) + 1,
            "start": row.starts_at.isoformat(),
            "end": row.ends_at.isoformat(),
            "advisors": [advisor.pk for advisor in invitations.seated(row)],
        }
        for row in theirs.filter(status=Booking.Status.CONFIRMED, ends_at__gt=now).prefetch_related("seats__advisor")
    ]
    for model in (Booking, Assignment, TimeRequest):
        rows: Any = model._default_manager.filter(submission__in=person.submission_ids)
        forget_in_the_log(model, list(rows.values_list("pk", flat=True)))
        rows.delete()


# --- two leads that are one person (`intake.merging`) ---------------------------------------------------


def counts(lead: Lead) -> dict[str, int]:
    return {"conversations": Booking.objects.filter(submission__lead=lead).count()}


def obstacles(kept: Lead, lost: Lead) -> list[str]:
    """Each would be somebody's only conversation; which one stays is for staff to say."""
    ahead = Booking.objects.filter(status__in=Booking.OPEN, submission__lead__in=[kept, lost])
    if ahead.values("submission__lead").distinct().count() < 2:
        return []
    return ["Both have a conversation ahead, or a held time. Cancel one of the two first."]


def move(lost: Lead, kept: Lead, *, now: datetime) -> None:
    """Conversations hang on enquiries, which move by themselves."""


def purge(now: datetime) -> dict[str, int]:
    return {}  # conversations go with their person
