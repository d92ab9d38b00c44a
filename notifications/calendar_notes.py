"""Notes about an outside calendar: it cannot be read and its advisor is withheld, or all is well again.

Comes after `scheduling.calendars.health`, which says it once an outage. Goes to staff, and to the advisor, who alone
can renew the address.
"""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from notifications import colleagues
from outbox.models import Delivery
from scheduling.calendars import health
from scheduling.models import Calendar


def send_calendar_note(delivery: Delivery) -> dict[str, object]:
    """Tells it, unless it is no longer so by now."""
    now = timezone.now()
    rows = Calendar.objects.filter(pk=delivery.event.data["calendar_id"], active=True).select_related("advisor")
    calendar = health.judged(rows, now=now).first()
    is_outage = delivery.event.type == "calendar.unreadable"
    if calendar is None or calendar.withholds != is_outage:
        return {"skipped": "The calendar has changed since."}
    subject, text = _outage(calendar) if is_outage else _over(calendar)
    recipients = sorted({*colleagues.addresses(), calendar.advisor.email})
    return {"notes": colleagues.tell(subject, text, to=recipients, delivery=delivery, now=now)}


def _outage(calendar: Calendar) -> tuple[str, str]:
    name = calendar.advisor.name
    last = f"{calendar.read_at:%Y-%m-%d %H:%M} UTC" if calendar.read_at else "never"
    lines = [
        f"“{calendar}” cannot be read, so nobody knows when {name} is busy.",
        "",
        f"What is wrong: {calendar.error or 'A reading did not end.'}",
        f"Last read: {last}",
        "",
        f"Until it can be read again {name} is offered to nobody new; colleagues who fit are. Conversations that are "
        "booked stay. If the calendar's address was renewed, enter the new one; to offer times without it, switch the "
        "calendar off:",
        "",
        _desk_url(calendar),
    ]
    return f"A calendar cannot be read: {name}", "\n".join(lines)


def _over(calendar: Calendar) -> tuple[str, str]:
    name = calendar.advisor.name
    lines = [f"“{calendar}” is read again, and {name}'s free times are offered as before.", "", _desk_url(calendar)]
    return f"A calendar is read again: {name}", "\n".join(lines)


def _desk_url(calendar: Calendar) -> str:
    return settings.PUBLIC_BASE_URL + reverse("admin:scheduling_calendar_change", args=[calendar.pk])
