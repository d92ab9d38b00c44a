"""A time that the prospect chooses: booked, moved to, or refused with nothing changed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import Lead, Submission
from outbox.models import Event
from scheduling import calls, services
from scheduling.availability import free_slots
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor
from tests import factories

HALF_HOUR = timedelta(minutes=30)
THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)  # 10:00 in Berlin
OFFERED = {"lead.created": 1, "lead.assessed": 1}


def offered(advisor: Advisor, email: str = "ada@example.com") -> Submission:
    """A submission that may choose from the advisor's times."""
    submission = factories.make_submission(email=email, hold=False)
    factories.assign(submission, advisor)
    return submission


def rows() -> list[tuple[object, ...]]:
    """Everything about bookings as it stands."""
    bookings = Booking.objects.order_by("pk").values_list("pk", "status", "starts_at", "ends_at", "confirmed_at")
    seats = BookingAdvisor.objects.order_by("pk").values_list("booking", "advisor", "blocked", "holds_time")
    return [*bookings, *seats]


def refused(submission: Submission, start: datetime, *, now: datetime) -> str:
    """The code of the refusal; asserts that it left everything as it was."""
    before = rows(), factories.published(), Lead.objects.get(pk=submission.lead_id).stage

    with pytest.raises(UnableToBook) as error:
        services.pick(submission, start, now=now)

    assert before == (rows(), factories.published(), Lead.objects.get(pk=submission.lead_id).stage)
    return error.value.code


def test_a_free_time_is_booked_and_confirmed(monday: datetime) -> None:
    advisor = factories.make_advisor(buffer_before_minutes=5, buffer_after_minutes=10)
    submission = offered(advisor)

    booking, is_new = services.pick(submission, THURSDAY, now=monday)

    stored = Booking.objects.get()
    seat = stored.seats.get()
    assert is_new
    assert stored == booking
    assert (stored.status, stored.starts_at, stored.ends_at) == ("confirmed", THURSDAY, THURSDAY + HALF_HOUR)
    assert (stored.confirmed_at, stored.expires_at) == (monday, None)
    assert (seat.advisor, seat.holds_time) == (advisor, True)
    assert (seat.blocked.lower, seat.blocked.upper) == (
        THURSDAY - timedelta(minutes=5),
        THURSDAY + timedelta(minutes=40),
    )
    assert Lead.objects.get().stage == "booked"
    assert factories.published() == OFFERED | {"booking.confirmed": 1, "lead.stage_changed": 1}


def test_a_confirmed_conversation_moves(monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = offered(advisor)
    first, _ = services.pick(submission, THURSDAY, now=monday)

    moved, is_new = services.pick(submission, THURSDAY + timedelta(days=1), now=monday + HALF_HOUR)

    stored = Booking.objects.get()
    assert not is_new
    assert first.pk == moved.pk == stored.pk
    assert (stored.status, stored.starts_at) == ("confirmed", THURSDAY + timedelta(days=1))
    assert stored.confirmed_at == monday
    assert stored.seats.get().blocked.lower == stored.starts_at
    assert (THURSDAY, THURSDAY + HALF_HOUR) in free_slots([advisor], now=monday)[advisor.id]
    assert factories.published() == OFFERED | {
        "booking.confirmed": 1, "booking.rescheduled": 1, "lead.stage_changed": 1,
    }  # fmt: skip


def test_a_held_time_moves_to_the_chosen_one_and_releases_other_holds(monday: datetime) -> None:
    factories.make_advisor()
    held, also_held = (factories.make_submission() for _ in range(2))
    factories.run_delivery("scheduling.book_call", calls.book_call)

    booking, is_new = services.pick(held, THURSDAY, now=monday)

    assert not is_new
    assert (booking.status, booking.starts_at, booking.expires_at) == ("confirmed", THURSDAY, None)
    assert Booking.objects.get(submission=also_held).status == "cancelled"
    assert Lead.objects.get().stage == "booked"
    assert factories.published() == {
        "lead.created": 1, "lead.assessed": 2, "booking.tentative": 2, "booking.confirmed": 1,
        "booking.cancelled": 1, "lead.stage_changed": 1,
    }  # fmt: skip


def test_picking_the_held_time_confirms_it(monday: datetime) -> None:
    factories.make_advisor()
    submission = factories.make_submission()
    factories.run_delivery("scheduling.book_call", calls.book_call)
    held = Booking.objects.get()

    booking, is_new = services.pick(submission, held.starts_at, now=monday)

    assert not is_new
    assert (booking.pk, booking.status, booking.starts_at) == (held.pk, "confirmed", held.starts_at)
    assert factories.published()["booking.confirmed"] == 1


def test_picking_the_booked_time_again_changes_nothing(monday: datetime) -> None:
    submission = offered(factories.make_advisor())
    services.pick(submission, THURSDAY, now=monday)
    before = rows(), factories.published()

    booking, is_new = services.pick(submission, THURSDAY, now=monday + HALF_HOUR)

    assert not is_new
    assert booking.starts_at == THURSDAY
    assert (rows(), factories.published()) == before


def test_a_conversation_may_move_into_a_part_of_its_own_old_time(monday: datetime) -> None:
    submission = offered(factories.make_advisor(step_minutes=15, buffer_before_minutes=10, buffer_after_minutes=10))
    services.pick(submission, THURSDAY, now=monday)

    moved, _ = services.pick(submission, THURSDAY + timedelta(minutes=15), now=monday)

    assert moved.starts_at == THURSDAY + timedelta(minutes=15)
    assert Booking.objects.get().seats.get().holds_time


def test_after_a_cancellation_a_new_time_is_a_new_booking(monday: datetime) -> None:
    submission = offered(factories.make_advisor())
    first, _ = services.pick(submission, THURSDAY, now=monday)
    services.cancel(submission, now=monday)

    second, is_new = services.pick(submission, THURSDAY, now=monday)

    assert is_new
    assert second.pk != first.pk
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "confirmed"]


# minutes from the time that somebody else has, with ten minutes of buffer on both sides of every conversation
TAKEN = [(0, "slot_taken"), (-30, "slot_taken"), (30, "slot_taken"), (15, "off_grid"), (-60, ""), (60, "")]


@pytest.mark.parametrize(("minutes", "code"), TAKEN)
def test_a_time_that_somebody_else_has_is_taken_buffers_included(monday: datetime, minutes: int, code: str) -> None:
    advisor = factories.make_advisor(buffer_before_minutes=10, buffer_after_minutes=10)
    services.pick(offered(advisor, "grace@example.com"), THURSDAY, now=monday)
    submission = offered(advisor)
    start = THURSDAY + timedelta(minutes=minutes)

    if code:
        assert refused(submission, start, now=monday) == code
    else:
        assert services.pick(submission, start, now=monday)[0].starts_at == start


def test_a_taken_time_is_refused_before_anything_is_written(monday: datetime) -> None:
    advisor = factories.make_advisor()
    services.pick(offered(advisor, "grace@example.com"), THURSDAY, now=monday)
    submission = offered(advisor)

    with CaptureQueriesContext(connection) as statements:
        assert refused(submission, THURSDAY, now=monday) == "slot_taken"

    assert not [query["sql"] for query in statements if query["sql"].startswith(("INSERT", "UPDATE"))]


def test_a_lead_that_staff_moved_since_it_was_read_is_booked_all_the_same(monday: datetime) -> None:
    submission = offered(factories.make_advisor())
    Lead.objects.update(stage="contacted")

    services.pick(submission, THURSDAY, now=monday)

    assert Lead.objects.get().stage == "booked"


def test_a_held_time_of_somebody_else_is_taken(monday: datetime) -> None:
    advisor = factories.make_advisor()
    factories.make_submission(email="grace@example.com")
    factories.run_delivery("scheduling.book_call", calls.book_call)
    held = Booking.objects.get()

    assert held.status == "tentative"
    assert refused(offered(advisor), held.starts_at, now=monday) == "slot_taken"


def test_a_move_to_a_taken_time_leaves_the_old_one(monday: datetime) -> None:
    advisor = factories.make_advisor()
    services.pick(offered(advisor, "grace@example.com"), THURSDAY, now=monday)
    submission = offered(advisor)
    services.pick(submission, THURSDAY + HALF_HOUR, now=monday)

    assert refused(submission, THURSDAY, now=monday) == "slot_taken"
    assert refused(submission, THURSDAY + timedelta(minutes=7), now=monday) == "off_grid"


NO_SLOT = [
    ("between two steps", THURSDAY + timedelta(minutes=10), "off_grid"),
    ("a second late", THURSDAY + timedelta(seconds=1), "off_grid"),
    ("out of hours", THURSDAY - timedelta(hours=2), "off_grid"),
    ("past the end of the day", datetime(2026, 11, 26, 15, 45, tzinfo=UTC), "off_grid"),
    ("on a Sunday", datetime(2026, 11, 29, 9, tzinfo=UTC), "off_grid"),
    ("in the past", THURSDAY - timedelta(days=7), "past"),
    ("at this very moment", datetime(2026, 11, 23, 10, tzinfo=UTC), "past"),
    ("within the notice", datetime(2026, 11, 23, 15, tzinfo=UTC), "too_soon"),
    ("past the horizon", THURSDAY + timedelta(days=35), "too_late"),
    ("in the year 9999", datetime(9999, 12, 31, 9, tzinfo=UTC), "too_late"),
    ("the last moment of the calendar", datetime.fromisoformat("9999-12-31T23:59:59.999999-14:00"), "too_late"),
    ("its first moment", datetime.fromisoformat("0001-01-01T00:00:00+14:00"), "past"),
]


@pytest.mark.parametrize(("start", "code"), [row[1:] for row in NO_SLOT], ids=[row[0] for row in NO_SLOT])
def test_what_is_no_slot_is_refused_by_its_own_name(monday: datetime, start: datetime, code: str) -> None:
    submission = offered(factories.make_advisor())

    assert refused(submission, start, now=monday) == code


def test_there_is_no_slot_in_the_hour_that_spring_skips(monday: datetime) -> None:
    advisor = factories.make_advisor(weekly_hours={"sun": [["02:00", "03:00"]]}, horizon_days=14)
    submission = offered(advisor)
    now = datetime(2027, 3, 25, tzinfo=UTC)

    assert refused(submission, datetime.fromisoformat("2027-03-28T02:30:00+01:00"), now=now) == "off_grid"

    booking, _ = services.pick(submission, datetime.fromisoformat("2027-04-04T02:30:00+02:00"), now=now)
    assert booking.starts_at == datetime(2027, 4, 4, 0, 30, tzinfo=UTC)


def test_the_hour_that_autumn_repeats_holds_two_conversations(monday: datetime) -> None:
    advisor = factories.make_advisor(weekly_hours={"sun": [["02:00", "03:00"]]}, horizon_days=14)
    now = datetime(2027, 10, 25, tzinfo=UTC)
    first, second = offered(advisor), offered(advisor, "grace@example.com")

    summer, _ = services.pick(first, datetime.fromisoformat("2027-10-31T02:30:00+02:00"), now=now)
    winter, _ = services.pick(second, datetime.fromisoformat("2027-10-31T02:30:00+01:00"), now=now)

    assert winter.starts_at - summer.starts_at == timedelta(hours=1)


def test_without_an_advisor_who_is_there_nothing_can_be_picked(monday: datetime) -> None:
    undecided = factories.make_submission(email="grace@example.com")
    advisor = factories.make_advisor()
    left = offered(advisor)
    Advisor.objects.update(active=False)

    assert refused(undecided, THURSDAY, now=monday) == "pending"
    assert refused(left, THURSDAY, now=monday) == "no_advisor"
    assert Assignment.objects.count() == 1


# --- the same advisor first -----------------------------------------------------------------------------


def test_who_has_it_keeps_it_where_a_colleague_would_be_free(monday: datetime) -> None:
    advisor, colleague = factories.make_advisor(), factories.make_advisor(ai_depth=3)
    services.pick(offered(advisor, "grace@example.com"), THURSDAY, now=monday)
    submission = offered(advisor)

    assert refused(submission, THURSDAY, now=monday) == "slot_taken"

    moved, _ = services.pick(submission, THURSDAY + HALF_HOUR, now=monday)
    assert (moved.advisor, colleague.seats.count()) == (advisor, 0)


def test_conversation_of_an_advisor_who_has_left_moves_to_one_who_fits(monday: datetime) -> None:
    gone, colleague = factories.make_advisor(), factories.make_advisor()
    submission = offered(gone)
    services.pick(submission, THURSDAY, now=monday)
    Advisor.objects.filter(pk=gone.pk).update(active=False)

    moved = services.move(submission, THURSDAY + HALF_HOUR, now=monday)

    event = Event.objects.get(type="booking.rescheduled")
    assert (moved.advisor, moved.seats.count(), moved.version) == (colleague, 1, 1)
    assert event.data["left"] == [gone.pk]
    assert event.data["booking"]["advisor"]["name"] == colleague.name
    assert Assignment.objects.get().advisor == colleague


def test_advisor_without_any_time_is_followed_by_one_who_fits(monday: datetime) -> None:
    submission = offered(factories.make_advisor(weekly_hours={}))
    colleague = factories.make_advisor()

    booking, is_new = services.pick(submission, THURSDAY, now=monday)

    assert (booking.advisor, is_new) == (colleague, True)


def test_moving_needs_something_to_move(monday: datetime) -> None:
    submission = offered(factories.make_advisor())

    with pytest.raises(UnableToBook) as error:
        services.move(submission, THURSDAY, now=monday)

    assert (error.value.code, Booking.objects.count()) == ("closed", 0)
