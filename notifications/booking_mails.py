"""Mails about a booking, to both sides: an act of the prospect or of staff, told from the present state.

Comes after `scheduling.services` and before `notifications.mails`, which sends.
"""

from zoneinfo import ZoneInfo

from django.utils import timezone

from notifications import compose, mails
from notifications.compose import Button, Value
from notifications.mails import Letter
from notifications.models import Mail
from outbox.models import Delivery
from scheduling import words
from scheduling.models import Booking

# The status that a booking must still have when the mail about an event goes out.
STILL = {
    "booking.confirmed": Booking.Status.CONFIRMED,
    "booking.rescheduled": Booking.Status.CONFIRMED,
    "booking.cancelled": Booking.Status.CANCELLED,
}
HEADLINES = {
    "booking.confirmed": "Your conversation is booked",
    "booking.rescheduled": "Your conversation has moved",
    "booking.cancelled": "Your conversation is cancelled",
}
BODY = """{{ headline }}

{{ greeting }}

{{ time }}

{{ button }}
"""


def send_booking_mail(delivery: Delivery) -> dict[str, str]:
    """Tells prospect and advisor about a booking, unless it has changed again since."""
    event = delivery.event
    booking = (
        Booking.objects.select_related("submission__lead")
        .prefetch_related("seats__advisor")
        .filter(pk=event.data["booking_id"])
        .first()
    )
    if booking is None or booking.status != STILL[event.type]:
        return {"skipped": "The booking has changed since."}
    if booking.submission.is_test:
        return {"skipped": "A marked test writes to nobody."}
    if booking.confirmed_at is None:
        return {"skipped": "It was never confirmed, so nobody has it in a calendar."}
    letters = [_to_prospect(booking, event.type), _to_advisor(booking, event.type)]
    mails.send_all(letters, delivery=delivery, now=timezone.now())
    return {"booking": str(booking.id)}


def _to_prospect(booking: Booking, event_type: str) -> Letter:
    lead = booking.submission.lead
    assert lead is not None
    advisor = booking.advisor
    lines = [f"With {advisor.name}, {advisor.title}:", when(booking), elsewhere(booking)]
    if booking.join_url and event_type != "booking.cancelled":
        lines.append(f"Join here: {booking.join_url}")
    label = "Choose another time" if event_type == "booking.cancelled" else "See, move or cancel it"
    values: dict[str, Value] = {
        "greeting": compose.greeting(lead.name),
        "headline": HEADLINES[event_type],
        "time": "\n".join(filter(None, lines)),
        "button": Button(label, booking.submission.page_url),
    }
    text, html = compose.fill(BODY, values)
    return Letter(
        kind=Mail.Kind.BOOKING,
        to=lead.email,
        subject=f"{HEADLINES[event_type]}: {when(booking)}",
        text=text,
        html=html,
        reply_to=advisor.email,
        lead=lead,
    )


def _to_advisor(booking: Booking, event_type: str) -> Letter:
    lead = booking.submission.lead
    assert lead is not None
    advisor = booking.advisor
    own = words.when(booking.starts_at, booking.ends_at, advisor.zone)
    verb = event_type.removeprefix("booking.")
    text = "\n".join(
        [
            f"The conversation with {lead.name} ({lead.company or 'no company given'}) was {verb}.",
            "",
            f"{own}.",
            words.elsewhere(
                booking.starts_at,
                booking.ends_at,
                zone=ZoneInfo(booking.timezone),
                home=advisor.zone,
                who="the prospect",
            ),
            "",
            lead.desk_url,
        ]
    )
    return Letter(kind=Mail.Kind.BOOKING, to=advisor.email, subject=f"{verb.capitalize()}: {own}", text=text, lead=lead)


def when(booking: Booking) -> str:
    return words.when(booking.starts_at, booking.ends_at, ZoneInfo(booking.timezone))


def elsewhere(booking: Booking) -> str:
    advisor = booking.advisor
    home = ZoneInfo(booking.timezone)
    if booking.timezone == advisor.timezone:
        # The prospect told no zone, or shares the advisor's: UTC lets everybody find their own hour.
        return words.in_utc(booking.starts_at, booking.ends_at, home=home)
    return words.elsewhere(booking.starts_at, booking.ends_at, zone=advisor.zone, home=home, who=advisor.name)
