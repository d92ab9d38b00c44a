"""Fixtures that every room's tests share: the loaded house, real receivers of mail and webhooks, a clean cache."""

import os
import threading
from collections.abc import Iterator

import pytest
import redis
from django.test import Client

from tests import factories
from tests.receivers import MailServer, WebhookReceiver


@pytest.fixture(autouse=True)
def clean_valkey() -> None:
    """Each test worker has a Valkey number of its own: counters and queues of the last test must not count."""
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()


@pytest.fixture
def house(db: None) -> None:
    factories.load_house()


@pytest.fixture
def client() -> Client:
    """A stranger's browser. Errors come back as answers, as they would over the wire."""
    return Client(raise_request_exception=False)


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    """A real SMTP server on a port of its own; Django's SMTP backend sends there."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """A real HTTP server that keeps what it is sent."""
    with WebhookReceiver() as server:
        yield server


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [t.name for t in set(threading.enumerate()) - before if t.is_alive() and not t.daemon]
    assert not left, f"threads still run after the test: {left}"
