"""Reminders: a day and an hour before a conversation, a mail to the prospect.

Comes after `booking.confirmed` and `booking.rescheduled`, which plan them as due rows; whether one goes out is decided
from the rows at its own moment. Advisors have their calendar and get none.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from intake.models import Firm
from notifications import booking_words, compose, mails, standing
from notifications.compose import Button, Link, Value
from notifications.mails import Letter
from notifications.models import Mail
from outbox import outbox
from outbox.models import Delivery, Event
from scheduling import invitations, words
from scheduling.models import Booking

TASK = "notifications.send_reminder"
# How long before the start each is due, the earliest first. A name is the target of its delivery.
BEFORE = {"24h": timedelta(hours=24), "1h": timedelta(hours=1)}

BODY = """{{ headline }}

{{ greeting }}

{{ time }}

{{ join }}

{{ button }}

{{ closing }}
"""


def plan_reminders(delivery: Delivery) -> dict[str, list[str]]:
    """One delivery for each reminder of this event that is still ahead."""
    now = timezone.now()
    booking = standing.booking_of(delivery.event)
    if booking is None or standing.past(delivery.event, booking, now=now):
        return {"planned": []}
    due = {name: booking.starts_at - before for name, before in BEFORE.items() if booking.starts_at - before > now}
    outbox.add_deliveries(delivery.event, task=TASK, targets=due, now=now, due=due)
    return {"planned": list(due)}


def send_reminder(delivery: Delivery) -> dict[str, str]:
    """Reminds the prospect, if there is still something to be reminded of."""
    now = timezone.now()
    booking = standing.booking_of(delivery.event)
    if booking is None:
        return {"skipped": "The booking was erased."}
    if why := _pointless(delivery.event, booking, delivery.target, now=now):
        return {"skipped": why}
    mail = mails.send(_letter(booking, delivery.target, now=now), delivery=delivery, now=now)
    return {"mail": str(mail.id)}


def _pointless(event: Event, booking: Booking, name: str, *, now: datetime) -> str:
    if past := standing.past(event, booking, now=now):
        return past
    if not Firm.get().reminders:
        return "Reminders are switched off."
    if booking.starts_at <= now:
        return "It has begun."
    if any(booking.starts_at - before <= now for before in _after(name)):
        return "The next reminder is due already."
    return ""


def _after(name: str) -> list[timedelta]:
    """Of the reminders that come after this one."""
    return [before for before in BEFORE.values() if before < BEFORE[name]]


def _letter(booking: Booking, name: str, *, now: datetime) -> Letter:
    lead = booking.submission.lead
    assert lead is not None
    soon = name == list(BEFORE)[-1]
    headline = _headline(booking, now=now)
    page = booking.submission.page_url
    join = booking.join_url
    values: dict[str, Value] = {
        "headline": headline,
        "greeting": compose.greeting(lead.name),
        "time": booking_words.moment(booking),
        "join": Link("Join here when the time comes", join) if join and not soon else "",
        "button": Button("Join the conversation", join) if join and soon else Button("See, move or cancel it", page),
        "closing": Link("To move or cancel it", page, label="the page of your conversation") if join and soon else "",
    }
    text, html = compose.fill(BODY, values)
    return Letter(
        kind=Mail.Kind.BOOKING,
        to=lead.email,
        subject=f"{headline}: {invitations.names(invitations.seated(booking))}",
        text=text,
        html=html,
        reply_to=booking.advisor.email,
        lead=lead,
    )


def _headline(booking: Booking, *, now: datetime) -> str:
    """By the prospect's own calendar: a reminder that waited for the mail server must not say “tomorrow” today."""
    zone = ZoneInfo(booking.timezone)
    start = booking.starts_at.astimezone(zone)
    days = (start.date() - now.astimezone(zone).date()).days
    day = {0: "today", 1: "tomorrow"}.get(days, f"on {words.day(start)}")
    return f"Our conversation is {day} at {start:%H:%M}"
