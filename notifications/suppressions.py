"""Addresses that must not be written to: added, looked up, lifted. Asked at every send, never before.

Used by `notifications.mails` for every mail to a prospect, by follow-ups, by the unsubscribe page, by the mail
system's events and by staff. Only a keyed hash is kept: it outlives an erasure without naming anybody.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from intake import addresses, events
from intake.models import Lead
from notifications.models import Sequence, Suppression

Reason, Scope = Suppression.Reason, Suppression.Scope
SALT = "notifications.suppression"
WORDS = {
    Reason.UNSUBSCRIBED.value: "They unsubscribed.",
    Reason.BOUNCED.value: "The address bounced.",
    Reason.COMPLAINED.value: "They complained about our mails.",
    Reason.MANUAL.value: "Staff suppressed the address.",
    Reason.ERASED.value: "The person had everything about them erased.",
}


def hash_of(address: str, *, key: str = "") -> str:
    """The address as this table knows it: one person's spellings are one hash."""
    return _hashed(addresses.key_of(address), key or settings.SECRET_KEY)


def _hashed(address: str, key: str) -> str:
    return salted_hmac(SALT, address, secret=key, algorithm="sha256").hexdigest()


def of(address: str) -> QuerySet[Suppression]:
    """All that is known against an address, under this secret or an earlier one."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    hashes = [hash_of(address, key=key) for key in keys]
    # As it was kept before tags were known to be ignored by some providers.
    hashes += [_hashed(address.strip().lower(), key) for key in keys]
    return Suppression.objects.filter(address_hash__in=hashes)


def against(address: str, *, sequence: Sequence | None = None) -> str:
    """Why a mail must not go there, in a sentence; empty where it may. Without a sequence it is one of the others."""
    stops = Q(scope=Scope.ALL)
    if sequence is not None:
        stops |= Q(sequence=None) | Q(sequence=sequence)
    # What stops every mail is told first.
    row = of(address).filter(stops).order_by("scope", "added_at").first()
    return WORDS[row.reason] if row else ""


def add(address: str, reason: Suppression.Reason, scope: Suppression.Scope, *, now: datetime, **more: Any) -> bool:
    """Keeps the reason, once; says whether it is new. `more` may be `sequence`, `note` and `added_by`."""
    sequence = more.pop("sequence", None)
    if of(address).filter(reason=reason, scope=scope, sequence=sequence).exists():
        return False
    key = {"address_hash": hash_of(address), "reason": reason, "scope": scope, "sequence": sequence}
    return Suppression.objects.get_or_create(**key, defaults={"added_at": now, **more})[1]


def unsubscribe(lead: Lead, *, now: datetime, sequence: Sequence | None = None) -> None:
    """No follow-ups to this person any more, or none of one series. Told once, where it is about all of them."""
    with transaction.atomic():
        is_new = add(lead.email, Reason.UNSUBSCRIBED, Scope.SEQUENCES, now=now, sequence=sequence)
        submission = lead.submissions.select_related("lead", "assessment").order_by("-created_at").first()
        if is_new and sequence is None and submission is not None:
            events.publish("lead.unsubscribed", submission=submission, now=now)


def subscribe_again(lead: Lead) -> None:
    """Takes back what the person asked for; what bounced or was complained of stays."""
    of(lead.email).filter(reason=Reason.UNSUBSCRIBED).delete()


def unsubscribed_from(lead: Lead, sequence: Sequence) -> str:
    """`all`, `series` or nothing: for the page that shows it."""
    rows = of(lead.email).filter(reason=Reason.UNSUBSCRIBED)
    if rows.filter(sequence=None).exists():
        return "all"
    return "series" if rows.filter(sequence=sequence).exists() else ""
