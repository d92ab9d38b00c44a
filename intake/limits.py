"""Rate limits per client: one atomic counter in the cache, and one of this process's own when that is dead.

Comes before any parsing. Plain DRF throttles answer 500 when the cache is down, and would let a bot name
itself anew in a header.
"""

import hashlib
import ipaddress
import logging
import threading
import time

import redis
from django.conf import settings
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
        self._own: dict[str, int] = {}
        self._own_window = 0
        self._lock = threading.Lock()

    def hit(self, key: str, rate: Rate, now: float) -> int:
        window = int(now // rate.seconds)
        name = f"rate:{key}:{window}"
        if time.monotonic() >= self._resting_until:
            try:
                with self._client.pipeline(transaction=True) as pipe:
                    pipe.incr(name)
                    pipe.expire(name, rate.seconds + 1)
                    return int(pipe.execute()[0])
            except redis.RedisError as error:
                self._resting_until = time.monotonic() + REST_SECONDS
                logger.warning("The cache does not answer (%s); counting in this process.", type(error).__name__)
        return self._count_here(name, window)

    def _count_here(self, name: str, window: int) -> int:
        with self._lock:
            if window != self._own_window:
                self._own, self._own_window = {}, window
            self._own[name] = self._own.get(name, 0) + 1
            return self._own[name]


_counter: Counter | None = None


def counter() -> Counter:
    global _counter
    if _counter is None:
        _counter = Counter(settings.CACHE_URL)
    return _counter


def client_address(request: Request) -> str:
    """The client as the trusted proxies tell it; with none, the socket's own address. One /64 is one client."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    proxies = settings.NUM_PROXIES
    address: str = request.META.get("REMOTE_ADDR", "")
    if proxies and len(forwarded) >= proxies:
        address = forwarded[-proxies].strip()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Limit(BaseThrottle):
    """A throttle for the `throttle_classes` of a view; `rate` and `name` come from the subclass."""

    name = ""

    def rate(self) -> Rate | None:
        raise NotImplementedError

    def allow_request(self, request: Request, view: object) -> bool:
        rate = self.rate()
        if rate is None:
            return True
        now = time.time()
        # Hashed: an address is personal data, and a counter needs only to tell two clients apart.
        client = hashlib.sha256(client_address(request).encode()).hexdigest()[:24]
        self._wait = rate.seconds - now % rate.seconds
        return counter().hit(f"{self.name}:{client}", rate, now) <= rate.count

    def wait(self) -> float:
        return self._wait


class SubmissionLimit(Limit):
    name = "submission"

    def rate(self) -> Rate | None:
        return settings.SUBMISSION_RATE


class PublicLimit(Limit):
    name = "public"

    def rate(self) -> Rate | None:
        return settings.PUBLIC_RATE
