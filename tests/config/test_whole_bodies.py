"""A sender that stalls, trickles, breaks off or is only slow, as the server hands them on."""

import asyncio
import json
from typing import Any

import pytest

from config.whole_bodies import IN_MEMORY, LARGEST, THREADS, WholeBodies, served

PATH = "/api/v1/submissions/"


class Wire:
    """One request: what the sender sends, piece by piece, and what it is answered."""

    def __init__(self, *pieces: bytes, length: int | str, path: str = PATH, ends: str = "stalls", **head: str) -> None:
        self.pieces, self.ends = list(pieces), ends
        names = {"content-length": str(length), **head}
        self.scope = {
            "type": "http", "path": path, "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in names.items()],
        }  # fmt: skip
        self.seen: dict[str, Any] | None = None
        self.sent: list[Any] = []
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if self.pieces:
            piece = self.pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self.pieces) or self.ends != "whole"}
        if self.ends == "breaks off":
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def django(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.seen = {**scope, "body": body}

    def answer(self, *, seconds: float = 5.0) -> tuple[int, dict[str, str], bytes]:
        asyncio.run(WholeBodies(self.django, seconds=seconds)(self.scope, self.receive, self.send))
        if self.seen is not None:
            return 200, {}, self.seen["body"]
        start, body = self.sent
        return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


def test_stalled_body_is_given_up_with_a_problem() -> None:
    wire = Wire(b"half", length=100)

    status, head, body = wire.answer(seconds=0.05)

    assert (status, head["content-type"], head["connection"]) == (408, "application/problem+json", "close")
    assert json.loads(body)["code"] == "request_timeout"
    assert head["content-length"] == str(len(body))
    assert wire.seen is None


def test_page_says_it_in_words() -> None:
    status, head, body = Wire(length=100, path="/r/token/book/").answer(seconds=0.05)

    assert (status, head["content-type"]) == (408, "text/plain; charset=utf-8")
    assert b"Send it again" in body


def test_who_trickles_is_given_up_like_who_stalls() -> None:
    class Trickle(Wire):
        async def receive(self) -> dict[str, Any]:
            self.asked += 1
            await asyncio.sleep(0.01)
            return {"type": "http.request", "body": b"x", "more_body": True}

    wire = Trickle(length=100)

    assert wire.answer(seconds=0.2)[0] == 408
    assert wire.asked > 3


def test_each_piece_buys_time_for_the_next() -> None:
    # 16 KiB a second: with nothing but its first patience, this body would be given up in the middle.
    class Slow(Wire):
        async def receive(self) -> dict[str, Any]:
            if self.asked:
                await asyncio.sleep(0.15)
            return await super().receive()

    piece = b"x" * 8192

    assert Slow(piece, piece, length=16384, ends="whole").answer(seconds=0.05) == (200, {}, piece * 2)


@pytest.mark.parametrize("pieces", [[b"whole"], [b"in ", b"", b"pieces"], [b"x" * IN_MEMORY], [b"x" * (IN_MEMORY + 1)]])
def test_body_is_handed_on_whole(pieces) -> None:
    body = b"".join(pieces)

    assert Wire(*pieces, length=len(body), ends="whole").answer() == (200, {}, body)


def test_body_that_breaks_off_reaches_nobody() -> None:
    wire = Wire(b"half", length=100, ends="breaks off")

    status, _, body = wire.answer()

    assert (status, json.loads(body)["code"], wire.seen) == (400, "broken_off", None)


@pytest.mark.parametrize("length", ["", "0", "abc", "\u00b2", "-1", LARGEST + 1])
def test_nothing_is_read_that_no_view_would_read(length) -> None:
    wire = Wire(length=length)

    assert wire.answer() == (200, {}, b"")
    assert wire.asked == 0


def test_name_with_an_underscore_cannot_stand_in_for_one_with_a_hyphen() -> None:
    wire = Wire(length=0, **{"x_forwarded_for": "198.51.100.7", "x-forwarded-for": "192.0.2.1"})

    wire.answer()

    assert wire.seen is not None
    assert [value for name, value in wire.seen["headers"] if name.startswith(b"x")] == [b"192.0.2.1"]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [(b"a=1&b=%C3%A9+x", b"a=1&b=%C3%A9+x"), ("q=é&w=%20".encode(), b"q=%C3%A9&w=%20"), (b"q=\xff", b"q=%FF")],
)
def test_letters_of_a_query_are_encoded_where_the_sender_did_not(sent, seen) -> None:
    wire = Wire(length=0)
    wire.scope["query_string"] = sent

    wire.answer()

    assert wire.seen is not None
    assert wire.seen["query_string"] == seen


def test_who_does_not_read_the_answer_keeps_nobody_waiting() -> None:
    def pages(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b"x"] * 100

    application: Any = served(pages)

    class Idle(Wire):
        async def send(self, message: Any) -> None:
            await asyncio.Event().wait()

    async def scene() -> int:
        idle, reader = [Idle(length=0) for _ in range(2 * THREADS)], Wire(length=0)
        for wire in (*idle, reader):
            wire.scope |= {"method": "GET", "http_version": "1.1"}
        waiting = [asyncio.create_task(application(one.scope, one.receive, one.send)) for one in idle]
        await asyncio.sleep(0)  # each of them has been taken up
        try:
            async with asyncio.timeout(10):
                await application(reader.scope, reader.receive, reader.send)
            await asyncio.to_thread(application.application.executor.shutdown)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return sum(len(message.get("body", b"")) for message in reader.sent)

    assert asyncio.run(scene()) == 100
