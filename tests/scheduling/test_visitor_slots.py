"""GET …/slots/: the matching advisor's free times, in whose zone, from when to when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from intake.models import Submission
from tests import factories

PROBLEM = "application/problem+json"


def slots(client: Client, submission: Submission, **query: str) -> Any:
    return client.get(f"/api/v1/submissions/{submission.token}/slots/", query)


def offered(hours: dict[str, Any] | None = None, timezone: str = "Europe/Berlin", **over: Any) -> Submission:
    """May choose from an advisor's times: Wednesdays nine to ten in Berlin, unless said otherwise."""
    weekly = {"wed": [["09:00", "10:00"]]} if hours is None else hours
    submission = factories.make_submission(hold=False, timezone=timezone)
    factories.assign(submission, factories.make_advisor(weekly_hours=weekly, horizon_days=60, **over))
    return submission


def starts(reply: Any) -> list[str]:
    return [slot["start"] for slot in reply.json()["slots"]]


def test_the_next_two_weeks_are_shown_in_the_prospects_zone(client: Client, monday: datetime) -> None:
    submission = offered(timezone="Asia/Kolkata")

    reply = slots(client, submission)

    advisor = submission.assignment.advisor
    assert reply.status_code == 200
    assert reply.json() == {
        "timezone": "Asia/Kolkata",
        "advisor": {"name": advisor.name, "title": advisor.title},
        "with": [],
        "slots": [
            {"start": f"2026-{day}T13:30:00+05:30", "end": f"2026-{day}T14:00:00+05:30"}
            if half == 0
            else {"start": f"2026-{day}T14:00:00+05:30", "end": f"2026-{day}T14:30:00+05:30"}
            for day in ("11-25", "12-02")
            for half in (0, 1)
        ],
        "next_from": "2026-12-07T15:30:00+05:30",
    }


def test_without_a_zone_of_the_prospect_the_advisors_is_used(client: Client, monday: datetime) -> None:
    reply = slots(client, offered(timezone=""))

    assert reply.json()["timezone"] == "Europe/Berlin"


def test_another_zone_may_be_asked_for(client: Client, monday: datetime) -> None:
    reply = slots(client, offered(), timezone="America/St_Johns")

    assert reply.json()["timezone"] == "America/St_Johns"
    assert starts(reply)[0] == "2026-11-25T04:30:00-03:30"


def test_offsets_follow_the_clock_over_its_change(client: Client, monday: datetime) -> None:
    reply = slots(client, offered(timezone="America/New_York"), **{"from": "2026-12-30", "to": "2027-01-07"})

    assert starts(reply) == [
        "2026-12-30T03:00:00-05:00", "2026-12-30T03:30:00-05:00",
        "2027-01-06T03:00:00-05:00", "2027-01-06T03:30:00-05:00",
    ]  # fmt: skip


# from, to, the starts on Wednesdays in Berlin
PERIODS = [
    ("2026-11-25", "2026-11-26", ["25T09:00", "25T09:30"]),
    ("2026-11-26", "2026-11-27", []),
    ("2026-11-20", "2026-11-26", ["25T09:00", "25T09:30"]),
    ("2026-11-25T08:30:00Z", "2026-11-26T00:00:00Z", ["25T09:30"]),
    ("2026-11-25T09:00:00+01:00", "2026-11-25T09:30:00+01:00", ["25T09:00"]),
    ("2026-11-25T09:30:00.000001+01:00", "2026-11-26", []),
    ("2020-01-01", "2020-01-31", []),
    ("8900-01-01", "8900-01-31", []),
]


@pytest.mark.parametrize(("since", "until", "expected"), PERIODS)
def test_dates_and_instants_bound_what_is_shown(
    client: Client, monday: datetime, since: str, until: str, expected: list[str]
) -> None:
    reply = slots(client, offered(), **{"from": since, "to": until})

    assert reply.status_code == 200
    assert starts(reply) == [f"2026-11-{start}:00+01:00" for start in expected]


def test_a_date_begins_at_midnight_in_the_zone_that_is_asked_for(client: Client, monday: datetime) -> None:
    submission = offered({"wed": [["12:00", "13:00"]]})

    # Noon in Berlin is midnight in Auckland: the first slot of Thursday there.
    reply = slots(client, submission, **{"from": "2026-11-26", "to": "2026-11-27", "timezone": "Pacific/Auckland"})

    assert starts(reply) == ["2026-11-26T00:00:00+13:00", "2026-11-26T00:30:00+13:00"]


def test_at_most_200_slots_are_shown_and_it_says_where_to_go_on(client: Client, monday: datetime) -> None:
    submission = offered({day: [["00:00", "00:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})
    query = {"from": "2026-11-24", "to": "2026-12-24"}

    first = slots(client, submission, **query)
    second = slots(client, submission, **query | {"from": first.json()["next_from"]})

    half_hours = [datetime(2026, 11, 23, 23, tzinfo=UTC) + n * timedelta(minutes=30) for n in range(400)]
    shown = [datetime.fromisoformat(start) for start in starts(first) + starts(second)]
    assert [len(starts(first)), len(starts(second))] == [200, 200]
    assert shown == half_hours
    assert first.json()["next_from"] == starts(second)[0]


def test_62_days_may_be_asked_for(client: Client, monday: datetime) -> None:
    submission = offered()

    assert slots(client, submission, **{"from": "2026-11-24", "to": "2027-01-25"}).status_code == 200
    assert slots(client, submission, **{"from": "2026-11-24", "to": "2027-01-26"}).status_code == 400


# the query, the parameter that is wrong, the code
BAD = [
    ({"timezone": "Foo/Bar"}, "/timezone"),
    ({"timezone": "../../etc/passwd"}, "/timezone"),
    ({"timezone": "Etc/GMT+99"}, "/timezone"),
    ({"timezone": "x" * 10_000}, "/timezone"),
    ({"from": "yesterday"}, "/from"),
    ({"from": "2026-02-30"}, "/from"),
    ({"from": "2026-02-30T10:00:00Z"}, "/from"),
    ({"from": "2026-11-25T10:00:00"}, "/from"),
    ({"from": "0001-01-01"}, "/from"),
    ({"from": "0001-01-01T00:00:00+14:00"}, "/from"),
    ({"from": "9999-12-31"}, "/from"),
    ({"from": "9999-12-31T23:59:59-14:00"}, "/from"),
    ({"to": "9999-12-31"}, "/to"),
    ({"to": "2026-13-01"}, "/to"),
    ({"to": "2026-11-22"}, "/to"),
    ({"from": "2026-11-25", "to": "2026-11-25"}, "/to"),
    ({"from": "2026-11-25", "to": "2026-11-24"}, "/to"),
    ({"to": "2028-01-01"}, "/to"),
]


@pytest.mark.parametrize(("query", "pointer"), BAD)
def test_a_bad_value_is_named(client: Client, monday: datetime, query: dict[str, str], pointer: str) -> None:
    reply = slots(client, offered(), **query)

    assert (reply.status_code, reply.headers["Content-Type"]) == (400, PROBLEM)
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


def test_zone_that_is_none_is_named(client: Client, monday: datetime) -> None:
    reply = slots(client, offered(), timezone="../etc/passwd")

    assert "../etc/passwd" in reply.json()["errors"][0]["detail"]


def test_an_empty_value_equals_absence(client: Client, monday: datetime) -> None:
    submission = offered()

    empty = slots(client, submission, **{"from": "", "to": "", "timezone": ""})

    assert empty.json() == slots(client, submission).json()


def test_every_slot_shown_can_be_booked(client: Client, monday: datetime) -> None:
    hours = {"wed": [["09:00", "10:15"], ["10:00", "12:00"]], "fri": [["22:00", "02:00"]]}
    shown = starts(slots(client, offered(hours, step_minutes=20)))

    for start in shown:
        submission = Submission.objects.get()
        reply = client.post(
            f"/api/v1/submissions/{submission.token}/booking/", {"start": start}, content_type="application/json"
        )
        assert (reply.status_code in {200, 201}, reply.json()["start"]) == (True, start)

    assert len(shown) == 38


def test_slots_take_few_statements(client: Client, monday: datetime, django_assert_num_queries) -> None:
    submission = offered()

    with django_assert_num_queries(5):
        slots(client, submission)
