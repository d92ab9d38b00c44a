"""What the database refuses, whoever writes: raw rows past every service."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from scheduling.models import Advisor, Booking, BookingAdvisor
from tests import factories

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def book(advisor: Advisor, start: datetime, *, minutes: int = 60, **over: object) -> Booking:
    submission = factories.make_submission(email=f"p{Booking.objects.count()}@example.com")
    return factories.make_booking(submission, advisor, start, minutes=minutes, **over)


# minutes from the conversation that is there, minutes that the new one lasts
OVERLAPS = [(0, 60), (-30, 60), (30, 60), (15, 30), (-30, 120), (59, 60), (-59, 60)]


@pytest.mark.parametrize(("minutes", "lasts"), OVERLAPS)
def test_overlapping_time_of_one_advisor_is_refused(monday: datetime, minutes: int, lasts: int) -> None:
    advisor = factories.make_advisor()
    book(advisor, TEN)

    with pytest.raises(IntegrityError, match="advisor_never_booked_twice"), transaction.atomic():
        book(advisor, TEN + timedelta(minutes=minutes), minutes=lasts)

    assert (Booking.objects.count(), BookingAdvisor.objects.count()) == (1, 1)


def test_back_to_back_conversations_are_accepted(monday: datetime) -> None:
    advisor = factories.make_advisor()

    for start in (TEN, TEN - HOUR, TEN + HOUR):
        book(advisor, start)

    assert BookingAdvisor.objects.filter(advisor=advisor, holds_time=True).count() == 3


def test_two_advisors_may_talk_at_the_same_time(monday: datetime) -> None:
    book(factories.make_advisor(), TEN)

    book(factories.make_advisor(), TEN)

    assert BookingAdvisor.objects.count() == 2


def test_a_colleague_in_a_joint_conversation_is_not_booked_twice_either(monday: datetime) -> None:
    lead, colleague = factories.make_advisor(), factories.make_advisor()
    joint = book(lead, TEN)
    joint.seats.create(advisor=colleague, leads=False, blocked=DateTimeTZRange(TEN, TEN + HOUR, "[)"))

    with pytest.raises(IntegrityError, match="advisor_never_booked_twice"), transaction.atomic():
        book(colleague, TEN)

    assert (joint.advisor, joint.colleagues) == (lead, [colleague])
    assert BookingAdvisor.objects.count() == 2


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_what_is_over_without_taking_place_frees_its_time(monday: datetime, status: str) -> None:
    advisor = factories.make_advisor()
    over = book(advisor, TEN, status=status)

    book(advisor, TEN)

    with pytest.raises(IntegrityError, match="advisor_never_booked_twice"), transaction.atomic():
        over.seats.update(holds_time=True)
    assert BookingAdvisor.objects.filter(holds_time=True).count() == 1


@pytest.mark.parametrize("status", ["tentative", "confirmed", "completed", "no_show"])
def test_everything_else_keeps_its_time(monday: datetime, status: str) -> None:
    advisor = factories.make_advisor()
    book(advisor, TEN, status=status, expires_at=TEN)

    with pytest.raises(IntegrityError, match="advisor_never_booked_twice"), transaction.atomic():
        book(advisor, TEN)

    assert Booking.objects.count() == 1


# What PostgreSQL would take for a range; `empty` never conflicts, an open end always would.
BAD_RANGES = [
    "empty",
    "[2026-11-26 10:00Z,2026-11-26 10:00Z)",
    "[2026-11-26 10:00Z,)",
    "(,2026-11-26 10:00Z)",
    "(,)",
    "[2026-11-26 10:00Z,2026-11-26 11:00Z]",
    "(2026-11-26 10:00Z,2026-11-26 11:00Z)",
    "(2026-11-26 10:00Z,2026-11-26 11:00Z]",
    "[2026-11-26 10:00Z,infinity]",
]


@pytest.mark.parametrize("blocked", BAD_RANGES)
def test_a_range_that_is_empty_open_or_has_other_bounds_is_refused(monday: datetime, blocked: str) -> None:
    booking = book(factories.make_advisor(), TEN)

    with pytest.raises(IntegrityError, match="blocked_range_is_plain"), transaction.atomic():
        _set_blocked(booking, blocked)

    assert booking.seats.get().blocked.lower == TEN


def _set_blocked(booking: Booking, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scheduling_bookingadvisor SET blocked = %s::tstzrange WHERE booking_id = %s", [value, booking.pk]
        )


def test_a_seat_without_a_range_or_an_advisor_is_refused(monday: datetime) -> None:
    booking = book(factories.make_advisor(), TEN)

    for column in ("blocked", "advisor_id"):
        with pytest.raises(IntegrityError, match="not-null"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE scheduling_bookingadvisor SET {column} = NULL")

    assert booking.seats.get().advisor_id is not None


OPEN = ["tentative", "confirmed"]


@pytest.mark.parametrize("first", OPEN)
@pytest.mark.parametrize("second", OPEN)
def test_a_submission_has_one_open_booking(monday: datetime, first: str, second: str) -> None:
    advisor, submission = factories.make_advisor(), factories.make_submission()
    factories.make_booking(submission, advisor, TEN, status=first, expires_at=TEN)

    with pytest.raises(IntegrityError, match="booking_one_open_per_submission"), transaction.atomic():
        factories.make_booking(submission, advisor, TEN + HOUR, status=second, expires_at=TEN)

    assert Booking.objects.count() == 1


@pytest.mark.parametrize("status", ["cancelled", "expired", "completed", "no_show"])
def test_a_booking_that_is_over_makes_room_for_the_next(monday: datetime, status: str) -> None:
    advisor, submission = factories.make_advisor(), factories.make_submission()
    factories.make_booking(submission, advisor, TEN, status=status)

    factories.make_booking(submission, advisor, TEN + HOUR)

    assert Booking.objects.count() == 2


@pytest.mark.parametrize("minutes", [0, -30])
def test_a_booking_takes_time(monday: datetime, minutes: int) -> None:
    submission, advisor = factories.make_submission(), factories.make_advisor()

    with pytest.raises(IntegrityError, match="booking_takes_time"), transaction.atomic():
        factories.make_booking(submission, advisor, TEN, minutes=minutes)

    assert Booking.objects.count() == 0


def test_a_hold_has_an_end(monday: datetime) -> None:
    submission, advisor = factories.make_submission(), factories.make_advisor()

    with pytest.raises(IntegrityError, match="booking_hold_expires"), transaction.atomic():
        factories.make_booking(submission, advisor, TEN, status="tentative")

    assert Booking.objects.count() == 0


def test_a_booking_has_one_lead_and_each_advisor_once(monday: datetime) -> None:
    advisor, other = factories.make_advisor(), factories.make_advisor()
    booking = book(advisor, TEN)
    later = DateTimeTZRange(TEN + HOUR, TEN + 2 * HOUR, "[)")

    with pytest.raises(IntegrityError, match="booking_has_one_lead"), transaction.atomic():
        booking.seats.create(advisor=other, blocked=later)
    with pytest.raises(IntegrityError, match="advisor_once_per_booking"), transaction.atomic():
        booking.seats.create(advisor=advisor, leads=False, blocked=later)

    assert BookingAdvisor.objects.count() == 1


@pytest.mark.parametrize(
    ("over", "constraint"),
    [
        ({"cto_depth": 4}, "advisor_depth_to_three"),
        ({"ai_depth": 4}, "advisor_depth_to_three"),
        ({"meeting_minutes": 4}, "advisor_minutes_sensible"),
        ({"step_minutes": 0}, "advisor_minutes_sensible"),
    ],
)
def test_an_advisor_without_sense_is_refused(monday: datetime, over: dict[str, int], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        factories.make_advisor(**over)

    assert Advisor.objects.count() == 0
