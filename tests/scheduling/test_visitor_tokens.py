"""The token: what it opens, for how long, and that everything else looks alike."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client
from uuid6 import uuid7

from intake.models import Lead, Submission
from scheduling import calls
from scheduling.models import Booking
from tests import factories

PROBLEM = "application/problem+json"


def url(submission: Submission, rest: str = "") -> str:
    return f"/api/v1/submissions/{submission.token}/{rest}"


def held(**over: Any) -> Submission:
    submission = factories.make_submission(**over)
    factories.run_delivery("scheduling.book_call", calls.book_call, status="pending")
    return submission


CALLS = [
    ("get", ""), ("patch", ""), ("get", "slots/"), ("post", "booking/"), ("delete", "booking/"),
    ("post", "booking/confirm/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "rest"), CALLS)
def test_every_token_that_opens_nothing_looks_alike(client: Client, monday: datetime, method: str, rest: str) -> None:
    factories.make_advisor()
    submission, erased = held(), factories.make_submission(email="gone@example.com")
    token, stranger = submission.token, signing.Signer(sep=".", salt="intake.submission").sign(uuid7().hex)
    other_salt = signing.Signer(sep=".", salt="another").sign(submission.id.hex)
    Submission.objects.filter(pk=erased.pk).delete()
    before = factories.published()

    wrong = [
        "mistyped", token[:-1], token + "A", token.upper(), token.replace(".", ".."), token[1:], submission.id.hex,
        f"{submission.id}.{token.split('.')[1]}", stranger, other_salt, erased.token, "💡",
    ]  # fmt: skip
    replies = [getattr(client, method)(f"/api/v1/submissions/{text}/{rest}") for text in wrong]
    with time_machine.travel(monday + timedelta(days=180), tick=False):
        replies.append(getattr(client, method)(url(submission, rest)))

    assert {reply.status_code for reply in replies} == {404}
    assert len({reply.content for reply in replies}) == 1
    # How many calls are left tells of the caller, not of the token.
    heads = [{name: value for name, value in reply.headers.items() if name != "RateLimit"} for reply in replies]
    assert len({str(sorted(head.items())) for head in heads}) == 1
    assert replies[0].headers["Content-Type"] == PROBLEM
    assert Booking.objects.get().status == "tentative"
    assert factories.published() == before


def test_a_token_lives_180_days(client: Client, monday: datetime) -> None:
    submission = factories.make_submission()

    with time_machine.travel(monday + timedelta(days=180) - timedelta(seconds=1), tick=False):
        assert client.get(url(submission)).status_code == 200


def test_a_token_never_opens_another_submission_of_the_same_person(client: Client, monday: datetime) -> None:
    factories.make_advisor()
    first = held(message="first", company="Engines Ltd")
    second = held(answers=factories.CTO_ANSWERS, message="second")
    before = client.get(url(second)).json()

    client.delete(url(first, "booking/"))
    shown = client.get(url(first)).json()

    assert first.lead_id == second.lead_id
    assert (shown["id"], shown["booking"]["status"]) == (str(first.id), "cancelled")
    assert str(second.id) not in str(shown)
    assert second.token not in str(shown)
    assert client.get(url(second)).json() == before
    assert before["booking"]["status"] == "tentative"


@pytest.mark.parametrize(("method", "rest"), CALLS)
def test_nothing_under_a_token_is_kept_or_passed_on(client: Client, monday: datetime, method: str, rest: str) -> None:
    factories.make_advisor()
    submission = held()

    for path in (url(submission, rest), f"/api/v1/submissions/mistyped/{rest}"):
        reply = getattr(client, method)(path)
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert not reply.cookies


def test_other_methods_are_refused_as_problems(client: Client, monday: datetime) -> None:
    submission = factories.make_submission()

    replies = [
        client.put(url(submission)),
        client.delete(url(submission, "slots/")),
        client.get(url(submission, "no/")),
    ]

    assert [reply.status_code for reply in replies] == [405, 405, 404]
    assert {reply.headers["Content-Type"] for reply in replies} == {PROBLEM}


def test_an_act_of_the_holder_keeps_the_token_alive_and_reading_does_not(client: Client, monday: datetime) -> None:
    submission = factories.make_submission()
    later = monday + timedelta(days=100)

    with time_machine.travel(later, tick=False):
        client.get(url(submission))
        read = Submission.objects.get().last_activity_at
        client.delete(url(submission, "booking/"))

    assert (read, Submission.objects.get().last_activity_at) == (monday, later)
    assert Lead.objects.get().last_activity_at == later
