"""What staff do with a conversation: every act keeps to free times, is told as theirs, and leaves one open booking."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from intake.models import Lead, Submission
from outbox.models import Event
from scheduling import calls, services, staff, standins
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor, TimeOff, TimeRequest
from tests import factories

THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)  # 10:00 in Berlin
HALF_HOUR = timedelta(minutes=30)
OVER = THURSDAY + timedelta(hours=2)


def offered(advisor: Advisor, email: str = "ada@example.com", **over: Any) -> Submission:
    submission = factories.make_submission(email=email, hold=False, **over)
    factories.assign(submission, advisor)
    return submission


def booked(advisor: Advisor, start: datetime = THURSDAY, *, now: datetime, email: str = "ada@example.com") -> Booking:
    return services.pick(offered(advisor, email), start, now=now)[0]


def rows() -> list[tuple[object, ...]]:
    bookings = Booking.objects.order_by("pk").values_list("pk", "status", "starts_at", "version")
    return [
        *bookings,
        *BookingAdvisor.objects.order_by("pk").values_list("booking", "advisor", "blocked", "holds_time"),
    ]


def refused(act: Any) -> str:
    """The code of the refusal; asserts that nothing was written and nothing told."""
    before = rows(), factories.published(), list(Assignment.objects.values_list("advisor", "outcome"))
    with pytest.raises(UnableToBook) as error:
        act()
    assert before == (rows(), factories.published(), list(Assignment.objects.values_list("advisor", "outcome")))
    return error.value.code


def told(type_: str) -> dict[str, Any]:
    data: dict[str, Any] = Event.objects.get(type=type_).data
    return data


# --- book and move --------------------------------------------------------------------------------------


def test_staff_book_a_free_time_with_whom_they_choose(monday: datetime) -> None:
    submission = offered(factories.make_advisor())
    chosen = factories.make_advisor()

    booking = staff.arrange(submission, Team(chosen), THURSDAY, zone="Asia/Kolkata", now=monday)

    assert (booking.status, booking.starts_at, booking.advisor) == ("confirmed", THURSDAY, chosen)
    assert booking.timezone == Submission.objects.get().timezone == "Asia/Kolkata"
    assert told("booking.confirmed")["by"] == "staff"
    assert Assignment.objects.get().advisor == chosen
    assert Lead.objects.get().stage == "booked"


def test_staff_book_before_the_house_has_decided_and_it_does_not_decide_again(monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = factories.make_submission()

    staff.arrange(submission, Team(advisor), THURSDAY, zone="Europe/Berlin", now=monday)
    factories.run_delivery("scheduling.book_call", calls.book_call)

    assert Booking.objects.get().starts_at == THURSDAY
    assert Assignment.objects.get().step == "staff"


TIMES = [
    ("taken", THURSDAY, "slot_taken"),
    ("off the grid", THURSDAY + timedelta(minutes=7), "off_grid"),
    ("out of hours", THURSDAY - timedelta(hours=4), "off_grid"),
    ("over", THURSDAY - timedelta(days=7), "past"),
    ("too soon", datetime(2026, 11, 23, 15, tzinfo=UTC), "too_soon"),
]


@pytest.mark.parametrize(("start", "code"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_staff_book_nothing_but_free_times(monday: datetime, start: datetime, code: str) -> None:
    advisor = factories.make_advisor()
    booked(advisor, now=monday, email="grace@example.com")
    submission = offered(advisor)

    assert refused(lambda: staff.arrange(submission, Team(advisor), start, zone="UTC", now=monday)) == code
    assert {submission.timezone for submission in Submission.objects.all()} == {"Europe/Berlin"}


def test_booking_where_one_is_open_moves_it(monday: datetime) -> None:
    first, second = factories.make_advisor(), factories.make_advisor()
    before = booked(first, now=monday)

    after = staff.arrange(before.submission, Team(second), THURSDAY + HALF_HOUR, zone="Europe/Berlin", now=monday)

    assert (after.pk, after.advisor, after.version) == (before.pk, second, 1)
    assert (told("booking.rescheduled")["by"], told("booking.rescheduled")["left"]) == ("staff", [first.pk])
    again = staff.arrange(after.submission, Team(second), THURSDAY + HALF_HOUR, zone="Europe/Berlin", now=monday)
    assert (again.version, factories.published()["booking.rescheduled"]) == (1, 1)


def test_tests_and_advisors_who_left_get_nothing(monday: datetime) -> None:
    gone = factories.make_advisor(active=False)
    test = factories.make_submission(test=True)
    real = factories.make_submission(email="grace@example.com")

    assert refused(lambda: staff.arrange(test, Team(gone), THURSDAY, zone="UTC", now=monday)) == "closed"
    assert refused(lambda: staff.arrange(real, Team(gone), THURSDAY, zone="UTC", now=monday)) == "no_advisor"


# --- hand over ------------------------------------------------------------------------------------------


def test_a_conversation_changes_hands_at_the_same_time(monday: datetime) -> None:
    advisor = factories.make_advisor()
    colleague = factories.make_advisor(buffer_before_minutes=5, buffer_after_minutes=15)
    booking = booked(advisor, now=monday)

    after = staff.hand_over(booking, colleague, now=monday)

    seat = BookingAdvisor.objects.get()
    assert (after.pk, after.starts_at, after.version, after.status) == (booking.pk, THURSDAY, 1, "confirmed")
    assert (seat.advisor, seat.leads, seat.holds_time) == (colleague, True, True)
    assert seat.blocked.upper == THURSDAY + timedelta(minutes=45)
    assert told("booking.rescheduled")["left"] == [advisor.pk]
    assert Assignment.objects.get().advisor == colleague


def test_a_held_time_stays_held_and_nobody_is_mailed(monday: datetime) -> None:
    factories.make_advisor()
    factories.make_submission()
    factories.run_delivery("scheduling.book_call", calls.book_call)
    held = Booking.objects.select_related("submission__lead").get()
    colleague = factories.make_advisor()

    after = staff.hand_over(held, colleague, now=monday)

    assert (after.status, after.advisor, after.expires_at) == ("tentative", colleague, held.expires_at)
    assert factories.deliveries("notifications.send_booking_mail") == []
    assert factories.published()["booking.tentative"] == 2


def test_who_is_free_is_listed_those_who_fit_first(monday: datetime) -> None:
    advisor = factories.make_advisor(ai_depth=2)
    other_field = factories.make_advisor(name="Aaron", cto_depth=3, ai_depth=0)
    fits = factories.make_advisor(name="Zoe", ai_depth=3, step_minutes=45, meeting_minutes=60, notice_hours=200)
    busy = factories.make_advisor(name="Busy")
    factories.make_advisor(name="Gone", active=False)
    on_leave = factories.make_advisor(name="On leave")
    TimeOff.objects.create(advisor=on_leave, starts_at=THURSDAY, ends_at=OVER)
    factories.make_advisor(name="At night", timezone="Pacific/Auckland")
    booked(busy, now=monday, email="grace@example.com")
    booking = booked(advisor, now=monday)

    found = standins.standins(booking, now=monday)

    # Zoe's own grid, length and notice do not matter: the time is agreed.
    assert [(each.advisor, each.fits) for each in found] == [(fits, True), (other_field, False)]
    assert refused(lambda: staff.hand_over(booking, busy, now=monday)) == "slot_taken"
    assert refused(lambda: staff.hand_over(booking, on_leave, now=monday)) == "slot_taken"
    assert refused(lambda: staff.hand_over(booking, advisor, now=monday)) == "slot_taken"


def test_what_has_changed_since_it_was_seen_is_left_alone(monday: datetime) -> None:
    advisor, colleague = factories.make_advisor(), factories.make_advisor()
    seen = booked(advisor, now=monday)
    services.move(seen.submission, THURSDAY + HALF_HOUR, now=monday)

    assert refused(lambda: staff.hand_over(seen, colleague, now=monday)) == "closed"
    assert refused(lambda: staff.cancel(seen, now=monday)) == "closed"


def test_one_of_two_is_replaced_or_left_out(monday: datetime) -> None:
    leader, second, third = (factories.make_advisor() for _ in range(3))
    submission = offered(leader)
    Assignment.objects.update(colleague=second, is_joint=True)
    joint = staff.arrange(submission, Team(leader, second), THURSDAY, zone="Europe/Berlin", now=monday)

    replaced = staff.hand_over(joint, third, now=monday, instead_of=second)

    assert (replaced.advisor, replaced.colleagues) == (leader, [third])
    alone = staff.leave_out(replaced, leader, now=monday)
    assert (alone.advisor, alone.colleagues, alone.version) == (third, [], 2)
    assert refused(lambda: staff.leave_out(alone, third, now=monday)) == "no_advisor"
    assert Assignment.objects.get().advisor == third


# --- cancel ---------------------------------------------------------------------------------------------


def test_staff_cancel_and_three_other_times_are_offered(monday: datetime) -> None:
    booking = booked(factories.make_advisor(), now=monday)
    TimeRequest.objects.create(submission=booking.submission, wish="later", created_at=monday)

    staff.cancel(booking, now=monday)

    found = told("booking.cancelled")
    assert found["by"] == "staff"
    assert [slot["start"][11:16] for slot in found["alternatives"]] == ["09:00", "09:30", "10:30"]
    assert Booking.objects.get().status == "cancelled"
    assert TimeRequest.objects.get().settled_at is None


def test_staff_confirm_a_held_time(monday: datetime) -> None:
    factories.make_advisor()
    factories.make_submission()
    factories.run_delivery("scheduling.book_call", calls.book_call)
    held = Booking.objects.select_related("submission__lead", "submission__assessment").get()

    staff.confirm(held, now=monday)

    assert Booking.objects.get().status == "confirmed"
    assert told("booking.confirmed")["by"] == "staff"


# --- how it went ----------------------------------------------------------------------------------------


def test_what_took_place_moves_the_lead_to_met(monday: datetime) -> None:
    booking = booked(factories.make_advisor(), now=monday)

    staff.mark(booking, "completed", now=OVER)
    staff.mark(booking, "completed", now=OVER)

    assert (Booking.objects.get().status, Booking.objects.get().ended_at) == ("completed", OVER)
    assert Lead.objects.get().stage == "met"
    assert told("booking.completed")["booking"]["status"] == "completed"
    assert factories.published()["lead.stage_changed"] == 2
    assert Event.objects.filter(type="lead.stage_changed").order_by("sequence").last().data["to"] == "met"


@pytest.mark.parametrize("stage", ["met", "proposal", "won", "lost", "disqualified"])
def test_where_staff_are_further_the_stage_stays(monday: datetime, stage: str) -> None:
    booking = booked(factories.make_advisor(), now=monday)
    Lead.objects.update(stage=stage)

    staff.mark(booking, "completed", now=OVER)

    assert Lead.objects.get().stage == stage
    assert factories.published()["lead.stage_changed"] == 1


def test_nobody_came_and_another_time_may_be_chosen(monday: datetime) -> None:
    booking = booked(factories.make_advisor(), now=monday)

    staff.mark(booking, "no_show", now=OVER)

    assert (Booking.objects.get().status, Lead.objects.get().stage) == ("no_show", "booked")
    assert told("booking.no_show")["by"] == "staff"
    _, is_new = services.pick(booking.submission, THURSDAY + timedelta(days=1), now=OVER)
    assert is_new


def test_a_wrong_mark_is_put_right_for_a_week_from_the_first(monday: datetime) -> None:
    booking = booked(factories.make_advisor(), now=monday)
    staff.mark(booking, "no_show", now=OVER)

    staff.mark(booking, "completed", now=OVER + timedelta(days=6))

    assert (Booking.objects.get().status, Lead.objects.get().stage) == ("completed", "met")
    assert refused(lambda: staff.mark(booking, "no_show", now=OVER + timedelta(days=7))) == "closed"


@pytest.mark.parametrize(("stage", "after"), [("met", "booked"), ("proposal", "proposal")])
def test_who_did_not_come_after_all_has_not_been_met(monday: datetime, stage: str, after: str) -> None:
    booking = booked(factories.make_advisor(), now=monday)
    staff.mark(booking, "completed", now=OVER)
    Lead.objects.update(stage=stage)

    staff.mark(booking, "no_show", now=OVER + timedelta(hours=1))

    assert (Booking.objects.get().status, Lead.objects.get().stage) == ("no_show", after)


def test_what_has_not_begun_or_was_not_agreed_has_no_end(monday: datetime) -> None:
    booking = booked(factories.make_advisor(), now=monday)

    assert refused(lambda: staff.mark(booking, "completed", now=THURSDAY - HALF_HOUR)) == "closed"
    assert refused(lambda: staff.mark(booking, "cancelled", now=OVER)) == "closed"
    staff.cancel(booking, now=monday)
    assert refused(lambda: staff.mark(booking, "completed", now=OVER)) == "closed"
