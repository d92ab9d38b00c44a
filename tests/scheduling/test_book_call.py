"""What the house decides about a conversation, unasked: a held time, a wished one, times to offer, or nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from intake.models import Firm, Lead, Submission
from outbox.models import Delivery
from scheduling import bookings, calls
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor
from tests import factories

TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 11:00 in Berlin, 24 h after the clock of these tests
HALF_HOUR = timedelta(minutes=30)
RECEIVED = {"lead.created": 1, "lead.assessed": 1}


def decide(submission: Submission) -> Delivery:
    (delivery,) = factories.run_delivery(
        "scheduling.book_call", calls.book_call, event__data__submission__id=str(submission.id)
    )
    return delivery


def decided(**over: Any) -> Booking | None:
    """The open booking after the house has decided on a new submission."""
    submission = factories.make_submission(**over)
    decide(submission)
    return bookings.open_booking(submission, now=timezone.now())


def berlin(text: str) -> str:
    """A wish in November, as a website sends it."""
    return f"2026-11-{text}:00+01:00"


def test_a_time_is_held_a_day_ahead(monday: datetime) -> None:
    advisor = factories.make_advisor(buffer_before_minutes=5, buffer_after_minutes=10)
    submission = factories.make_submission()

    delivery = decide(submission)

    booking = bookings.open_booking(submission, now=timezone.now())
    assert booking
    assert (booking.status, booking.starts_at, booking.ends_at) == ("tentative", TUESDAY, TUESDAY + HALF_HOUR)
    assert booking.expires_at == TUESDAY - timedelta(hours=12)  # the advisor's notice comes before 48 h
    assert (booking.timezone, booking.confirmed_at) == ("Europe/Berlin", None)
    seat = booking.seats.get()
    assert (seat.advisor, seat.leads, seat.holds_time) == (advisor, True, True)
    assert seat.blocked.lower == TUESDAY - timedelta(minutes=5)
    assert seat.blocked.upper == TUESDAY + HALF_HOUR + timedelta(minutes=10)
    assert (delivery.status, submission.lead.stage) == ("succeeded", "new")
    assert factories.published() == RECEIVED | {"booking.tentative": 1}


def test_what_was_decided_and_why_is_kept(monday: datetime) -> None:
    generalist = factories.make_advisor(cto_depth=2, ai_depth=2, weight=2)
    specialist = factories.make_advisor(cto_depth=0, ai_depth=3, joined_at=monday - timedelta(days=100))
    other_side = factories.make_advisor(cto_depth=3, ai_depth=0)
    away = factories.make_advisor(ai_depth=3)
    away.time_off.create(starts_at=monday - HALF_HOUR, ends_at=monday + timedelta(days=1))
    no_hours = factories.make_advisor(ai_depth=3, weekly_hours={})
    factories.make_advisor(ai_depth=3, active=False)
    earlier = factories.make_submission(email="grace@example.com")
    factories.assign(earlier, specialist)
    factories.make_booking(earlier, specialist, TUESDAY + timedelta(days=2))
    submission = factories.make_submission()

    decide(submission)

    assignment = submission.assignment
    assert (assignment.outcome, assignment.step, assignment.advisor) == ("held", "depth", specialist)
    assert assignment.steps == [
        {"step": "fits", "left": [specialist.id, generalist.id]},
        {"step": "depth", "left": [specialist.id]},
    ]
    # Four weeks of 40 hours.
    hours = {"hours": 160.0, "weight": 1.0}
    assert assignment.candidates == [
        {"id": specialist.id, "cto_depth": 0, "ai_depth": 3, "bookings": 1, "days": 28,
         "idle_since": "2026-11-23T10:00:00+00:00", "share": 0.0125, **hours},  # 2 / 160
        {"id": generalist.id, "cto_depth": 2, "ai_depth": 2, "bookings": 0, "days": 0,
         "idle_since": None, "share": 0.003125, **hours, "weight": 2.0},  # 1 / (2 x 160)
        {"id": other_side.id, "cto_depth": 3, "ai_depth": 0, "out": "does_not_fit"},
        {"id": away.id, "cto_depth": 2, "ai_depth": 3, "out": "on_leave"},
        {"id": no_hours.id, "cto_depth": 2, "ai_depth": 3, "out": "no_hours"},
    ]  # fmt: skip
    assert assignment.decided_at == monday


def test_deciding_twice_decides_once(monday: datetime) -> None:
    factories.make_advisor()
    submission = factories.make_submission()
    delivery = decide(submission)

    again = calls.book_call(delivery)

    assert again == {"outcome": "held"}
    assert (Assignment.objects.count(), Booking.objects.count(), BookingAdvisor.objects.count()) == (1, 1, 1)
    assert factories.published() == RECEIVED | {"booking.tentative": 1}


def test_a_wished_time_is_confirmed_at_once(monday: datetime) -> None:
    factories.make_advisor()

    booking = decided(preferred_start=[berlin("26T15:30")])

    assert booking
    assert (booking.status, booking.starts_at) == ("confirmed", datetime(2026, 11, 26, 14, 30, tzinfo=UTC))
    assert (booking.confirmed_at, booking.expires_at) == (monday, None)
    assert booking.submission.assignment.outcome == "confirmed"
    assert Lead.objects.get().stage == "booked"
    assert factories.published() == RECEIVED | {"booking.confirmed": 1, "lead.stage_changed": 1}


@pytest.mark.parametrize("over", [{"hold": False}, {"answers": {"core_systems_work": "yes"}}])
def test_a_wish_is_booked_even_where_nothing_would_be_held(monday: datetime, over: dict[str, Any]) -> None:
    factories.make_advisor()

    booking = decided(preferred_start=[berlin("26T15:30")], **over)

    assert booking
    assert booking.status == "confirmed"


PASSED_OVER = [
    ("in the past", "20T10:00"),
    ("within the notice", "23T16:00"),
    ("off the grid", "26T15:40"),
    ("out of hours", "26T07:00"),
    ("on a Sunday", "29T10:00"),
    ("taken", "26T10:00"),
]


@pytest.mark.parametrize("wish", [row[1] for row in PASSED_OVER], ids=[row[0] for row in PASSED_OVER])
def test_a_wish_that_cannot_be_is_passed_over(monday: datetime, wish: str) -> None:
    advisor = factories.make_advisor()
    other = factories.make_submission(email="grace@example.com")
    factories.make_booking(other, advisor, datetime(2026, 11, 26, 9, tzinfo=UTC))

    held = decided(preferred_start=[berlin(wish)])
    wished = decided(email="alan@example.com", preferred_start=[berlin(wish), berlin("27T11:00")])

    assert held
    assert wished
    assert (held.status, held.starts_at) == ("tentative", TUESDAY)
    assert (wished.status, wished.starts_at) == ("confirmed", datetime(2026, 11, 27, 10, tzinfo=UTC))


def test_a_wish_may_be_for_another_advisor_who_fits(monday: datetime) -> None:
    first, second = factories.make_advisor(ai_depth=3), factories.make_advisor(ai_depth=1)
    factories.make_booking(factories.make_submission(), first, datetime(2026, 11, 26, 9, tzinfo=UTC))

    booking = decided(email="alan@example.com", preferred_start=[berlin("26T10:00")])

    assert booking
    assert booking.advisor == booking.submission.assignment.advisor == second


def test_the_year_9999_is_no_wish_that_hurts(monday: datetime) -> None:
    factories.make_advisor()

    booking = decided(preferred_start=["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])

    assert booking
    assert booking.status == "tentative"


OFFERED: list[dict[str, Any]] = [
    {"answers": {"core_systems_work": "yes"}},
    {"hold": False},
    {"answers": {"asks_how_to_use_ai": "yes"}, "timezone": "Pacific/Honolulu"},
]


@pytest.mark.parametrize("over", OFFERED, ids=["unclear gap", "hold: false", "no office hour of theirs is free"])
def test_times_are_offered_where_nothing_may_be_held(monday: datetime, over: dict[str, Any]) -> None:
    advisor = factories.make_advisor()
    submission = factories.make_submission(**over)

    decide(submission)

    assert (submission.assignment.outcome, submission.assignment.advisor) == ("offer", advisor)
    assert Booking.objects.count() == 0
    assert factories.published() == RECEIVED


@pytest.mark.parametrize("over", [None, {"active": False}, {"weekly_hours": {}}], ids=["none", "inactive", "no hours"])
def test_nobody_free_is_told_and_recorded(monday: datetime, over: dict[str, Any] | None) -> None:
    if over is not None:
        factories.make_advisor(**over)
    submission = factories.make_submission(preferred_start=[berlin("26T10:00")])

    delivery = decide(submission)

    assert delivery.status == "succeeded"
    assert (submission.assignment.outcome, submission.assignment.advisor) == ("unavailable", None)
    assert Booking.objects.count() == 0
    assert factories.published() == RECEIVED | {"booking.unavailable": 1}


def test_the_next_one_who_fits_is_asked_where_the_first_has_no_time(monday: datetime) -> None:
    factories.make_advisor(ai_depth=3, weekly_hours={})
    second = factories.make_advisor(ai_depth=1)

    booking = decided()

    assert booking
    assert booking.advisor == second


def test_of_equals_the_one_with_fewer_conversations_ahead_is_asked(monday: datetime) -> None:
    old_hand, busy = factories.make_advisor(), factories.make_advisor()
    for week in range(1, 4):
        met = factories.make_submission(email=f"met{week}@example.com")
        factories.make_booking(met, old_hand, TUESDAY - timedelta(weeks=week))
    factories.make_booking(factories.make_submission(email="next@example.com"), busy, TUESDAY + timedelta(days=2))

    booking = decided()

    assert booking
    assert booking.advisor == old_hand


def test_a_test_submission_books_nothing(monday: datetime) -> None:
    factories.make_advisor()
    submission = factories.make_submission(test=True, preferred_start=[berlin("26T10:00")])

    decide(submission)

    assert (submission.assignment.outcome, submission.assignment.advisor) == ("none", None)
    assert Booking.objects.count() == 0
    assert factories.published() == RECEIVED


def test_an_erased_submission_is_skipped(monday: datetime) -> None:
    factories.make_advisor()
    submission = factories.make_submission()
    Submission.objects.filter(pk=submission.pk).delete()

    (delivery,) = factories.run_delivery("scheduling.book_call", calls.book_call)

    assert delivery.status == "succeeded"
    assert (Assignment.objects.count(), Booking.objects.count()) == (0, 0)
    assert factories.published() == RECEIVED


def outcomes(count: int) -> list[str]:
    submissions = [factories.make_submission(email=f"p{n}@example.com") for n in range(count)]
    for submission in submissions:
        decide(submission)
    return [str(submission.assignment.outcome) for submission in submissions]


def test_holds_take_at_most_two_fifths_of_the_open_slots(monday: datetime) -> None:
    factories.make_advisor(weekly_hours={"wed": [["09:00", "11:30"]]}, horizon_days=7)  # five slots

    assert outcomes(4) == ["held", "held", "offer", "offer"]
    assert factories.published()["booking.tentative"] == Booking.objects.count() == 2


def test_a_confirmed_conversation_is_no_hold(monday: datetime) -> None:
    advisor = factories.make_advisor(weekly_hours={"wed": [["09:00", "12:30"]]}, horizon_days=7)  # seven slots
    for n, start in enumerate((8, 9)):
        booked = factories.make_submission(email=f"booked{n}@example.com")
        factories.make_booking(booked, advisor, datetime(2026, 11, 25, start, tzinfo=UTC))

    assert outcomes(3) == ["held", "held", "offer"]


def test_four_holds_a_day_are_enough(monday: datetime) -> None:
    advisor = factories.make_advisor()

    assert outcomes(5) == ["held"] * 5

    days = [seat.blocked.lower.day for seat in BookingAdvisor.objects.filter(advisor=advisor).order_by("blocked")]
    assert days == [24, 24, 24, 24, 25]


def test_the_holds_of_one_advisor_do_not_count_for_another(monday: datetime) -> None:
    hours = {"weekly_hours": {"wed": [["09:00", "10:30"]]}, "horizon_days": 7}  # three slots each: one hold
    advisors = [factories.make_advisor(**hours) for _ in range(2)]

    assert outcomes(3) == ["held", "held", "offer"]
    assert {seat.advisor for seat in BookingAdvisor.objects.all()} == set(advisors)
    assert Advisor.objects.count() == 2


# --- what the firm wants ----------------------------------------------------------------------------------


# the firm's setting, whether there is a wish, what comes of it
WISHES = [
    ("on", False, "held"), ("on", True, "confirmed"), ("wished", False, "offer"), ("wished", True, "confirmed"),
    ("off", False, "offer"), ("off", True, "offer"),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "wishes", "outcome"), WISHES)
def test_firm_says_what_is_booked_unasked(monday: datetime, setting: str, wishes: bool, outcome: str) -> None:
    Firm.objects.create(pk=1, holds=setting)
    advisor = factories.make_advisor()
    submission = factories.make_submission(preferred_start=[berlin("26T15:30")] if wishes else [])

    decide(submission)

    assert (submission.assignment.outcome, submission.assignment.advisor) == (outcome, advisor)
    assert Booking.objects.count() == (0 if outcome == "offer" else 1)


def test_hold_with_a_day_of_notice_leaves_time_to_read_the_mail(monday: datetime) -> None:
    factories.make_advisor(notice_hours=24)

    booking = decided()

    # At 11:00 tomorrow it would end now; at 15:00 it ends four hours from now.
    assert booking
    assert booking.starts_at == TUESDAY + timedelta(hours=4)
    assert booking.expires_at == monday + timedelta(hours=4)


def test_offer_where_every_hold_would_end_before_it_begins(monday: datetime) -> None:
    advisor = factories.make_advisor(notice_hours=15 * 24)  # beyond the tenth working day
    submission = factories.make_submission()

    decide(submission)

    assert (submission.assignment.outcome, submission.assignment.advisor) == ("offer", advisor)
