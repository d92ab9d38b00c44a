"""What docs/events.md says an event holds, against what is published, posted and shown as an example."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from notifications import examples
from notifications.models import public_types
from notifications.webhooks import DATA
from outbox.models import Event
from scheduling import calls, services
from tests.factories import make_submission, run_delivery

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text()


def documented() -> dict[str, set[str]]:
    table = TEXT.split("| Type | Fields of `data` |")[1].split("\n\n")[0]
    fields: dict[str, set[str]] = {}
    for types, names in re.findall(r"^\| (`.*?) \| ?(.*?) ?\|$", table, re.MULTILINE):
        fields |= {key: set(re.findall(r"`([^`]+)`", names)) for key in re.findall(r"`([^`]+)`", types)}
    return fields


def test_every_public_type_is_told_with_the_fields_of_its_example():
    assert documented() == {type_: set(examples.data(type_)) for type_ in public_types()}


@pytest.mark.django_db
def test_events_that_are_published_hold_what_is_told(house):
    submission = make_submission(hold=True)
    make_submission(email="bot@example.com", contact_fax_ext="x")
    run_delivery("scheduling.book_call", calls.book_call)
    now = submission.created_at
    services.confirm(submission, now=now)
    services.cancel(submission, now=now)

    found = defaultdict(set)
    for event in Event.objects.filter(type__in=public_types()):
        found[event.type].add(frozenset(set(event.data) & set(DATA)))

    assert len(found) >= 5
    told = documented()
    assert dict(found) == {type_: {frozenset(told[type_])} for type_ in found}


def test_contact_details_and_version_are_told():
    for word in ("`email`", "`join_url`", "`version` is 1", "75 hours", "15 seconds", "20 kB"):
        assert word in TEXT
