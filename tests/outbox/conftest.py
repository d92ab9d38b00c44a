"""Fixtures of the outbox's tests."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools import self_signed_certificate


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    return self_signed_certificate(folder)


@pytest.fixture
def listener() -> Iterator[tuple[int, list[socket.socket]]]:
    """On another address of this machine: its port, and whoever has connected to it."""
    guests: list[socket.socket] = []
    server = socket.create_server(("127.0.0.2", 0))
    server.settimeout(0.02)
    closing = threading.Event()

    def accept() -> None:
        while not closing.is_set():
            try:
                guests.append(server.accept()[0])
            except TimeoutError:
                continue

    thread = threading.Thread(target=accept)
    thread.start()
    yield server.getsockname()[1], guests
    closing.set()
    thread.join()
    for one in (server, *guests):
        one.close()
