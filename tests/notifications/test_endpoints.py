"""What can be done to an endpoint: made, changed, rotated, tested, and given again what it missed."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from standardwebhooks import Webhook, WebhookVerificationError

from notifications import endpoints, examples, webhooks
from notifications.models import Endpoint, public_types
from outbox.models import Delivery, Event
from tests.factories import make_event, run_delivery
from tests.receivers import Answer

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(receiver) -> Endpoint:
    return endpoints.create(url=receiver.url)


def deliver() -> list[Delivery]:
    return run_delivery(endpoints.TASK, webhooks.deliver)


def secret_of(length: int) -> str:
    return "whsec_" + base64.b64encode(bytes(length)).decode()


# --- made and changed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://example.com/" + "a" * 10_000}, "url"),
        ({"event_types": ["lead.exploded"]}, "event_types"),
        ({"event_types": []}, "event_types"),
        ({"secret": secret_of(1)}, "secret"),
        ({"secret": secret_of(23)}, "secret"),
        ({"secret": secret_of(65)}, "secret"),
        ({"secret": "whsec_!!!!"}, "secret"),
    ],
)
def test_what_must_not_be_is_refused_by_name_and_nothing_is_stored(settings, fields, named):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    with pytest.raises(ValidationError) as refusal:
        endpoints.create(**{"url": "https://example.com/hook", **fields})

    assert list(refusal.value.message_dict) == [named]
    assert max(len(message) for message in refusal.value.messages) < 300
    assert Endpoint.objects.count() == 0


@pytest.mark.parametrize("length", [24, 64])
def test_secrets_of_the_bounds_are_taken(length):
    endpoint = endpoints.create(url="https://example.com/hook", secret=secret_of(length))

    assert Endpoint.objects.get().secret == endpoint.secret == secret_of(length)


def test_database_itself_refuses_a_weak_secret(endpoint):
    with pytest.raises(IntegrityError, match="endpoint_secret_is_strong"), transaction.atomic():
        Endpoint.objects.update(secret=secret_of(1))


def test_change_writes_only_what_it_was_told(endpoint):
    Endpoint.objects.update(active=False)

    endpoints.change(endpoint, event_types=["lead.created"])

    row = Endpoint.objects.get()
    assert (row.event_types, row.active) == (["lead.created"], False)
    with pytest.raises(TypeError, match="secret"):
        endpoints.change(endpoint, secret=secret_of(32))


def test_address_that_is_no_longer_allowed_can_be_switched_off_and_its_secret_changed(settings, endpoint):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    endpoints.change(endpoint, active=False)
    secret = endpoints.rotate_secret(endpoint, now=NOW)

    row = Endpoint.objects.get()
    assert (row.active, row.secret) == (False, secret)
    with pytest.raises(ValidationError) as refusal:
        endpoints.change(endpoint, url=row.url)
    assert list(refusal.value.message_dict) == ["url"]


# --- rotated --------------------------------------------------------------------------------------------


def test_while_a_secret_is_rotated_old_and_new_both_verify_and_then_only_the_new_one(endpoint, receiver, time_machine):
    time_machine.move_to(NOW, tick=False)
    old = endpoint.secret
    new = endpoints.rotate_secret(endpoint, now=NOW)
    endpoints.ping(endpoint, now=NOW)
    deliver()

    during = receiver.next()
    for secret in (old, new):
        Webhook(secret).verify(during.body, during.headers)

    time_machine.move_to(NOW + DAY, tick=False)
    endpoints.ping(endpoint, now=NOW + DAY)
    deliver()

    after = receiver.next()
    Webhook(new).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(after.body, after.headers)


def test_weak_secret_is_not_rotated_to(endpoint):
    before = Endpoint.objects.values().get()

    with pytest.raises(ValidationError):
        endpoints.rotate_secret(endpoint, now=NOW, secret=secret_of(1))

    assert Endpoint.objects.values().get() == before


# --- tested ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["ping", "lead.assessed", "follow_up.sent"])
def test_ping_is_signed_like_all_others_and_carries_the_example(endpoint, receiver, type_):
    Endpoint.objects.update(include_contact=True)

    delivery = endpoints.ping(endpoint, type_=type_, now=NOW)
    deliver()

    one = receiver.next()
    message = Webhook(endpoint.secret).verify(one.body, one.headers)
    assert (one.headers["webhook-id"], message["type"]) == (str(delivery.event_id), type_)
    assert message["data"] == examples.data(type_)


def test_ping_goes_to_one_endpoint_and_causes_nothing_else(endpoint, receiver):
    endpoints.create(url=receiver.url)

    endpoints.ping(endpoint, type_="lead.assessed", now=NOW)

    assert [(row.task, row.target) for row in Delivery.objects.all()] == [(endpoints.TASK, str(endpoint.pk))]


def test_ping_reaches_an_endpoint_that_is_off(endpoint, receiver):
    Endpoint.objects.update(active=False)
    endpoints.ping(endpoint, now=NOW)

    (row,) = deliver()

    assert (row.status, receiver.requests.qsize()) == ("succeeded", 1)


def test_ping_of_an_unknown_type_is_refused(endpoint):
    with pytest.raises(ValidationError, match=r"no event type “calendar\.unreadable”"):
        endpoints.ping(endpoint, type_="calendar.unreadable", now=NOW)

    assert Event.objects.count() == 0


def test_every_public_type_has_example_data():
    for type_ in public_types():
        assert webhooks.body(Event(type=type_, occurred_at=NOW, data=examples.data(type_)), include_contact=True)


# --- given again ----------------------------------------------------------------------------------------


def test_retry_sends_a_failed_one_again_with_the_same_id_and_body(endpoint, receiver):
    receiver.answer = lambda _: Answer(500)
    delivery = endpoints.ping(endpoint, now=NOW)
    deliver()
    Delivery.objects.update(status="failed", settled_at=NOW)
    receiver.answer = lambda _: Answer()

    assert endpoints.retry(delivery, now=NOW)
    (row,) = deliver()

    first, second = receiver.next(), receiver.next()
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert row.status == "succeeded"


def test_replay_sends_a_range_again_oldest_first_and_tells_how_many(endpoint, receiver):
    for day in (4, 3, 2, 1):
        make_event("booking.expired", now=NOW - day * DAY, data={"lead": {"id": str(day)}})
    make_event("lead.created", now=NOW - 2 * DAY, data={"lead": {"id": "of another type"}})
    make_event("booking.expired", now=NOW - 2 * DAY, data={"lead": {"id": "a test"}, "is_test": True})
    make_event("booking.expired", now=NOW - 2 * DAY, data={})  # of somebody erased
    run_delivery("notifications.fan_out", webhooks.fan_out)
    run_delivery(endpoints.TASK, webhooks.deliver)
    receiver.requests.queue.clear()

    count = endpoints.replay(endpoint, since=NOW - 3 * DAY, until=NOW - 1 * DAY, types=["booking.expired"], now=NOW)
    due = Delivery.objects.filter(status="pending", task=endpoints.TASK).order_by("due_at")

    assert count == 2
    assert [row.event.data["lead"]["id"] for row in due] == ["3", "2"]
    assert all(row.due_at <= NOW for row in due)
    assert {row.status for row in deliver()} == {"succeeded"}
    assert receiver.requests.qsize() == 2


def test_replay_includes_what_happened_before_there_was_the_endpoint(receiver):
    event = make_event("booking.expired", now=NOW - DAY, data={"lead": {"id": "x"}})
    endpoint = endpoints.create(url=receiver.url, event_types=["booking.expired"])

    assert endpoints.replay(endpoint, since=NOW - DAY, until=NOW, now=NOW) == 1
    deliver()

    one = receiver.next()
    assert one.headers["webhook-id"] == str(event.id)
    assert json.loads(one.body)["timestamp"] == "2026-11-22T10:00:00Z"
    assert endpoints.replay(endpoint, since=NOW - DAY, until=NOW, types=["lead.created"], now=NOW) == 0


def test_deliveries_of_an_endpoint_are_its_own_and_the_newest_first(endpoint, receiver):
    other = endpoints.create(url=receiver.url)
    first, second = (endpoints.ping(endpoint, now=NOW + minute * timedelta(minutes=1)) for minute in range(2))
    endpoints.ping(other, now=NOW)

    assert list(endpoints.deliveries_of(endpoint)) == [second, first]
