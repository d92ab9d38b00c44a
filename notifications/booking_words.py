"""What the mails about a conversation say. Pure but for the addresses of pages.

`notifications.booking_mails` decides what happened for whom; here stand the words for it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any
from zoneinfo import ZoneInfo

from intake.models import Lead
from intake.names import plain
from notifications import compose
from notifications.compose import Button, Link, Moment, Value
from scheduling import invitations, words
from scheduling.models import Advisor, Booking

BODY = """{{ headline }}

{{ greeting }}

{{ opening }}

{{ time }}

{{ before }}

{{ join }}

These times are free at the moment:
{{ offered }}

{{ button }}

{{ closing }}
"""


class Act(Enum):
    """What happened to a conversation, as one of its people has to hear it."""

    BOOKED = auto()
    MOVED = auto()
    HANDED_ON = auto()
    CANCELLED = auto()


@dataclass(frozen=True)
class Story:
    """What has to be told to one person: what happened, by whose hand, and what they knew before."""

    act: Act
    by_us: bool = False
    before: dict[str, Any] | None = None


@dataclass(frozen=True)
class Words:
    subject: str
    text: str
    html: str


def story_of(booking: Booking, event: dict[str, Any], before: dict[str, Any] | None) -> Story:
    """From what somebody was told last and what is true now; the event only says by whom."""
    if booking.status == Booking.Status.CANCELLED:
        act = Act.CANCELLED
    elif before is None:
        act = Act.BOOKED
    elif datetime.fromisoformat(before["start"]) != booking.starts_at:
        act = Act.MOVED
    elif _people(before) != [advisor.name for advisor in invitations.seated(booking)]:
        act = Act.HANDED_ON
    else:
        act = Act.BOOKED
    return Story(act, by_us(event), before)


def by_us(event: dict[str, Any]) -> bool:
    """Whether staff did it; else the prospect did."""
    return event.get("by") == "staff"


def _people(told: dict[str, Any]) -> list[str]:
    return [told["advisor"]["name"], *(colleague["name"] for colleague in told["with"])]


# --- the prospect ---------------------------------------------------------------------------------------


def to_prospect(booking: Booking, story: Story, *, offers: list[str]) -> Words:
    lead = _lead(booking)
    headline, opening, closing, label = _TOLD[story.act, story.by_us]
    cancelled = story.act == Act.CANCELLED
    taker = _taken_over(booking, story)
    values: dict[str, Value] = {
        "headline": headline,
        "greeting": compose.greeting(lead.name),
        "opening": f"{opening} {taker}".strip(),
        "time": moment(booking),
        "before": _before(booking, story, ZoneInfo(booking.timezone)),
        "join": Link("Join here when the time comes", booking.join_url) if booking.join_url and not cancelled else "",
        "offered": offers,
        "button": Button(label, booking.submission.page_url),
        "closing": closing,
    }
    text, html = compose.fill(BODY, values)
    return Words(f"{headline}: {when(booking)}", text, html)


ACCEPT = "The invitation is in this mail: accept it, and the conversation stands in your calendar."
UPDATE = "The invitation in this mail moves it in your calendar."
REMOVE = "This mail takes it out of your calendar."
# By what happened and whether it was us: headline, opening, closing, the words on the button.
_TOLD = {
    (Act.BOOKED, False): (
        "Your conversation is booked",
        "Thank you, we look forward to it.",
        f"{ACCEPT} There is nothing to prepare; have at hand what you would show a new colleague on the first day.",
        "See, move or cancel it",
    ),
    (Act.BOOKED, True): (
        "Your conversation is booked",
        "We have booked this time for you. If it does not suit you, choose another one below.",
        f"{ACCEPT} There is nothing to prepare; have at hand what you would show a new colleague on the first day.",
        "See, move or cancel it",
    ),
    (Act.MOVED, False): (
        "Your conversation has moved",
        "Done: this is the new time.",
        UPDATE,
        "See, move or cancel it",
    ),
    (Act.MOVED, True): (
        "We had to move your conversation",
        "We are sorry: the time that we had agreed on did not hold on our side. This is the new one.",
        f"If it does not suit you, choose another time: the page behind the button shows what is free. {UPDATE}",
        "Choose another time",
    ),
    (Act.HANDED_ON, False): (
        "Your conversation is in other hands",
        "The time stays as it was.",
        UPDATE.replace("moves", "changes"),
        "See, move or cancel it",
    ),
    (Act.HANDED_ON, True): (
        "Your conversation is in other hands",
        "The time stays as it was; who talks with you has changed. We are sorry for the change.",
        f"If you would rather have another time, the page behind the button shows what is free. "
        f"{UPDATE.replace('moves', 'changes')}",
        "See, move or cancel it",
    ),
    (Act.CANCELLED, False): (
        "Your conversation is cancelled",
        "Thank you for letting us know; the time is given back.",
        f"Should you like to talk after all, a new time takes a minute to choose. {REMOVE}",
        "Choose another time",
    ),
    (Act.CANCELLED, True): (
        "We have to cancel your conversation",
        "We are sorry: this conversation cannot take place.",
        f"Or answer this mail with times that suit you. {REMOVE}",
        "Choose another time",
    ),
}


def _taken_over(booking: Booking, story: Story) -> str:
    """Who has come in for whom, where that is new to the prospect."""
    if not story.before or story.act not in {Act.MOVED, Act.HANDED_ON}:
        return ""
    before, now = _people(story.before), [advisor.name for advisor in invitations.seated(booking)]
    come = [plain(name) for name in now if name not in before]
    gone = [plain(name) for name in before if name not in now]
    if come and gone:
        takes, knows = ("takes", "knows") if len(come) == 1 else ("take", "know")
        return (
            f"{' and '.join(come)} {takes} over from {' and '.join(gone)} and {knows} everything that you told us, "
            "so nothing has to be said twice."
        )
    if come:
        return f"{' and '.join(come)} joins it and knows what you told us."
    return f"{' and '.join(gone)} is no longer part of it." if gone else ""


def moment(booking: Booking) -> Moment:
    """When in the prospect's zone, with whom, and what hour that is for them."""
    people = tuple(f"With {plain(advisor.name)}, {plain(advisor.title)}" for advisor in invitations.seated(booking))
    return Moment(when(booking), (*people, *invitations.elsewhere(booking)))


def when(booking: Booking) -> str:
    return words.when(booking.starts_at, booking.ends_at, ZoneInfo(booking.timezone))


def _before(booking: Booking, story: Story, zone: ZoneInfo) -> str:
    if story.act != Act.MOVED or not story.before:
        return ""
    start, end = (datetime.fromisoformat(story.before[name]) for name in ("start", "end"))
    return f"Before, it was {words.when(start, end, zone)}."


# --- an advisor -----------------------------------------------------------------------------------------

_VERBS = {Act.BOOKED: "Booked", Act.MOVED: "Moved", Act.HANDED_ON: "Changed", Act.CANCELLED: "Cancelled"}


def to_advisor(booking: Booking, advisor: Advisor, story: Story, *, has_left: bool = False) -> Words:
    """For the house's own eyes: with what is known of the prospect, and the lead's page instead of their link."""
    lead = _lead(booking)
    verb = "Taken off your hands" if has_left else _VERBS[story.act]
    own = words.when(booking.starts_at, booking.ends_at, advisor.zone)
    runs = not has_left and story.act != Act.CANCELLED
    values: dict[str, Value] = {
        "headline": f"{verb}: {invitations.who(lead)}",
        "greeting": "",
        "opening": _for_the_house(booking, advisor, story, has_left=has_left),
        "time": Moment(own, _for_their_eyes(booking, advisor)),
        "before": _before(booking, story, advisor.zone) if runs else "",
        "join": Link("Join here", booking.join_url) if runs and booking.join_url else "",
        "offered": "",
        "button": Button("Open the lead", lead.desk_url),
        "closing": "" if runs else REMOVE,
    }
    text, html = compose.fill(BODY, values)
    return Words(f"{verb}: {invitations.who(lead)}, {own}", text, html)


def _for_the_house(booking: Booking, advisor: Advisor, story: Story, *, has_left: bool) -> str:
    people = invitations.seated(booking)
    others = [one for one in people if one != advisor]
    if has_left:
        return f"{invitations.names(people)} takes this conversation from now on. There is nothing left for you to do."
    if story.act == Act.CANCELLED:
        return "We cancelled this conversation." if story.by_us else "The prospect cancelled this conversation."
    if story.act == Act.MOVED:
        return "We moved this conversation." if story.by_us else "The prospect moved this conversation."
    if others and advisor == booking.advisor:
        return f"You lead this conversation, together with {invitations.names(others)}."
    if others:
        return f"You take part in this conversation; {plain(booking.advisor.name)} leads it."
    return "This conversation is yours. Answer this mail to write to the prospect."


def _for_their_eyes(booking: Booking, advisor: Advisor) -> tuple[str, ...]:
    lead = _lead(booking)
    there = words.elsewhere(
        booking.starts_at, booking.ends_at, zone=ZoneInfo(booking.timezone), home=advisor.zone, who="the prospect"
    )
    size = f", {lead.company_size} people" if lead.company_size else ""
    return (
        there,
        f"With {plain(lead.name)}, {lead.email}",
        f"Company: {plain(lead.company) or 'not given'}{size}",
        f"Gap: {Lead.Gap(lead.believed_gap).label}",
    )


def _lead(booking: Booking) -> Lead:
    lead = booking.submission.lead
    assert lead is not None
    return lead
