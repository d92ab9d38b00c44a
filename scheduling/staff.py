"""What staff do with a conversation: book, move, hand over, confirm, cancel, and tell how it went.

Each act takes its turn on the person's row like those of the prospect, keeps to free times as theirs do, and is
told with `by="staff"`. The desk (`scheduling.booking_desk`) calls these and logs who did it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, TypeVar

from intake import services as intake
from intake.models import Lead, StaleTransition, Submission
from scheduling import bookings, offers, services, standins
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking
from scheduling.replies import booking_data

T = TypeVar("T")
Status = Booking.Status
BY_STAFF: dict[str, Any] = {"by": "staff"}
BEFORE_MET = {Lead.Stage.NEW, Lead.Stage.CONTACTED, Lead.Stage.BOOKED}
GONE = "This conversation has changed since you opened the page. Look at it again."


def arrange(submission: Submission, team: Team, start: datetime, *, zone: str, now: datetime) -> Booking:
    """Books a conversation with these advisors; one that is open moves to them and there.

    Only where they are free. `zone` is the prospect's: every mail tells the time in it, so it is never guessed.
    Raises UnableToBook.
    """
    return bookings.in_turn(submission, lambda: _arrange(submission, team, start, zone=zone, now=now))


def _arrange(submission: Submission, team: Team, start: datetime, *, zone: str, now: datetime) -> Booking:
    if submission.is_quarantined or submission.is_test:
        raise UnableToBook("closed", "A test, or what was set aside, has no conversation.")
    if not team.leader.active:
        raise UnableToBook("no_advisor", f"{team.leader} takes no conversations.")
    before = bookings.open_booking(submission, now=now)
    if before and before.status == Status.CONFIRMED and (before.starts_at, team_of(before)) == (start, team):
        return before
    if before:
        before.seats.update(holds_time=False)  # its own old time must not stand in its way
    slot = offers.free_slot(team, start, now=now)
    _in_zone(submission, zone)
    _assign(submission, team, now=now)
    if before is None:
        services.refuse_what_is_over(submission)
        return bookings.book(submission, team, slot, status=Status.CONFIRMED, now=now, **BY_STAFF)
    if before.timezone != zone:
        Booking.objects.filter(pk=before.pk).update(timezone=zone)
    return bookings.move(before, team, slot, now=now, **BY_STAFF)


def move(booking: Booking, start: datetime, *, now: datetime) -> Booking:
    """Another time with whoever takes part, confirmed at once. Raises UnableToBook."""

    def act(current: Booking) -> Booking:
        return _arrange(current.submission, team_of(current), start, zone=current.timezone, now=now)

    return _with(booking, act, now=now)


def _in_zone(submission: Submission, zone: str) -> None:
    if submission.timezone != zone:
        submission.timezone = zone
        submission.save(update_fields=["timezone"])


def _assign(submission: Submission, team: Team, *, now: datetime) -> None:
    """What the page offers follows, and a first decision that still waits finds that it was taken."""
    assignment = Assignment.objects.select_related("advisor", "colleague").filter(submission=submission).first()
    if assignment is None:
        confirmed = Assignment.Outcome.CONFIRMED
        assignment = Assignment(submission=submission, outcome=confirmed, step="staff", decided_at=now)
    services.assign(assignment, team, now=now, step="staff")


def hand_over(booking: Booking, advisor: Advisor, *, now: datetime, instead_of: Advisor | None = None) -> Booking:
    """The same time with a colleague who is free then, instead of who leads unless somebody else is named.

    A held time stays held. Raises UnableToBook.
    """
    return _with(booking, lambda current: _hand_over(current, advisor, instead_of, now=now), now=now)


def _hand_over(booking: Booking, advisor: Advisor, instead_of: Advisor | None, *, now: datetime) -> Booking:
    if not advisor.active or not standins.is_free_at(advisor, booking, now=now):
        raise UnableToBook("slot_taken", f"{advisor} is not free at this time.")
    before = team_of(booking)
    if advisor in before.members:
        raise UnableToBook("slot_taken", f"{advisor} takes part already.")
    if instead_of is not None and instead_of == before.colleague:
        team = Team(before.leader, advisor)
    else:
        team = Team(advisor, before.colleague)
    return _change_hands(booking, team, now=now)


def leave_out(booking: Booking, advisor: Advisor, *, now: datetime) -> Booking:
    """A joint conversation goes on without one of the two. Raises UnableToBook where nobody would be left."""
    return _with(booking, lambda current: _leave_out(current, advisor, now=now), now=now)


def _leave_out(booking: Booking, advisor: Advisor, *, now: datetime) -> Booking:
    rest = [member for member in team_of(booking).members if member != advisor]
    if len(rest) != 1 or not rest[0].active:
        raise UnableToBook("no_advisor", "Nobody would be left to take it.")
    return _change_hands(booking, Team(rest[0]), now=now)


def _change_hands(booking: Booking, team: Team, *, now: datetime) -> Booking:
    _assign(booking.submission, team, now=now)
    return bookings.hand_over(booking, team, now=now, **BY_STAFF)


def confirm(booking: Booking, *, now: datetime) -> Booking:
    """For a prospect who said yes by mail or telephone. Raises UnableToBook."""
    return services.confirm(booking.submission, now=now, seen=booking.starts_at, **BY_STAFF)


def cancel(booking: Booking, *, now: datetime) -> None:
    """Gives the time back, and offers the three nearest ones in the event. Raises UnableToBook."""
    _with(booking, lambda current: _cancel(current, now=now), now=now)


def _cancel(booking: Booking, *, now: datetime) -> None:
    bookings.release(booking, now=now, alternatives=alternatives(booking, now=now), **BY_STAFF)


def alternatives(booking: Booking, *, now: datetime) -> list[dict[str, str]]:
    """The three free times nearest to it, as the API tells times, of whoever would take it now; never the old one."""
    try:
        offer = offers.offer(booking.submission, now=now)
    except UnableToBook:
        return []
    others = [slot for slot in offer.slots if slot[0] >= booking.ends_at or slot[1] <= booking.starts_at]
    return [offers.told(slot, offer.zone) for slot in offers.nearest(others, booking.starts_at)]


def mark(booking: Booking, status: str, *, now: datetime) -> Booking:
    """It took place, or nobody came: after its start; a wrong mark can be put right for a week.

    What took place moves the lead to `met`, unless staff have moved it further. Raises UnableToBook.
    """
    return bookings.in_turn(booking.submission, lambda: _mark(booking, status, now=now))


def _mark(booking: Booking, status: str, *, now: datetime) -> Booking:
    current = _current(booking)
    before = current.status
    if status not in Booking.MARKED:
        raise UnableToBook("closed", "A conversation took place, or nobody came.")
    if current.status == status:
        return current
    if current.starts_at > now:
        raise UnableToBook("closed", "It has not begun yet.")
    try:
        current.move_to(Status(status), now=now)
    except StaleTransition as error:
        late = current.status in Booking.MARKED
        raise UnableToBook("closed", "The mark is older than a week and stays." if late else str(error)) from error
    bookings.tell(f"booking.{status}", current, now=now, **BY_STAFF)
    if status == Status.COMPLETED:
        _restage(current, Lead.Stage.MET, among=BEFORE_MET, now=now)
    elif before == Status.COMPLETED:
        # The mark was wrong: back to where the confirmed booking had put the lead.
        _restage(current, Lead.Stage.BOOKED, among={Lead.Stage.MET}, now=now)
    return current


def _restage(booking: Booking, stage: Lead.Stage, *, among: Collection[str], now: datetime) -> None:
    """Moves the lead, unless staff moved it further themselves."""
    lead = booking.submission.lead
    assert lead is not None
    if lead.stage in among:
        before = lead.move_to(stage)
        intake.tell_stage(booking.submission, before=before, now=now, booking=booking_data(booking))


# --- finding ------------------------------------------------------------------------------------------


def team_of(booking: Booking) -> Team:
    """Who takes part in it, whether they are still here or not."""
    return Team(booking.advisor, next(iter(booking.colleagues), None))


def _with(booking: Booking, act: Callable[[Booking], T], *, now: datetime) -> T:
    """`act` on the booking as it stands in its turn, where it is still the open one and stands where it was seen."""

    def in_its_turn() -> T:
        current = bookings.open_booking(booking.submission, now=now)
        if current is None or current.pk != booking.pk or current.version != booking.version:
            raise UnableToBook("closed", GONE)
        current.submission.lead = booking.submission.lead
        return act(current)

    return bookings.in_turn(booking.submission, in_its_turn)


def _current(booking: Booking) -> Booking:
    found = bookings.full(Booking.objects.filter(pk=booking.pk)).get()
    found.submission.lead = booking.submission.lead
    return found
