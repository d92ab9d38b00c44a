"""Webhooks to a real receiver, verified with the public library."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.exceptions import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from notifications import signing, webhooks
from notifications.models import Endpoint
from outbox.models import Delivery
from scheduling import calls, services
from scheduling.models import Booking
from tests.factories import make_event, make_submission, run_delivery
from tests.receivers import Answer

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def fan_out():
    return run_delivery("notifications.fan_out", webhooks.fan_out)


def deliver():
    return run_delivery(webhooks.TASK, webhooks.deliver)


@pytest.fixture
def endpoint(house, receiver):
    return Endpoint.objects.create(url=receiver.url)


def test_vector_of_the_standard_is_signed_as_published():
    # https://github.com/standard-webhooks/standard-webhooks: the libraries' own fixed vector
    headers = signing.headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_same_instant_in_another_zone_gives_the_same_signature():
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    secret = Endpoint(url="x").secret

    assert signing.headers([secret], message_id="m", at=NOW, body=b"{}") == signing.headers(
        [secret], message_id="m", at=berlin, body=b"{}"
    )


def test_new_secret_has_the_length_that_the_standard_wants():
    secret = Endpoint(url="x").secret

    assert secret.startswith("whsec_")
    assert 24 <= len(Webhook(secret)._whsecret) <= 64


@pytest.mark.django_db
def test_consumer_verifies_what_it_gets_with_the_public_library(endpoint, receiver):
    submission = make_submission()
    fan_out()

    rows = deliver()

    received = [receiver.next() for _ in range(2)]
    messages = [Webhook(endpoint.secret).verify(one.body, one.headers) for one in received]
    assert [row.status for row in rows] == ["succeeded", "succeeded"]
    assert {message["type"] for message in messages} == {"lead.created", "lead.assessed"}
    assert {one.headers["webhook-id"] for one in received} == {str(row.event_id) for row in rows}
    assert sorted(message["data"]["sequence"] for message in messages) == [1, 2]
    assert all(message["version"] == 1 for message in messages)
    assert all(message["data"]["submission"]["id"] == str(submission.id) for message in messages)
    assert rows[0].attempts.get().details["status"] == 200


@pytest.mark.django_db
def test_changed_body_does_not_verify(endpoint, receiver):
    make_submission()
    fan_out()
    deliver()
    one = receiver.next()

    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(one.body.replace(b"ai", b"AI"), one.headers)


@pytest.mark.django_db
@pytest.mark.parametrize("include_contact", [True, False])
def test_contact_details_go_only_where_they_were_asked_for(endpoint, receiver, include_contact):
    Endpoint.objects.update(include_contact=include_contact)
    submission = make_submission(message="secret message", hold=True)
    run_delivery("scheduling.book_call", calls.book_call)
    services.confirm(submission, now=Booking.objects.get().created_at)
    fan_out()
    deliver()

    bodies = []
    while not receiver.requests.empty():
        bodies.append(receiver.next().body.decode())

    everything = "".join(bodies)
    assert len(bodies) == 5  # created, assessed, tentative, confirmed, stage_changed
    assert ("ada@example.com" in everything) is include_contact
    assert ("Engines Ltd" in everything) is include_contact
    assert ("meet.truegap.example" in everything) is include_contact
    assert "secret message" not in everything
    assert submission.token not in everything
    assert all(len(body.encode()) <= webhooks.MAX_BYTES for body in bodies)


@pytest.mark.django_db
def test_endpoint_gets_only_the_types_that_it_chose(endpoint, receiver):
    Endpoint.objects.update(event_types=["lead.created"])
    make_submission()

    fan_out()

    assert [row.event.type for row in Delivery.objects.filter(task=webhooks.TASK)] == ["lead.created"]


@pytest.mark.django_db
def test_second_fan_out_makes_no_second_delivery(endpoint):
    make_event("booking.expired")
    fan_out()
    Delivery.objects.filter(task="notifications.fan_out").update(status="pending", settled_at=None)

    fan_out()

    assert Delivery.objects.filter(task=webhooks.TASK).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        pytest.param(Answer(204), "succeeded", "", id="any 2xx is success"),
        pytest.param(Answer(302, {"Location": "/elsewhere"}), "pending", "302", id="a redirect is not"),
        pytest.param(Answer(400), "pending", "400", id="nor is a refusal"),
        pytest.param(Answer(503, {"Retry-After": "8"}), "pending", "503", id="nor is an outage"),
        pytest.param(Answer(410), "failed", "410 Gone", id="gone is for good"),
    ],
)
def test_answer_decides_what_becomes_of_the_delivery(endpoint, receiver, answer, status, error):
    receiver.answer = lambda _: answer
    make_event("booking.expired")
    fan_out()

    (row,) = deliver()

    endpoint.refresh_from_db()
    assert row.status == status
    assert error in row.last_error
    assert endpoint.active is (answer.status != 410)
    assert receiver.requests.qsize() == 1


@pytest.mark.django_db
def test_retries_carry_the_same_id_and_body_and_a_new_time(endpoint, receiver):
    receiver.answer = lambda _: Answer(500)
    make_submission()
    fan_out()
    deliver()
    first = {receiver.requests.queue[i].headers["webhook-id"]: receiver.requests.queue[i].body for i in range(2)}
    receiver.requests.queue.clear()
    receiver.answer = lambda _: Answer(200)

    rows = deliver()

    again = {one.headers["webhook-id"]: one.body for one in receiver.requests.queue}
    assert again == first
    assert [row.attempt_count for row in rows] == [2, 2]


@pytest.mark.django_db
def test_endpoint_that_was_switched_off_gets_nothing(endpoint, receiver):
    make_event("booking.expired")
    fan_out()
    Endpoint.objects.update(active=False)

    (row,) = deliver()

    assert (row.status, receiver.requests.empty()) == ("failed", True)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("120", 120),
        ("-1", None),
        ("soon", None),
        ("99999999999999", 999999999),
        ("Mon, 01 Jan 1990 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_or_passed_over(header, expected):
    assert webhooks.retry_after(header) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "https://user:pass@example.com/"}, "url"),
        ({"url": "https://example.com/hook", "event_types": ["lead.exploded"]}, "event_types"),
    ],
)
def test_wrong_endpoint_is_refused_and_the_field_is_named(over, field):
    with pytest.raises(ValidationError) as refusal:
        Endpoint(**over).full_clean()

    assert list(refusal.value.message_dict) == [field]


@pytest.mark.django_db
def test_event_that_is_too_large_fails_with_its_reason(endpoint, receiver):
    make_event("booking.expired", data={"lead": {"id": "x" * 30_000}})
    fan_out()

    (row,) = deliver()

    assert row.status == "failed"
    assert "20000" in row.last_error
    assert receiver.requests.empty()


@pytest.mark.django_db
def test_body_is_the_same_bytes_whenever_it_is_made(house):
    make_submission()
    (row, _) = Delivery.objects.filter(task="notifications.fan_out").select_related("event").order_by("event__sequence")

    first, second = (webhooks.body(row.event, include_contact=True) for _ in range(2))

    assert first == second
    assert list(json.loads(first)) == ["type", "timestamp", "version", "data"]
