"""A body that does not arrive is given up: 408, and the thread is free for somebody else.

Around the WSGI application (`config.wsgi`). The server hands a request on before its body has come, and waits for
the rest for ever: without this, as many stalled senders as there are threads would stop the house.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from config.errors import CONTENT_TYPE, problem

logger = logging.getLogger(__name__)

SECONDS = 5
# Of anything larger no view reads more than the length that the head tells.
LARGEST = 3 * 1024 * 1024
SLOW = "The body did not arrive in time. Send it again, with the right Content-Length."

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def given_up_after(seconds: float, application: Application) -> Application:
    def patient(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = _length(environ)
        if 0 < length <= LARGEST:
            body = _read(environ["wsgi.input"], length, seconds)
            if body is None:
                return _refused(environ, start_response)
            environ["wsgi.input"] = BytesIO(body)
        return application(environ, start_response)

    return patient


def _length(environ: dict[str, Any]) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0


def _read(stream: Any, length: int, seconds: float) -> bytes | None:
    """None where it takes too long. The reader ends by itself when the server closes the connection after that."""
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(stream.read(length)), daemon=True, name="body")
    reader.start()
    reader.join(seconds)
    if reader.is_alive():
        return None
    return read[0] if read else b""


def _refused(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    logger.warning("A body did not arrive in time.")
    in_api = environ.get("PATH_INFO", "").startswith("/api/")
    body = json.dumps(problem(408, detail=SLOW)) if in_api else SLOW
    kind = CONTENT_TYPE if in_api else "text/plain; charset=utf-8"
    head = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Connection", "close")]
    start_response("408 Request Timeout", head)
    return [body.encode()]
