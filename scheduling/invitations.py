"""A conversation as iCalendar: the invitation for each who takes part, a file to download, an advisor's feed.

Pure but for the firm's row and the settings. Used by `scheduling.feeds` and by the mails. One UID for the life of a
booking and a SEQUENCE that only rises, so whatever arrives late or twice changes nothing. Times are in UTC: no
reader has to know our zones. What the prospect gets never holds an address of the desk, and what an advisor gets never
the prospect's link.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vUri

from intake.models import Firm, Lead
from intake.names import looks_like_name, plain
from scheduling import words
from scheduling.models import Advisor, Booking

PRODUCT = "-//Truegap//Truegap//EN"
METHOD = re.compile(r"^METHOD:([A-Z]+)\r?$", re.MULTILINE)
REFRESH = timedelta(minutes=15)
# RFC 6868 can write these into a parameter, but many calendars do not know it and show ^' instead.
UNWRITABLE = str.maketrans({'"': "'", "^": "", "\\": ""})


class Method(StrEnum):
    """What the reader's calendar is asked to do (RFC 5546): put it in or move it, take it out, just read it."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True)
class Guest:
    email: str
    name: str


@dataclass(frozen=True)
class View:
    """The conversation as one side may see it."""

    summary: str
    lines: tuple[str, ...]
    guests: tuple[Guest, ...] = ()


def for_prospect(booking: Booking, method: Method, *, stamped_at: datetime) -> str:
    firm = Firm.get()
    calendar = _empty(method)
    calendar.add_component(_event(booking, _prospects_view(booking, firm), method, firm, stamped_at=stamped_at))
    return _text(calendar)


def for_advisor(booking: Booking, advisor: Advisor, method: Method, *, stamped_at: datetime) -> str:
    """For somebody who sits in it; or, with CANCEL, for somebody who does no longer."""
    view = _advisors_view(booking, advisor)
    if advisor not in seated(booking):
        view = View(view.summary, view.lines, (Guest(advisor.email, advisor.name),))
    calendar = _empty(method)
    calendar.add_component(_event(booking, view, method, Firm.get(), stamped_at=stamped_at))
    return _text(calendar)


def given_back(taken: Mapping[str, Any], advisor: Advisor, *, stamped_at: datetime) -> str:
    """Takes a conversation out of an advisor's calendar of which only its UID, SEQUENCE and times are left."""
    event = Event()
    event.add("uid", taken["uid"])
    event.add("sequence", taken["sequence"])
    event.add("dtstamp", stamped_at.replace(microsecond=0))
    event.add("dtstart", datetime.fromisoformat(taken["start"]))
    event.add("dtend", datetime.fromisoformat(taken["end"]))
    event.add("summary", "Conversation given back")
    event.add("organizer", _organizer(Firm.get()), encode=False)
    event.add("status", "CANCELLED")
    event.add("attendee", _attendee(Guest(advisor.email, advisor.name), Method.CANCEL), encode=False)
    calendar = _empty(Method.CANCEL)
    calendar.add_component(event)
    return _text(calendar)


def feed(advisor: Advisor, bookings: Iterable[Booking]) -> str:
    """Everything that an advisor takes part in, for a calendar that subscribes to it."""
    firm = Firm.get()
    calendar = _empty(Method.PUBLISH)
    name = f"{plain(firm.name)}: {plain(advisor.name)}"
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{REFRESH.seconds // 60}M")
    for booking in bookings:
        # Not the time of asking: the same conversations have to be the same bytes.
        stamped_at = booking.ended_at or booking.confirmed_at or booking.created_at
        view = _advisors_view(booking, advisor)
        calendar.add_component(_event(booking, view, Method.PUBLISH, firm, stamped_at=stamped_at))
    return _text(calendar)


def uid(booking: Booking) -> str:
    return f"{booking.id}@{urlsplit(settings.PUBLIC_BASE_URL).hostname}"


def sequence(booking: Booking) -> int:
    """Every move raises the booking's version. The end is one step more, or an invitation could outlive it."""
    return booking.version + (booking.status == Booking.Status.CANCELLED)


def seated(booking: Booking) -> list[Advisor]:
    """Who takes part for the firm, the one who leads first."""
    return [booking.advisor, *booking.colleagues]


def method_of(calendar: str) -> str:
    """The METHOD that a calendar was written with; the mail has to name the same."""
    found = METHOD.search(calendar)
    return found[1] if found else Method.PUBLISH


# --- what each side sees --------------------------------------------------------------------------------


def _prospects_view(booking: Booking, firm: Firm) -> View:
    lead, advisors = _lead(booking), seated(booking)
    here = ZoneInfo(booking.timezone)
    return View(
        summary=f"Conversation with {names(advisors)} ({plain(firm.name)})",
        lines=(
            *(f"With {plain(advisor.name)}, {plain(advisor.title)}" for advisor in advisors),
            words.when(booking.starts_at, booking.ends_at, here),
            *elsewhere(booking),
            *_join(booking),
            f"See, move or cancel it: {booking.submission.page_url}",
        ),
        # A stranger may have typed it: what does not look like a name goes into nobody's calendar by our hand.
        guests=_guests(booking, lead.name if looks_like_name(lead.name) else ""),
    )


def _advisors_view(booking: Booking, advisor: Advisor) -> View:
    lead = _lead(booking)
    start, end = booking.starts_at, booking.ends_at
    there = words.elsewhere(start, end, zone=ZoneInfo(booking.timezone), home=advisor.zone, who="the prospect")
    others = [one for one in seated(booking) if one != advisor]
    return View(
        summary=f"Conversation with {who(lead)}",
        lines=(
            f"With {who(lead)}, {lead.email}",
            *([f"Together with {names(others)}"] if others and advisor in seated(booking) else []),
            words.when(start, end, advisor.zone),
            there,
            f"Gap: {Lead.Gap(lead.believed_gap).label}",
            *_join(booking),
            f"At the desk: {lead.desk_url}",
        ),
        guests=_guests(booking, plain(lead.name)),
    )


def who(lead: Lead) -> str:
    """The prospect for the house's own eyes: “Ada Lovelace (Engines Ltd)”."""
    company = plain(lead.company)
    return f"{plain(lead.name)} ({company})" if company else plain(lead.name)


def names(advisors: Iterable[Advisor]) -> str:
    return " and ".join(plain(advisor.name) for advisor in advisors)


def elsewhere(booking: Booking) -> list[str]:
    """The time for each advisor whose zone is another one, or in UTC so that everybody can find their own hour."""
    home, start, end = ZoneInfo(booking.timezone), booking.starts_at, booking.ends_at
    people = [(plain(advisor.name), advisor.zone) for advisor in seated(booking)]
    # Without any, the prospect told no zone or shares the advisor's.
    abroad = words.abroad(start, end, home=home, people=people)
    return abroad or list(filter(None, [words.in_utc(start, end, home=home)]))


def _join(booking: Booking) -> list[str]:
    return [f"Join here: {booking.join_url}"] if booking.join_url and _takes_place(booking) else []


def _guests(booking: Booking, prospect: str) -> tuple[Guest, ...]:
    advisors = (Guest(advisor.email, plain(advisor.name)) for advisor in seated(booking))
    return (Guest(_lead(booking).email, prospect), *advisors)


def _takes_place(booking: Booking) -> bool:
    return booking.status != Booking.Status.CANCELLED


def _lead(booking: Booking) -> Lead:
    lead = booking.submission.lead
    assert lead is not None
    return lead


# --- iCalendar ------------------------------------------------------------------------------------------


def _empty(method: Method) -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", str(method))
    return calendar


def _event(booking: Booking, view: View, method: Method, firm: Firm, *, stamped_at: datetime) -> Event:
    event = Event()
    event.add("uid", uid(booking))
    event.add("sequence", sequence(booking))
    event.add("dtstamp", stamped_at.replace(microsecond=0))
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", view.summary)
    event.add("description", "\n".join(filter(None, view.lines)))
    event.add("organizer", _organizer(firm), encode=False)
    # Whoever is only taken off the list gets no STATUS (RFC 5546, 3.2.5): the conversation itself stands.
    if method != Method.CANCEL or not _takes_place(booking):
        event.add("status", "CONFIRMED" if _takes_place(booking) else "CANCELLED")
    if method != Method.CANCEL:
        event.add("transp", "OPAQUE")
        _add_place(event, booking.join_url)
    if method != Method.PUBLISH:
        for guest in view.guests:
            event.add("attendee", _attendee(guest, method), encode=False)
    return event


def _add_place(event: Event, url: str) -> None:
    if not url:
        return
    event.add("location", url)
    event.add("url", url)
    event.add("conference", vUri(url), parameters={"VALUE": "URI", "FEATURE": "VIDEO", "LABEL": "Join"})


def _organizer(firm: Firm) -> vCalAddress:
    """The address that the mail comes from: calendars take changes from nobody else."""
    name, email = parseaddr(firm.from_address)
    return _address(email, name or firm.name)


def _attendee(guest: Guest, method: Method) -> vCalAddress:
    address = _address(guest.email, guest.name)
    address.params["ROLE"] = "REQ-PARTICIPANT"
    if method == Method.REQUEST:
        address.params["PARTSTAT"] = "NEEDS-ACTION"
        address.params["RSVP"] = "TRUE"
    return address


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    if written := plain(name.translate(UNWRITABLE)):
        address.params["CN"] = written
    return address


def _text(calendar: Calendar) -> str:
    text: bytes = calendar.to_ical()
    return text.decode()
