"""The road of one delivery: published, leased, tried, settled. Time moves by `now`, never by waiting."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

from outbox import outbox
from outbox.models import Delivery, Event
from outbox.outbox import News
from outbox.retry import DeliveryError, Postponed
from outbox.routes import Route
from tests.factories import deliveries, make_event

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def routes(settings):
    settings.OUTBOX_ROUTES = {
        "tea.made": ("notifications.plan_reminders",),
        "tea.served": (
            "scheduling.book_call",
            Route("notifications.send_reply", after="scheduling.book_call", within_seconds=20),
        ),
    }
    settings.OUTBOX_RETRY_SECONDS = {"default": [5, 60]}


def lease(now=NOW):
    return outbox.claim_due(now=now)


def attempt(delivery, service, *, now=NOW):
    with time_machine.travel(now, tick=False):
        outbox.attempt(str(delivery.pk), service)
    delivery.refresh_from_db()
    return delivery


def only(event):
    return event.deliveries.get()


def fail(**kwargs):
    def service(_):
        raise DeliveryError("the kettle is cold", **kwargs)

    return service


@pytest.mark.django_db
def test_event_brings_one_delivery_per_route():
    event = make_event("tea.served", now=NOW)

    rows = {row.task: (row.due_at, row.queue, row.status) for row in event.deliveries.all()}

    assert rows == {
        "scheduling.book_call": (NOW, "booking", "pending"),
        "notifications.send_reply": (NOW + timedelta(seconds=20), "mail", "pending"),
    }


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_of_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.publish(News(type="tea.made", data={}), now=NOW)

    assert Event.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_rollback_leaves_no_event():
    class ChangedMind(Exception):
        pass

    with pytest.raises(ChangedMind), transaction.atomic():  # noqa: PT012 - the rollback needs both
        make_event("tea.made", now=NOW)
        raise ChangedMind

    assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_unknown_event_type_is_refused():
    with pytest.raises(KeyError):
        make_event("tea.spilt", now=NOW)

    assert Event.objects.count() == 0


@pytest.mark.django_db
def test_due_row_is_leased_once_until_its_lease_has_passed():
    event = make_event("tea.made", now=NOW)

    first, again, later = lease(), lease(NOW + LEASE - timedelta(seconds=1)), lease(NOW + LEASE)

    assert [row.event_id for row in first] == [event.pk]
    assert again == []
    assert [row.event_id for row in later] == [event.pk]


@pytest.mark.django_db
def test_row_is_not_leased_before_it_is_due():
    make_event("tea.made", now=NOW)

    assert lease(NOW - timedelta(seconds=1)) == []


@pytest.mark.django_db
def test_successful_attempt_settles_the_delivery_and_keeps_the_details():
    delivery = only(make_event("tea.made", now=NOW))
    lease()

    attempt(delivery, lambda _: {"status": 200})

    tried = delivery.attempts.get()
    assert (delivery.status, delivery.attempt_count, delivery.settled_at) == ("succeeded", 1, NOW)
    assert (tried.number, tried.outcome, tried.details) == (1, "succeeded", {"status": 200})


@pytest.mark.django_db
def test_delivery_that_nobody_leased_is_not_run():
    delivery = only(make_event("tea.made", now=NOW))
    ran = []

    attempt(delivery, ran.append)

    assert (ran, delivery.status, delivery.attempts.count()) == ([], "pending", 0)


@pytest.mark.django_db
def test_second_message_for_the_same_delivery_runs_nothing():
    delivery = only(make_event("tea.made", now=NOW))
    ran = []
    lease()

    def service(row):
        ran.append(row.attempt_count)
        outbox.attempt(str(row.pk), ran.append)

    attempt(delivery, service)
    attempt(delivery, ran.append)

    assert ran == [1]


@pytest.mark.django_db
def test_failed_attempt_waits_as_scheduled_and_then_gives_up():
    delivery = only(make_event("tea.made", now=NOW))
    now, waits = NOW, []

    for _ in range(3):
        lease(now)
        attempt(delivery, fail(), now=now)
        waits.append((delivery.due_at - now).total_seconds())
        now = delivery.due_at

    assert delivery.status == "failed"
    assert 4 <= waits[0] <= 6
    assert 48 <= waits[1] <= 72
    assert delivery.last_error == "the kettle is cold"
    assert list(delivery.attempts.values_list("outcome", flat=True)) == ["failed"] * 3
    assert lease(now + timedelta(days=9)) == []


@pytest.mark.django_db
def test_permanent_failure_ends_at_once():
    delivery = only(make_event("tea.made", now=NOW))
    lease()

    attempt(delivery, fail(permanent=True))

    assert (delivery.status, delivery.attempt_count) == ("failed", 1)


@pytest.mark.django_db
def test_unforeseen_error_is_logged_with_its_traceback_and_tried_again(caplog):
    delivery = only(make_event("tea.made", now=NOW))
    lease()

    attempt(delivery, lambda _: 1 / 0)

    assert delivery.status == "pending"
    assert delivery.last_error == "ZeroDivisionError: division by zero"
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


@pytest.mark.django_db
def test_task_that_takes_too_long_is_foreseen_and_tried_again(caplog):
    delivery = only(make_event("tea.made", now=NOW))
    lease()

    def slow(_):
        raise SoftTimeLimitExceeded

    attempt(delivery, slow)

    assert (delivery.status, delivery.last_error) == ("pending", "It took longer than 20 s.")
    assert caplog.records == []


@pytest.mark.django_db
def test_service_runs_with_no_transaction_held():
    delivery = only(make_event("tea.made", now=NOW))
    lease()
    depth_outside = len(connection.savepoint_ids)
    depths = []

    attempt(delivery, lambda _: depths.append(len(connection.savepoint_ids)))

    assert depths == [depth_outside]


@pytest.mark.django_db
def test_worker_that_comes_back_after_its_lease_settles_nothing():
    delivery = only(make_event("tea.made", now=NOW))
    lease()

    def slow(_):
        later = NOW + LEASE
        lease(later)
        attempt(Delivery.objects.get(pk=delivery.pk), lambda _: {"by": "the second"}, now=later)
        raise DeliveryError("the first one gave up")

    attempt(delivery, slow)

    assert (delivery.status, delivery.attempt_count, delivery.last_error) == ("succeeded", 2, "")
    assert list(delivery.attempts.order_by("number").values_list("outcome", flat=True)) == ["lost", "succeeded"]


@pytest.mark.django_db
def test_delivery_that_kills_its_worker_every_time_ends_as_failed():
    delivery = only(make_event("tea.made", now=NOW))
    now = NOW

    class Killed(BaseException):
        pass

    def die(_):
        raise Killed

    for _ in range(3):
        lease(now)
        with pytest.raises(Killed):
            attempt(delivery, die, now=now)
        now += LEASE
    lease(now)
    attempt(delivery, die, now=now)

    assert (delivery.status, delivery.attempt_count) == ("failed", 3)
    assert set(delivery.attempts.values_list("outcome", flat=True)) == {"lost"}


@pytest.mark.django_db
@pytest.mark.parametrize("service", [lambda _: None, fail(permanent=True)], ids=["succeeded", "failed"])
def test_waiting_delivery_is_due_as_soon_as_the_one_before_it_is_settled(service):
    event = make_event("tea.served", now=NOW)
    first, waiting = event.deliveries.order_by("due_at")
    at = NOW + timedelta(seconds=2)
    lease(at)

    attempt(first, service, now=at)

    waiting.refresh_from_db()
    assert (waiting.task, waiting.due_at) == ("notifications.send_reply", at)


@pytest.mark.django_db
def test_waiting_delivery_goes_alone_when_the_one_before_it_never_ends():
    event = make_event("tea.served", now=NOW)
    lease()

    late = lease(NOW + timedelta(seconds=20))

    assert [(row.event_id, row.task) for row in late] == [(event.pk, "notifications.send_reply")]


@pytest.mark.django_db
def test_no_more_rows_of_a_queue_are_out_than_its_cap(settings):
    settings.OUTBOX_IN_FLIGHT = {"booking": 3, "mail": 0, "webhooks": 0}
    for minute in range(5):
        make_event("tea.made", now=NOW - timedelta(minutes=minute))

    first, full = lease(), lease()
    attempt(first[0], lambda _: None)
    refilled = lease()

    assert (len(first), full, len(refilled)) == (3, [], 1)
    assert [row.due_at for row in first] == sorted(row.due_at for row in first)


@pytest.mark.django_db
def test_retry_makes_a_failed_delivery_due_with_its_whole_schedule():
    delivery = only(make_event("tea.made", now=NOW))
    lease()
    attempt(delivery, fail(permanent=True))

    retried = outbox.retry(delivery.pk, now=NOW)
    lease()
    attempt(delivery, fail())

    assert (retried, delivery.status, delivery.attempt_count) == (True, "pending", 2)
    assert 4 <= (delivery.due_at - NOW).total_seconds() <= 6


@pytest.mark.django_db
def test_cancel_ends_what_waits_and_leaves_what_is_done():
    waiting, done = only(make_event("tea.made", now=NOW)), only(make_event("tea.made", now=NOW))
    Delivery.objects.filter(pk=done.pk).update(status="succeeded", settled_at=NOW)

    results = [outbox.cancel(waiting.pk, now=NOW), outbox.cancel(done.pk, now=NOW)]

    assert results == [True, False]
    assert lease() == []
    assert set(Delivery.objects.values_list("status", flat=True)) == {"cancelled", "succeeded"}


@pytest.mark.django_db
def test_deliveries_of_one_event_may_be_due_each_at_its_own_time():
    event = make_event("tea.made", now=NOW)
    later = {"a": NOW + timedelta(hours=1), "b": NOW + timedelta(days=1)}

    outbox.add_deliveries(event, task="scheduling.book_call", targets=["a", "b", "c"], now=NOW, due=later)
    outbox.add_deliveries(event, task="scheduling.book_call", targets=["a"], now=NOW)

    rows = {row.target: row.due_at for row in deliveries("scheduling.book_call")}
    assert rows == {**later, "c": NOW}
    assert {row.target for row in lease(NOW + timedelta(hours=2)) if row.target} == {"a", "c"}


# --- postponed ------------------------------------------------------------------------------------------


def postpone(until):
    def service(_):
        raise Postponed(until, "it is night there")

    return service


@pytest.mark.django_db
def test_postponed_delivery_waits_until_that_time_and_says_why():
    delivery = only(make_event("tea.made", now=NOW))
    morning = NOW + timedelta(hours=20)
    lease()

    attempt(delivery, postpone(morning))

    assert (delivery.status, delivery.due_at, delivery.last_error) == ("pending", morning, "it is night there")
    assert delivery.attempts.get().outcome == "postponed"
    assert lease(morning - timedelta(seconds=1)) == []
    assert [row.pk for row in lease(morning)] == [delivery.pk]


@pytest.mark.django_db
def test_postponed_attempts_use_up_no_try_and_forgive_no_failure():
    delivery = only(make_event("tea.made", now=NOW))
    now = NOW

    for service in (fail(), *[postpone(NOW)] * 5, fail(), *[postpone(NOW)] * 5, fail()):
        Delivery.objects.filter(pk=delivery.pk).update(due_at=now)
        lease(now)
        attempt(delivery, service, now=now)

    assert (delivery.status, delivery.attempt_count, delivery.attempts_forgiven) == ("failed", 13, 10)


@pytest.mark.django_db
def test_last_try_is_known_while_it_runs(settings):
    delivery = only(make_event("tea.made", now=NOW))
    known = []

    def service(row):
        known.append(outbox.is_last_try(row))
        raise DeliveryError("the kettle is cold")

    for _ in range(3):
        Delivery.objects.filter(pk=delivery.pk).update(due_at=NOW)
        lease()
        attempt(delivery, service)

    assert (known, delivery.status) == ([False, False, True], "failed")


@pytest.mark.django_db
def test_patient_task_lets_everything_else_of_its_queue_go_first(settings):
    settings.OUTBOX_IN_FLIGHT = {"booking": 2, "mail": 0, "webhooks": 0}
    settings.OUTBOX_PATIENT = ("notifications.plan_reminders",)
    settings.OUTBOX_ROUTES["tea.served"] = ("scheduling.book_call",)
    for minute in (3, 2):
        make_event("tea.made", now=NOW - timedelta(minutes=minute))
    make_event("tea.served", now=NOW)

    assert [row.task for row in sorted(lease(), key=lambda row: row.task)] == [
        "notifications.plan_reminders", "scheduling.book_call",
    ]  # fmt: skip
