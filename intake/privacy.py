"""What this room holds about a person: the lead, what they sent, how it was judged. Run by `intake.persons`."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.forms.models import model_to_dict

from assessments.models import Assessment
from intake import addresses, persons
from intake.models import Block, Correction, Lead, Quarantined, Sifting, Submission
from intake.persons import Person

# Each table, and what becomes of a person's rows in it. A test compares this with all tables that there are.
MODELS = {
    "intake.Lead": "erased",
    "intake.LeadAlias": "erased with the lead",
    "intake.Submission": "erased",
    "intake.Correction": "erased with the lead",
    "intake.Quarantined": "erased: enquiries by another name",
    "intake.Sifting": "erased with the enquiry",
    "intake.Block": "erased where it is the person's own address",
    "intake.UsedChallenge": "holds nobody",
    "intake.Erasure": "kept: a keyed hash and the proof of consent",
    "intake.Firm": "holds nobody",
    "intake.Site": "holds nobody",
    "intake.ApiKey": "holds nobody but staff",
    "assessments.Assessment": "erased: answers, evidence with quotes, verdict",
    "assessments.Outcome": "erased with the assessment",
    "assessments.Questionnaire": "holds nobody",
    "assessments.QuestionnaireVersion": "holds nobody",
    "admin.LogEntry": "loses the name of what was changed",
    "auth.User": "holds staff",
    "auth.Group": "holds nobody",
    "auth.Permission": "holds nobody",
    "contenttypes.ContentType": "holds nobody",
    "sessions.Session": "holds staff",
}
BATCH = 500
PERSON_FIELDS = ("name", "email", "company", "role", "phone", "website", "company_size", "timezone", "stage")


def export(person: Person) -> dict[str, Any]:
    rows = Submission.objects.filter(pk__in=person.submission_ids).select_related("assessment").order_by("created_at")
    lead = model_to_dict(person.lead, fields=PERSON_FIELDS) if person.lead else None
    return {"person": lead, "enquiries": [_enquiry(row) for row in rows]}


def _enquiry(row: Submission) -> dict[str, Any]:
    record = row.assessment.decision
    return {
        "id": str(row.id),
        "sent_at": row.created_at.isoformat(),
        "as_received": row.payload,
        "answers": row.assessment.answers,
        "verdict": record,
        "read_in_the_message": row.assessment.evidence,
        "consent": {"follow_up": row.consent_follow_up, "text": row.consent_text, "at": row.created_at.isoformat()},
        "attribution": row.attribution,
        "set_aside_because": row.quarantine_reasons,
        "client_network": row.client_network,
    }


def erase(person: Person, *, now: datetime, asked_for: bool) -> None:
    assessments = _assessments(person)
    Submission.objects.filter(pk__in=person.submission_ids).delete()
    if person.address:
        _unblock(person.address)
    if person.lead is not None:
        Correction.objects.filter(lead=person.lead).delete()
        forget_in_the_log(Lead, [person.lead.pk])
        Lead.objects.filter(pk=person.lead.pk).delete()
    forget_in_the_log(Submission, person.submission_ids)
    # The newest first: each points at the one that it replaced.
    for pk in sorted(assessments, reverse=True):
        Assessment.objects.filter(pk=pk).delete()
    forget_in_the_log(Assessment, assessments)


def _unblock(address: str) -> None:
    rows = Block.objects.filter(kind=Block.Kind.ADDRESS, value=addresses.normalise(address)[1])
    forget_in_the_log(Block, list(rows.values_list("pk", flat=True)))
    rows.delete()


def _assessments(person: Person) -> list[Any]:
    """All verdicts, those that were replaced included."""
    rows = Submission.objects.filter(pk__in=person.submission_ids)
    found = {pk for pair in rows.values_list("assessment", "first_assessment") for pk in pair}
    newer = found
    while newer:
        newer = set(Assessment.objects.filter(next__in=newer).values_list("pk", flat=True)) - found
        found |= newer
    return list(found)


def forget_in_the_log(model: type, ids: list[Any]) -> None:
    """Who did what and when stays; whose name stood on the row does not."""
    kind = ContentType.objects.get_for_model(model)
    rows = LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in ids])
    rows.update(object_repr="(erased)", change_message="")


# --- two leads that are one person (`intake.merging`) ---------------------------------------------------


def counts(lead: Lead) -> dict[str, int]:
    return {"enquiries": lead.submissions.count(), "corrections": lead.corrections.count()}


def obstacles(kept: Lead, lost: Lead) -> list[str]:
    return []


def move(lost: Lead, kept: Lead, *, now: datetime) -> None:
    lost.submissions.update(lead=kept)
    lost.corrections.update(lead=kept)


# --- what has outlived its time -------------------------------------------------------------------------


def purge(now: datetime) -> dict[str, int]:
    return {
        "quarantined": _purge_quarantined(now),
        "people": _purge_people(now),
        "idempotency keys": Submission.objects.filter(
            idempotency_key__isnull=False, created_at__lt=_before("idempotency", now)
        ).update(idempotency_key=None),
        "client addresses": Submission.objects.filter(created_at__lt=_before("client_addresses", now))
        .exclude(client_network="")
        .update(client_network=""),
    }


def _before(name: str, now: datetime) -> datetime:
    return now - timedelta(days=settings.RETENTION_DAYS[name])


def _purge_quarantined(now: datetime) -> int:
    """What was set aside so long ago, and the people of whom nothing else was ever there.

    Staff who put something there have as long to think better of it.
    """
    before = _before("quarantined", now)
    recent = Sifting.objects.filter(submission=OuterRef("pk"), at__gte=before)
    old = Quarantined.objects.filter(~Exists(recent), created_at__lt=before).order_by("created_at")
    rows = dict(old.values_list("pk", "lead")[:BATCH])
    with transaction.atomic():
        erase(Person("", None, list(rows)), now=now, asked_for=False)
    for lead in Lead.objects.filter(pk__in=set(rows.values()) - {None}, submissions=None):
        persons.erase(persons.of_lead(lead), now=now, asked_for=False)
    return len(rows)


def _purge_people(now: datetime) -> int:
    """Who became no client, and of whom nothing was heard for so long; never somebody with a conversation ahead."""
    ahead = Submission.objects.filter(
        lead=OuterRef("pk"), bookings__ends_at__gt=now, bookings__status__in=("tentative", "confirmed")
    )
    old = Lead.objects.filter(last_activity_at__lt=_before("people", now)).exclude(stage=Lead.Stage.WON)
    rows = list(old.exclude(Exists(ahead)).order_by("last_activity_at")[:BATCH])
    for lead in rows:
        persons.erase(persons.of_lead(lead), now=now, asked_for=False)
    return len(rows)
