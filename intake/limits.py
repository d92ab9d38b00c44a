"""Rate limits per client: one atomic counter in the cache, and one of this process's own when that is dead.

Comes before any parsing. Plain DRF throttles answer 500 when the cache is down, and would let a bot name
itself anew in a header.
"""

import hashlib
import ipaddress
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial, wraps
from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from intake.rates import Rate

logger = logging.getLogger(__name__)

CACHE_TIMEOUT_SECONDS = 0.05
REST_SECONDS = 5  # after a failure the cache is left alone for so long: a frozen one must not cost every request


class Counter:
    """Counts calls in fixed windows: `hit` returns how many there were in the present one, this one included."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=CACHE_TIMEOUT_SECONDS,
            socket_connect_timeout=CACHE_TIMEOUT_SECONDS,
            retry=None,
        )
        self._resting_until = 0.0
        # By length of window: the window that is counted, and the calls in it.
        self._own: dict[int, tuple[int, dict[str, int]]] = {}
        self._lock = threading.Lock()

    def hit(self, key: str, rate: Rate, now: float) -> int:
        window = int(now // rate.seconds)
        counted = self._ask(partial(self._count_there, f"rate:{key}:{window}", rate.seconds))
        return self._count_here(key, rate.seconds, window, more=1) if counted is None else counted

    def count(self, key: str, rate: Rate, now: float) -> int:
        """How many calls there were, without one more."""
        window = int(now // rate.seconds)
        counted = self._ask(lambda: int(self._client.get(f"rate:{key}:{window}") or 0))
        return self._count_here(key, rate.seconds, window, more=0) if counted is None else counted

    def _ask(self, cache_counts: Callable[[], int]) -> int | None:
        """None where the cache does not answer, or did not a moment ago."""
        if time.monotonic() < self._resting_until:
            return None
        try:
            return cache_counts()
        except redis.RedisError as error:
            self._resting_until = time.monotonic() + REST_SECONDS
            logger.warning("The cache does not answer (%s); counting in this process.", type(error).__name__)
            return None

    def _count_there(self, name: str, seconds: int) -> int:
        with self._client.pipeline(transaction=True) as pipe:
            pipe.incr(name)
            pipe.expire(name, seconds + 1)
            return int(pipe.execute()[0])

    def _count_here(self, key: str, seconds: int, window: int, *, more: int) -> int:
        with self._lock:
            counted, calls = self._own.get(seconds, (window, {}))
            if counted != window:
                calls = {}
            if more:
                calls[key] = calls.get(key, 0) + more
                self._own[seconds] = window, calls
            return calls.get(key, 0)


@cache
def counter(url: str) -> Counter:
    """One for each process: it remembers whether the cache answers."""
    return Counter(url)


def client_address(request: Request | HttpRequest) -> str:
    """The client as the trusted proxies tell it; with none, the socket's own address. One /64 is one client."""
    address: str = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if settings.NUM_PROXIES and len(forwarded) >= settings.NUM_PROXIES:
        address = forwarded[-settings.NUM_PROXIES].strip() or address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:  # what a server that listens on both calls an IPv4 client; they would all share one /64
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def unnamed(who: str) -> str:
    """Hashed: an address is personal data, and a counter needs only to tell two of them apart."""
    return hashlib.sha256(who.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Left:
    """What a client may still do in the present window."""

    name: str
    rate: Rate
    calls: int
    wait: float

    def headers(self) -> dict[str, str]:
        """As the IETF draft (RateLimit header fields for HTTP) has them; never sooner than Retry-After says."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.rate.count};w={self.rate.seconds}',
            "RateLimit": f'"{self.name}";r={self.calls};t={math.ceil(self.wait)}',
        }


class RateLimitMiddleware:
    """Tells every client that is counted how much is left, so that one can slow down before it is refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        left: Left | None = getattr(request, "left", None)
        for name, value in left.headers().items() if left else ():
            response.headers[name] = value
        return response


class Limit(BaseThrottle):
    """A throttle for the `throttle_classes` of a view; the subclass says under which name and setting it counts."""

    name: str
    setting: str

    def allow_request(self, request: Request | HttpRequest, view: object) -> bool:
        rate: Rate | None = getattr(settings, self.setting)
        if rate is None:
            return True
        now = time.time()
        client = unnamed(self.counted(request))
        self._wait = rate.seconds - now % rate.seconds
        calls = counter(settings.CACHE_URL).hit(f"{self.name}:{client}", rate, now)
        left = Left(self.name, rate, calls=max(0, rate.count - calls), wait=self._wait)
        django_request: Any = getattr(request, "_request", request)
        django_request.left = left  # on Django's own request, for the middleware
        return calls <= rate.count

    def counted(self, request: Request | HttpRequest) -> str:
        """Whose calls are counted together."""
        return client_address(request)

    def wait(self) -> float:
        return self._wait


def limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For pages: the limit of the other public calls, with a page that says so."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        limit = PublicLimit()
        if limit.allow_request(request, view):
            return view(request, *args, **kwargs)
        return too_many(request, wait=limit.wait())

    return guarded


def too_many(request: HttpRequest, *, wait: float | None) -> HttpResponse:
    """The page for somebody who called too often; `wait` in seconds."""
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = str(math.ceil(wait or 1))
    response.is_page = True  # type: ignore[attr-defined]  # so that it stays one under /api/
    return response


class SubmissionLimit(Limit):
    name = "submission"
    setting = "SUBMISSION_RATE"


class PublicLimit(Limit):
    name = "public"
    setting = "PUBLIC_RATE"
