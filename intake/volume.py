"""How many enquiries one client, and one mail address, sent within the last hour: signs, not limits.

Counted when an enquiry was stored (`note`), looked at before the next one is judged (`seen`). Replays and refused
bodies do not count. Kept by the same counter as the limits, so a dead cache costs neither. SUBMISSION_RATE=off
switches it off.
"""

import time
from dataclasses import dataclass

from django.conf import settings

from intake.limits import counter, unnamed
from intake.rates import Rate

HOUR = Rate(count=1, seconds=3600)


@dataclass(frozen=True)
class Volume:
    from_client: int = 0
    from_address: int = 0


def seen(*, client: str, email_key: str) -> Volume:
    """What came before; nothing is known of an enquiry without a client, such as one of a server."""
    if not _is_counted(client):
        return Volume()
    counts = counter(settings.CACHE_URL)
    return Volume(*(counts.count(name, HOUR, time.time()) for name in _names(client, email_key)))


def note(*, client: str, email_key: str) -> None:
    if _is_counted(client):
        for name in _names(client, email_key):
            counter(settings.CACHE_URL).hit(name, HOUR, time.time())


def _is_counted(client: str) -> bool:
    return bool(client) and settings.SUBMISSION_RATE is not None


def _names(client: str, email_key: str) -> list[str]:
    return [f"volume:client:{unnamed(client)}", f"volume:address:{unnamed(email_key)}"]
