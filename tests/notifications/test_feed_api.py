"""The event feed: in an order that no slow transaction slips behind, from any place on, for 90 days."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications import webhooks
from outbox import feed
from outbox.models import Event, FeedPosition
from outbox.tasks import relay
from tests.factories import make_event, make_submission
from tests.intake.door import problem
from tests.staff import EVENTS, Caller

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TYPE = "booking.expired"


@pytest.fixture
def consumer(db: None) -> Iterator[Caller]:
    with time_machine.travel(NOW, tick=False):
        yield Caller("events:read")


def happen(*names: str, at: datetime = NOW) -> None:
    """Events that are committed together; the name stands where the id of a lead does."""
    with transaction.atomic():
        for name in names:
            make_event(TYPE, now=at, data={"lead": {"id": name}})


def poll(consumer: Caller, after: str = "0", **query: object) -> tuple[list[str], str]:
    """What came, and what to ask for next."""
    body = consumer.get(EVENTS, after=after, **query).json()
    return [event["data"]["lead"]["id"] for event in body["events"]], body["next"]


@contextmanager
def open_transaction(*names: str) -> Iterator[None]:
    """Another connection has published these and not committed; it does when the block ends."""
    published, end = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            happen(*names)
            published.set()
            end.wait(20)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert published.wait(10)
    try:
        yield
    finally:
        end.set()
        thread.join()


# --- the order ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_event_of_a_slow_transaction_comes_when_it_is_committed_and_is_never_passed_over(consumer):
    with open_transaction("A"):
        happen("B")
        first, place = poll(consumer)
    second, place = poll(consumer, place)
    third, _ = poll(consumer, place)

    assert (first, second, third) == (["B"], ["A"], [])
    assert poll(consumer)[0] == ["B", "A"]


@pytest.mark.django_db(transaction=True)
def test_long_import_holds_nobody_up(consumer):
    with open_transaction(*(f"import {number}" for number in range(50))):
        place = "0"
        for name in "BCD":
            happen(name)
            came, place = poll(consumer, place)
            assert came == [name]

    assert len(poll(consumer, place)[0]) == 50


@pytest.mark.django_db(transaction=True)
def test_row_that_somebody_holds_gets_its_number_later(consumer):
    happen("A", "B")
    with transaction.atomic():
        Event.objects.filter(data__lead__id="A").update(data={"lead": {"id": "A, changed"}})
        seen: list[tuple[list[str], str]] = []
        thread = threading.Thread(target=lambda: (seen.append(poll(consumer)), connection.close()))
        thread.start()
        thread.join(20)

    [(first, place)] = seen
    assert (first, poll(consumer, place)[0]) == (["B"], ["A, changed"])


@pytest.mark.django_db(transaction=True)
def test_consumers_that_poll_at_once_give_each_event_one_number(consumer):
    happen(*map(str, range(200)))
    start, pages = threading.Barrier(4), []

    def read() -> None:
        start.wait()
        pages.append(poll(consumer, limit=500)[0])
        connection.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(pages[0]) == 200
    assert all(page == pages[0] for page in pages)
    assert sorted(Event.objects.values_list("feed_number", flat=True)) == list(range(1, 201))


def test_beat_numbers_what_nobody_reads(consumer):
    happen("A", "B")

    relay(rung_by="beat")

    assert FeedPosition.objects.get().last == 2
    assert sorted(Event.objects.values_list("feed_number", flat=True)) == [1, 2]


# --- pages ----------------------------------------------------------------------------------------------


def test_consumer_walks_through_and_stands_at_the_end(consumer):
    happen(*"ABCDE")

    pages, place, more = [], "0", True
    while more:
        body = consumer.get(EVENTS, after=place, limit=2).json()
        pages.append([event["data"]["lead"]["id"] for event in body["events"]])
        place, more = body["next"], body["more"]

    assert pages == [["A", "B"], ["C", "D"], ["E"]]
    assert poll(consumer, place) == ([], place)
    assert poll(consumer, "2")[0] == ["C", "D", "E"]


def test_types_that_are_not_asked_for_are_passed_by(consumer):
    happen("A")
    make_event("booking.completed", now=NOW, data={"lead": {"id": "B"}})

    assert poll(consumer, types="booking.completed, lead.created") == (["B"], "2")
    assert poll(consumer, types="lead.created") == ([], "2")
    assert poll(consumer, types="")[0] == ["A", "B"]


def test_empty_house_has_an_empty_feed(consumer):
    assert consumer.get(EVENTS).json() == {"events": [], "next": "0", "more": False}


def test_tests_and_what_is_the_house_s_own_are_not_told(consumer, house):
    happen("A")
    make_event("booking.requested", now=NOW, data={"lead": {"id": "own"}})
    make_event("calendar.unreadable", now=NOW)
    make_submission(test=True, now=NOW)

    assert poll(consumer) == (["A"], "5")


def test_house_that_was_never_asked_catches_up_over_several_calls(consumer):
    happen(*"ABCDE")

    reaches = [feed.number_committed(most=2) for _ in range(3)]

    assert [(reach.last, reach.is_all) for reach in reaches] == [(2, False), (4, False), (5, True)]
    assert poll(consumer)[0] == list("ABCDE")


def test_a_page_costs_the_same_queries_for_one_event_and_for_thirty(consumer):
    counts = []
    for number in range(30):
        happen(str(number))
        poll(consumer)
        if number in {0, 29}:
            with CaptureQueriesContext(connection) as queries:
                assert len(poll(consumer)[0]) == number + 1
            counts.append(len(queries))

    assert counts == [6, 6]


# --- what is told ---------------------------------------------------------------------------------------


def test_event_is_told_as_the_webhook_tells_it(consumer, house):
    make_submission(now=NOW)
    everything = Caller("events:read", "leads:read")
    [_, assessed] = Event.objects.order_by("sequence")

    for caller, include_contact in ((consumer, False), (everything, True)):
        [_, event] = caller.get(EVENTS).json()["events"]
        posted = webhooks.told(assessed, include_contact=include_contact)
        assert event == {"id": str(assessed.pk), **{name: posted[name] for name in ("type", "timestamp", "data")}}
        assert ("email" in event["data"]["lead"]) is include_contact


def test_erased_person_s_events_keep_id_and_type(consumer):
    happen("A")
    Event.objects.update(data={})

    [event] = consumer.get(EVENTS).json()["events"]

    assert (event["type"], event["data"]) == (TYPE, {})


# --- refused --------------------------------------------------------------------------------------------


def test_place_older_than_90_days_is_gone_and_it_says_how_to_go_on(consumer):
    happen("A", at=NOW - feed.KEPT - timedelta(seconds=1))
    poll(consumer)
    happen("B", at=NOW - feed.KEPT)
    poll(consumer)
    happen("C", at=NOW - feed.KEPT + timedelta(seconds=1))

    body = problem(consumer.get(EVENTS, after="1"), 410)

    assert (body["code"], body["oldest"]) == ("too_old", "2")
    assert "go on with after=2." in body["detail"]
    assert poll(consumer, body["oldest"])[0] == poll(consumer)[0] == ["C"]


def test_place_before_what_was_removed_is_gone(consumer):
    happen(*"ABC")
    poll(consumer)
    Event.objects.filter(feed_number__lt=3).delete()

    assert problem(consumer.get(EVENTS, after="1"), 410)["oldest"] == "2"
    assert poll(consumer, "2") == (["C"], "3")


def test_place_of_who_missed_nothing_is_never_gone(consumer):
    happen("A", at=NOW - timedelta(days=1))
    _, place = poll(consumer)

    with time_machine.travel(NOW + timedelta(days=200), tick=False):
        assert poll(consumer, place) == ([], place)
        assert poll(consumer) == ([], place)
        happen("B", at=NOW + timedelta(days=200))
        assert poll(consumer, place)[0] == ["B"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"after": "x"}, "after"), ({"after": "-1"}, "after"), ({"after": "\x00"}, "after"), ({"after": "1"}, "after"),
        ({"after": 2**63}, "after"), ({"types": "lead.gone"}, "types"), ({"types": "booking.requested"}, "types"),
        ({"types": "\x00"}, "types"), ({"limit": "0"}, "limit"), ({"limit": "-1"}, "limit"),
        ({"limit": 10**9}, "limit"),
        ({"limit": "\x00"}, "limit"), ({"type": "lead.created"}, "type"),
    ],
)  # fmt: skip
def test_parameter_that_is_wrong_is_named(consumer, query, name):
    assert [error["pointer"] for error in problem(consumer.get(EVENTS, **query), 400)["errors"]] == [f"/{name}"]


def test_key_without_the_scope_is_told_which_one_it_lacks():
    assert problem(Caller("leads:read", "webhooks:manage").get(EVENTS), 403)["scope"] == "events:read"
