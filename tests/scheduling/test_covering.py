"""An advisor is away: each conversation in that time is shown first, then handed over, cancelled or left, once."""

from datetime import UTC, datetime, timedelta

import pytest

from intake.models import Submission
from notifications.booking_mails import send_booking_mail
from outbox.models import Event
from scheduling import calls, covering, services
from scheduling.covering import CANCEL, LEAVE, WITHOUT
from scheduling.models import Advisor, Booking, TimeOff
from tests import factories

TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)  # 10:00 in Berlin
TWO_DAYS = 2


def booked(advisor: Advisor, start: datetime, *, now: datetime, email: str) -> Booking:
    submission = factories.make_submission(email=email, hold=False)
    factories.assign(submission, advisor)
    return services.pick(submission, start, now=now)[0]


@pytest.fixture
def ill(monday: datetime) -> Advisor:
    """Has three conversations on Tuesday and one on Thursday."""
    advisor = factories.make_advisor(name="Ill Advisor")
    for hour in range(3):
        booked(advisor, TUESDAY + timedelta(hours=hour), now=monday, email=f"p{hour}@example.com")
    booked(advisor, TUESDAY + timedelta(days=2), now=monday, email="later@example.com")
    return advisor


def reported(advisor: Advisor, now: datetime) -> list[covering.Case]:
    found = covering.inside(advisor, covering.days_off(advisor, TWO_DAYS, now=now), now=now)
    return covering.report(advisor, found, now=now)


def test_the_day_ends_where_the_advisor_lives(monday: datetime) -> None:
    tokyo = factories.make_advisor(timezone="Asia/Tokyo")

    assert covering.days_off(tokyo, 1, now=monday) == (monday, datetime(2026, 11, 23, 15, tzinfo=UTC))
    assert covering.days_off(tokyo, 2, now=monday)[1] == datetime(2026, 11, 24, 15, tzinfo=UTC)


def test_days_end_at_midnight_over_a_change_of_the_clock(monday: datetime) -> None:
    advisor = factories.make_advisor()

    start, end = covering.days_off(advisor, 2, now=datetime(2027, 3, 27, 10, tzinfo=UTC))

    assert (start, end) == (datetime(2027, 3, 27, 10, tzinfo=UTC), datetime(2027, 3, 28, 22, tzinfo=UTC))


def test_looking_changes_nothing_and_names_who_could_take_each(ill: Advisor, monday: datetime) -> None:
    busy_at_ten = factories.make_advisor(name="Colleague")
    booked(busy_at_ten, TUESDAY, now=monday, email="grace@example.com")
    before = factories.published(), list(Booking.objects.values_list("version", "status"))

    found = reported(ill, monday)

    assert [case.suggested for case in found] == [CANCEL, str(busy_at_ten.pk), str(busy_at_ten.pk)]
    assert before == (factories.published(), list(Booking.objects.values_list("version", "status")))
    assert TimeOff.objects.count() == 0


def test_each_is_done_as_chosen_and_told_once(ill: Advisor, monday: datetime) -> None:
    colleague = factories.make_advisor(name="Colleague")
    first, second, third = covering.inside(ill, covering.days_off(ill, TWO_DAYS, now=monday), now=monday)
    before = Event.objects.count()
    covering.take_off(ill, covering.days_off(ill, TWO_DAYS, now=monday))
    choices = {str(first.pk): str(colleague.pk), str(second.pk): CANCEL, str(third.pk): LEAVE}

    done = covering.settle(ill, [first, second, third], choices, now=monday)

    assert [each.refused for each in done] == [False] * 3
    assert list(Event.objects.order_by("occurred_at", "id")[before:].values_list("type", flat=True)) == [
        "booking.rescheduled", "booking.cancelled",
    ]  # fmt: skip
    (offered,) = Event.objects.filter(type="booking.cancelled")
    # The ill one's own day offers nothing any more; their next times do.
    assert [slot["start"][:10] for slot in offered.data["alternatives"]] == ["2026-11-25"] * 3
    assert Booking.objects.get(pk=first.pk).seats.get().advisor == colleague
    assert list(covering.stranded(ill, now=monday)) == [third]


def test_what_cannot_be_done_is_told_and_the_rest_is_done(ill: Advisor, monday: datetime) -> None:
    colleague = factories.make_advisor(name="Colleague")
    found = covering.inside(ill, covering.days_off(ill, TWO_DAYS, now=monday), now=monday)
    choices = {str(booking.pk): str(colleague.pk) for booking in found}
    booked(colleague, TUESDAY, now=monday, email="grace@example.com")  # since the page was opened

    done = covering.settle(ill, found, choices, now=monday)

    assert [each.refused for each in done] == [True, False, False]
    assert "not free" in done[0].said
    assert Booking.objects.get(pk=found[0].pk).seats.get().advisor == ill
    assert factories.published()["booking.rescheduled"] == 2


@pytest.mark.parametrize("choice", ["", "nonsense", "0", "9" * 40, "²", WITHOUT])
def test_choice_that_is_none_is_refused(ill: Advisor, monday: datetime, choice: str) -> None:
    (booking, *_) = covering.inside(ill, covering.days_off(ill, TWO_DAYS, now=monday), now=monday)

    (done,) = covering.settle(ill, [booking], {str(booking.pk): choice}, now=monday)

    assert done.refused
    assert Booking.objects.get(pk=booking.pk).version == 0


def test_held_times_are_let_go_without_a_word(monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = factories.make_submission()
    factories.run_delivery("scheduling.book_call", calls.book_call)
    (held,) = covering.inside(advisor, covering.days_off(advisor, 10, now=monday), now=monday)

    (done,) = covering.settle(advisor, [held], {str(held.pk): CANCEL}, now=monday)

    assert done.said == "let go"
    (mail,) = factories.deliveries("notifications.send_booking_mail")
    factories.run_delivery("notifications.send_booking_mail", send_booking_mail)
    mail.refresh_from_db()
    assert "never confirmed" in str(mail.attempts.get().details)
    assert Submission.objects.get() == submission


def test_sent_twice_it_is_one_absence(ill: Advisor, monday: datetime) -> None:
    period = covering.days_off(ill, TWO_DAYS, now=monday)

    covering.take_off(ill, period)
    covering.take_off(ill, (period[0] + timedelta(seconds=5), period[1]))

    assert TimeOff.objects.get().ends_at == period[1]


def test_time_off_or_leaving_strands_what_lies_in_it(ill: Advisor, monday: datetime) -> None:
    assert covering.stranded(ill, now=monday) == []

    TimeOff.objects.create(advisor=ill, starts_at=TUESDAY, ends_at=TUESDAY + timedelta(minutes=30))
    assert [row.starts_at for row in covering.stranded(ill, now=monday)] == [TUESDAY]

    Advisor.objects.update(active=False)
    assert len(covering.stranded(ill, now=monday)) == 4
    assert len(covering.stranded(ill, now=TUESDAY)) == 3  # what has begun is not handed over
