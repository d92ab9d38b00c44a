"""What our formats mean, for schemathesis: a schema has no word for a known time zone, or an address that can be."""

import base64
import json
import os
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import schemathesis
from hypothesis import strategies as st

letters = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)
addresses = st.builds("{}.{}@{}.example.com".format, letters, letters, letters)
websites = st.builds("{}{}.example.com{}".format, st.sampled_from(["", "https://", "http://"]), letters,
                     st.sampled_from(["", "/", "/a?b=c"]))  # fmt: skip
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC"])
moments = st.integers(86_400, 221_800_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat())
soon = st.integers(0, 40).map(lambda days: (datetime.now(UTC) + timedelta(days=days)).isoformat())
days = st.integers(0, 40).map(lambda days: (datetime.now(UTC) + timedelta(days=days)).date().isoformat())

schemathesis.openapi.format("instant", st.one_of(soon, moments))
schemathesis.openapi.format("day-or-instant", st.one_of(days, soon))
schemathesis.openapi.format("email", addresses)
schemathesis.openapi.format("website", websites)
schemathesis.openapi.format("iana-timezone", zones)
schemathesis.openapi.format("questionnaire", st.just("fractional-leadership"))
schemathesis.openapi.format("altcha-proof", st.just(""))

schemathesis.openapi.format("login", st.just("sally"))
schemathesis.openapi.format("ip-address", st.ip_addresses().map(str))
schemathesis.openapi.format("cursor", st.just(""))
schemathesis.openapi.format("feed-place", st.sampled_from(["0", "1", "2"]))
schemathesis.openapi.format("event-types", st.sampled_from(["lead.created", "booking.confirmed, lead.assessed"]))
schemathesis.openapi.format("webhook-url", st.sampled_from(["https://127.0.0.1:8443/x", "http://127.0.0.2/"]))
secrets = st.binary(min_size=24, max_size=64).map(lambda raw: "whsec_" + base64.b64encode(raw).decode())
schemathesis.openapi.format("webhook-secret", secrets)

KNOWN: dict[str, list[str]] = json.loads(os.environ.get("FUZZ_KNOWN", "{}"))

ID = re.compile(r"[0-9a-f-]{36}|[0-9]+")


@schemathesis.hook
def map_path_parameters(context: object, path_parameters: dict[str, object] | None) -> dict[str, object] | None:
    """Mostly somebody or something that there is: a drawn id would be a 404 each time."""
    if not path_parameters:
        return path_parameters
    for name, ids in KNOWN.items():
        drawn = str(path_parameters.get(name))
        place = zlib.crc32(drawn.encode())
        if ids and place % 4 and ID.fullmatch(drawn):
            path_parameters[name] = ids[place % len(ids)]
    return path_parameters


@schemathesis.hook
def filter_query(context: object, query: dict[str, object] | None) -> bool:
    """An empty parameter equals absence, whatever its type; the only cursor that can be drawn is an empty one."""
    return not any(value in ("", [], [""], {}) for name, value in (query or {}).items() if name != "cursor")


@schemathesis.hook
def filter_body(context: object, body: object) -> bool:
    """Two refusals hold wherever they stand, which a schema cannot say of unknown fields: long numbers, and NUL."""
    return not any(_is_refused(leaf) for leaf in _leaves(body))


def _is_refused(leaf: object) -> bool:
    if isinstance(leaf, str):
        return "\0" in leaf
    return isinstance(leaf, int | float) and sum(digit.isdigit() for digit in repr(leaf)) > 15


def _leaves(value: object) -> Iterator[object]:
    """Values, and names of fields, too: drawn forms do not keep to what the schema says of names."""
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
