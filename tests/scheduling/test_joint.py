"""Two advisors in one conversation, for a firm that needs both roles: booked, held, moved and let go as one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from intake.models import Lead, Submission
from intake.reassess import reassess
from scheduling import bookings, calls, fitting, reviews, services
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor
from tests import factories

DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
# A firm of this size, whose gap is both with the CTO's side as the heavier one.
LARGE = {"answers": factories.BOTH_ANSWERS | {"no_technical_leadership": "yes"}, "company_size": "201-1000"}
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 11:00 in Berlin, 24 h after the clock of these tests


@pytest.fixture
def team(monday: datetime) -> Team:
    """One for each side: the CTO's side leads for `LARGE`."""
    return Team(
        factories.make_advisor(cto_depth=3, ai_depth=0, buffer_after_minutes=10),
        factories.make_advisor(cto_depth=0, ai_depth=3, buffer_before_minutes=20),
    )


def decided(**over: Any) -> Submission:
    submission = factories.make_submission(**{**LARGE, **over})
    factories.run_delivery("scheduling.book_call", calls.book_call, event__data__submission__id=str(submission.id))
    return submission


def shape(submission: Submission) -> tuple[str, Advisor | None, Advisor | None, bool]:
    row = Assignment.objects.get(submission=submission)
    return str(row.outcome), row.advisor, row.colleague, row.is_joint


def seats(status: str = "tentative") -> list[tuple[Advisor, bool, bool]]:
    """Who sits in the one booking of this status, who leads, who holds time."""
    rows = BookingAdvisor.objects.filter(booking=Booking.objects.get(status=status)).order_by("-leads")
    return [(seat.advisor, seat.leads, seat.holds_time) for seat in rows]


def no_seat() -> bool:
    return not BookingAdvisor.objects.filter(holds_time=True).exists()


def test_time_is_held_with_both(team: Team) -> None:
    submission = decided()

    booking = Booking.objects.get()
    assert Lead.objects.get().engagement == "cto_and_ai_officer"
    assert shape(submission) == ("held", team.leader, team.colleague, True)
    assert seats() == [(team.leader, True, True), (team.colleague, False, True)]
    assert (booking.starts_at, booking.ends_at) == (TUESDAY, TUESDAY + HALF_HOUR)
    # Each keeps their own buffers.
    first, second = (seat.blocked for seat in booking.seats.order_by("-leads"))
    assert (first.lower, first.upper) == (TUESDAY, TUESDAY + timedelta(minutes=40))
    assert (second.lower, second.upper) == (TUESDAY - timedelta(minutes=20), TUESDAY + HALF_HOUR)


def test_both_are_named_to_the_prospect(client, team: Team) -> None:
    submission = decided()

    shown = client.get(f"/api/v1/submissions/{submission.token}/").json()["booking"]

    assert shown["advisor"] == {"name": team.leader.name, "title": team.leader.title}
    assert shown["with"] == [{"name": team.colleague.name, "title": team.colleague.title}]


def test_ai_side_leads_where_it_is_the_heavier_one(team: Team) -> None:
    answers = factories.BOTH_ANSWERS | {"ai_is_the_priority": "yes", "ai_across_departments": "yes"}

    submission = decided(answers=answers)

    assert Lead.objects.get().primary == "ai"
    assert shape(submission) == ("held", team.colleague, team.leader, True)


def test_foundation_leads_where_both_weigh_the_same(team: Team) -> None:
    submission = decided(answers=factories.BOTH_ANSWERS)

    assert (Lead.objects.get().primary, Lead.objects.get().engagement) == ("", "cto_and_ai_officer")
    assert shape(submission) == ("held", team.leader, team.colleague, True)


def test_wished_time_is_booked_where_both_are_free(team: Team) -> None:
    # The colleague is taken at the first wish.
    other = factories.make_submission(email="grace@example.com")
    factories.make_booking(other, team.colleague, datetime(2026, 11, 26, 9, tzinfo=UTC))

    submission = decided(preferred_start=["2026-11-26T10:00:00+01:00", "2026-11-26T15:30:00+01:00"])

    booking = Booking.objects.get(submission=submission)
    assert (booking.status, booking.starts_at) == ("confirmed", datetime(2026, 11, 26, 14, 30, tzinfo=UTC))
    assert {seat.advisor for seat in booking.seats.all()} == set(team.members)
    assert shape(submission) == ("confirmed", team.leader, team.colleague, True)


def test_held_time_is_where_both_are_free(team: Team) -> None:
    Advisor.objects.filter(pk=team.colleague.pk).update(weekly_hours={"wed": [["14:00", "16:00"]]})

    decided()

    # 13:00 UTC is 14:00 in Berlin, and the colleague needs 20 minutes before; those count outside of hours, too.
    assert Booking.objects.get().starts_at == datetime(2026, 11, 25, 13, tzinfo=UTC)


def test_hold_ends_by_the_longer_notice_of_the_two(team: Team) -> None:
    Advisor.objects.filter(pk=team.colleague.pk).update(notice_hours=20)

    decided()

    # 48 h would end it on Wednesday at 11:00.
    assert Booking.objects.get().expires_at == Booking.objects.get().starts_at - timedelta(hours=20)


# the day from which the colleague is there, whether that is within five working days of Monday 23 November
SOON = [("the fifth working day", "2026-11-30", True), ("the sixth", "2026-12-01", False)]


@pytest.mark.parametrize(("day", "is_joint"), [row[1:] for row in SOON], ids=[row[0] for row in SOON])
def test_pair_that_is_not_free_soon_is_the_leader_with_a_colleague_who_is_briefed(
    team: Team, day: str, is_joint: bool
) -> None:
    team.colleague.time_off.create(starts_at=timezone.now() + MINUTE, ends_at=datetime.fromisoformat(f"{day}T00:00Z"))

    submission = decided()

    assert shape(submission) == ("held", team.leader, team.colleague, is_joint)
    assert len(seats()) == 1 + is_joint
    assert submission.assignment.steps[-1] == {
        "step": "joint" if is_joint else "briefed",
        "left": [team.leader.pk, team.colleague.pk],
    }
    assert submission.assignment.step == "fits"


def test_colleague_who_is_free_is_taken_before_one_who_would_have_been_next(team: Team) -> None:
    next_one = factories.make_advisor(cto_depth=0, ai_depth=2)
    team.colleague.time_off.create(starts_at=timezone.now() + MINUTE, ends_at=timezone.now() + 20 * DAY)

    assert shape(decided()) == ("held", team.leader, next_one, True)


def test_of_two_who_lead_equally_well_the_one_with_a_free_colleague_leads(team: Team) -> None:
    busy = Team(team.leader)
    other = factories.make_advisor(cto_depth=3, ai_depth=0)
    busy.leader.time_off.create(starts_at=timezone.now() + MINUTE, ends_at=timezone.now() + 15 * DAY)

    submission = decided()

    assert shape(submission) == ("held", other, team.colleague, True)


def test_with_nobody_on_the_other_side_the_leader_is_alone(monday: datetime) -> None:
    leader = factories.make_advisor(cto_depth=3, ai_depth=0)
    factories.make_advisor(cto_depth=1, ai_depth=0)

    assert shape(decided()) == ("held", leader, None, False)


def test_one_who_spans_both_does_not_join_themselves(monday: datetime) -> None:
    only = factories.make_advisor(cto_depth=3, ai_depth=3)

    assert shape(decided()) == ("held", only, None, False)


def test_colleague_without_room_for_holds_is_held_for_nobody(team: Team) -> None:
    # Five slots a week for seven days: two of them are held, which is all that may be.
    Advisor.objects.update(buffer_before_minutes=0, buffer_after_minutes=0)
    Advisor.objects.filter(pk=team.colleague.pk).update(weekly_hours={"wed": [["09:00", "11:30"]]}, horizon_days=7)
    outcomes = [shape(decided(email=f"p{n}@example.com"))[0] for n in range(3)]

    assert outcomes == ["held", "held", "offer"]
    assert Booking.objects.count() == 2


# --- what is offered, picked, moved and let go ------------------------------------------------------------


def test_what_is_offered_is_what_both_have(team: Team) -> None:
    submission = decided(hold=False)
    Advisor.objects.filter(pk=team.colleague.pk).update(weekly_hours={"wed": [["09:00", "10:30"]]})
    now = timezone.now()

    found = fitting.team_of(Assignment.objects.get(submission=submission))
    offered = fitting.slots_of(found, now=now, until=now + 7 * DAY)

    nine = datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert offered == [(nine + n * HALF_HOUR, nine + (n + 1) * HALF_HOUR) for n in range(3)]


@pytest.mark.parametrize(("who", "left"), [("colleague", 1), ("leader", 0)])
def test_who_has_left_the_house_takes_no_part(team: Team, who: str, left: int) -> None:
    submission = decided(hold=False)
    Advisor.objects.filter(pk=getattr(team, who).pk).update(active=False)

    found = fitting.team_of(Assignment.objects.get(submission=submission))

    assert found == (Team(team.leader) if left else None)


def test_pick_and_move_take_both(team: Team) -> None:
    submission = decided(hold=False)
    slots = fitting.slots_of(fitting.team_of(submission.assignment), now=timezone.now())

    picked = bookings.book(submission, team, slots[3], status=Booking.Status.CONFIRMED, now=timezone.now())
    moved = bookings.move(picked, team, slots[9], now=timezone.now())

    assert Booking.objects.get().starts_at == moved.starts_at == slots[9][0]
    assert seats("confirmed") == [(team.leader, True, True), (team.colleague, False, True)]
    assert {seat.blocked.lower for seat in moved.seats.all()} == {slots[9][0], slots[9][0] - timedelta(minutes=20)}
    assert moved.colleagues == [team.colleague]


def test_move_where_one_of_them_is_taken_moves_nobody(team: Team) -> None:
    submission = decided()
    before = list(BookingAdvisor.objects.order_by("advisor").values_list("advisor", "blocked", "holds_time"))
    other = factories.make_submission(email="grace@example.com")
    taken = factories.make_booking(other, team.colleague, TUESDAY + 2 * DAY)
    slot = taken.starts_at, taken.ends_at

    def move() -> Booking | None:
        booking = bookings.open_booking(submission, now=timezone.now())
        return booking and bookings.move(booking, team, slot, now=timezone.now())

    with pytest.raises(UnableToBook) as error:
        bookings.in_turn(submission, move)

    after = BookingAdvisor.objects.exclude(booking=taken).order_by("advisor")
    assert error.value.code == "slot_taken"
    assert list(after.values_list("advisor", "blocked", "holds_time")) == before


def test_booking_that_moves_to_one_advisor_lets_the_other_go(team: Team) -> None:
    submission = decided()
    booking = bookings.open_booking(submission, now=timezone.now())
    assert booking

    moved = bookings.move(booking, Team(team.colleague), (TUESDAY + DAY, TUESDAY + DAY + HALF_HOUR), now=timezone.now())

    assert (moved.advisor, moved.colleagues) == (team.colleague, [])
    assert seats("confirmed") == [(team.colleague, True, True)]


def test_cancelling_lets_both_go(team: Team) -> None:
    submission = decided()

    services.cancel(submission, now=timezone.now())

    assert seats("cancelled") == [(team.leader, True, False), (team.colleague, False, False)]


def test_expiring_lets_both_go(team: Team) -> None:
    decided()

    assert services.expire_holds(now=timezone.now() + 2 * DAY) == 1
    assert no_seat()


def test_confirming_keeps_both(team: Team) -> None:
    services.confirm(decided(), now=timezone.now())

    assert seats("confirmed") == [(team.leader, True, True), (team.colleague, False, True)]


# --- the verdict changes ----------------------------------------------------------------------------------


def correct(submission: Submission, **fields: Any) -> str:
    now = timezone.now() + MINUTE
    with time_machine.travel(now, tick=False):
        reassess(submission, fields, now=now)
        delivery = factories.run_delivery("scheduling.review_call", reviews.review_call)[-1]
    assert delivery.status == "succeeded", delivery.last_error
    return str(delivery.attempts.get().details["review"])


def test_larger_than_was_thought_takes_two(team: Team) -> None:
    spans = factories.make_advisor(cto_depth=3, ai_depth=2)
    submission = decided(company_size="11-50")
    assert shape(submission) == ("held", spans, None, False)

    said = correct(submission, company_size="201-1000")

    # They have begun with somebody who still fits to lead.
    assert said == f"Now with {spans} and {team.colleague}."
    assert shape(submission) == ("held", spans, team.colleague, True)
    assert seats() == [(spans, True, True), (team.colleague, False, True)]


def test_smaller_than_was_thought_takes_one_and_lets_the_other_go(team: Team) -> None:
    Advisor.objects.filter(pk=team.leader.pk).update(ai_depth=1)
    submission = decided()
    assert shape(submission) == ("held", team.leader, team.colleague, True)

    said = correct(submission, company_size="11-50")

    assert said == f"Now with {team.leader}."
    assert shape(submission) == ("held", team.leader, None, False)
    assert seats() == [(team.leader, True, True)]
    assert Booking.objects.filter(status="cancelled").count() == 1


def test_pair_that_still_fits_keeps_its_time(team: Team) -> None:
    submission = decided()
    held = Booking.objects.get()

    said = correct(submission, company_size="1000+")

    assert said == "The advisor still fits."
    assert Booking.objects.get() == held
    assert len(seats()) == 2


def test_leader_who_stays_alone_keeps_the_time_and_somebody_is_briefed(team: Team) -> None:
    spans = factories.make_advisor(cto_depth=3, ai_depth=2)
    Advisor.objects.filter(pk=team.colleague.pk).update(weekly_hours={"wed": [["09:00", "09:20"]]})
    Advisor.objects.filter(pk=team.leader.pk).update(cto_depth=1)
    submission = decided(company_size="11-50")
    held = Booking.objects.get()

    said = correct(submission, company_size="201-1000")

    assert said == f"Now with {spans} and {team.colleague}, who is briefed."
    assert shape(submission) == ("held", spans, team.colleague, False)
    assert (Booking.objects.get(), seats()) == (held, [(spans, True, True)])


def test_who_names_a_zone_where_it_is_night_keeps_the_pair_and_not_the_time(team: Team) -> None:
    submission = decided()
    before = Booking.objects.get()
    Submission.objects.filter(pk=submission.pk).update(timezone="America/New_York")  # 05:00 there
    submission.refresh_from_db()

    said = bookings.in_turn(submission, lambda: reviews.review(submission, now=timezone.now()))

    assert said == "Nobody is asked to talk at night: the held time is given back."
    after = Booking.objects.get(status="tentative")
    assert after.starts_at > before.starts_at
    assert seats() == [(team.leader, True, True), (team.colleague, False, True)]
