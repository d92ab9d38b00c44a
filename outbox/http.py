"""The one client for calls to addresses that somebody typed in: guarded, bounded, and without redirects.

`ssrfguard` resolves a name once, judges every address, and connects to the address that it judged. This
module adds our policy (https on 443 or 8443 unless the address is in WEBHOOK_ALLOWED_NETWORKS), one total
deadline, and a cap on what is read. Used by webhooks, and by whatever else calls out.
"""

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from ssrfguard import AddressTable, Block, Policy, Reach, SSRFGuardError
from ssrfguard.httpx import Client, SafeTransport

CONNECT_SECONDS = 5
READ_LIMIT = 64 * 1024
KEPT_CHARACTERS = 1000
MAX_URL_LENGTH = 2000
PORTS = frozenset({443, 8443})

NOTHING = AddressTable(
    tuple(
        Block(network=ip_network(everything), name="outside of WEBHOOK_ALLOWED_NETWORKS", rfc="", reach=Reach.DENIED)
        for everything in ("0.0.0.0/0", "::/0")
    )
)
REFUSALS = (SSRFGuardError, httpx.InvalidURL, ValueError)


class Refused(Exception):
    """The guard will not call this address."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, the first characters of the body, the raw Retry-After header, milliseconds."""

    status: int
    text: str
    retry_after: str
    milliseconds: int


def check_url(url: str) -> None:
    """Raises Refused, with the reason, for a URL that `post` would not call; looks up no names."""
    try:
        _policy(url).check_url(url)
        httpx.URL(url)  # what the guard reads and what the client reads must be the same address
    except REFUSALS as error:
        raise Refused(str(error)) from error


def post(url: str, *, content: bytes, headers: dict[str, str]) -> Answer:
    """Posts within settings.CALL_DEADLINE_SECONDS. Raises Refused, or httpx.HTTPError."""
    started = time.monotonic()
    transport = SafeTransport(policy=_policy(url), trust_env=False)
    pool = transport._pool
    pool._network_backend = _Backend(pool._network_backend, started + settings.CALL_DEADLINE_SECONDS)
    try:
        with (
            Client(transport=transport, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=content, headers=headers) as response,
        ):
            body = _read(response)
            return Answer(
                status=response.status_code,
                text=body.decode("utf-8", "replace")[:KEPT_CHARACTERS].replace("\x00", ""),
                retry_after=response.headers.get("retry-after", ""),
                milliseconds=round((time.monotonic() - started) * 1000),
            )
    except REFUSALS as error:
        raise Refused(str(error)) from error


def _read(response: httpx.Response) -> bytes:
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= READ_LIMIT:
            break
    return body[:READ_LIMIT]


class _Backend(httpcore.NetworkBackend):
    """The guard's way to the network, with one deadline for the whole call.

    httpx's own timeouts start anew with each byte, so that a receiver which sends one a second would hold a worker
    for as long as it likes, in the headers already.
    """

    def __init__(self, inner: httpcore.NetworkBackend, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = min(CONNECT_SECONDS, _left(self._deadline))
        return _Stream(self._inner.connect_tcp(host, port, seconds, local_address, socket_options), self._deadline)


class _Stream(httpcore.NetworkStream):
    """One connection, each step of which gets only what is left of the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout(f"The call took longer than {settings.CALL_DEADLINE_SECONDS} s.")
    return left


def _policy(url: str) -> Policy:
    """https on the usual ports goes anywhere public; anything else only into the allowed networks."""
    allowed = tuple(ip_network(network) for network in settings.WEBHOOK_ALLOWED_NETWORKS)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not allowed or (parts.scheme == "https" and port in PORTS):
        return Policy(
            allowed_schemes=frozenset({"https"}),
            allowed_networks=allowed,
            allowed_ports=PORTS,
            max_connection_attempts=2,  # each may take CONNECT_SECONDS
            max_url_length=MAX_URL_LENGTH,
        )
    return Policy(
        denied_networks=NOTHING,
        allowed_networks=allowed,
        allowed_ports=frozenset({port}),
        max_url_length=MAX_URL_LENGTH,
    )
