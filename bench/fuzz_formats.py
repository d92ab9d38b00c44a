"""What our formats mean, for schemathesis: a schema has no word for a known time zone, or an address that can be."""

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
