"""Senders that promise a body and stall, many more of them than the server has threads."""

import json
import socket
import time

import httpx

POST = b"POST /api/v1/submissions/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
SENDERS = 100
PATIENCE = 10  # seconds, of the promise


def sender(house, rest: bytes) -> socket.socket:
    connection = socket.create_connection(("localhost", house.port), timeout=30)
    connection.sendall(POST + rest)
    return connection


def answer(connection: socket.socket) -> bytes:
    """All until the server closes."""
    with connection, connection.makefile("rb") as stream:
        return stream.read()


def test_stalled_senders_are_given_up_and_everybody_else_is_served(house):
    started = time.monotonic()
    stalled = [sender(house, b"Content-Length: 100\r\n\r\n{") for _ in range(SENDERS)]

    page = httpx.get(f"{house.url}/livez", timeout=20)
    waited = time.monotonic() - started
    answers = [answer(connection) for connection in stalled]

    assert page.status_code == 200
    assert waited < 5
    assert [text.split(b"\r\n")[0] for text in answers] == [b"HTTP/1.1 408 Request Timeout"] * SENDERS
    assert time.monotonic() - started < PATIENCE + waited
    assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["code"] == "request_timeout"


def test_chunks_that_stall_are_refused_at_once(house):
    started = time.monotonic()
    stalled = [sender(house, b"Transfer-Encoding: chunked\r\n\r\n3\r\n{\n\n\r\n") for _ in range(SENDERS)]

    answers = [connection.recv(12) for connection in stalled]

    for connection in stalled:
        connection.close()
    assert answers == [b"HTTP/1.1 411"] * SENDERS
    assert time.monotonic() - started < PATIENCE
    assert httpx.get(f"{house.url}/livez", timeout=5).status_code == 200


def test_body_that_ends_early_is_told_so(house):
    connection = sender(house, b"Content-Length: 100\r\n\r\n{")
    connection.shutdown(socket.SHUT_WR)

    text = answer(connection)

    assert text.startswith(b"HTTP/1.1 400")
    assert json.loads(text.partition(b"\r\n\r\n")[2])["code"] == "broken_off"


def test_strange_heads_reach_django(house):
    with socket.create_connection(("localhost", house.port), timeout=10) as connection:
        connection.sendall("GET /%ff%00/?q=é\xa0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

        assert answer(connection).startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
