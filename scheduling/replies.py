"""A booking as others read it: one shape for the API, the pages and the events."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from intake.models import Submission
from scheduling.models import Advisor, Assignment, Booking


def booking_data(booking: Booking) -> dict[str, Any]:
    """The contract's `booking`: times in the booking's own zone, with offset."""
    zone = ZoneInfo(booking.timezone)
    confirmed = booking.status == Booking.Status.CONFIRMED
    return {
        "status": str(booking.status),
        "start": in_zone(booking.starts_at, zone),
        "end": in_zone(booking.ends_at, zone),
        "timezone": booking.timezone,
        "advisor": advisor_data(booking.advisor),
        "with": [advisor_data(colleague) for colleague in booking.colleagues],
        "join_url": booking.join_url or None if confirmed else None,
        "expires_at": in_zone(booking.expires_at, zone) if booking.expires_at and not confirmed else None,
    }


def advisor_data(advisor: Advisor) -> dict[str, str]:
    return {"name": advisor.name, "title": advisor.title}


def in_zone(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")


def latest_booking(submission: Submission) -> Booking | None:
    """The open booking, else the last one that there was."""
    bookings = Booking.objects.filter(submission=submission).prefetch_related("seats__advisor")
    return bookings.order_by("-created_at", "-id").first()


def booking_state(submission: Submission, booking: Booking | None, *, now: datetime) -> str:
    """pending (not decided yet), held, confirmed, offer, unavailable or closed.

    From this submission's own rows alone: the lead's stage would tell a stranger who typed a known address that
    somebody is known under it.
    """
    if submission.is_quarantined:
        return "pending"  # whoever sent it is told nothing
    if booking is not None and booking.status in Booking.OPEN and booking.ends_at > now:
        return "held" if booking.status == Booking.Status.TENTATIVE else "confirmed"
    assignment = Assignment.objects.filter(submission=submission).first()
    if assignment is None:
        return "pending"
    took_place = booking is not None and booking.status in {Booking.Status.CONFIRMED, Booking.Status.COMPLETED}
    if took_place or assignment.outcome == Assignment.Outcome.NONE:
        return "closed"
    return "unavailable" if assignment.outcome == Assignment.Outcome.UNAVAILABLE else "offer"
