"""Relays and workers that run at the same time, on connections of their own."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from outbox import outbox
from outbox.models import Attempt
from tests.factories import make_event

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def together(count, act):
    start = threading.Barrier(count)

    def run():
        start.wait()
        act()
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture(autouse=True)
def routes(settings):
    settings.OUTBOX_ROUTES = {"booking.expired": ("notifications.plan_reminders",)}


@pytest.mark.django_db(transaction=True)
def test_relays_that_run_together_never_lease_the_same_row(settings):
    settings.OUTBOX_IN_FLIGHT = {"booking": 1000}
    with transaction.atomic():
        for _ in range(40):
            make_event("booking.expired", now=NOW)
    found = []

    together(4, lambda: found.extend(row.pk for _ in range(5) for row in outbox.claim_due(now=NOW, limit=4)))

    assert (len(found), len(set(found))) == (40, 40)


@pytest.mark.django_db(transaction=True)
def test_workers_with_the_same_row_run_it_once():
    with transaction.atomic():
        delivery = make_event("booking.expired", now=NOW).deliveries.get()
    outbox.claim_due(now=NOW)
    ran = []

    together(6, lambda: outbox.attempt(str(delivery.pk), lambda row: ran.append(row.pk)))

    assert ran == [delivery.pk]
    assert Attempt.objects.count() == 1
