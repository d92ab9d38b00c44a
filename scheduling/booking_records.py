"""A booking as staff's programs read it, and how they find one; the same words as the prospect's, and who it is.

The person's contact details are in it only for keys that may read leads, too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from intake.asking import narrowed
from intake.events import instant, instant_or_none
from intake.filters import believed_gap
from intake.lead_records import mentions
from intake.models import Lead
from scheduling import bookings
from scheduling.models import Advisor, Booking
from scheduling.replies import advisor_data, booking_data

TO_LEAD = "submission__lead__"


def rows() -> QuerySet[Booking]:
    return bookings.full(Booking.objects.all())


def matching(found: QuerySet[Booking], asked: dict[str, Any], *, now: datetime) -> QuerySet[Booking]:
    """Those that the parameters of `scheduling.bookings_api.AboutBookings` leave."""
    found = narrowed(found, asked, by=NARROWING)
    if "needs_attention" in asked:
        untold = Q(status=Booking.Status.CONFIRMED, ends_at__lte=now)
        found = found.filter(untold if asked["needs_attention"] else ~untold)
    return found


def _of_gap(found: QuerySet[Booking], gap: str) -> QuerySet[Booking]:
    return found.alias(its_gap=believed_gap(TO_LEAD)).filter(its_gap=gap)


def _with_advisor(found: QuerySet[Booking], advisor: int) -> QuerySet[Booking]:
    # One seat for each advisor of a booking, so no booking is found twice.
    return found.filter(seats__advisor=advisor)


NARROWING: dict[str, Any] = {
    "q": lambda found, text: found.filter(mentions(text, TO_LEAD)),
    "gap": _of_gap,
    "stage": lambda found, stage: found.filter(submission__lead__stage=stage),
    "owner": lambda found, name: found.filter(submission__lead__owner__username=name),
    "advisor": _with_advisor,
    "lead": lambda found, lead: found.filter(submission__lead=lead),
    "status": lambda found, status: found.filter(status=status),
    "since": lambda found, moment: found.filter(starts_at__gte=moment),
    "until": lambda found, moment: found.filter(starts_at__lt=moment),
}


def records(found: Sequence[Booking], *, with_contact: bool) -> list[dict[str, Any]]:
    return [record(booking, with_contact=with_contact) for booking in found]


def record(booking: Booking, *, with_contact: bool) -> dict[str, Any]:
    told = booking_data(booking)
    if not with_contact:
        del told["join_url"]
    lead = booking.submission.lead
    return {
        "id": str(booking.pk),
        **told,
        "advisor": _who(booking.advisor),
        "with": [_who(colleague) for colleague in booking.colleagues],
        "lead": _lead(lead, with_contact=with_contact) if lead else None,
        "submission": {"id": str(booking.submission_id), "created_at": instant(booking.submission.created_at)},
        "created_at": instant(booking.created_at),
        "confirmed_at": instant_or_none(booking.confirmed_at),
        "ended_at": instant_or_none(booking.ended_at),
    }


def _who(advisor: Advisor) -> dict[str, Any]:
    return {"id": advisor.pk, **advisor_data(advisor)}


def _lead(lead: Lead, *, with_contact: bool) -> dict[str, Any]:
    contact = {"email": lead.email, "name": lead.name, "company": lead.company} if with_contact else {}
    return {"id": str(lead.pk), **contact, "stage": str(lead.stage), "gap": lead.believed_gap}
