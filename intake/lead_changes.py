"""What a program of the staff changes about a lead: stage, owner and gap, all of it or nothing.

Comes after `intake.leads_api`; each change goes the same road as a button of the desk (`intake.services`,
`intake.corrections`), and stands in the lead's history under the name of the key.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import models, transaction

from intake import services
from intake.corrections import correct_gap
from intake.models import ApiKey, Lead


def change(
    lead_id: uuid.UUID, changes: dict[str, Any], *, unless: Callable[[], None], by: ApiKey, now: datetime
) -> None:
    """`changes` has any of `stage`, `owner`, `gap` (empty: the judge's again) and the `reason` for the gap.

    `unless` is called once nobody else can change the lead, and raises where it must stay. Raises Lead.DoesNotExist.
    """
    with transaction.atomic():
        lead = Lead.objects.select_for_update(no_key=True).get(pk=lead_id)
        unless()
        done = [*_owned(lead, changes), *_moved(lead, changes, now=now), *_corrected(lead, changes, by=by, now=now)]
        note(lead, done, by=by)


def _owned(lead: Lead, changes: dict[str, Any]) -> list[str]:
    if "owner" not in changes or lead.owner == changes["owner"]:
        return []
    lead.owner = changes["owner"]
    lead.save(update_fields=["owner"])
    return [f"gave it to {lead.owner}" if lead.owner else "took the owner away"]


def _moved(lead: Lead, changes: dict[str, Any], *, now: datetime) -> list[str]:
    if changes.get("stage", lead.stage) == lead.stage:
        return []
    services.change_stage(lead, changes["stage"], now=now)
    return [f"moved to {lead.stage}"]


def _corrected(lead: Lead, changes: dict[str, Any], *, by: ApiKey, now: datetime) -> list[str]:
    if "gap" not in changes:
        return []
    gap, reason = changes["gap"], f"{changes['reason']} (by the API key “{by.name}”)".strip()
    if not correct_gap(lead, gap, reason=reason, by=None, now=now):
        return []
    return [f"corrected the gap to {gap}" if gap else "took the correction of the gap back"]


def note(row: models.Model, done: list[str], *, by: ApiKey) -> None:
    """In the history at the desk, which names a person: whoever made the key. One made by a command has nobody."""
    if by.created_by_id is None:
        return
    for what in done:
        said = f"{what}, by the API key “{by.name}”"
        LogEntry.objects.log_actions(by.created_by_id, [row], CHANGE, change_message=said, single_object=True)
