"""Endpoints at the desk: their state, tests, secrets, what was sent, and who may do what."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from standardwebhooks import Webhook

from notifications import endpoints, webhooks
from notifications.models import Endpoint
from outbox.models import Delivery
from tests.factories import make_event, run_delivery
from tests.receivers import Answer
from tests.staff import staff

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(house, receiver) -> Endpoint:
    return endpoints.create(url=receiver.url)


def url(name: str, endpoint: Endpoint, *args: object) -> str:
    return reverse(f"admin:notifications_endpoint_{name}", args=[endpoint.pk, *args])


def deliver() -> list[Delivery]:
    return run_delivery(endpoints.TASK, webhooks.deliver)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Healthy"),
        ({"failing_since": NOW}, "Failing since 2026-11-23 10:00 UTC"),
        ({"failing_since": NOW, "paused_at": NOW}, "Paused: failing since 2026-11-23 10:00 UTC"),
        ({"active": False}, "Switched off"),
    ],
)
def test_state_is_said_in_the_list_and_on_the_page(admin_client, endpoint, fields, words):
    Endpoint.objects.update(**fields)

    for page in (reverse("admin:notifications_endpoint_changelist"), url("change", endpoint)):
        assert words in admin_client.get(page).content.decode()


def test_ping_is_sent_from_the_page_and_its_whole_call_is_shown(admin_client, endpoint, receiver):
    receiver.answer = lambda _: Answer(422, {}, b"<script>alert(1)</script>")
    admin_client.post(url("ping", endpoint), {"type": "lead.assessed"})

    (row,) = deliver()
    page = admin_client.get(url("delivery", endpoint, row.pk)).content.decode()

    sent = receiver.next()
    for shown in (sent.headers["webhook-signature"], str(row.event_id), "422", " ms", "&quot;lead.assessed&quot;"):
        assert shown in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "lead.assessed</a> (test)" in admin_client.get(url("deliveries", endpoint)).content.decode()


def test_test_of_an_unknown_type_is_refused(admin_client, endpoint):
    answer = admin_client.post(url("ping", endpoint), {"type": "no.such"}, follow=True)

    assert "no event type" in answer.content.decode()
    assert Delivery.objects.count() == 0


def test_new_secret_is_asked_for_shown_once_and_logged_without_itself(admin_client, endpoint):
    before = endpoint.secret
    asked = admin_client.get(url("rotate", endpoint)).content.decode()
    assert Endpoint.objects.get().secret == before

    answer = admin_client.post(url("rotate", endpoint), follow=True).content.decode()

    secret = Endpoint.objects.get().secret
    assert "24 hours" in asked
    assert (secret != before, answer.count(secret)) == (True, 1)
    assert secret not in admin_client.get(url("change", endpoint)).content.decode()
    assert LogEntry.objects.get().change_message == "gave it a new secret"


def test_replay_counts_first_and_sends_what_was_counted(admin_client, endpoint, receiver):
    for hour in range(5):
        make_event("booking.expired", now=NOW + timedelta(hours=hour), data={"lead": {"id": f"{hour}"}})
    asked = {"since": "2026-11-23T11:00", "until": "2026-11-23T13:00", "types": ["booking.expired"]}

    counted = admin_client.get(url("replay", endpoint), asked).content.decode()
    assert "Send 2 events again" in counted
    assert Delivery.objects.filter(task=endpoints.TASK).count() == 0
    admin_client.post(url("replay", endpoint), asked)

    assert {row.event.data["lead"]["id"] for row in deliver()} == {"1", "2"}
    assert receiver.requests.qsize() == 2
    assert LogEntry.objects.get().change_message == "replayed 2 events"


@pytest.mark.parametrize(
    "typed",
    [{"since": "x", "until": "y"}, {"since": "2026-11-23T11:00", "until": "2026-11-23T11:00"}, {"since": ""},
     {"since": "2026-11-23T11:00", "until": "2026-11-24T11:00", "types": "no.such"}],
)  # fmt: skip
def test_replay_of_nonsense_is_refused_in_words(admin_client, endpoint, typed):
    make_event("booking.expired", now=NOW + timedelta(hours=2), data={"lead": {"id": "x"}})

    answer = admin_client.post(url("replay", endpoint), typed)

    assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (200, True)
    assert Delivery.objects.filter(task=endpoints.TASK).count() == 0


def test_one_that_failed_is_tried_again_from_its_page(admin_client, endpoint, receiver):
    receiver.answer = lambda _: Answer(500)
    endpoints.ping(endpoint, now=NOW)
    (row,) = deliver()
    receiver.answer = lambda _: Answer()

    admin_client.post(url("retry", endpoint, row.pk))

    assert [each.status for each in deliver()] == ["succeeded"]
    first, second = receiver.next(), receiver.next()
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    Webhook(endpoint.secret).verify(second.body, second.headers)


def test_lists_of_deliveries_are_divided_into_pages_and_by_status(admin_client, endpoint):
    for _ in range(51):
        endpoints.ping(endpoint, now=NOW)

    first = admin_client.get(url("deliveries", endpoint)).content.decode()
    failed = admin_client.get(url("deliveries", endpoint), {"status": "failed"}).content.decode()

    assert ("51 deliveries" in first, "Older" in first, first.count("ping</a> (test)")) == (True, True, 50)
    assert "0 deliveries" in failed


def test_who_may_only_look_does_nothing_and_sees_no_people(endpoint, receiver):
    Endpoint.objects.update(include_contact=True)
    delivery = endpoints.ping(endpoint, type_="lead.assessed", now=NOW)
    looking = staff("notifications.view_endpoint")
    before = Endpoint.objects.values().get()

    pages = [url("deliveries", endpoint), url("delivery", endpoint, delivery.pk)]
    acts = [("ping",), ("rotate",), ("replay",), ("retry", delivery.pk)]
    answers = [looking.post(url(name, endpoint, *args)).status_code for name, *args in acts]

    assert [looking.get(page).status_code for page in pages] == [200, 200]
    assert "ada@example.com" not in looking.get(pages[1]).content.decode()
    assert answers == [403] * 4
    assert (Endpoint.objects.values().get(), Delivery.objects.count()) == (before, 1)


def test_nothing_is_done_by_get_and_nothing_shown_to_who_may_not_look(admin_client, endpoint):
    delivery = endpoints.ping(endpoint, now=NOW)
    stranger = staff("intake.view_lead")

    assert admin_client.get(url("ping", endpoint)).status_code == 405
    assert admin_client.get(url("retry", endpoint, delivery.pk)).status_code == 405
    for page in (url("deliveries", endpoint), url("delivery", endpoint, delivery.pk)):
        assert stranger.get(page).status_code == 403


def test_delivery_of_another_endpoint_is_not_found(admin_client, endpoint, receiver):
    other = endpoints.create(url=receiver.url)
    delivery = endpoints.ping(other, now=NOW)

    assert admin_client.get(url("delivery", endpoint, delivery.pk)).status_code == 404
    assert admin_client.post(url("retry", endpoint, delivery.pk)).status_code == 404
