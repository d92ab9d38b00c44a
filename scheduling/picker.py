"""What the page at /r/TOKEN/ shows of the conversation: its time in every zone that matters, times to choose, a wish.

Loads and words only; `scheduling.pages` acts.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from intake.models import Submission
from scheduling import offers, replies, wishes, words
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, Booking
from scheduling.offers import Offer
from scheduling.slots import Interval

SUGGESTED = 6
# All times of so many days can be unfolded under the suggested ones.
MORE_DAYS = 10


def conversation(submission: Submission, *, now: datetime, near: datetime | None = None) -> dict[str, Any]:
    """The context of the section. `near` was just refused, or chosen in a mail: times around it are shown."""
    booking = replies.latest_booking(submission)
    state, offer = offers.standing(submission, booking, now=now)
    takes_place = booking if state in {"held", "confirmed"} else None
    if takes_place:
        offer = _other_times(submission, now=now)
    wish = wishes.open_wish(submission) if state in {"offer", "unavailable"} else None
    return {
        "state": state,
        "booking": booking,
        "people": _people(takes_place, offer),
        "times": _times(takes_place, named=bool(submission.timezone)) if takes_place else None,
        "offers": _suggested(offer, near=near) if offer else [],
        # A time that somebody came for, which is among them.
        "chosen": near is not None and offer is not None and any(slot[0] == near for slot in offer.slots),
        "more": _more(offer) if offer else [],
        "offer_zone": offer.zone.key if offer else "",
        "zone_named": bool(submission.timezone),
        "open_wish": wish,
        "wish": wish.wish if wish else "",
        "wish_length": wishes.MAX_LENGTH,
    }


def _other_times(submission: Submission, *, now: datetime) -> Offer | None:
    try:
        return offers.offer(submission, now=now)
    except UnableToBook:
        return None


def _people(takes_place: Booking | None, offer: Offer | None) -> list[Advisor]:
    """Who takes part, the one who leads first."""
    if takes_place:
        return [takes_place.advisor, *takes_place.colleagues]
    return [offer.team.leader, *offer.colleagues] if offer else []


# --- times ----------------------------------------------------------------------------------------------


def _times(booking: Booking, *, named: bool) -> dict[str, Any]:
    home, start, end = ZoneInfo(booking.timezone), booking.starts_at, booking.ends_at
    return {
        "start": start.isoformat(),
        "when": words.when(start, end, home),
        "elsewhere": _elsewhere(booking, home=home, named=named),
        "until": words.when_short(booking.expires_at, home) if booking.expires_at else "",
    }


def _elsewhere(booking: Booking, *, home: ZoneInfo, named: bool) -> list[str]:
    """The same time for each advisor who lives by another zone; in UTC for who named none."""
    start, end = booking.starts_at, booking.ends_at
    lines = []
    if not named:
        unnamed = f"You named no time zone, so these are the hours of {booking.advisor.name}."
        lines.append(f"{unnamed} {words.in_utc(start, end, home=home)}".strip())
    people = [(advisor.name, advisor.zone) for advisor in (booking.advisor, *booking.colleagues)]
    return lines + words.abroad(start, end, home=home, people=people)


# --- to choose from -------------------------------------------------------------------------------------


def _suggested(offer: Offer, *, near: datetime | None) -> list[dict[str, Any]]:
    """The next ones, one or two a day; or those nearest to the time that was refused, or chosen."""
    if near is not None:
        around = offers.nearest(offer.slots, near)
        return [{**_choice(slot, offer.zone), "is_chosen": slot[0] == near} for slot in around]
    return [_choice(slot, offer.zone) for slot in words.spread(offer.slots, zone=offer.zone, count=SUGGESTED)]


def _more(offer: Offer) -> list[dict[str, str]]:
    """All times of the next days that have any."""
    days: dict[Any, list[Interval]] = {}
    for slot in offer.slots:
        day = slot[0].astimezone(offer.zone).date()
        if day not in days and len(days) == MORE_DAYS:
            break
        days.setdefault(day, []).append(slot)
    found = [slot for slots in days.values() for slot in slots]
    return [_choice(slot, offer.zone) for slot in found] if len(found) > SUGGESTED else []


def _choice(slot: Interval, zone: ZoneInfo) -> dict[str, str]:
    start, end = slot
    local = start.astimezone(zone)
    return {
        "value": start.isoformat(),
        "text": words.when(start, end, zone),
        "day": words.day(local),
        "short_day": f"{local:%A}, {local.day} {local:%B}",
        "hours": f"{local:%H:%M}{_twice(start, zone)}",
    }


def _twice(start: datetime, zone: ZoneInfo) -> str:
    """On the night when the clock goes back an hour is there twice: the abbreviation tells which."""
    clock = start.astimezone(zone).replace(tzinfo=None)
    others = (start + timedelta(hours=hours) for hours in (-1, 1))
    is_twice = any(other.astimezone(zone).replace(tzinfo=None) == clock for other in others)
    return f" {start.astimezone(zone):%Z}" if is_twice else ""
