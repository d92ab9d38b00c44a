"""A webhook consumer that needs nothing but Python: WEBHOOK_SECRET=whsec_… python consumer.py

Answers 204 to what is genuine, new or not, and 400 to everything else.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = os.environ["WEBHOOK_SECRET"]
TOLERANCE_SECONDS = int(os.environ.get("TOLERANCE_SECONDS", "300"))
MOST_BYTES = 64_000


def verified(secret: str, headers: Any, body: bytes) -> dict[str, Any]:
    """The message, or ValueError. `headers` is a mapping with names in any case, `body` the exact bytes received."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise ValueError("no id, or a timestamp that is no number")
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError("too old, or from the future")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([message_id.encode(), timestamp.encode(), body])
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    # Several while the secret is rotated: one that fits is enough.
    given = headers.get("webhook-signature", "").encode("utf-8", "replace").split(b" ")
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise ValueError("the signature does not fit")
    message: dict[str, Any] = json.loads(body.decode("utf-8"))
    return message


class Handler(BaseHTTPRequestHandler):
    seen: set[str] = set()  # in a real consumer: a table with a unique column

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("content-length", ""))
            if not 0 <= length <= MOST_BYTES:
                raise ValueError("a length that cannot be")
            message = verified(SECRET, self.headers, self.rfile.read(length))
        except ValueError as error:
            self.answer(400, str(error))
            return
        message_id = self.headers["webhook-id"]
        if message_id not in self.seen:  # delivery is at least once
            self.seen.add(message_id)
            print(message.get("type"), message_id, flush=True)  # here: queue it, and answer at once
        self.answer(204)

    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        if text:
            self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Handler)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
