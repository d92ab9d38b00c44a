"""Senders that promise a body and stall, more of them than the server has threads."""

import socket
import time

import httpx

HEAD = (
    b"POST /api/v1/submissions/ HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
)
SENDERS = 6


def test_stalled_senders_are_given_up_and_everybody_else_is_served(house):
    senders = [socket.create_connection(("localhost", house.port), timeout=30) for _ in range(SENDERS)]
    for sender in senders:
        sender.sendall(HEAD)
    started = time.monotonic()

    page = httpx.get(f"{house.url}/livez", timeout=20)
    waited = time.monotonic() - started
    answers = [sender.recv(100).split(b"\r\n")[0] for sender in senders]

    for sender in senders:
        sender.close()
    assert page.status_code == 200
    assert waited < 15
    assert answers == [b"HTTP/1.1 408 Request Timeout"] * SENDERS
