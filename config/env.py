"""Reads one environment variable at a time, or the file that its NAME_FILE twin names.

Comes before everything: `config.settings` is the only caller.
"""

import base64
import os
import zoneinfo
from ipaddress import ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.mail.message import sanitize_address

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The value of `name`, else the content of the file at `name`_FILE, else `default`.

    An empty value counts as unset, because `NAME=` in an env file means "leave it at its default".
    Raises ImproperlyConfigured where the named file cannot be read.
    """
    value = os.environ.get(name, "").strip()
    if value:
        return value
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return default
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {path} ({error.strerror}).") from error


def flag(name: str, *, default: bool) -> bool:
    """A boolean. Anything but a known word stops the start: `DEBUG=flase` must not mean true."""
    value = text(name, "true" if default else "false").lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name}: '{value}' is neither true nor false. Use true or false.")
    return value in TRUE


def number(name: str, default: int, *, low: int = 0, high: int = 65535) -> int:
    """A whole number within [low, high]."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name}: '{value}' is not a whole number from {low} to {high}.")
    return int(value)


def items(name: str, default: str = "") -> list[str]:
    """A comma-separated list, each item stripped, empty ones dropped."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def seconds(name: str, default: str) -> list[int]:
    """A comma-separated list of whole seconds."""
    values = items(name, default)
    if not all(value.isascii() and value.isdigit() for value in values):
        raise ImproperlyConfigured(f"{name}: '{','.join(values)}' is no list of whole seconds like {default}.")
    return [int(value) for value in values]


def networks(name: str) -> list[str]:
    """A comma-separated list of networks in CIDR form."""
    values = items(name)
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: '{value}' is no network like 10.1.0.0/16 ({error}).") from error
    return values


def zone(name: str, default: str) -> str:
    """An IANA time zone."""
    value = text(name, default)
    if value not in zoneinfo.available_timezones():
        raise ImproperlyConfigured(f"{name}: '{value}' is no IANA time zone. Use a name like Europe/Berlin.")
    return value


def mailbox(name: str, default: str) -> str:
    """A mail address, with or without a name before it: `Acme <hello@acme.example>`."""
    value = text(name, default)
    try:
        if value:
            sanitize_address(value, "utf-8")
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name}: '{value}' is no mail address. Use a form like Acme <hello@acme.example>, "
            'and quotes around a name with a comma: "Acme, Inc." <hello@acme.example>.'
        ) from error
    return value


def signing_secret(name: str) -> str:
    """A secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64."""
    value = text(name)
    if value:
        try:
            length = len(base64.b64decode(value.removeprefix("whsec_"), validate=True))
        except ValueError:
            length = 0
        if not value.startswith("whsec_") or not 24 <= length <= 64:
            raise ImproperlyConfigured(f"{name}: not whsec_ and 24 to 64 bytes in base64, as Standard Webhooks has it.")
    return value


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of a few words."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}: '{value}' is not one of {', '.join(allowed)}.")
    return value


def prefixed(prefix: str) -> dict[str, str]:
    """All variables that begin so, without their beginning; NAME_FILE twins are read like everywhere."""
    names = {name.removesuffix("_FILE") for name in os.environ if name.startswith(prefix)}
    return {name.removeprefix(prefix): value for name in sorted(names) if (value := text(name))}
