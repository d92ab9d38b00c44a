"""Outages of consumers: who is told, who is paused, who is tried again, and what arrives afterwards."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from notifications import endpoint_health, endpoints, failures
from notifications.models import Endpoint, Mail
from outbox.models import Attempt, Delivery
from tests.factories import make_event
from tests.notifications.clock import at
from tests.notifications.consumers import live, statuses, taken, work
from tests.receivers import Answer

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(house, receiver) -> Endpoint:
    receiver.answer = lambda _: Answer(503)
    with at(START):
        return endpoints.create(url=receiver.url)


def happen(*hours: float) -> list[str]:
    """One event at each of these hours after the start; gives their ids."""
    return [
        str(make_event("booking.expired", now=START + hour * HOUR, data={"lead": {"id": f"{hour}"}}).pk)
        for hour in hours
    ]


def ids(receiver) -> list[str]:
    return [one.headers["webhook-id"] for one in taken(receiver)]


def subjects() -> list[str]:
    return [mail.subject.partition(":")[0] for mail in Mail.objects.order_by("created_at")]


def state(endpoint: Endpoint) -> str:
    endpoint.refresh_from_db()
    return endpoint.state


def test_staff_hear_once_of_an_outage_of_an_hour_and_once_of_its_end(endpoint, receiver):
    happen(0)
    live(START, hours=0.9, watch_every=QUARTER)
    assert (state(endpoint), subjects()) == ("failing", [])

    now = live(START + HOUR, hours=5)
    assert subjects() == ["Webhooks fail"]
    assert "503" in Mail.objects.get().text

    receiver.answer = lambda _: Answer()
    live(now, hours=24)
    assert (state(endpoint), subjects()) == ("healthy", ["Webhooks fail", "Webhooks arrive again"])


def test_outage_of_less_than_an_hour_is_nobodys_news(endpoint, receiver):
    happen(0)
    now = live(START, hours=0.4, watch_every=QUARTER)
    receiver.answer = lambda _: Answer()

    live(now, hours=24)

    assert (state(endpoint), subjects(), statuses(endpoint.pk)) == ("healthy", [], {"succeeded": 1})


def test_after_an_outage_what_waited_for_its_next_try_arrives_at_once_oldest_first(endpoint, receiver):
    happened = happen(0, 1, 2, 3)
    live(START, hours=20)
    ids(receiver)
    receiver.answer = lambda _: Answer()
    happened += happen(20)

    with at(START + 20 * HOUR):
        work()

    assert statuses(endpoint.pk) == {"succeeded": 5}
    first, *healed = ids(receiver)
    assert first in happened
    assert healed == [id_ for id_ in happened if id_ != first]


def test_five_days_pause_an_endpoint_which_is_then_tried_every_15_minutes(endpoint, receiver):
    happen(0, 60)
    now = live(START, hours=122)
    assert state(endpoint) == "paused"
    ids(receiver)

    happen(122, 123)
    live(now, hours=6, watch_every=QUARTER)

    called_at = [int(one.headers["webhook-timestamp"]) for one in taken(receiver)]
    assert len(called_at) in {23, 24}  # probes alone
    assert all(later - earlier >= 900 for earlier, later in itertools.pairwise(called_at))
    assert statuses(endpoint.pk)["pending"] >= 2
    assert subjects() == ["Webhooks fail"]
    assert endpoint_health.HELD in Delivery.objects.values_list("last_error", flat=True)


def test_paused_endpoint_that_answers_again_gets_everything_once_with_the_same_ids_and_bodies(endpoint, receiver):
    bodies: dict[str, bytes] = {}
    arrived: list[str] = []
    down = True

    def answer(one):
        Webhook(endpoint.secret).verify(one.body, one.headers)
        id_ = one.headers["webhook-id"]
        assert bodies.setdefault(id_, one.body) == one.body
        if not down:
            arrived.append(id_)
        return Answer(503 if down else 200)

    receiver.answer = answer
    happened = happen(*range(0, 160, 8))
    now = live(START, hours=160)
    assert (state(endpoint), statuses(endpoint.pk)["succeeded"]) == ("paused", 0)

    down = False
    live(now, hours=0.5)

    assert (state(endpoint), statuses(endpoint.pk)) == ("healthy", {"succeeded": 20})
    assert sorted(arrived) == sorted(happened)
    assert arrived[1:] == [id_ for id_ in happened if id_ != arrived[0]]  # the first one was the probe
    assert subjects() == ["Webhooks fail", "Webhooks arrive again"]


def test_event_that_a_consumer_cannot_take_does_not_keep_it_paused(endpoint, receiver):
    (poison,) = happen(0)
    happened = happen(1, 2)
    now = live(START, hours=130)
    receiver.answer = lambda one: Answer(500 if one.headers["webhook-id"] == poison else 200)

    now = live(now, hours=2)

    assert set(happened) <= set(ids(receiver))
    assert Delivery.objects.get(event=happened[0], target=str(endpoint.pk)).status == "succeeded"
    assert Endpoint.objects.get().paused_at is None


def test_event_that_a_quiet_consumer_cannot_take_is_given_up_after_a_while(endpoint, receiver):
    poison, *_ = happen(0, *range(2, 400, 4))
    receiver.answer = lambda one: Answer(500 if one.headers["webhook-id"] == poison else 200)

    live(START, hours=400)

    lost = Delivery.objects.get(event=poison, target=str(endpoint.pk))
    assert lost.status == "failed"
    assert 10 <= lost.attempt_count <= 30


def test_endpoint_without_anything_to_deliver_is_tried_with_a_ping(endpoint, receiver):
    Endpoint.objects.update(failing_since=START, alerted_at=START, paused_at=START)
    receiver.answer = lambda _: Answer()

    live(START + 40 * 24 * HOUR, hours=0.1)

    assert b'"type":"ping"' in receiver.next().body
    assert state(endpoint) == "healthy"


def test_what_is_older_than_30_days_is_not_delivered_when_it_comes_back(endpoint, receiver):
    old, young = happen(0, 24 * 20)
    live(START, hours=24 * 36, watch_every=6 * HOUR)
    ids(receiver)
    receiver.answer = lambda _: Answer()

    live(START + 36 * 24 * HOUR, hours=7, watch_every=6 * HOUR)

    assert ids(receiver) == [young]
    assert Delivery.objects.get(event=old, target=str(endpoint.pk)).status == "failed"


def test_row_that_was_held_back_while_its_endpoint_was_resumed_is_let_go(endpoint, receiver):
    Endpoint.objects.update(failing_since=START, alerted_at=START, paused_at=START, probed_at=START)
    happen(0)
    with at(START):
        work()
    Endpoint.objects.update(**endpoints.WELL)  # as if it had been resumed in that moment
    receiver.answer = lambda _: Answer()

    live(START + HOUR / 60, hours=0.01)

    assert statuses(endpoint.pk) == {"succeeded": 1}


def test_two_watches_at_once_tell_and_try_once(endpoint, receiver):
    happen(0)
    live(START, hours=130)
    ids(receiver)
    Endpoint.objects.update(probed_at=None, alerted_at=None)
    tasks = Delivery.objects.filter(task="notifications.send_endpoint_note").count()
    now = START + 130 * HOUR

    endpoint_health.watch(now=now)
    endpoint_health.watch(now=now)

    assert Delivery.objects.filter(task="notifications.send_endpoint_note").count() == tasks + 1
    with at(now):
        work()
    assert len(ids(receiver)) == 1


def test_failures_at_random_are_no_outage_and_ten_misses_in_a_row_are_failed_until_replayed(endpoint, receiver):
    happened = happen(*[number * 0.9 for number in range(110)])
    dice, unlucky = random.Random(7), happened[0]
    refused_once = set()

    def answer(one):
        id_ = one.headers["webhook-id"]
        is_first = id_ not in refused_once
        refused_once.add(id_)
        return Answer(500 if id_ == unlucky or (is_first and dice.random() < 0.3) else 200)

    receiver.answer = answer

    now = live(START, hours=100)

    lost = Delivery.objects.get(status="failed")
    assert (str(lost.event_id), lost.last_error) == (unlucky, "The endpoint answered 500.")
    assert Attempt.objects.filter(delivery=lost, outcome="failed").count() == 10
    assert (state(endpoint), statuses(endpoint.pk)["succeeded"], subjects()) == ("healthy", 109, [])
    receiver.answer = lambda _: Answer()
    with at(now):
        count = endpoints.replay(endpoint, since=START, until=now, now=now)
        work()
    assert (count, statuses(endpoint.pk)) == (110, {"succeeded": 110})


def test_staff_hear_of_what_failed_for_good_but_not_of_what_an_outage_will_bring_again(endpoint, receiver):
    happen(0)
    now = live(START, hours=100)
    assert statuses(endpoint.pk) == {"failed": 1}

    assert failures.lines(since=START, until=now) == []

    Endpoint.objects.update(alerted_at=None)
    assert failures.lines(since=START, until=now) == ["1 × notifications.deliver_webhook: The endpoint answered 503."]


def test_gone_switches_off_and_staff_are_told(endpoint, receiver):
    receiver.answer = lambda _: Answer(410)
    happen(0, 0)

    live(START, hours=2)

    assert (state(endpoint), subjects()) == ("off", ["A webhook endpoint is switched off"])
    assert len(ids(receiver)) == 1


def test_endpoint_that_is_switched_on_again_starts_anew(endpoint):
    Endpoint.objects.update(active=False, failing_since=START, alerted_at=START, paused_at=START)
    endpoint.refresh_from_db()

    endpoints.change(endpoint, active=True)

    assert state(endpoint) == "healthy"


def test_new_address_of_a_paused_endpoint_is_tried_at_the_next_look(endpoint, receiver):
    Endpoint.objects.update(
        failing_since=START, alerted_at=START, paused_at=START, probed_at=START, url="http://127.0.0.1:9/"
    )
    endpoint.refresh_from_db()
    receiver.answer = lambda _: Answer()

    endpoints.change(endpoint, url=receiver.url)
    live(START + HOUR / 60, hours=0.01)

    assert state(endpoint) == "healthy"


def test_failed_test_is_not_tried_again(endpoint, receiver):
    with at(START):
        endpoints.ping(endpoint, now=START)
        work()

    assert statuses(endpoint.pk) == {"failed": 1}
    assert receiver.requests.qsize() == 1
