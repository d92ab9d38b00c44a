"""Reading what arrived as a mail client and a calendar would."""

from email.message import EmailMessage, Message

from icalendar import Calendar, Event


def calendar_part(mail: EmailMessage) -> Message:
    """The one invitation inside of multipart/alternative, after text and HTML."""
    assert mail.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    return list(mail.iter_parts())[2]


def calendar_in(mail: EmailMessage) -> Calendar:
    part = calendar_part(mail)
    calendar = read(part.get_payload(decode=True))
    assert part.get_param("method") == calendar["METHOD"]
    assert part.get_content_charset() == "utf-8"
    return calendar


def text_of(mail: EmailMessage) -> str:
    """The text part with the line ends of this machine instead of the wire's."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def read(content: object) -> Calendar:
    """Parsed, and none of it beyond the line length that every calendar has to take."""
    assert isinstance(content, bytes)
    assert content.endswith(b"\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    (calendar,) = Calendar.from_ical(content, multiple=True)
    assert (calendar["VERSION"], calendar["CALSCALE"]) == ("2.0", "GREGORIAN")
    return calendar


def event_in(calendar: Calendar) -> Event:
    (event,) = calendar.walk("VEVENT")
    assert not event.errors
    assert not calendar.walk("VTIMEZONE")
    return event


def guests(event: Event) -> dict[str, dict[str, str]]:
    """Parameters by address."""
    found = event.get("ATTENDEE", [])
    found = found if isinstance(found, list) else [found]
    return {str(address).removeprefix("mailto:"): dict(address.params) for address in found}
