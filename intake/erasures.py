"""Who was erased: hashes under a key of their own, that a restored backup is erased by anew.

The key is ERASURE_KEY, so that it can outlive a change of SECRET_KEY; without one it is derived from that. Hashes are
listed and re-applied by `manage.py list_erasures` and `manage.py reapply_erasures`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from intake import addresses
from intake.models import Erasure, Lead

SALT = "intake.erasure"


def hash_of(address: str) -> str:
    """One person's spellings are one hash."""
    key = addresses.key_of(address)
    return salted_hmac(SALT, key, secret=settings.ERASURE_KEY, algorithm="sha256").hexdigest()


def keep(address: str, *, consents: list[dict[str, Any]], now: datetime) -> None:
    """Notes the erasure; of an address that was erased before, the earlier consents stay beside the new ones."""
    row, is_new = Erasure.objects.get_or_create(
        address_hash=hash_of(address), defaults={"erased_at": now, "consents": consents}
    )
    if not is_new:
        row.erased_at, row.consents = now, [*row.consents, *consents]
        row.save(update_fields=["erased_at", "consents"])


def leads_among(hashes: Iterable[str]) -> Iterator[Lead]:
    """The people who are here although they were erased: a backup has brought them back."""
    wanted = set(hashes)
    for lead in Lead.objects.iterator(chunk_size=500):
        if hash_of(lead.email) in wanted:
            yield lead
