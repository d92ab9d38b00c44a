"""One person as a whole: found by address, exported, erased. Every room does its own rows (`PERSONAL_DATA`).

Called by the admin, the API, the commands and the person's own page. An erasure is one transaction over all rooms; what
has to follow (advisors give up a time, mail files go) is an event like every other.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction

from intake import addresses, erasures, store
from intake.events import instant
from intake.models import Lead, LeadAlias, Submission
from outbox import outbox
from outbox.outbox import News

ERASED = "lead.erased"


@dataclass
class Person:
    """Whom the rooms are asked about: the lead, if there is one, and everything that came from the address."""

    address: str
    lead: Lead | None
    submission_ids: list[uuid.UUID]
    # Under which ids events tell of them: of the lead, and of those that were merged into it.
    subjects: list[uuid.UUID] = field(default_factory=list)
    # What the rooms leave for what has to follow; ids and times only.
    follows: dict[str, Any] = field(default_factory=dict)


def find(address: str) -> Person:
    """The person behind an address, under quarantine or not. Raises ValueError for what is no address."""
    tidy, key = addresses.normalise(address.strip())
    alias = LeadAlias.objects.select_related("lead").filter(email_key=key).first()
    return of_lead(alias.lead) if alias else _person(tidy, key, Lead.objects.filter(email_key=key).first())


def of_lead(lead: Lead) -> Person:
    return _person(lead.email, lead.email_key, lead)


def _person(address: str, key: str, lead: Lead | None) -> Person:
    aliases = dict(lead.aliases.values_list("email_key", "merged_id")) if lead else {}
    ids = list(lead.submissions.values_list("pk", flat=True)) if lead else []
    ids += _quarantined({key, *aliases})
    return Person(address, lead, ids, [lead.pk, *aliases.values()] if lead else [])


def _quarantined(keys: set[str]) -> list[uuid.UUID]:
    """What is in quarantine has no lead: it is known by what was typed."""
    waiting = Submission.objects.filter(lead=None).values_list("pk", "payload__email")
    return [pk for pk, typed in waiting.iterator() if isinstance(typed, str) and addresses.key_of(typed) in keys]


def is_known(person: Person) -> bool:
    return person.lead is not None or bool(person.submission_ids)


def export(person: Person) -> dict[str, Any]:
    """Everything that is held about the person, room by room, as JSON-ready data."""
    found: dict[str, Any] = {"address": person.address}
    for room in rooms():
        found |= room.export(person)
    return found


def erase(person: Person, *, now: datetime, asked_for: bool = True) -> None:
    """Removes the person from every table, in one transaction; `lead.erased` is told.

    Where the person asked for it a keyed hash stays, so that nothing is ever mailed to the address again and a restored
    backup can be erased anew; what only ran out of time leaves no trace.
    """
    with transaction.atomic():
        if person.lead is not None:
            # Every act on a person takes its turn on this row, so nothing of theirs is written meanwhile.
            Lead.objects.select_for_update().filter(pk=person.lead.pk).first()
        if asked_for:
            erasures.keep(person.address, consents=_consents(person), now=now)
        number = store.next_event_number(person.lead.pk) if person.lead else 0
        for room in rooms():
            room.erase(person, now=now, asked_for=asked_for)
        if person.lead is not None:
            data = {"lead": {"id": str(person.lead.pk)}, "sequence": number, **person.follows}
            outbox.publish(News(type=ERASED, data=data, subject=person.lead.pk, sequence=number), now=now)


def _consents(person: Person) -> list[dict[str, Any]]:
    rows = Submission.objects.filter(pk__in=person.submission_ids).select_related("site").order_by("created_at")
    return [
        {
            "given": row.consent_follow_up,
            "wording": row.consent_text,
            "at": instant(row.created_at),
            "site": row.site.name if row.site else "",
        }
        for row in rows
    ]


def purge(*, now: datetime) -> dict[str, int]:
    """Removes what has outlived its time, room by room; says how many rows of each kind."""
    counts: dict[str, int] = {}
    for room in rooms():
        counts |= room.purge(now)
    return counts


def rooms() -> Iterator[Any]:
    """From the top down: what points at other rows goes before them."""
    yield from (import_module(name) for name in settings.PERSONAL_DATA)
