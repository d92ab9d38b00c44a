"""A time that somebody asks for in words, where no free one suits them or nobody has one: kept, told to staff, settled.

Comes from the visitor's page (`scheduling.pages`); a booking settles it by itself (`scheduling.bookings`).
"""

from datetime import datetime, timedelta

from intake import events
from intake.models import Submission
from intake.serializers import INVISIBLE
from outbox.models import Event
from scheduling import bookings
from scheduling.bookings import UnableToBook
from scheduling.models import Booking, TimeRequest

MAX_LENGTH = 500
TOLD = "booking.requested"
# Staff are written to so often for one person; what is wished after that stands at the desk.
TOLD_A_DAY = 3


class WishRefused(Exception):
    """The words cannot be kept; the message says why."""


def ask(submission: Submission, words: str, *, now: datetime) -> TimeRequest:
    """Keeps the wish; a second one takes the place of the first while that is open.

    Raises WishRefused, or UnableToBook where there is nothing to wish for: a time is booked, or it was a test.
    """
    wish = _readable(words)
    return bookings.in_turn(submission, lambda: _ask(submission, wish, now=now))


def _readable(words: str) -> str:
    """Counted as the browser counts it: the end of a line is one character, not two."""
    wish = INVISIBLE.sub("", words.replace("\x00", "").replace("\r\n", "\n")).strip()
    if not wish:
        raise WishRefused("Say in a few words when it suits you.")
    if len(wish) > MAX_LENGTH:
        raise WishRefused(f"That is longer than {MAX_LENGTH} characters: it has {len(wish)}.")
    return wish


def _ask(submission: Submission, wish: str, *, now: datetime) -> TimeRequest:
    if submission.lead is None or submission.is_quarantined or submission.is_test:
        raise UnableToBook("closed", "There is no conversation to arrange under this link.")
    if Booking.objects.filter(submission=submission, status=Booking.Status.CONFIRMED).exists():
        raise UnableToBook("closed", "Your conversation is booked. Move it, or answer its mail.")
    request = open_wish(submission)
    if request is not None and request.wish == wish:
        return request
    request = request or TimeRequest(submission=submission)
    request.wish, request.created_at = wish, now
    request.save()
    told = Event.objects.filter(type=TOLD, subject=submission.lead.id, occurred_at__gt=now - timedelta(days=1))
    if told.count() < TOLD_A_DAY:
        events.publish(TOLD, submission=submission, now=now)
    return request


def open_wish(submission: Submission) -> TimeRequest | None:
    return TimeRequest.objects.filter(submission=submission, settled_at=None).first()


def settle(request: TimeRequest, *, now: datetime) -> bool:
    """Staff have answered it another way. False where it was settled already."""
    return bool(TimeRequest.objects.filter(pk=request.pk, settled_at=None).update(settled_at=now))
