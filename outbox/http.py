"""The one client for calls to addresses that somebody typed in: guarded, bounded, and without redirects.

`ssrfguard` resolves a name once, judges every address, and connects to the address that it judged. This
module adds our policy (https on 443 or 8443 unless the address is in WEBHOOK_ALLOWED_NETWORKS), one total
deadline, and a cap on what is read. Used by webhooks, and by whatever else calls out.
"""

import time
from dataclasses import dataclass
from ipaddress import ip_network
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from ssrfguard import AddressTable, Block, Policy, Reach, SSRFGuardError
from ssrfguard.httpx import Client

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
    """Posts within settings.CALL_DEADLINE_SECONDS. Raises Refused, httpx.HTTPError, or TimeoutError."""
    started = time.monotonic()
    deadline = started + settings.CALL_DEADLINE_SECONDS
    timeout = httpx.Timeout(settings.CALL_DEADLINE_SECONDS, connect=CONNECT_SECONDS)
    try:
        with (
            Client(policy=_policy(url), timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=content, headers=headers) as response,
        ):
            body = _read(response, deadline)
            return Answer(
                status=response.status_code,
                text=body.decode("utf-8", "replace")[:KEPT_CHARACTERS].replace("\x00", ""),
                retry_after=response.headers.get("retry-after", ""),
                milliseconds=round((time.monotonic() - started) * 1000),
            )
    except REFUSALS as error:
        raise Refused(str(error)) from error


def _read(response: httpx.Response, deadline: float) -> bytes:
    """At most READ_LIMIT bytes, and nothing after the deadline: httpx's own timeout starts anew with each byte."""
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= READ_LIMIT:
            break
        if time.monotonic() > deadline:
            raise TimeoutError(f"The answer took longer than {settings.CALL_DEADLINE_SECONDS} s.")
    return body[:READ_LIMIT]


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
            max_url_length=MAX_URL_LENGTH,
        )
    return Policy(
        denied_networks=NOTHING,
        allowed_networks=allowed,
        allowed_ports=frozenset({port}),
        max_url_length=MAX_URL_LENGTH,
    )
