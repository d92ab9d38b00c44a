"""Mails about a booking with their invitations, to everybody who takes part: told from the present state.

Comes after `scheduling.services` and before `notifications.mails`, which sends. Several events of one booking may
wait at once (the mail server was away): only the one that is still true is told, and what somebody was told last
decides whether they read of a new conversation or of a moved one.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.utils import timezone

from notifications import booking_words, mails, standing
from notifications.booking_words import Story, Words
from notifications.mails import Letter
from notifications.models import Mail
from outbox.models import Delivery
from scheduling import invitations, offers, words
from scheduling.bookings import UnableToBook
from scheduling.invitations import Method
from scheduling.models import Advisor, Booking

OFFERED = 3
Writer = Callable[[Booking], Letter | None]


def send_booking_mail(delivery: Delivery) -> dict[str, str]:
    """Tells prospect and advisors about a booking, unless it has changed again since."""
    booking = standing.booking_of(delivery.event)
    if booking is None:
        return {"skipped": "The booking was erased."}
    if booking.submission.is_test:
        return {"skipped": "A marked test writes to nobody."}
    mails.send_all(_letters(delivery, booking), delivery=delivery, now=timezone.now())
    past = standing.past(delivery.event, booking, now=timezone.now())
    return {"skipped": past} if past else {"booking": str(booking.id)}


def _letters(delivery: Delivery, booking: Booking) -> Iterator[Letter]:
    """Each is written from a fresh look at the rows: the one before it may have taken seconds to send."""
    for write in _writers(delivery, booking):
        fresh = standing.booking_of(delivery.event)
        letter = write(fresh) if fresh else None
        if letter is not None:
            yield letter


def _writers(delivery: Delivery, booking: Booking) -> Iterator[Writer]:
    yield partial(_to_prospect, delivery)
    for advisor in invitations.seated(booking):
        yield partial(_to_advisor, delivery, advisor)
    for advisor in Advisor.objects.filter(pk__in=delivery.event.data.get("left", [])):
        yield partial(_to_leaver, delivery, advisor)


def _to_prospect(delivery: Delivery, booking: Booking) -> Letter | None:
    now = timezone.now()
    if standing.past(delivery.event, booking, now=now):
        return None
    lead = booking.submission.lead
    assert lead is not None
    before = standing.last_told(booking, lead.email, besides=delivery)
    if before is None and delivery.event.type == "booking.rescheduled" and booking_words.by_us(delivery.event.data):
        # No mail told them of the time that we change, but the page did.
        before = standing.event_before(delivery.event, booking)
    story = booking_words.story_of(booking, delivery.event.data, before)
    cancelled = booking.status == Booking.Status.CANCELLED
    offers = _offers(booking, now=now) if cancelled and story.by_us else []
    calendar = invitations.for_prospect(booking, _method(booking), stamped_at=delivery.event.occurred_at)
    told = booking_words.to_prospect(booking, story, offers=offers)
    return _letter(booking, told, to=lead.email, reply_to=booking.advisor.email, calendar=calendar)


def _to_advisor(delivery: Delivery, advisor: Advisor, booking: Booking) -> Letter | None:
    if standing.past(delivery.event, booking, now=timezone.now()) or advisor not in invitations.seated(booking):
        return None
    before = standing.last_told(booking, advisor.email, besides=delivery)
    story = booking_words.story_of(booking, delivery.event.data, before)
    return _to_house(delivery, advisor, booking, booking_words.to_advisor(booking, advisor, story), _method(booking))


def _to_leaver(delivery: Delivery, advisor: Advisor, booking: Booking) -> Letter | None:
    """Whatever has become of the booking since: who sits in it no more must not keep it in their calendar."""
    if advisor in invitations.seated(booking) or booking.ends_at <= timezone.now():
        return None
    story = Story(booking_words.Act.HANDED_ON, by_us=True)
    told = booking_words.to_advisor(booking, advisor, story, has_left=True)
    return _to_house(delivery, advisor, booking, told, Method.CANCEL)


def _to_house(delivery: Delivery, advisor: Advisor, booking: Booking, told: Words, method: Method) -> Letter:
    lead = booking.submission.lead
    assert lead is not None
    calendar = invitations.for_advisor(booking, advisor, method, stamped_at=delivery.event.occurred_at)
    return _letter(booking, told, to=advisor.email, reply_to=lead.email, calendar=calendar)


def _letter(booking: Booking, told: Words, *, to: str, reply_to: str, calendar: str) -> Letter:
    return Letter(
        kind=Mail.Kind.BOOKING,
        to=to,
        subject=told.subject,
        text=told.text,
        html=told.html,
        reply_to=reply_to,
        lead=booking.submission.lead,
        calendar=calendar,
    )


def _method(booking: Booking) -> Method:
    return Method.CANCEL if booking.status == Booking.Status.CANCELLED else Method.REQUEST


def _offers(booking: Booking, *, now: datetime) -> list[str]:
    """A few free times, for somebody whose conversation we called off."""
    try:
        found = offers.offer(booking.submission, now=now)
    except UnableToBook:
        return []
    zone = ZoneInfo(booking.timezone)
    return [words.when(start, end, zone) for start, end in words.spread(found.slots, zone=zone, count=OFFERED)]
