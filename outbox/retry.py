"""When to try again: a pure function from how often and how it failed to the next wait, or giving up.

`outbox.outbox.attempt` asks it after every failure.
"""

from collections.abc import Sequence
from datetime import datetime

JITTER = 0.2


class DeliveryError(Exception):
    """A failure that a service foresaw.

    `permanent` ends the tries; `retry_after_seconds` is what the other side asked for; `details` are kept
    with the attempt for staff (status code, answer), never secrets.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after_seconds: float | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
        self.details = details or {}


class Postponed(Exception):
    """Not now, but at that time: the service decided so, nothing failed, and no try is used up."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until


def next_wait(
    tries: int, schedule: Sequence[float], *, spread: float, retry_after_seconds: float | None = None
) -> float | None:
    """Seconds until the next try after `tries` failed ones (from 1); None where the schedule is used up.

    `spread` in [-1, 1] is the caller's dice: up to 20% either way, so that what failed together does not
    return together. What the other side asked for is honoured between once and twice the scheduled wait
    (a `Retry-After` of a year would otherwise be a way to lose an event).
    """
    if tries > len(schedule):
        return None
    wait = schedule[tries - 1]
    if retry_after_seconds is None:
        return wait * (1 + JITTER * spread)
    # Later than asked, never earlier: who names a time may mean it.
    return min(max(retry_after_seconds, wait) * (1 + JITTER * abs(spread)), 2 * wait)
