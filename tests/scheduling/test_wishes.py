"""A time that is asked for in words: kept once, told to staff, settled by a booking or by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from intake.models import Submission
from intake.rates import Rate
from notifications.models import Mail
from notifications.notes import send_staff_note
from scheduling import services, wishes
from scheduling.models import Assignment, TimeRequest
from tests import factories

THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture
def submission(monday: datetime, admin_user: Any) -> Submission:
    """Somebody for whom nobody is free."""
    submission = factories.make_submission(hold=False)
    Assignment.objects.create(submission=submission, outcome="unavailable", step="nobody", decided_at=monday)
    return submission


def ask(client: Client, submission: Submission, wish: str) -> Any:
    body = {"wish": wish}
    return client.post(f"/r/{submission.token}/wish/", body)


def page(client: Client, submission: Submission) -> str:
    return client.get(f"/r/{submission.token}/").content.decode()


def test_nobody_free_lets_them_ask_and_shows_what_they_asked(client: Client, submission: Submission) -> None:
    assert "When would it suit you?" in page(client, submission)

    reply = ask(client, submission, "  Tuesdays after 16:00\r\nor <b>Fridays</b> ")

    assert (reply.status_code, reply.headers["Location"]) == (303, f"/r/{submission.token}/")
    assert TimeRequest.objects.get().wish == "Tuesdays after 16:00\nor <b>Fridays</b>"
    assert "Tuesdays after 16:00\nor &lt;b&gt;Fridays&lt;/b&gt;" in page(client, submission)
    assert factories.published()["booking.requested"] == 1


def test_staff_are_told_in_the_prospects_words(client: Client, submission: Submission) -> None:
    ask(client, submission, "Tuesdays after 16:00")

    factories.run_delivery("notifications.send_staff_note", send_staff_note, event__type="booking.requested")

    note = Mail.objects.get(kind="staff")
    assert note.subject.startswith("A time is asked for")
    assert "Tuesdays after 16:00" in note.text
    assert factories.deliveries("notifications.fan_out", event__type="booking.requested") == []


def test_a_second_wish_takes_the_place_of_the_first(client: Client, submission: Submission) -> None:
    for wish in ("Tuesdays", "Tuesdays", "Fridays"):
        ask(client, submission, wish)

    assert TimeRequest.objects.get().wish == "Fridays"
    assert factories.published()["booking.requested"] == 2


def test_staff_are_not_written_to_without_end(submission: Submission, monday: datetime) -> None:
    for number in range(10):
        wishes.ask(submission, f"wish {number}", now=monday)
    assert factories.published()["booking.requested"] == 3

    wishes.ask(submission, "another day", now=monday + timedelta(days=1, seconds=1))

    assert factories.published()["booking.requested"] == 4
    assert TimeRequest.objects.get().wish == "another day"


@pytest.mark.parametrize("wish", ["", "   \r\n ", "\u200b\x00", "x" * 501])
def test_words_that_cannot_be_kept_stay_in_the_form(client: Client, submission: Submission, wish: str) -> None:
    reply = ask(client, submission, wish)

    assert reply.status_code == 400
    assert 'aria-invalid="true"' in reply.content.decode()
    assert TimeRequest.objects.count() == 0


def test_five_hundred_characters_are_kept_line_ends_counted_once(client: Client, submission: Submission) -> None:
    assert ask(client, submission, "\r\n".join(["x" * 99] * 5) + "y").status_code == 303
    assert len(TimeRequest.objects.get().wish) == 500


def test_a_booking_settles_it(client: Client, submission: Submission, monday: datetime) -> None:
    ask(client, submission, "Thursdays")
    factories.make_advisor()

    services.pick(submission, THURSDAY, now=monday)

    assert TimeRequest.objects.get().settled_at == monday
    reply = ask(client, submission, "Fridays")
    assert (reply.status_code, TimeRequest.objects.count()) == (409, 1)


def test_note_about_a_wish_that_is_settled_is_not_sent(submission: Submission, monday: datetime) -> None:
    wish = wishes.ask(submission, "Thursdays", now=monday)
    assert wishes.settle(wish, now=monday)
    assert not wishes.settle(wish, now=monday)

    factories.run_delivery("notifications.send_staff_note", send_staff_note, event__type="booking.requested")

    assert not Mail.objects.filter(subject__startswith="A time").exists()


def test_once_somebody_is_free_their_times_stand_beside_the_wish(client: Client, submission: Submission) -> None:
    ask(client, submission, "Thursdays")
    advisor = factories.make_advisor()

    shown = page(client, submission)

    assert f"All free times with {advisor.name}" in shown
    assert "<q>Thursdays</q>" in shown


def test_asking_is_limited_like_every_public_call(client: Client, submission: Submission, settings: Any) -> None:
    settings.PUBLIC_RATE = Rate.parse("PUBLIC_RATE", "2/min")

    with time_machine.travel(datetime(2026, 11, 23, 10, tzinfo=UTC), tick=False):
        answers = [ask(client, submission, f"wish {number}").status_code for number in range(4)]

    assert answers == [303, 303, 429, 429]
