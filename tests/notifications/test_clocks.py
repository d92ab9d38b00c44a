"""How long each step took: from the rows, on the lead's page and in /metrics."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import clocks, replies
from scheduling import calls, services, staff
from scheduling.models import Booking
from tests.factories import make_submission, run_delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
MINUTE = timedelta(minutes=1)


def test_each_clock_strikes_when_its_row_says(time_machine, mail_server):
    start = timezone.now().replace(microsecond=0)
    time_machine.move_to(start, tick=False)
    submission = make_submission()
    time_machine.shift(2)
    run_delivery("scheduling.book_call", calls.book_call)
    time_machine.shift(1)
    run_delivery("notifications.send_reply", replies.send_reply)
    time_machine.shift(MINUTE)
    services.confirm(submission, now=timezone.now())
    booking = Booking.objects.get()
    time_machine.move_to(booking.ends_at)
    staff.mark(booking, "completed", now=timezone.now())

    (found,) = clocks.of_lead(submission.lead_id)

    assert found.after == {
        "verdict": timedelta(0),
        "booked": timedelta(seconds=2),
        "mail": timedelta(seconds=3),
        "confirmed": timedelta(seconds=63),
        "held": booking.starts_at - start,
    }
    summed = clocks.percentiles(since=start)
    assert summed["mail"] == (1, 3.0, 3.0)


def test_what_has_not_happened_has_not_struck():
    submission = make_submission()
    make_submission(test=True, email="test@example.com")

    (found,) = clocks.of_lead(submission.lead_id)

    assert [name for name, after in found.after.items() if after is not None] == ["verdict"]
    assert clocks.percentiles(since=timezone.now() - MINUTE)["booked"] == (0, 0.0, 0.0)
    assert clocks.percentiles(since=timezone.now() - MINUTE)["verdict"][0] == 1


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, "-"),
        (timedelta(milliseconds=420), "0.4 s"),
        (3 * MINUTE, "3 min"),
        (125 * MINUTE, "2 h 5 min"),
        (timedelta(days=4, hours=3), "4 d"),
    ],
)
def test_a_span_is_told_as_people_say_it(span, words):
    assert clocks.spoken(span) == words
