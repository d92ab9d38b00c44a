"""Two leads that are one person become one: shown first, then done in one transaction, with all history.

Called by the desk. Each room moves its own rows (`PERSONAL_DATA`, as for an erasure). The address of the lead that goes
stays known: what comes from it later is the kept lead's. Nothing is merged by itself, however alike two addresses look.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from intake.models import Lead, LeadAlias
from intake.persons import rooms


class UnableToMerge(Exception):
    """Something stands in the way, a sentence each."""


def preview(kept: Lead, lost: Lead) -> tuple[dict[str, int], list[str]]:
    """What would move, by name; and what stands in the way. Changes nothing."""
    counts: dict[str, int] = {}
    obstacles = ["That is the same lead."] if kept.pk == lost.pk else []
    for room in rooms():
        counts |= room.counts(lost)
        obstacles += room.obstacles(kept, lost)
    return counts, obstacles


def merge(kept: Lead, lost: Lead, *, by: Any, now: datetime) -> None:
    """Everything of `lost` becomes `kept`'s, and `lost` goes. Raises UnableToMerge, with nothing changed."""
    with transaction.atomic():
        # In one order, whichever way round: two merges of the same pair must not wait for each other.
        rows = {
            row.pk: row for row in Lead.objects.select_for_update().filter(pk__in=[kept.pk, lost.pk]).order_by("pk")
        }
        if len(rows) < len({kept.pk, lost.pk}):
            raise UnableToMerge("One of the two is gone: erased or merged meanwhile.")
        kept, lost = rows[kept.pk], rows[lost.pk]
        obstacles = preview(kept, lost)[1]
        if obstacles:
            raise UnableToMerge(" ".join(obstacles))
        for room in rooms():
            room.move(lost, kept, now=now)
        _join(kept, lost)
        LeadAlias.objects.filter(lead=lost).update(lead=kept)
        Lead.objects.filter(pk=lost.pk).delete()
        LeadAlias.objects.create(email_key=lost.email_key, lead=kept, merged_id=lost.pk, merged_at=now, merged_by=by)


def _join(kept: Lead, lost: Lead) -> None:
    """The kept lead says what it said, and more where it said nothing; known since the earlier, active as the later."""
    for name in ("company", "role", "phone", "website", "company_size", "timezone"):
        setattr(kept, name, getattr(kept, name) or getattr(lost, name))
    kept.created_at = min(kept.created_at, lost.created_at)
    kept.last_activity_at = max(kept.last_activity_at, lost.last_activity_at)
    kept.set_aside_at = None if not kept.set_aside_at or not lost.set_aside_at else kept.set_aside_at
    newest = kept.submissions.filter(quarantine_reasons=[], is_test=False).order_by("-created_at").first()
    if newest is not None:
        kept.take_verdict(newest.assessment.decision)
    kept.save()
