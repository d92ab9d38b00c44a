"""A rate limit as a value: `30/min` read from the environment, counted by `intake.limits`."""

import re
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

SECONDS = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}


@dataclass(frozen=True)
class Rate:
    """At most `count` calls in each window of `seconds`."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, name: str, value: str) -> "Rate | None":
        """`30/min`, `5/s`, `100/h`; `off` is None. Raises ImproperlyConfigured, naming the setting."""
        if value == "off":
            return None
        match = re.fullmatch(r"([1-9]\d{0,6})/([a-z]+)", value)
        if not match or match[2] not in SECONDS:
            raise ImproperlyConfigured(f"{name}: '{value}' is no rate. Use a form like 30/min, 5/s, 100/h, or off.")
        return cls(count=int(match[1]), seconds=SECONDS[match[2]])
