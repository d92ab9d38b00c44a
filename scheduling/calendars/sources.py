"""Where busy times come from. A source takes a calendar and a window, and gives a reading.

There is one kind today: the secret feed. Another (CalDAV, a provider's own interface) is one more function of the
same shape here, and a field that says which calendar is of which kind; `sync` and `health` need not know.
Comes after `scheduling.calendars.feed`, which understands what a feed says.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from outbox import http
from scheduling.calendars import feed
from scheduling.calendars.feed import Interval
from scheduling.models import Booking, Calendar

logger = logging.getLogger(__name__)

MAX_BYTES = 5_000_000
HEADERS = {"User-Agent": "Truegap-Calendars/1", "Accept": "text/calendar, */*;q=0.1"}
ANSWERS = {
    401: "The server wants a login (401). Take the secret address, which needs none.",
    403: "The server refuses the address (403). Take the secret address, or publish the calendar again.",
    404: "There is no calendar at this address (404). It may have been renewed or withdrawn.",
    410: "The calendar at this address is gone (410).",
    429: "The server was asked too often (429).",
}


class Unreadable(Exception):
    """The calendar could not be read now. The message is for staff, and never holds the address, which is a secret."""


@dataclass(frozen=True)
class Reading:
    """What a source says. `busy` is None where nothing has changed since the last good reading."""

    busy: list[Interval] | None
    skipped: int = 0
    etag: str = ""
    last_modified: str = ""


Source = Callable[[Calendar, Interval, datetime], Reading]


def source_of(calendar: Calendar) -> Source:
    """How this calendar is read."""
    return secret_feed


def secret_feed(calendar: Calendar, window: Interval, now: datetime) -> Reading:
    """Fetches the feed and reads it, or learns that it is unchanged. Raises Unreadable."""
    answer = _fetched(calendar, _if_newer(calendar, now))
    if answer.status == 304:
        return Reading(None, calendar.skipped, calendar.etag, calendar.last_modified)
    if answer.status != 200:
        raise Unreadable(ANSWERS.get(answer.status, f"The server answered {answer.status}."))
    advisor = calendar.advisor
    try:
        found = feed.read(
            answer.content, window=window, zone=advisor.zone, owner=advisor.email, is_own=_conversations_of_ours(now)
        )
    except feed.NotReadable as error:
        raise Unreadable(str(error)) from error
    return Reading(
        found.busy, found.skipped, answer.headers.get("etag", "")[:500], answer.headers.get("last-modified", "")[:100]
    )


def _if_newer(calendar: Calendar, now: datetime) -> dict[str, str]:
    """“Unchanged” helps only where what was read last reaches far enough ahead, and was read by the same clock."""
    advisor = calendar.advisor
    reaches = now + timedelta(days=advisor.horizon_days + 1)
    if not calendar.covered_until or calendar.covered_until < reaches or calendar.zone != advisor.timezone:
        return {}
    known = {"If-None-Match": calendar.etag, "If-Modified-Since": calendar.last_modified}
    return {name: value for name, value in known.items() if value}


def _fetched(calendar: Calendar, headers: dict[str, str]) -> http.Answer:
    try:
        return http.get(
            calendar.url, headers=HEADERS | headers, limit=MAX_BYTES, seconds=settings.CALENDAR_DEADLINE_SECONDS
        )
    except (http.Refused, http.TooLarge, http.BadAnswer, httpx.HTTPError) as error:
        raise Unreadable(_in_words(error)) from error


def _in_words(error: Exception) -> str:
    if isinstance(error, http.Refused):
        return "The address leads where this service may not call: a private network, or not https."
    if isinstance(error, http.TooLarge):
        return f"It is larger than {MAX_BYTES // 1_000_000} MB. Publish a calendar of its own for what is to come."
    if isinstance(error, http.BadAnswer):
        return str(error)
    if isinstance(error, httpx.TimeoutException):
        return f"The server did not answer within {settings.CALENDAR_DEADLINE_SECONDS} seconds."
    if "certificate" in str(error).lower():
        return "The server's certificate is not valid."
    return "The server could not be reached." if isinstance(error, httpx.ConnectError) else "The server hung up."


def _conversations_of_ours(now: datetime) -> Callable[[str], bool]:
    """Whether a UID is an invitation of this house: it knows when its conversations are, moved ones too."""
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname
    since = now - timedelta(days=2)
    ids = {id_.hex for id_ in Booking.objects.filter(starts_at__gt=since).values_list("id", flat=True)}

    def is_own(uid: str) -> bool:
        name, _, domain = uid.strip().lower().rpartition("@")
        return domain == host or name.replace("-", "") in ids

    return is_own
