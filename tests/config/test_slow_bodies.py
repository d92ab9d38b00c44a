"""A sender that stalls, a sender that is only slow: over a real socket, as the server hands one on."""

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from config.slow_bodies import LARGEST, given_up_after


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, Any]]:
    """The sender's end, and the stream that the application reads."""
    sender, server = socket.socketpair()
    with server, server.makefile("rb") as stream:
        yield sender, stream
        sender.close()
        for thread in threading.enumerate():
            if thread.name == "body":
                thread.join(5)


def call(
    stream: Any, length: str, *, seconds: float, path: str = "/api/v1/submissions/"
) -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []
    environ = {"CONTENT_LENGTH": length, "wsgi.input": stream, "PATH_INFO": path}
    body = b"".join(given_up_after(seconds, echo)(environ, lambda status, head: told.append((status, dict(head)))))
    return *told[0], body


def test_stalled_body_is_given_up_with_a_problem(wire) -> None:
    sender, stream = wire
    sender.sendall(b"half")

    status, head, body = call(stream, "100", seconds=0.05)

    assert (status, head["Content-Type"], head["Connection"]) == (
        "408 Request Timeout", "application/problem+json", "close",
    )  # fmt: skip
    assert json.loads(body)["code"] == "request_timeout"
    assert head["Content-Length"] == str(len(body))


def test_page_says_it_in_words(wire) -> None:
    _, stream = wire

    status, head, body = call(stream, "100", seconds=0.05, path="/r/token/book/")

    assert (status, head["Content-Type"]) == ("408 Request Timeout", "text/plain; charset=utf-8")
    assert b"Send it again" in body


def test_body_that_comes_in_pieces_is_read_whole(wire) -> None:
    sender, stream = wire
    sender.sendall(b"half")
    late = threading.Timer(0.05, sender.sendall, [b" and half"])
    late.start()

    status, _, body = call(stream, "13", seconds=5)

    late.join()
    assert (status, body) == ("200 OK", b"half and half")


def test_sender_that_hangs_up_early_is_answered_with_what_came(wire) -> None:
    sender, stream = wire
    sender.sendall(b"half")
    sender.close()

    assert call(stream, "100", seconds=5)[2] == b"half"


@pytest.mark.parametrize("length", ["", "0", "abc", "²", "-1"])
def test_nothing_is_waited_for_where_nothing_was_announced(wire, length) -> None:
    _, stream = wire
    environ = {"CONTENT_LENGTH": length, "wsgi.input": stream, "PATH_INFO": "/"}

    given_up_after(5, lambda environ, start_response: [])(environ, None)

    assert environ["wsgi.input"] is stream


def test_what_is_too_large_for_every_view_is_not_read_ahead(wire) -> None:
    _, stream = wire
    environ = {"CONTENT_LENGTH": str(LARGEST + 1), "wsgi.input": stream, "PATH_INFO": "/"}

    given_up_after(5, lambda environ, start_response: [])(environ, None)

    assert environ["wsgi.input"] is stream
