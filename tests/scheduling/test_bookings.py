"""A booking's life after the house has decided: confirmed, cancelled, expired. `test_picking` has the chosen times."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from intake.models import Lead, StaleTransition, Submission
from notifications import booking_mails
from notifications.models import Mail
from scheduling import calls, services
from scheduling.availability import free_slots
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, Booking, BookingAdvisor
from tests import factories

HALF_HOUR = timedelta(minutes=30)


def hold(email: str = "ada@example.com") -> Submission:
    """A new submission with a time held for it."""
    submission = factories.make_submission(email=email)
    factories.run_delivery("scheduling.book_call", calls.book_call, status="pending")
    return submission


def booking_of(submission: Submission) -> Booking:
    return Booking.objects.get(submission=submission)


def news_since(before: dict[str, int]) -> dict[str, int]:
    """The events that came since, by type."""
    return dict(Counter(factories.published()) - Counter(before))


def is_free(advisor: Advisor, start: datetime, *, now: datetime) -> bool:
    return (start, start + HALF_HOUR) in free_slots([advisor], now=now)[advisor.id]


def mails_sent() -> int:
    factories.run_delivery("notifications.send_booking_mail", booking_mails.send_booking_mail, status="pending")
    return Mail.objects.filter(kind=Mail.Kind.BOOKING).count()


def test_confirming_a_hold_books_the_lead(monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission, before = hold(), factories.published()

    booking = services.confirm(submission, now=monday + HALF_HOUR)

    stored = booking_of(submission)
    assert stored == booking
    assert (stored.status, stored.confirmed_at, stored.ended_at) == ("confirmed", monday + HALF_HOUR, None)
    assert Lead.objects.get().stage == "booked"
    assert not is_free(advisor, stored.starts_at, now=monday)
    assert news_since(before) == {"booking.confirmed": 1, "lead.stage_changed": 1}


def test_confirming_twice_confirms_once(monday: datetime) -> None:
    factories.make_advisor()
    submission = hold()
    services.confirm(submission, now=monday)
    before = factories.published()

    again = services.confirm(submission, now=monday + timedelta(hours=3))

    assert (again.status, again.confirmed_at) == ("confirmed", monday)
    assert booking_of(submission).confirmed_at == monday
    assert news_since(before) == {}


def test_confirming_releases_what_else_was_held_for_the_person_without_a_mail(monday: datetime) -> None:
    advisor = factories.make_advisor()
    first, second, third = hold(), hold(), hold()
    somebody_else = hold("grace@example.com")
    before = factories.published()

    services.confirm(second, now=monday)

    statuses = [booking_of(submission).status for submission in (first, second, third, somebody_else)]
    assert statuses == ["cancelled", "confirmed", "cancelled", "tentative"]
    assert is_free(advisor, booking_of(first).starts_at, now=monday)
    assert news_since(before) == {"booking.confirmed": 1, "booking.cancelled": 2, "lead.stage_changed": 1}
    assert mails_sent() == 2  # of the confirmed one, to prospect and advisor


def test_confirming_leaves_another_confirmed_conversation_alone(monday: datetime) -> None:
    factories.make_advisor()
    first, second = hold(), hold()
    services.confirm(first, now=monday)
    third = hold()

    services.confirm(third, now=monday)

    assert [booking_of(submission).status for submission in (first, second, third)] == [
        "confirmed", "cancelled", "confirmed",
    ]  # fmt: skip


STAGES = [
    ("new", "booked"), ("contacted", "booked"), ("booked", "booked"), ("met", "met"), ("proposal", "proposal"),
    ("won", "won"), ("lost", "lost"), ("disqualified", "disqualified"),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "after"), STAGES)
def test_confirming_moves_only_a_lead_that_is_not_further_on(monday: datetime, stage: str, after: str) -> None:
    factories.make_advisor()
    submission = hold()
    Lead.objects.update(stage=stage)  # since this submission was read
    before = factories.published()

    services.confirm(submission, now=monday)

    changed = {"lead.stage_changed": 1} if stage != after else {}
    assert Lead.objects.get().stage == after
    assert booking_of(submission).status == "confirmed"
    assert news_since(before) == {"booking.confirmed": 1} | changed


def test_a_hold_that_is_over_cannot_be_confirmed_even_before_it_is_swept(monday: datetime) -> None:
    factories.make_advisor()
    submission, before = hold(), factories.published()
    over = booking_of(submission).expires_at
    assert over

    with pytest.raises(UnableToBook) as error:
        services.confirm(submission, now=over)

    assert error.value.code == "closed"
    assert booking_of(submission).status == "tentative"
    assert Lead.objects.get().stage == "new"
    assert news_since(before) == {}
    assert services.confirm(submission, now=over - timedelta.resolution).status == "confirmed"


def test_without_a_hold_there_is_nothing_to_confirm(monday: datetime) -> None:
    factories.make_advisor()
    cancelled, never = hold(), factories.make_submission(email="grace@example.com", hold=False)
    services.cancel(cancelled, now=monday)
    before = factories.published()

    for submission in (cancelled, never):
        with pytest.raises(UnableToBook) as error:
            services.confirm(submission, now=monday)
        assert error.value.code == "closed"

    assert booking_of(cancelled).status == "cancelled"
    assert news_since(before) == {}


def test_cancelling_a_hold_gives_the_time_back_without_a_mail(monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission, before = hold(), factories.published()

    services.cancel(submission, now=monday + HALF_HOUR)

    booking = booking_of(submission)
    assert (booking.status, booking.ended_at) == ("cancelled", monday + HALF_HOUR)
    assert [seat.holds_time for seat in booking.seats.all()] == [False]
    assert is_free(advisor, booking.starts_at, now=monday)
    assert news_since(before) == {"booking.cancelled": 1}
    assert mails_sent() == 0


def test_cancelling_a_conversation_tells_both_sides(monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = hold()
    services.confirm(submission, now=monday)
    mails, before = mails_sent(), factories.published()

    services.cancel(submission, now=monday)

    assert booking_of(submission).status == "cancelled"
    assert is_free(advisor, booking_of(submission).starts_at, now=monday)
    assert Lead.objects.get().stage == "booked"  # what follows from it is for staff to say
    assert news_since(before) == {"booking.cancelled": 1}
    assert mails_sent() - mails == 2


def test_cancelling_twice_and_cancelling_nothing_do_nothing(monday: datetime) -> None:
    factories.make_advisor()
    submission, never = hold(), factories.make_submission(email="grace@example.com")
    services.cancel(submission, now=monday)
    before = factories.published()

    services.cancel(submission, now=monday + HALF_HOUR)
    services.cancel(never, now=monday + HALF_HOUR)

    assert booking_of(submission).ended_at == monday
    assert Booking.objects.count() == 1
    assert news_since(before) == {}


def test_holds_expire_when_their_time_is_over_and_not_before(monday: datetime) -> None:
    advisor = factories.make_advisor()
    early, late, kept, gone = hold(), hold("b@example.com"), hold("c@example.com"), hold("d@example.com")
    Booking.objects.filter(submission=late).update(expires_at=monday + timedelta(days=2))
    services.confirm(kept, now=monday)
    services.cancel(gone, now=monday)
    over, before = booking_of(early).expires_at, factories.published()
    assert over

    assert services.expire_holds(now=over - timedelta.resolution) == 0
    assert services.expire_holds(now=over) == 1
    assert services.expire_holds(now=over) == 0

    statuses = [booking_of(submission).status for submission in (early, late, kept, gone)]
    assert statuses == ["expired", "tentative", "confirmed", "cancelled"]
    assert booking_of(early).ended_at == over
    assert is_free(advisor, booking_of(early).starts_at, now=monday)
    assert news_since(before) == {"booking.expired": 1}


def test_one_sweep_ends_every_hold_that_is_over_also_of_one_person(monday: datetime) -> None:
    factories.make_advisor()
    for email in ("a@example.com", "a@example.com", "b@example.com"):
        hold(email)
    before = factories.published()

    expired = services.expire_holds(now=monday + timedelta(days=5))

    assert expired == 3
    assert set(Booking.objects.values_list("status", flat=True)) == {"expired"}
    assert BookingAdvisor.objects.filter(holds_time=True).count() == 0
    assert news_since(before) == {"booking.expired": 3}


def test_no_status_leaves_an_end(monday: datetime) -> None:
    factories.make_advisor()
    submission = hold()

    for end in ("cancelled", "expired", "completed", "no_show"):
        Booking.objects.update(status=end)
        for status in Booking.Status:
            with pytest.raises(StaleTransition):
                booking_of(submission).move_to(status, now=monday)
        with pytest.raises(StaleTransition):
            booking_of(submission).reschedule(monday, monday + HALF_HOUR, now=monday)
        assert booking_of(submission).status == end


def test_who_read_an_older_state_changes_nothing(monday: datetime) -> None:
    factories.make_advisor()
    submission = hold()
    read_before = booking_of(submission)
    services.confirm(submission, now=monday)

    for act in (
        lambda: read_before.move_to(Booking.Status.EXPIRED, now=monday),
        lambda: read_before.reschedule(monday, monday + HALF_HOUR, now=monday),
    ):
        with pytest.raises(StaleTransition):
            act()

    assert booking_of(submission).status == "confirmed"
    assert [seat.holds_time for seat in BookingAdvisor.objects.all()] == [True]
