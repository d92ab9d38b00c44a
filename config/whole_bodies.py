"""A request is Django's once its whole body is here; one that stalls is answered and costs no thread.

Around the application that the web server calls (`config.asgi`). The server hands a request on when its head has
come and knows no limit for the rest. Read here, in the event loop, a slow sender takes a connection and no more.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware

from config.errors import CONTENT_TYPE, problem

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# A body has this long, and a second more for each SLOWEST bytes that have come: who trickles is no better off.
SECONDS = 8.0
SLOWEST = 16 * 1024
# Of anything larger no view reads more than the length that the head tells.
LARGEST = 3 * 1024 * 1024
IN_MEMORY = 64 * 1024
# Each holds a connection to PostgreSQL while it works; more of them only wait for the interpreter.
THREADS = 4

SLOW = "The body did not arrive in time. Send it again, with the right Content-Length."
SHORT = "The body ended before its Content-Length. Send it again, whole."


class Refused(Exception):
    """The body will not come. Carries the status and what to say of it."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


class WholeBodies:
    """ASGI. `seconds` is the patience with a body of which nothing comes."""

    def __init__(self, application: Application, *, seconds: float = SECONDS) -> None:
        self.application = application
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            try:
                if 0 < announced(scope) <= LARGEST:
                    await take_in(receive, body, self.seconds)
            except Refused as refused:
                logger.warning("Refused: %s", refused)
                await tell(send, refused, in_api=scope["path"].startswith("/api/"))
                return
            await self.application(cleaned(scope), _from(body), send)


def served(django: Any) -> WholeBodies:
    """The WSGI application in threads. Neither who sends slowly nor who reads slowly keeps one of them.

    What waits for a slow reader has no limit of its own: a page lies in memory for a while, and its thread goes on.
    """
    bridge: Any = WSGIMiddleware(django, workers=THREADS, send_queue_size=0)
    return WholeBodies(bridge)


def announced(scope: Scope) -> int:
    """The length that the head tells; 0 where it tells none, as with chunks, which the views refuse unread."""
    text = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(text) if text.isdigit() else 0


async def take_in(receive: Receive, body: IO[bytes], seconds: float) -> None:
    """Reads all of it into `body` and rewinds. Raises Refused where it is too slow, or breaks off."""
    started = asyncio.get_running_loop().time()
    try:
        more = True
        while more:
            async with asyncio.timeout_at(started + seconds + body.tell() / SLOWEST):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "broken_off", SHORT)
            body.write(message.get("body", b""))
            more = message.get("more_body", False)
    except TimeoutError as error:
        raise Refused(408, "request_timeout", SLOW) from error
    body.seek(0)


async def tell(send: Send, refused: Refused, *, in_api: bool) -> None:
    """Closes the connection, too: what may still come of the body must not be taken for the next request."""
    told = json.dumps(problem(refused.status, code=refused.code, detail=refused.detail)) if in_api else refused.detail
    body = told.encode()
    kind = CONTENT_TYPE if in_api else "text/plain; charset=utf-8"
    head = {"content-type": kind, "content-length": str(len(body)), "connection": "close", "cache-control": "no-store"}
    await send(
        {
            "type": "http.response.start",
            "status": refused.status,
            "headers": [(name.encode(), value.encode()) for name, value in head.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


def cleaned(scope: Scope) -> Scope:
    """What a bridge to WSGI would stumble over.

    In WSGI `X_Forwarded_For` and `X-Forwarded-For` are one name, and a proxy overwrites only the latter: with
    underscores, a stranger could tell an address of their choice. Letters in a query that nobody has encoded are.
    """
    query = scope["query_string"]
    return {
        **scope,
        "headers": [(name, value) for name, value in scope["headers"] if b"_" not in name],
        "query_string": query if query.isascii() else quote_from_bytes(query, safe="%&=+/?:@!$'()*,;~-._").encode(),
    }


def _from(body: IO[bytes]) -> Receive:
    async def receive() -> Message:
        part = body.read(IN_MEMORY)
        return {"type": "http.request", "body": part, "more_body": len(part) == IN_MEMORY}

    return receive
