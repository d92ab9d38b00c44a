"""Which names are time zones: the IANA names that this installation knows."""

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError

# Files beside the zones, and a zone that means "nobody set one".
NO_ZONES = {"localtime", "posixrules", "Factory"}


@cache
def names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - NO_ZONES)


def is_known(name: str) -> bool:
    """Never opens a file by a stranger's name: it looks the name up in the list of zones."""
    return name in names()


def validate(name: str) -> None:
    """For model fields. Raises ValidationError with the way out."""
    if not is_known(name):
        raise ValidationError(f"“{name[:64]}” is no IANA time zone. Use a name like Europe/Berlin.", code="timezone")
