"""Whether a follow-up may go out now: from facts to Send, Stop, Skip or Wait, with the reason in words. Pure.

`notifications.follow_ups` gathers the facts at the moment of sending and does what comes out. Stop ends the
series for this person; Skip leaves out this one mail; Wait names the next time to ask.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(8), time(18)
WORKING_DAYS = range(5)  # Monday to Friday
BETWEEN_MAILS = timedelta(days=1)
TOO_LATE = timedelta(days=3)
DAY = timedelta(days=1)
# Far more than a weekend, for zones that once left out a whole day.
LOOK_AHEAD_DAYS = 14

# Staff have the matter in hand from here on.
CLOSED = {"won", "lost", "disqualified"}
TAKEN_OVER = {"contacted"}
BEYOND = {"met", "proposal"}
ENQUIRY = "lead.assessed"


@dataclass(frozen=True)
class Facts:
    """Everything that the decision goes by, as it is at `now`. `zone` is the prospect's, else the firm's."""

    now: datetime
    zone: ZoneInfo
    due_at: datetime
    starts_on: str
    stage: str
    consent: bool
    is_prospect: bool = True
    is_test: bool = False
    is_quarantined: bool = False
    suppressed: str = ""
    is_booked: bool = False
    has_met: bool = False
    has_replied: bool = False
    is_superseded: bool = False
    is_switched_on: bool = True
    last_mail_at: datetime | None = None


@dataclass(frozen=True)
class Send:
    """Now."""


@dataclass(frozen=True)
class Stop:
    """The person or the house has moved on: nothing more of this series."""

    reason: str


@dataclass(frozen=True)
class Skip:
    """Not this mail."""

    reason: str


@dataclass(frozen=True)
class Wait:
    """Ask again at `until`."""

    until: datetime
    reason: str


Decision = Send | Stop | Skip | Wait


def decide(facts: Facts) -> Decision:
    """What becomes of the follow-up now. The gravest reason is the one that is told."""
    stopped = what_stops(facts)
    if stopped:
        return Stop(stopped)
    if not facts.is_switched_on:
        return Skip("The series or this step was switched off.")
    if facts.now - facts.due_at > TOO_LATE:
        return Skip("Too late: it was due more than three days ago.")
    return _when(facts)


def what_stops(facts: Facts) -> str:
    """The first rule that ends the series, in a sentence; empty where none does."""
    enquired = facts.starts_on == ENQUIRY
    rules = (
        (facts.is_test, "A test: nobody is written to."),
        (facts.is_quarantined, "The enquiry is in quarantine."),
        (bool(facts.suppressed), facts.suppressed),
        (not facts.consent, "No consent to follow-ups came with the enquiry."),
        (not facts.is_prospect, "Whoever wrote may be no prospect."),
        (facts.stage in CLOSED, f"The lead is {facts.stage}."),
        (facts.has_replied, "They have answered."),
        (facts.has_met or facts.stage in BEYOND, "The conversation has taken place."),
        (facts.is_booked, "A conversation is booked."),
        # Of an enquiry alone: after a conversation that fell through, the stage still says booked.
        (enquired and facts.stage == "booked", "The lead stands at booked already."),
        (facts.stage in TAKEN_OVER, "Staff are in contact."),
        (facts.is_superseded, "A later enquiry started the series anew."),
    )
    return next((reason for holds, reason in rules if holds), "")


def _when(facts: Facts) -> Decision:
    earliest, reason = facts.now, "Outside Monday to Friday, 08:00 to 18:00 where they are."
    if facts.last_mail_at and facts.last_mail_at + BETWEEN_MAILS > facts.now:
        earliest, reason = facts.last_mail_at + BETWEEN_MAILS, "One mail a day: they had one within the last 24 hours."
    until = next_allowed(earliest, facts.zone)
    return Wait(until, reason) if until > facts.now else Send()


def plan(started_at: datetime, *, delay: timedelta, in_the_morning: bool, zone: ZoneInfo) -> datetime:
    """When a step is due: after its delay, at the next hour in which mails may go out."""
    moment = started_at + delay
    if in_the_morning:
        moment = _at(moment.astimezone(zone), 1, OPENS)
    return next_allowed(moment, zone)


def next_allowed(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first instant from `moment` on that is a working hour in `zone`; sums are done in UTC."""
    moment = moment.astimezone(UTC)
    if is_allowed(moment, zone):
        return moment
    local = moment.astimezone(zone)
    openings = (_at(local, days, OPENS) for days in range(LOOK_AHEAD_DAYS))
    return next(opening for opening in openings if opening >= moment and is_allowed(opening, zone))


def is_allowed(moment: datetime, zone: ZoneInfo) -> bool:
    local = moment.astimezone(zone)
    return local.weekday() in WORKING_DAYS and OPENS <= local.time() < CLOSES


def _at(local: datetime, days: int, hour: time) -> datetime:
    """That hour of the wall clock, so many days later; across a change of clocks, too."""
    return datetime.combine(local.date() + days * DAY, hour, tzinfo=local.tzinfo).astimezone(UTC)
