"""How a conversation stands at the moment of sending: what an event told may be the past by now.

Asked by the mails about bookings and by the reminders, before every single mail.
"""

from datetime import datetime
from typing import Any

from notifications.models import Mail
from outbox.models import Delivery, Event
from scheduling import bookings
from scheduling.models import Booking

Status = Booking.Status
# The status that a booking must still have when a mail about an event goes out.
STILL = {
    "booking.confirmed": Status.CONFIRMED,
    "booking.rescheduled": Status.CONFIRMED,
    "booking.cancelled": Status.CANCELLED,
}


def booking_of(event: Event) -> Booking | None:
    """As it stands now; None where it was erased."""
    return bookings.full(Booking.objects.filter(pk=event.data.get("booking_id"))).first()


def past(event: Event, booking: Booking, *, now: datetime) -> str:
    """Why nobody is told of this event any more; empty where it is still the last word.

    A later event tells what came after it, so nothing is lost: at most one event of a booking is true.
    """
    if booking.status != STILL[event.type] or booking.version != event.data.get("version", booking.version):
        return "The booking has changed since."
    if booking.confirmed_at is None:
        return "It was never confirmed, so nobody has it in a calendar."
    if booking.ends_at <= now:
        return "It is over."
    return ""


def event_before(event: Event, booking: Booking) -> dict[str, Any] | None:
    """The booking as the event before this one told it, to whomever."""
    earlier = Event.objects.filter(subject=event.subject, sequence__lt=event.sequence)
    last = earlier.filter(data__booking_id=str(booking.id)).order_by("-sequence").first()
    return last.data["booking"] if last else None


def last_told(booking: Booking, address: str, *, besides: Delivery) -> dict[str, Any] | None:
    """The booking as the last mail about it told this address, besides the mail that is being written."""
    told = Mail.objects.filter(
        kind=Mail.Kind.BOOKING,
        status=Mail.Status.SENT,
        to=address,
        lead=booking.submission.lead,
        delivery__event__data__booking_id=str(booking.id),
    )
    last = (
        told.exclude(delivery=besides).select_related("delivery__event").order_by("-delivery__event__sequence").first()
    )
    return last.delivery.event.data["booking"] if last and last.delivery else None
