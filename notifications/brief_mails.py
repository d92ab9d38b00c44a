"""The brief by mail: once to each advisor of a confirmed conversation, decided at the moment of sending.

Comes after `booking.confirmed`, and after `booking.rescheduled`, which may have brought another advisor in. Who has the
brief gets no second one when the hour moves; the lead's page always has it as it is now.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from notifications import brief, compose, mails, standing
from notifications.compose import Button, Group, Moment, Value
from notifications.mails import Letter
from notifications.models import Mail
from outbox.models import Delivery
from scheduling import invitations, words
from scheduling.models import Advisor, Booking

TASK = "notifications.send_brief"
BODY = """{{ headline }}

{{ time }}

{{ verdict }}

To probe:
{{ probe }}

Questions to open with:
{{ questions }}

What speaks for it:
{{ backing }}

What speaks against it:
{{ opposing }}

They wrote:
{{ message }}

Between us so far:
{{ past }}

{{ button }}
"""


def send_brief(delivery: Delivery) -> dict[str, object]:
    """Briefs each advisor who has not been briefed on this conversation, unless it has changed since."""
    now = timezone.now()
    booking = standing.booking_of(delivery.event)
    if booking is None:
        return {"skipped": "The booking was erased."}
    if booking.submission.is_test:
        return {"skipped": "A marked test writes to nobody."}
    if past := standing.past(delivery.event, booking, now=now):
        return {"skipped": past}
    letters = list(_letters(booking, delivery))
    mails.send_all(letters, delivery=delivery, now=now)
    return {"briefs": len(letters)}


def _letters(booking: Booking, delivery: Delivery) -> Iterator[Letter]:
    for advisor in invitations.seated(booking):
        if not _is_briefed(advisor, booking, besides=delivery):
            yield letter(booking, advisor)


def _is_briefed(advisor: Advisor, booking: Booking, *, besides: Delivery) -> bool:
    sent = Mail.objects.filter(to=advisor.email, lead=booking.submission.lead, status=Mail.Status.SENT)
    briefs = sent.filter(delivery__task=TASK, delivery__event__data__booking_id=str(booking.id))
    return briefs.exclude(delivery=besides).exists()


def letter(booking: Booking, advisor: Advisor) -> Letter:
    lead = booking.submission.lead
    assert lead is not None
    text, html = compose.fill(BODY, _values(booking, advisor))
    return Letter(
        kind=Mail.Kind.STAFF,
        to=advisor.email,
        subject=f"Brief: {lead.with_company}, {_day(booking.starts_at, advisor.zone)}",
        text=text,
        html=html,
        reply_to=lead.email,
        lead=lead,
    )


def _values(booking: Booking, advisor: Advisor) -> dict[str, Value]:
    submission = booking.submission
    assert submission.lead is not None
    found = brief.of(submission)
    lead = submission.lead
    facts = filter(None, [lead.role, submission.company_size and f"{submission.company_size} people", lead.website])
    return {
        "headline": f"Brief: {lead.with_company}",
        "time": Moment(words.when(booking.starts_at, booking.ends_at, advisor.zone), tuple(facts)),
        "verdict": found.verdict,
        "probe": found.probe,
        "questions": found.questions,
        "backing": found.backing,
        "opposing": found.opposing,
        "message": Group((found.message,)) if found.message else "",
        "past": found.past,
        "button": Button("The lead’s page", lead.desk_url),
    }


def _day(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B}, {local:%H:%M}"
