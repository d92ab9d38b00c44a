"""The bookings and advisors of the staff API: found and read by scope, and changed as the buttons of the desk do it."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import Lead
from outbox.models import Event
from scheduling.models import Booking
from tests.factories import assign, make_advisor, make_booking, make_submission, published
from tests.intake.door import problem
from tests.scheduling.conftest import MONDAY
from tests.staff import ADVISORS, BOOKINGS, Caller

pytestmark = pytest.mark.django_db

THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def desk(monday) -> Caller:
    return Caller("bookings:read", "bookings:write", "leads:read")


def make_one(number: int = 0, **over) -> Booking:
    advisor = over.pop("advisor", None) or make_advisor()
    submission = make_submission(email=f"ada{number}@example.com", hold=False)
    assign(submission, advisor)
    return make_booking(submission, advisor, over.pop("start", THURSDAY), **over)


def make_hold() -> Booking:
    return make_one(status="tentative", expires_at=MONDAY + timedelta(days=1))


def url(booking: Booking) -> str:
    return f"{BOOKINGS}{booking.pk}/"


def change(desk: Caller, booking: Booking, **fields: object):
    return desk.send("PATCH", url(booking), fields)


# --- find and read --------------------------------------------------------------------------------------


def test_booking_is_told_in_the_words_of_the_prospect_and_whose_it_is(desk):
    booking = make_one(advisor=make_advisor(name="Maya", join_url="https://meet.example.com/maya"))

    body = desk.get(url(booking)).json()

    assert (body["status"], body["start"]) == ("confirmed", "2026-11-26T10:00:00+01:00")
    assert body["advisor"] == {"id": booking.advisor.pk, "name": "Maya", "title": booking.advisor.title}
    assert body["join_url"] == "https://meet.example.com/maya"
    assert body["lead"] == {
        "id": str(booking.submission.lead_id), "email": "ada0@example.com", "name": "Ada Lovelace",
        "company": "Engines Ltd", "stage": "new", "gap": "ai",
    }  # fmt: skip


def test_who_may_not_read_leads_sees_no_contact_and_searches_no_name(desk):
    make_one()
    without = Caller("bookings:read")

    [body] = without.get(BOOKINGS).json()["results"]

    assert sorted(body["lead"]) == ["gap", "id", "stage"]
    assert "join_url" not in body
    assert problem(without.get(BOOKINGS, q="ada"), 403)["scope"] == "leads:read"


def test_each_filter_finds_what_it_says(desk):
    early, late = make_one(1, start=MONDAY - HALF_HOUR), make_one(2, status="cancelled")
    Lead.objects.filter(pk=late.submission.lead_id).update(stage="lost", corrected_gap="cto")

    def found(**query: object) -> list[int]:
        answer = desk.get(BOOKINGS, **query)
        assert answer.status_code == 200, answer.content
        return [int(row["lead"]["email"][3]) for row in answer.json()["results"]]

    assert found() == [2, 1]
    assert found(status="cancelled") == found(stage="lost") == found(gap="cto") == found(q="ada2") == [2]
    assert found(advisor=early.advisor.pk) == found(lead=early.submission.lead_id) == [1]
    assert found(since="2026-11-26") == found(since=THURSDAY.isoformat()) == [2]
    assert found(until="2026-11-26") == [1]
    assert found(needs_attention="true") == [1]
    assert found(needs_attention="0") == [2]
    assert found(owner="nobody") == []


@pytest.mark.parametrize(("name", "value"), [
    ("q", "\x00"), ("status", "\x00"), ("lead", "\x00"), ("lead", "1"), ("advisor", "x"), ("since", "\x00"),
    ("limit", "0"), ("cursor", "\x00"), ("state", "open"),
])  # fmt: skip
def test_parameter_that_is_wrong_is_named(desk, name, value):
    assert [error["pointer"] for error in problem(desk.get(BOOKINGS, **{name: value}), 400)["errors"]] == [f"/{name}"]


def test_a_page_costs_the_same_queries_for_one_booking_and_for_thirty(desk):
    make_one()
    desk.get(BOOKINGS)
    counts = []
    for number in range(30):
        if number in {0, 29}:
            with CaptureQueriesContext(connection) as queries:
                assert len(desk.get(BOOKINGS).json()["results"]) == number + 1
            counts.append(len(queries))
        make_one(number + 1)

    assert counts == [4, 4]


# --- change ---------------------------------------------------------------------------------------------


def test_booking_is_moved_as_staff_move_it(desk):
    booking = make_one()

    answer = change(desk, booking, start="2026-11-26T11:00:00+01:00")

    assert answer.json()["start"] == "2026-11-26T11:00:00+01:00"
    assert Event.objects.get(type="booking.rescheduled").data["by"] == "staff"


def test_hold_is_confirmed_and_confirmed_again(desk):
    booking = make_hold()

    answers = [change(desk, booking, status="confirmed") for _ in range(2)]

    assert [answer.json()["status"] for answer in answers] == ["confirmed", "confirmed"]
    assert published()["booking.confirmed"] == 1


def test_booking_is_cancelled_and_stays_so(desk):
    booking = make_one()

    answers = [change(desk, booking, status="cancelled") for _ in range(2)]

    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(200, "cancelled")] * 2
    assert published()["booking.cancelled"] == 1
    assert problem(change(desk, booking, status="confirmed"), 409)["code"] == "closed"
    assert problem(change(desk, booking, start=THURSDAY.isoformat()), 409)["code"] == "closed"


def test_what_took_place_moves_the_lead_and_can_be_put_right(desk):
    booking = make_one()
    assert problem(change(desk, booking, status="completed"), 409)["detail"] == "It has not begun yet."

    with time_machine.travel(THURSDAY + HALF_HOUR, tick=False):
        stages = [change(desk, booking, status=status).json()["lead"]["stage"] for status in ("completed", "no_show")]

    assert stages == ["met", "booked"]
    assert Booking.objects.get().status == "no_show"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, ""), ({"start": THURSDAY.isoformat(), "status": "confirmed"}, ""), ({"status": "expired"}, "/status"),
        ({"status": "\x00"}, "/status"), ({"start": "tomorrow"}, "/start"),
        ({"start": "2026-11-26T10:00:00"}, "/start"),
        ({"start": "2020-01-01T10:00:00Z"}, "/start"), ({"start": "2026-11-26T09:01:00Z"}, "/start"),
        ({"advisor": 1}, "/advisor"),
    ],
)  # fmt: skip
def test_change_that_is_wrong_is_named_and_changes_nothing(desk, fields, pointer):
    booking = make_one()
    before = desk.get(url(booking)).content

    body = problem(change(desk, booking, **fields), 400)

    assert [error["pointer"] for error in body["errors"]] == [pointer]
    assert desk.get(url(booking)).content == before


def test_time_that_is_taken_is_refused_with_others(desk):
    advisor = make_advisor()
    make_one(1, advisor=advisor, start=THURSDAY + HALF_HOUR)
    booking = make_one(2, advisor=advisor)

    body = problem(change(desk, booking, start=(THURSDAY + HALF_HOUR).isoformat()), 409)

    assert body["code"] == "slot_taken"
    assert len(body["alternatives"]) == 3
    assert published().get("booking.rescheduled", 0) == 0


def test_change_to_another_version_or_without_the_scope_is_refused(desk):
    booking = make_one()
    tag = desk.get(url(booking)).headers["ETag"]
    assert desk.send("PATCH", url(booking), {"status": "cancelled"}, if_match='"x"').status_code == 412
    assert Caller("bookings:read").send("PATCH", url(booking), {"status": "cancelled"}).status_code == 403

    assert desk.send("PATCH", url(booking), {"status": "cancelled"}, if_match=tag).status_code == 200
    assert desk.send("PATCH", url(booking), {"status": "cancelled"}, if_match=tag).status_code == 412
    assert problem(desk.get(f"{BOOKINGS}{uuid.uuid4()}/"), 404)
    assert problem(desk.send("DELETE", url(booking)), 405)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_the_same_version_at_once_one_is_refused(desk):
    booking = make_one(start=MONDAY - HALF_HOUR)
    tag = desk.get(url(booking)).headers["ETag"]
    start, codes = threading.Barrier(2), []

    def mark(status: str) -> None:
        start.wait()
        codes.append(desk.send("PATCH", url(booking), {"status": status}, if_match=tag).status_code)
        connection.close()

    threads = [threading.Thread(target=mark, args=[status]) for status in ("completed", "no_show")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == [200, 412]


# --- advisors -------------------------------------------------------------------------------------------


def test_advisors_are_told_without_their_secret_addresses(desk):
    maya = make_advisor(name="Maya", join_url="https://meet.example.com/secret", feed_token="secret")
    make_advisor(name="Jonas", active=False)

    assert [row["name"] for row in desk.get(ADVISORS).json()["results"]] == ["Jonas", "Maya"]
    assert [row["name"] for row in desk.get(ADVISORS, active="true", q="MAY").json()["results"]] == ["Maya"]
    one = desk.get(f"{ADVISORS}{maya.pk}/")
    assert (one.json()["weekly_hours"]["mon"], one.json()["ai_depth"]) == ([["09:00", "17:00"]], 2)
    assert "secret" not in one.content.decode()
    assert desk.send("GET", f"{ADVISORS}{maya.pk}/", if_none_match=one.headers["ETag"]).status_code == 304
    assert problem(desk.get(ADVISORS, q="\x00"), 400)["errors"][0]["pointer"] == "/q"
    assert problem(desk.get(f"{ADVISORS}{10**30}/"), 404)
    assert problem(Caller("leads:read").get(ADVISORS), 403)["scope"] == "bookings:read"
