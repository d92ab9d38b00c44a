"""Mails about a booking (to both sides) and notes to staff, from the present state at the moment of sending."""

from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.utils import timezone

from intake.models import Firm, Submission
from notifications import compose, mails
from notifications.compose import Button, Value
from notifications.mails import Letter
from notifications.models import Mail
from notifications.replies import elsewhere, when
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
    if advisor.join_url and event_type != "booking.cancelled":
        lines.append(f"Join here: {advisor.join_url}")
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


def send_staff_note(delivery: Delivery) -> dict[str, int]:
    """Tells staff about a new enquiry, or that nobody is free for one."""
    submission = (
        Submission.objects.select_related("lead", "assessment")
        .filter(pk=delivery.event.data["submission"]["id"])
        .first()
    )
    if submission is None or submission.lead is None or submission.is_test:
        return {"notes": 0}
    recipients = staff_addresses()
    letters = [_note(submission, delivery.event.type, address) for address in recipients]
    mails.send_all(letters, delivery=delivery, now=timezone.now())
    return {"notes": len(recipients)}


def staff_addresses() -> list[str]:
    """Everybody who may see leads; the firm's own address where nobody of them has one."""
    users = get_user_model().objects.filter(is_active=True, is_staff=True).exclude(email="")
    addresses = sorted({user.email for user in users if user.has_perm("intake.view_lead")})
    return addresses or [address for address in [Firm.get().reply_to] if address]


def _note(submission: Submission, event_type: str, address: str) -> Letter:
    lead, decision = submission.lead, submission.assessment.decision
    assert lead is not None
    subject = "Nobody is free for a lead" if event_type == "booking.unavailable" else "New enquiry"
    gap = dict(lead.Gap.choices)[decision["gap"]]
    lines = [
        f"Gap: {gap} ({decision['confidence']}), asked for: {submission.asked_for or 'nothing in particular'}",
        f"Name: {lead.name}",
        f"Company: {lead.company or '-'} ({submission.company_size or 'size not given'})",
        f"Address: {lead.email}",
        "",
        *[f"- {reason['text']}" for reason in decision["reasons"]],
        "",
        *(["They wrote:", "", submission.message, ""] if submission.message.strip() else []),
        lead.desk_url,
    ]
    return Letter(kind=Mail.Kind.STAFF, to=address, subject=f"{subject}: {gap}", text="\n".join(lines), lead=lead)
