"""One house for all journeys of a worker: it takes seconds to start. Each journey uses people of its own."""

from collections.abc import Iterator

import pytest

from tests.journeys.house import House
from tests.receivers import MailServer, WebhookReceiver


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def house(mail: MailServer) -> Iterator[House]:
    with House(EMAIL_URL=f"smtp://127.0.0.1:{mail.port}") as running:
        yield running


@pytest.fixture(scope="module")
def consumer(house: House) -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        receiver.secret = house.subscribe(receiver.url)
        yield receiver
