"""The calls under /api/v1/submissions/TOKEN/: reading it, booking, confirming, cancelling."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from intake.models import Submission
from scheduling import calls
from scheduling.models import Advisor, Booking, TimeOff
from tests import factories

THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)  # 10:00 in Berlin
PROBLEM = "application/problem+json"


def url(submission: Submission, rest: str = "") -> str:
    return f"/api/v1/submissions/{submission.token}/{rest}"


def offered(advisor: Advisor, **over: Any) -> Submission:
    submission = factories.make_submission(hold=False, **over)
    factories.assign(submission, advisor)
    return submission


def held(**over: Any) -> Submission:
    submission = factories.make_submission(**over)
    factories.run_delivery("scheduling.book_call", calls.book_call, status="pending")
    return submission


def post(client: Client, submission: Submission, start: Any) -> Any:
    return client.post(url(submission, "booking/"), {"start": start}, content_type="application/json")


def test_it_shows_the_submission_as_it_stands(client: Client, monday: datetime) -> None:
    submission = factories.make_submission()

    reply = client.get(url(submission))

    body = reply.json()
    assert reply.status_code == 200
    assert list(body) == ["id", "created_at", "assessment", "booking_state", "booking", "links"]
    assert (body["id"], body["created_at"]) == (str(submission.id), "2026-11-23T10:00:00Z")
    assert (body["assessment"]["gap"], body["assessment"]["asked_for"]) == ("ai", "cto")
    assert not {"intent", "best_guess"} & set(body["assessment"])
    assert (body["booking_state"], body["booking"]) == ("pending", None)
    assert body["links"] == {
        "self": f"http://testserver{url(submission)}",
        "page": f"http://testserver/r/{submission.token}/",
    }


def test_it_shows_a_held_time_in_the_prospects_zone(client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(timezone="America/New_York", join_url="https://meet.example.com/grace")
    submission = held(timezone="Europe/London")

    body = client.get(url(submission)).json()

    assert body["booking_state"] == "held"
    assert body["booking"] == {
        "status": "tentative",
        "start": "2026-11-24T14:00:00+00:00",
        "end": "2026-11-24T14:30:00+00:00",
        "timezone": "Europe/London",
        "advisor": {"name": advisor.name, "title": advisor.title},
        "with": [],
        "join_url": None,
        "expires_at": "2026-11-24T02:00:00+00:00",
    }


STATES = [
    ("tentative", "held"), ("confirmed", "confirmed"), ("cancelled", "offer"), ("expired", "offer"),
    ("completed", "closed"), ("no_show", "offer"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "state"), STATES)
def test_it_says_where_the_conversation_stands(client: Client, monday: datetime, status: str, state: str) -> None:
    advisor = factories.make_advisor(join_url="https://meet.example.com/grace")
    submission = offered(advisor)
    assert client.get(url(submission)).json()["booking_state"] == "offer"
    factories.make_booking(submission, advisor, THURSDAY, status=status, expires_at=THURSDAY)

    body = client.get(url(submission)).json()

    assert (body["booking_state"], body["booking"]["status"]) == (state, status)
    assert body["booking"]["join_url"] == (advisor.join_url if status == "confirmed" else None)


def test_nobody_free_is_a_state_of_its_own_and_a_test_is_closed(client: Client, monday: datetime) -> None:
    nobody, test = held(), held(test=True)

    assert client.get(url(nobody)).json()["booking_state"] == "unavailable"
    assert client.get(url(test)).json()["booking_state"] == "closed"


def test_times_that_come_free_are_offered_again(client: Client, monday: datetime) -> None:
    submission = held()
    assert client.get(url(submission)).json()["booking_state"] == "unavailable"
    assert client.get(url(submission, "slots/")).json()["code"] == "no_advisor"

    advisor = factories.make_advisor()

    assert client.get(url(submission)).json()["booking_state"] == "offer"
    assert client.get(url(submission, "slots/")).json()["advisor"]["name"] == advisor.name
    assert post(client, submission, "2026-11-26T10:00:00+01:00").status_code == 201
    assert submission.assignment.advisor == advisor


def test_reading_it_takes_few_statements(client: Client, monday: datetime, django_assert_num_queries) -> None:
    factories.make_advisor()
    submission = held()

    with django_assert_num_queries(4):
        client.get(url(submission))


# --- booking --------------------------------------------------------------------------------------------


def patch(client: Client, submission: Submission, start: Any) -> Any:
    return client.patch(url(submission, "booking/"), {"start": start}, content_type="application/json")


def test_a_free_time_is_booked(client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(join_url="https://meet.example.com/grace")
    submission = offered(advisor)

    reply = post(client, submission, "2026-11-26T04:00:00-05:00")

    assert reply.status_code == 201
    assert reply.json() == {
        "status": "confirmed",
        "start": "2026-11-26T10:00:00+01:00",
        "end": "2026-11-26T10:30:00+01:00",
        "timezone": "Europe/Berlin",
        "advisor": {"name": advisor.name, "title": advisor.title},
        "with": [],
        "join_url": "https://meet.example.com/grace",
        "expires_at": None,
    }
    assert Booking.objects.get().starts_at == THURSDAY


def test_posting_again_moves_the_booking(client: Client, monday: datetime) -> None:
    submission = offered(factories.make_advisor())
    post(client, submission, "2026-11-26T10:00:00+01:00")

    same, moved = (post(client, submission, f"2026-11-26T{clock}:00+01:00") for clock in ("10:00", "15:00"))

    assert (same.status_code, moved.status_code) == (200, 200)
    assert moved.json()["start"] == "2026-11-26T15:00:00+01:00"
    assert Booking.objects.get().starts_at == THURSDAY + timedelta(hours=5)


def test_a_taken_time_is_a_conflict_with_other_times(client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(notice_hours=70)
    post(client, offered(advisor, email="grace@example.com"), "2026-11-26T10:00:00+01:00")
    before = factories.published()

    reply = post(client, offered(advisor), "2026-11-26T10:00:00+01:00")

    body = reply.json()
    assert (reply.status_code, reply.headers["Content-Type"]) == (409, PROBLEM)
    assert (body["status"], body["code"]) == (409, "slot_taken")
    assert body["alternatives"] == [
        {"start": f"2026-11-26T{start}:00+01:00", "end": f"2026-11-26T{end}:00+01:00"}
        for start, end in (("09:00", "09:30"), ("09:30", "10:00"), ("10:30", "11:00"))
    ]
    assert Booking.objects.count() == 1
    assert factories.published() == before | {"lead.created": 2, "lead.assessed": 2}


BAD_STARTS = [
    ("off the grid", "2026-11-26T10:07:00+01:00", "off_grid"),
    ("in the past", "2026-11-19T10:00:00+01:00", "past"),
    ("in the year 9999", "9999-12-31T23:59:59-14:00", "too_late"),
    ("in the year 1", "0001-01-01T00:00:00+14:00", "past"),
    ("in the hour that spring skips", "2027-03-28T02:30:00+01:00", "too_late"),
    ("before the notice", "2026-11-23T15:00:00+01:00", "too_soon"),
    ("beyond the horizon", "2026-12-24T10:00:00+01:00", "too_late"),
    ("in a second that is no minute", "2026-11-26T10:00:01+01:00", "off_grid"),
    ("zero", 0, "invalid"),
    ("empty", "", "invalid"),
    ("an object", {"at": "2026-11-26T10:00:00+01:00"}, "invalid"),
    ("true", True, "invalid"),
    ("without an offset", "2026-10-25T02:30:00", "no_offset"),
    ("a date", "2026-11-26", "no_offset"),
    ("no day of the calendar", "2026-02-30T10:00:00Z", "invalid"),
    ("words", "tomorrow", "invalid"),
    ("a number", 1764147600, "invalid"),
    ("a list", ["2026-11-26T10:00:00+01:00"], "invalid"),
    ("nothing", None, "null"),
]


@pytest.mark.parametrize(("start", "code"), [row[1:] for row in BAD_STARTS], ids=[row[0] for row in BAD_STARTS])
def test_a_start_that_is_no_slot_is_refused(client: Client, monday: datetime, start: Any, code: str) -> None:
    submission = offered(factories.make_advisor())

    reply = post(client, submission, start)

    body = reply.json()
    assert (reply.status_code, reply.headers["Content-Type"], body["code"]) == (400, PROBLEM, "invalid")
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [("/start", code)]
    assert Booking.objects.count() == 0
    assert factories.published() == {"lead.created": 1, "lead.assessed": 1}


@pytest.mark.parametrize("body", ["[]", "3", '"2026-11-26T10:00:00+01:00"', "null"])
def test_a_body_that_is_no_object_is_refused(client: Client, monday: datetime, body: str) -> None:
    submission = offered(factories.make_advisor())

    replies = [call(url(submission, "booking/"), body, content_type="application/json")
               for call in (client.post, client.patch)]  # fmt: skip

    assert [(reply.status_code, reply.headers["Content-Type"]) for reply in replies] == [(400, PROBLEM)] * 2
    assert Booking.objects.count() == 0


def test_a_start_that_is_no_slot_does_not_move_what_is_booked(client: Client, monday: datetime) -> None:
    submission = offered(factories.make_advisor())
    post(client, submission, "2026-11-26T10:00:00+01:00")

    for _, start, code in BAD_STARTS:
        reply = patch(client, submission, start)
        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, code)

    assert Booking.objects.get().starts_at == THURSDAY
    assert "booking.rescheduled" not in factories.published()


def test_patch_moves_what_is_open_and_books_nothing(client: Client, monday: datetime) -> None:
    submission = offered(factories.make_advisor())

    nothing = patch(client, submission, "2026-11-26T10:00:00+01:00")
    post(client, submission, "2026-11-26T10:00:00+01:00")
    moved, again = (patch(client, submission, "2026-11-26T15:00:00+01:00") for _ in range(2))

    assert (nothing.status_code, nothing.json()["code"]) == (409, "closed")
    assert (moved.status_code, again.status_code) == (200, 200)
    assert moved.json()["start"] == "2026-11-26T15:00:00+01:00"
    assert moved.json() == again.json() == client.get(url(submission)).json()["booking"]
    assert factories.published()["booking.rescheduled"] == 1


def test_alternatives_are_the_three_nearest_free_ones(client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor()
    taken = ("10:00", "10:30", "11:30")
    for clock in taken:
        post(client, offered(advisor, email=f"at{clock[:2]}{clock[3:]}@example.com"), f"2026-11-26T{clock}:00+01:00")
    submission = offered(advisor)
    post(client, submission, "2026-11-26T09:30:00+01:00")

    # Its own time is no alternative to itself: it is not free.
    found = patch(client, submission, "2026-11-26T10:00:00+01:00").json()["alternatives"]

    assert [slot["start"][11:16] for slot in found] == ["09:00", "11:00", "12:00"]


def test_a_time_off_that_came_meanwhile_is_no_time_to_book(client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = offered(advisor)
    TimeOff.objects.create(advisor=advisor, starts_at=THURSDAY, ends_at=THURSDAY + timedelta(hours=1))

    reply = post(client, submission, "2026-11-26T10:00:00+01:00")

    assert (reply.status_code, reply.json()["code"]) == (409, "slot_taken")
    assert [slot["start"][11:16] for slot in reply.json()["alternatives"]] == ["09:00", "09:30", "11:00"]


def test_a_start_is_required(client: Client, monday: datetime) -> None:
    submission = offered(factories.make_advisor())

    reply = client.post(url(submission, "booking/"), {}, content_type="application/json")

    assert reply.status_code == 400
    assert [(error["pointer"], error["code"]) for error in reply.json()["errors"]] == [("/start", "required")]
    assert Booking.objects.count() == 0


def test_a_held_time_is_confirmed_and_confirmed_again(client: Client, monday: datetime) -> None:
    factories.make_advisor()
    submission = held()

    first, second = (client.post(url(submission, "booking/confirm/")) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json() == client.get(url(submission)).json()["booking"]
    assert (first.json()["status"], first.json()["expires_at"]) == ("confirmed", None)
    assert factories.published()["booking.confirmed"] == 1


def test_a_hold_that_is_over_is_a_conflict_with_other_times(client: Client, monday: datetime) -> None:
    factories.make_advisor()
    submission = held()

    with time_machine.travel(monday + timedelta(hours=12), tick=False):
        reply = client.post(url(submission, "booking/confirm/"))

    assert (reply.status_code, reply.json()["code"]) == (409, "closed")
    assert len(reply.json()["alternatives"]) == 3
    assert Booking.objects.get().status == "tentative"
    assert "booking.confirmed" not in factories.published()


def test_before_the_decision_there_is_nothing_to_book(client: Client, monday: datetime) -> None:
    factories.make_advisor()
    submission = factories.make_submission()

    replies = [
        client.get(url(submission, "slots/")),
        post(client, submission, "2026-11-26T10:00:00+01:00"),
        client.post(url(submission, "booking/confirm/")),
    ]

    assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [
        (409, "pending"), (409, "pending"), (409, "closed"),
    ]  # fmt: skip
    assert all(reply.json()["alternatives"] == [] for reply in replies)
    assert Booking.objects.count() == 0


def test_cancelling_answers_the_same_again(client: Client, monday: datetime) -> None:
    factories.make_advisor()
    submission = held()

    replies = [client.delete(url(submission, "booking/")) for _ in range(2)]

    assert [(reply.status_code, reply.content) for reply in replies] == [(204, b"")] * 2
    assert Booking.objects.get().status == "cancelled"
    assert factories.published()["booking.cancelled"] == 1
