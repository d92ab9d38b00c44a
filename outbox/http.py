"""The one client for calls to addresses that somebody typed in: guarded and bounded.

`ssrfguard` resolves a name once, judges every address, and connects to the address that it judged. This
module adds our policy (https on 443 or 8443 unless the address is in WEBHOOK_ALLOWED_NETWORKS), one total
deadline, and a cap on what is read. `post` takes a redirect for an answer; `get` follows a few, each of them judged
anew. Used by webhooks and outside calendars, and by whatever else calls out.
"""

import re
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from ssrfguard import Policy, SSRFGuardError
from ssrfguard.httpx import Client, SafeTransport

from outbox import networks
from outbox.lookups import Lookup

CONNECT_SECONDS = 5
READ_LIMIT = 64 * 1024
KEPT_CHARACTERS = 1000
MAX_URL_LENGTH = 2000
MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
PORTS = frozenset({443, 8443})

NUMBER_AT_END = re.compile(r"(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$", re.IGNORECASE)
DOTTED = re.compile(r"([0-9]{1,3}\.){3}[0-9]{1,3}")
LONGEST_REASON = 300
REFUSALS = (SSRFGuardError, httpx.InvalidURL, ValueError)


class Refused(Exception):
    """The guard will not call this address."""


class TooLarge(Exception):
    """The answer is longer than the caller takes."""


class BadAnswer(Exception):
    """An answer that leads nowhere: redirects without end, or a packing that nobody asked for."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, the first characters of the body, the raw Retry-After header, milliseconds.

    `content` is the whole body where `get` read it; names in `headers` are in small letters.
    """

    status: int
    text: str
    retry_after: str
    milliseconds: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def check_url(url: str) -> None:
    """Raises Refused, with the reason, for a URL that `post` would not call; looks up no names."""
    try:
        _policy(url).check_url(url)
        host = httpx.URL(url).host
    except REFUSALS as error:
        raise Refused(_short(error)) from error
    # What the guard reads and what the client reads must be the same address.
    if host != (urlsplit(url).hostname or ""):
        raise Refused("The address can be read in two ways.")
    # Resolvers of old read 0x7f.1 as an address: nothing public ends in a number, or has no dot.
    if NUMBER_AT_END.search(host) and ":" not in host and not DOTTED.fullmatch(host):
        raise Refused(f"“{host}” is a number in disguise, not a name.")
    if not settings.WEBHOOK_ALLOWED_NETWORKS and ":" not in host and ("." not in host or host.endswith(".localhost")):
        raise Refused(f"“{host}” is a name of this machine or its network, not a public one.")


def _short(error: Exception) -> str:
    """The guard's words, without the whole of a long address in them."""
    text = str(error)
    return text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + " …"


def post(url: str, *, content: bytes, headers: dict[str, str]) -> Answer:
    """Posts within settings.CALL_DEADLINE_SECONDS. Raises Refused, or httpx.HTTPError."""
    started = time.monotonic()
    with _call("POST", url, headers, content=content, seconds=settings.CALL_DEADLINE_SECONDS) as response:
        return _answer(response, _start(response, READ_LIMIT), started)


def get(url: str, *, headers: dict[str, str], limit: int, seconds: float) -> Answer:
    """The whole body, at most `limit` bytes of it packed and unpacked, within `seconds` for all redirects together.

    Raises Refused, TooLarge, BadAnswer, or httpx.HTTPError.
    """
    started = time.monotonic()
    headers = {**headers, "Accept-Encoding": "identity"}
    for _ in range(MAX_REDIRECTS + 1):
        left = started + seconds - time.monotonic()
        with _call("GET", url, headers, seconds=left) as response:
            if response.status_code not in REDIRECTS:
                body = _unpacked(response, _start(response, limit + 1), limit)
                return _answer(response, body, started, content=body)
            url = _next(response, url)
    raise BadAnswer(f"More than {MAX_REDIRECTS} redirects.")


@contextmanager
def _call(
    method: str, url: str, headers: dict[str, str], *, seconds: float, content: bytes | None = None
) -> Iterator[httpx.Response]:
    check_url(url)  # the same at save and at the call
    try:
        deadline = _Deadline(seconds)
        lookup = Lookup(lambda: min(CONNECT_SECONDS, deadline.left()))
        transport = SafeTransport(policy=_policy(url), resolver=lookup, verify=_certificates(), trust_env=False)
        pool = transport._pool
        pool._network_backend = _Backend(pool._network_backend, deadline)
        with (
            Client(transport=transport, follow_redirects=False, trust_env=False) as client,
            client.stream(method, url, content=content, headers=headers) as response,
        ):
            yield response
    except REFUSALS as error:
        raise Refused(_short(error)) from error


@cache
def _certificates() -> ssl.SSLContext:
    """Whom we trust, read once a process: it takes longer than many a call."""
    return httpx.create_ssl_context(trust_env=False)


def _answer(response: httpx.Response, body: bytes, started: float, *, content: bytes = b"") -> Answer:
    return Answer(
        status=response.status_code,
        text=body[: 4 * KEPT_CHARACTERS].decode("utf-8", "replace")[:KEPT_CHARACTERS].replace("\x00", ""),
        retry_after=response.headers.get("retry-after", ""),
        milliseconds=round((time.monotonic() - started) * 1000),
        content=content,
        headers=dict(response.headers),
    )


def _start(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= limit:
            break
    return bytes(body[:limit])


def _unpacked(response: httpx.Response, body: bytes, limit: int) -> bytes:
    """Raises TooLarge. We ask for it unpacked; who packs it all the same must not fill our memory with it."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in {"gzip", "x-gzip", "deflate"} and len(body) <= limit:
        try:
            body = zlib.decompressobj(GZIP_OR_ZLIB).decompress(body, limit + 1)
        except zlib.error as error:
            raise BadAnswer(f"It says it is packed as {packing}, and is not.") from error
    elif packing not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise BadAnswer(f"It is packed as “{packing[:20]}”.")
    if len(body) > limit:
        raise TooLarge(f"It is larger than {limit:,} bytes.")
    return body


def _next(response: httpx.Response, url: str) -> str:
    """Where a redirect leads. Raises Refused where it gives up the encryption; the guard judges the rest."""
    place = response.headers.get("location", "")
    if not place:
        raise BadAnswer("A redirect that names no place.")
    target = httpx.URL(url).join(place)
    if httpx.URL(url).scheme == "https" and target.scheme != "https":
        raise Refused("A redirect from https to http.")
    return str(target)


class _Backend(httpcore.NetworkBackend):
    """The guard's way to the network, with one deadline for the whole call.

    httpx's own timeouts start anew with each byte, so that a receiver which sends one a second would hold a worker
    for as long as it likes, in the headers already.
    """

    def __init__(self, inner: httpcore.NetworkBackend, deadline: "_Deadline") -> None:
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
        seconds = min(CONNECT_SECONDS, self._deadline.left())
        return _Stream(self._inner.connect_tcp(host, port, seconds, local_address, socket_options), self._deadline)


class _Stream(httpcore.NetworkStream):
    """One connection, each step of which gets only what is left of the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: "_Deadline") -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left())

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(f"The call took longer than {self._seconds:g} s.")
        return left


def _policy(url: str) -> Policy:
    """https on the usual ports goes anywhere public; anything else only into the allowed networks."""
    allowed = tuple(ip_network(network) for network in settings.WEBHOOK_ALLOWED_NETWORKS)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not allowed or (parts.scheme == "https" and port in PORTS):
        return Policy(
            allowed_schemes=frozenset({"https"}),
            denied_networks=networks.INSIDE,
            allowed_networks=allowed,
            allowed_ports=PORTS,
            max_connection_attempts=2,  # each may take CONNECT_SECONDS
            max_url_length=MAX_URL_LENGTH,
        )
    return Policy(
        denied_networks=networks.EVERYWHERE,
        allowed_networks=allowed,
        allowed_ports=frozenset({port}),
        max_url_length=MAX_URL_LENGTH,
    )
