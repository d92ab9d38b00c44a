"""A real SMTP server and a real HTTP receiver, on free ports of this machine."""

import contextlib
import queue
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config.local.servers import free_ports

WAIT_SECONDS = 20


class MailServer:
    """Takes mails; `answers` (address → SMTP reply to RCPT) refuses some."""

    def __init__(self) -> None:
        self.mails: queue.Queue[EmailMessage] = queue.Queue()
        self.answers: dict[str, str] = {}
        self.data_answer = "250 OK"
        self.port = free_ports(1)[0]  # aiosmtpd calls its own port to see that it is up, so 0 will not do
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data_answer.startswith("250"):
            mail = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
            self.mails.put(cast(EmailMessage, mail))
        return self.data_answer

    def next(self, *, seconds: float = WAIT_SECONDS) -> EmailMessage:
        """The next mail; fails loudly when none comes."""
        return self.mails.get(timeout=seconds)

    def __enter__(self) -> "MailServer":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    drip_seconds: float = 0  # between two bytes
    body_times: int = 1  # the body so often, one after the other


class WebhookReceiver:
    """Keeps every POST and GET; `answer` decides from the request what it says."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: queue.Queue[Received] = queue.Queue()
        self.answer: Callable[[Received], Answer] = lambda _: Answer()
        self.repeated = 0  # bytes that the other side's system took of a body that is sent many times
        self._closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                received = Received(self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length))
                receiver.requests.put(received)
                answer = receiver.answer(received)
                headers = {"Content-Length": str(len(answer.body) * answer.body_times), **answer.headers}
                lines = [f"HTTP/1.1 {answer.status} Answer", *(f"{name}: {headers[name]}" for name in headers)]
                receiver.write(self.wfile, "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body, answer)
                receiver.repeat(self.wfile, answer)
                self.close_connection = True

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def repeat(self, to: BinaryIO, answer: Answer) -> None:
        with contextlib.suppress(OSError):
            for _ in range(answer.body_times - 1):
                self.repeated += to.write(answer.body)

    def write(self, to: BinaryIO, content: bytes, answer: Answer) -> None:
        with contextlib.suppress(OSError):  # the other side may rightly hang up
            if not answer.drip_seconds:
                to.write(content)
                return
            for byte in content:
                to.write(bytes([byte]))
                to.flush()
                if self._closing.wait(answer.drip_seconds):
                    return

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/hook"

    def next(self) -> Received:
        return self.requests.get(timeout=WAIT_SECONDS)

    def __enter__(self) -> "WebhookReceiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
