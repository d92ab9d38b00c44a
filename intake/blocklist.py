"""The blocklist: one question for each enquiry, and the one way to put something on it.

Asked by `intake.looks`; written by the desk of the quarantine and the list's own pages in the admin.
"""

import ipaddress
import re
from typing import Any

from django.db.models import Q

from intake import addresses
from intake.models import Block

Kind = Block.Kind


def matches(*, email_key: str, client: str, text: str) -> frozenset[str]:
    """Which kinds of block meet this sender or text. One statement, whatever stands on the list."""
    rows = Block.objects.filter(
        Q(kind=Kind.ADDRESS, value=email_key)
        | Q(kind=Kind.DOMAIN, value__in=_domains(email_key))
        | Q(kind__in=(Kind.NETWORK, Kind.WORD))
    )
    return frozenset(
        kind for kind, value in rows.values_list("kind", "value") if _meets(kind, value, client=client, text=text)
    )


def _meets(kind: str, value: str, *, client: str, text: str) -> bool:
    if kind == Kind.NETWORK:
        return _is_inside(client, value)
    if kind == Kind.WORD:
        # Whole words: “ad” must not meet “advisor”.
        return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE) is not None
    return True


def _is_inside(client: str, network: str) -> bool:
    try:
        # What counts as one client may be a network itself: a /64 of IPv6.
        found, blocked = ipaddress.ip_network(client, strict=False), ipaddress.ip_network(network)
    except ValueError:
        return False
    return found.version == blocked.version and found.subnet_of(blocked)  # type: ignore[arg-type]


def _domains(email_key: str) -> list[str]:
    """The domain and those above it: mail.spam.example is met by spam.example, not by example."""
    labels = email_key.rpartition("@")[2].split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]


def tidy(kind: str, value: str) -> str:
    """The value as it is compared. Raises ValueError that says what is wrong."""
    value = " ".join(value.split())
    if kind == Kind.ADDRESS:
        return addresses.normalise(value)[1]
    if kind == Kind.DOMAIN:
        return addresses.normalise(f"x@{value.lstrip('@')}")[1].partition("@")[2]
    if kind == Kind.NETWORK:
        return str(ipaddress.ip_network(value, strict=False))
    return value.lower()


def block(kind: str, value: str, *, reason: str, by: Any) -> Block:
    """Puts it on the list; what stands there already stays as it is. Raises ValueError as `tidy` does."""
    row, _ = Block.objects.get_or_create(
        kind=kind, value=tidy(kind, value), defaults={"reason": reason, "created_by": by}
    )
    return row
