"""A key makes a retry safe: the first answer again, word for word, and never a second enquiry."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from intake import services
from intake.models import Lead, Submission
from outbox.models import Delivery
from scheduling import calls
from tests.factories import CTO_ANSWERS, enquiry_fields, make_enquiry, make_submission, run_delivery
from tests.intake.door import KINDS, NOTHING, ONE_ENQUIRY, post, problem, stored

pytestmark = pytest.mark.django_db

KEY = "9f3c-1"


@pytest.mark.parametrize("kind", KINDS)
def test_same_key_gets_the_first_answer_again_byte_for_byte(house, client, kind):
    first = post(client, enquiry_fields(), kind, idempotency_key=KEY)

    replay = post(client, enquiry_fields(), kind, idempotency_key=KEY)

    assert (first.status_code, replay.status_code) == (201, 201)
    assert replay.content == first.content
    assert replay.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert replay.headers["Idempotency-Replayed"] == "true"
    assert stored() == ONE_ENQUIRY


def test_replay_says_what_the_first_answer_said_however_far_things_have_moved(house, client):
    first = post(client, enquiry_fields(), idempotency_key=KEY)
    submission = Submission.objects.select_related("assessment").get()
    run_delivery("scheduling.book_call", calls.book_call)
    newer = make_submission(email="other@example.com", answers=CTO_ANSWERS).assessment
    Submission.objects.filter(lead__email="other@example.com").delete()
    Submission.objects.filter(pk=submission.pk).update(assessment=newer, last_activity_at=timezone.now())
    Lead.objects.update(stage="won", corrected_gap="both", name="Renamed")

    replay = post(client, enquiry_fields(), idempotency_key=KEY)

    now = client.get(first.headers["Location"])
    assert replay.content == first.content
    assert now.json()["assessment"]["gap"] == "cto"
    assert now.json()["booking_state"] != "pending"


def test_same_fields_in_another_order_and_another_encoding_are_the_same_request(house, client):
    first = post(client, enquiry_fields(), "form", idempotency_key=KEY)

    reordered = post(client, dict(reversed(enquiry_fields().items())), "json", idempotency_key=KEY)
    multipart = post(client, enquiry_fields(), "multipart", idempotency_key=KEY)

    assert reordered.content == multipart.content == first.content
    assert stored() == ONE_ENQUIRY


@pytest.mark.parametrize("over", [{"name": "Eve"}, {"message": "more"}, {"utm": "x"}, {"answers": {}, "message": "hi"}])
def test_same_key_with_other_fields_is_refused_and_the_first_enquiry_stays(house, client, over):
    first = post(client, enquiry_fields(), idempotency_key=KEY)

    refused = post(client, enquiry_fields(**over), idempotency_key=KEY)

    assert problem(refused, 422)["code"] == "key_reused"
    assert post(client, enquiry_fields(), idempotency_key=KEY).content == first.content
    assert stored() == ONE_ENQUIRY


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\x00b", "a b", "a\tb", "schlüssel", "\x7f"])
def test_key_that_is_none_is_refused(house, client, key):
    response = post(client, enquiry_fields(), idempotency_key=key)

    assert problem(response, 400)["code"] == "idempotency_key"
    assert stored() == NOTHING


@pytest.mark.parametrize("key", ["x", "x" * 255, '"quoted"', "!~", "a;b=c"])
def test_key_of_visible_letters_is_taken_quoted_or_not(house, client, key):
    first = post(client, enquiry_fields(), idempotency_key=key)

    assert post(client, enquiry_fields(), idempotency_key=key).content == first.content
    assert stored() == ONE_ENQUIRY


def test_refused_request_leaves_its_key_free(house, client):
    refused = post(client, enquiry_fields(email="ada@"), idempotency_key=KEY)

    accepted = post(client, enquiry_fields(), idempotency_key=KEY)

    assert (refused.status_code, accepted.status_code) == (400, 201)
    assert "Idempotency-Replayed" not in accepted.headers
    assert stored() == ONE_ENQUIRY


@pytest.mark.parametrize(("later", "rows"), [(timedelta(hours=23, minutes=59), 1), (timedelta(hours=24), 2)])
def test_key_lives_for_a_day(house, client, later, rows):
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        first = post(client, enquiry_fields(), idempotency_key=KEY)

    with time_machine.travel(start + later, tick=False):
        second = post(client, enquiry_fields(), idempotency_key=KEY)
        third = post(client, enquiry_fields(), idempotency_key=KEY)

    assert (first.status_code, second.status_code) == (201, 201)
    assert ("Idempotency-Replayed" in second.headers) == (second.content == first.content) == (rows == 1)
    assert third.content == second.content
    assert (Submission.objects.count(), Lead.objects.count()) == (rows, 1)


def test_key_belongs_to_its_sender(house):
    now = timezone.now()

    receipts = [
        services.receive_submission(make_enquiry(email=f"{scope}@example.com"), key=KEY, scope=scope, now=now)
        for scope in ("public", "site-1", "site-2")
    ]

    assert [receipt.is_replay for receipt in receipts] == [False] * 3
    assert Submission.objects.filter(idempotency_key=KEY).count() == 3


def test_quarantined_enquiry_is_replayed_like_any_other(house, client):
    first = post(client, enquiry_fields(contact_fax_ext="x"), idempotency_key=KEY)

    replay = post(client, enquiry_fields(contact_fax_ext="x"), idempotency_key=KEY)

    assert replay.content == first.content
    assert stored() == {"Lead": 0, "Submission": 1, "Assessment": 1, "Event": 1, "Delivery": 1}


def test_request_that_crashes_under_way_stores_nothing_and_leaves_its_key_free(house, client, settings):
    routes = settings.OUTBOX_ROUTES
    settings.OUTBOX_ROUTES = {}  # the last step of the transaction finds no routes
    crashed = post(client, enquiry_fields(), idempotency_key=KEY)
    rows = stored()
    settings.OUTBOX_ROUTES = routes

    accepted = post(client, enquiry_fields(), idempotency_key=KEY)

    problem(crashed, 500)
    assert rows == NOTHING
    assert accepted.status_code == 201
    assert stored() == ONE_ENQUIRY


@pytest.mark.django_db(transaction=True)
def test_key_in_flight_is_answered_at_once_and_free_when_the_first_is_done(house, client):
    holds, done = threading.Event(), threading.Event()

    def first_request() -> None:
        with transaction.atomic():
            make_submission(key=KEY)
            holds.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=first_request)
    thread.start()
    assert holds.wait(20)
    try:
        second = post(client, enquiry_fields(), idempotency_key=KEY)
        other = post(client, enquiry_fields(email="grace@example.com"), idempotency_key="another")
    finally:
        done.set()
        thread.join(20)
    third = post(client, enquiry_fields(), idempotency_key=KEY)

    assert problem(second, 409)["code"] == "key_in_flight"
    assert second.headers["Retry-After"] == "1"
    assert other.status_code == 201
    assert (third.status_code, third.headers["Idempotency-Replayed"]) == (201, "true")
    assert stored() == {name: 2 * count for name, count in ONE_ENQUIRY.items()}


@pytest.mark.django_db(transaction=True)
def test_request_that_fails_in_flight_leaves_its_key_free(house, client):
    with transaction.atomic():
        make_submission(key=KEY)
        transaction.set_rollback(True)
    rows = stored()

    accepted = post(client, enquiry_fields(), idempotency_key=KEY)

    assert rows == NOTHING
    assert accepted.status_code == 201
    assert "Idempotency-Replayed" not in accepted.headers
    assert stored() == ONE_ENQUIRY


@pytest.mark.django_db(transaction=True)
def test_fifty_posts_with_one_key_at_once_make_one_enquiry(house, settings):
    settings.SUBMISSION_RATE = None
    together = threading.Barrier(50)
    answers: list[tuple[int, bytes, bool]] = []

    def one_post() -> None:
        together.wait(20)
        response = post(Client(raise_request_exception=False), enquiry_fields(), idempotency_key=KEY)
        answers.append((response.status_code, response.content, "Idempotency-Replayed" in response.headers))
        connections.close_all()

    threads = [threading.Thread(target=one_post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    by_status = Counter(status for status, _, _ in answers)
    created = [content for status, content, _ in answers if status == 201]
    assert len(answers) == 50
    assert by_status.keys() <= {201, 409}
    assert len(set(created)) == 1
    assert [replayed for status, _, replayed in answers if status == 201].count(False) == 1
    assert stored() == ONE_ENQUIRY


@pytest.mark.django_db(transaction=True)
def test_ten_posts_of_one_person_at_once_make_one_person_with_numbered_events(house, settings):
    settings.SUBMISSION_RATE = None
    together = threading.Barrier(10)
    statuses: list[int] = []

    def one_post(number: int) -> None:
        together.wait(20)
        address = "ADA@example.com" if number % 2 else "ada@example.com"
        fields = enquiry_fields(email=address, message=f"Enquiry {number}.")
        statuses.append(post(Client(raise_request_exception=False), fields).status_code)
        connections.close_all()

    threads = [threading.Thread(target=one_post, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    lead = Lead.objects.get()
    assert statuses == [201] * 10
    assert (lead.submissions.count(), lead.event_sequence) == (10, 11)
    assert stored() == {"Lead": 1, "Submission": 10, "Assessment": 10, "Event": 11, "Delivery": 51}
    assert Delivery.objects.filter(event__type="lead.created").count() == 1
