"""The bell never holds anybody up: the broker may be well, gone, or frozen."""

import os
import socket
import threading

import pytest
import redis
from celery import Celery
from django.conf import settings as django_settings

from outbox import doorbell
from outbox.doorbell import Doorbell


@pytest.fixture
def broker(monkeypatch):
    """Points the bell at a broker of the test's choice."""

    def use(url):
        app = Celery("bell", broker=url)
        app.conf.broker_transport_options = django_settings.CELERY_BROKER_TRANSPORT_OPTIONS
        app.conf.broker_connection_retry_on_startup = False
        monkeypatch.setattr(doorbell, "current_app", app)

    return use


def test_ring_reaches_the_queue_of_the_relay(broker):
    broker(os.environ["REDIS_URL"])
    bell = Doorbell()

    bell.push()

    rung = redis.Redis.from_url(os.environ["REDIS_URL"]).blpop(["outbox"], timeout=10)
    assert rung is not None
    assert b'"outbox.relay"' in rung[1]


def test_rings_while_it_works_are_one_ring(broker):
    broker(os.environ["REDIS_URL"])
    bell, started, go_on, rung = Doorbell(), threading.Event(), threading.Event(), []

    def slow_ring():
        rung.append(1)
        started.set()
        assert go_on.wait(10)

    bell._ring_once = slow_ring
    bell.push()
    assert started.wait(10)
    started.clear()
    for _ in range(50):
        bell.push()
    go_on.set()

    assert started.wait(10)
    assert len(rung) == 2


def test_dead_broker_is_told_once_and_nothing_is_raised(broker, caplog):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        broker(f"redis://127.0.0.1:{nobody.getsockname()[1]}/0")
        bell = Doorbell()

        for _ in range(2):
            bell._ring_once()

    assert len([record for record in caplog.records if "doorbell" in record.getMessage()]) == 1


def test_frozen_broker_does_not_hold_the_caller():
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        frozen.listen()
        bell, inside, release = Doorbell(), threading.Event(), threading.Event()

        def hang():
            inside.set()
            release.wait(10)

        bell._ring_once = hang
        bell.push()
        assert inside.wait(10)

        caller = threading.Thread(target=bell.push)
        caller.start()
        caller.join(5)

        assert not caller.is_alive()
        release.set()
