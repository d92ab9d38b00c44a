"""Receivers share the workers: two places each, whoever has none goes first, and a turn goes on while there is work."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from outbox import outbox, turns
from outbox.models import Attempt, Delivery
from outbox.retry import DeliveryError
from tests.factories import make_event

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TASK = "notifications.deliver_webhook"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def routes(settings):
    settings.OUTBOX_ROUTES = {"tea.made": ()}


def wait_for(target: str, count: int, *, minutes_ago: int = 0) -> None:
    for _ in range(count):
        at = NOW - timedelta(minutes=minutes_ago)
        outbox.add_deliveries(make_event("tea.made", now=at), task=TASK, targets=[target], now=at)


def lease(now: datetime = NOW) -> list[Delivery]:
    return outbox.claim_due(now=now)


def of(target: str) -> list[tuple[str, int]]:
    return list(Delivery.objects.filter(target=target).order_by("due_at", "id").values_list("status", "attempt_count"))


@time_machine.travel(NOW, tick=False)
def take_turn(delivery: Delivery, service=lambda _: None) -> None:
    turns.attempt(str(delivery.pk), service)


def test_no_receiver_has_more_than_its_share_out():
    wait_for("slow", 10, minutes_ago=5)
    wait_for("other", 1)

    first, second = lease(), lease()

    assert Counter(row.target for row in first) == {"slow": 2, "other": 1}
    assert second == []


def test_who_has_nothing_out_goes_before_who_has_waited_longer(settings):
    settings.OUTBOX_IN_FLIGHT = {"webhooks": 3}
    for target in ("a", "b"):
        wait_for(target, 50, minutes_ago=60)
    assert len(lease()) == 3
    wait_for("new", 1)
    settings.OUTBOX_IN_FLIGHT = {"webhooks": 4}

    assert [row.target for row in lease()] == ["new"]


def test_row_whose_worker_died_gives_its_place_back():
    wait_for("slow", 5)
    lease()

    later = lease(NOW + timedelta(seconds=31))

    assert len(later) == 2


def test_turn_goes_on_with_what_is_due_for_the_same_receiver_and_no_other():
    wait_for("mine", 5)
    wait_for("other", 5)
    row = next(row for row in lease() if row.target == "mine")

    take_turn(row)

    # One of them is out with another worker.
    assert sorted(of("mine")) == [("pending", 0), *[("succeeded", 1)] * 4]
    assert of("other") == [("pending", 0)] * 5


def test_turn_never_holds_more_than_one_row_at_a_time():
    wait_for("mine", 5)
    row, _ = lease()
    out = []

    take_turn(row, lambda _: out.append(Delivery.objects.filter(leased_until__gt=NOW).count()) or {})

    assert out == [2, 2, 2, 2]  # with the one that another worker has


def test_turn_ends_when_its_time_is_up(settings):
    settings.OUTBOX_TURN_SECONDS = 0
    wait_for("mine", 5)

    take_turn(lease()[0])

    assert Counter(status for status, _ in of("mine")) == {"succeeded": 1, "pending": 4}


def test_failure_ends_no_turn_and_waits_for_its_own_next_try():
    wait_for("mine", 3)

    def fail(_):
        raise DeliveryError("no")

    take_turn(lease()[0], fail)

    assert sorted(of("mine")) == [("pending", 0), ("pending", 1), ("pending", 1)]
    assert Delivery.objects.filter(due_at__gt=NOW).count() == 2


def test_worker_that_lost_its_row_takes_no_other():
    wait_for("mine", 3)
    row, _ = lease()

    def slow(delivery):
        Delivery.objects.filter(pk=delivery.pk).update(attempt_count=9)
        return {}

    take_turn(row, slow)

    assert Attempt.objects.count() == 1


def test_going_on_costs_few_statements():
    wait_for("mine", 10)
    row, _ = lease()

    with CaptureQueriesContext(
        connection,
    ) as asked:
        take_turn(row)

    of_the_turn = [query for query in asked if "SAVEPOINT" not in query["sql"]]
    assert len(of_the_turn) <= 9 * 5 + 2
