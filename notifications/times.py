"""The conversation in a mail: the time that is held or booked, times to choose from with a tap each, or a promise.

Comes before `notifications.replies` and the follow-ups, which put it among their words. A tap opens the page with that
time chosen; nothing is booked by looking at it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from intake.events import instant
from intake.models import Submission
from notifications.compose import Choices, Group, Link, Moment, Value
from scheduling import invitations, offers, words
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, Assignment, Booking
from scheduling.offers import Offer

OFFERED = 3
OTHERS = 2
OPENING = {
    Booking.Status.TENTATIVE.value: "We pencilled in a conversation for you with {}:",
    Booking.Status.CONFIRMED.value: "Your conversation is booked with {}:",
}


def told(submission: Submission, booking: Booking | None, advisor: Advisor | None, *, now: datetime) -> Value:
    """The part about the conversation: held, booked, three offers, or a promise to come back."""
    if not Assignment.objects.filter(submission=submission).exists():
        return "We are looking for a time for you; the page behind the button shows it as soon as there is one."
    if submission.is_test:
        return "This was a test: no conversation is arranged, and nobody was told."
    if advisor is None:
        return (
            "All our advisors are booked out at the moment. We write again as soon as somebody is free; answer this "
            "mail with times that suit you, and it goes faster."
        )
    return _taken(booking) if booking else _offers(submission, advisor, now=now)


def _taken(booking: Booking) -> Value:
    who = _named([booking.advisor, *booking.colleagues])
    zone = ZoneInfo(booking.timezone)
    when = words.when(booking.starts_at, booking.ends_at, zone)
    moment = Moment(when, tuple(invitations.elsewhere(booking)))
    return Group((OPENING[booking.status].format(who), moment, _how_it_stays(booking, zone)))


def _how_it_stays(booking: Booking, zone: ZoneInfo) -> str:
    if booking.status != Booking.Status.TENTATIVE or not booking.expires_at:
        return ""
    until = words.when_short(booking.expires_at, zone)
    return f"One tap keeps it. Ignore it and it goes by itself, on {until}."


def _offers(submission: Submission, advisor: Advisor, *, now: datetime) -> Value:
    """Three times of whoever would take it at this moment, which may be two advisors."""
    try:
        found = offers.offer(submission, now=now)
    except UnableToBook:
        return f"{advisor.name} has no free time at the moment. Answer this mail with times that suit you."
    verb = "are" if found.colleagues else "is"
    who = f"{_named(found.team.members)} {verb} free at these times ({found.zone.key})."
    opening = f"{who} Nothing is held; a tap leads to booking one:"
    return Group((opening, Choices(_links(submission, found, count=OFFERED))))


def _named(people: Iterable[Advisor]) -> str:
    return ", and ".join(f"{advisor.name}, {advisor.title}" for advisor in people)


def others(submission: Submission, booking: Booking | None, *, now: datetime) -> Value:
    """Two other times beside one that is held; nothing where none is held or none is free."""
    if booking is None or booking.status != Booking.Status.TENTATIVE:
        return ""
    try:
        found = offers.offer(submission, now=now)
    except UnableToBook:
        return ""
    links = _links(submission, found, count=OTHERS)
    return Group(("Another time is one tap away, too:", Choices(links))) if links else ""


def _links(submission: Submission, offer: Offer, *, count: int) -> tuple[Link, ...]:
    chosen = words.spread(offer.slots, zone=offer.zone, count=count)
    return tuple(Link(_short(start.astimezone(offer.zone)), page_with(submission, start)) for start, _ in chosen)


def _short(local: datetime) -> str:
    """Without year and zone, which stand above it."""
    return f"{local:%A}, {local.day} {local:%B}, {local:%H:%M}"


def page_with(submission: Submission, start: datetime) -> str:
    """The visitor's page with this time chosen; looking at it books nothing."""
    query = urlencode({"start": instant(start.astimezone(UTC))}, safe=":")
    return f"{submission.page_url}?{query}#conversation"


def label(booking: Booking | None, advisor: Advisor | None) -> str:
    """The words of the button that leads to the page."""
    if advisor is None:
        return "Read the assessment"
    if booking is None:
        return "See all times"
    return "Keep this time" if booking.status == Booking.Status.TENTATIVE else "See your booking"
