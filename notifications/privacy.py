"""What this room holds about a person: mails, follow-ups, answers, suppressions. Run by `intake.persons`.

After an erasure that was asked for a keyed hash stays, so that nothing is ever mailed there again.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from intake.models import Lead
from intake.persons import Person
from intake.privacy import forget_in_the_log
from notifications import suppressions
from notifications.models import FollowUp, Mail
from notifications.suppressions import Reason, Scope

MODELS = {
    "notifications.Mail": "erased: to them, and about them",
    "notifications.FollowUp": "erased",
    "notifications.Response": "erased with the lead",
    "notifications.Suppression": "kept: a keyed hash",
    "notifications.Template": "holds nobody",
    "notifications.TemplateVersion": "holds nobody",
    "notifications.Sequence": "holds nobody",
    "notifications.Step": "holds nobody",
    "notifications.Endpoint": "holds nobody",
    "notifications.NotePreference": "holds staff",
}
BATCH = 2000


def export(person: Person) -> dict[str, Any]:
    mails = Mail.objects.filter(to__iexact=person.address).order_by("created_at")
    follow_ups = FollowUp.objects.filter(lead=person.lead).select_related("step__sequence") if person.lead else []
    return {
        "mails": [
            {
                "kind": row.kind,
                "subject": row.subject,
                "text": row.text,
                "status": row.status,
                "sent_at": row.sent_at.isoformat() if row.sent_at else None,
            }
            for row in mails
        ],
        "follow_ups": [{"step": str(row.step), "status": row.status, "why": row.reason} for row in follow_ups],
        "no_mails_because": [row.reason for row in suppressions.of(person.address)],
    }


def erase(person: Person, *, now: datetime, asked_for: bool) -> None:
    rows = _about(person)
    person.follows["mails"] = [str(pk) for pk in rows.values_list("pk", flat=True)]
    forget_in_the_log(Mail, person.follows["mails"])
    if person.lead is not None:
        follow_ups = FollowUp.objects.filter(lead=person.lead)
        forget_in_the_log(FollowUp, list(follow_ups.values_list("pk", flat=True)))
        follow_ups.delete()
    rows.delete()
    if asked_for:
        aliases = person.lead.aliases.values_list("email_key", flat=True) if person.lead else []
        for address in (person.address, *aliases):
            suppressions.add(address, Reason.ERASED, Scope.ALL, now=now)


def _about(person: Person) -> QuerySet[Mail]:
    """To them and about them; a digest, or a trial of a reply, tells of them without pointing at them."""
    theirs = Q(to__iexact=person.address)
    if person.lead is not None:
        theirs |= Q(lead=person.lead) | Q(lead=None, text__contains=str(person.lead.pk))
        theirs |= Q(lead=None, delivery__event__data__enquiry__in=[str(pk) for pk in person.submission_ids])
    return Mail.objects.filter(theirs)


# --- two leads that are one person (`intake.merging`) ---------------------------------------------------


def counts(lead: Lead) -> dict[str, int]:
    return {
        "mails": lead.mails.count(),
        "follow-ups": lead.follow_ups.count(),
        "answers": lead.responses.count(),
    }


def obstacles(kept: Lead, lost: Lead) -> list[str]:
    return []


def move(lost: Lead, kept: Lead, *, now: datetime) -> None:
    """Of a step that both have, the kept lead's stands: nobody sees it twice."""
    Status = FollowUp.Status  # noqa: N806
    seen = (Status.PLANNED, Status.SENT, Status.FAILED)
    theirs = kept.follow_ups.filter(status__in=seen).values("step")
    twice = lost.follow_ups.filter(status__in=seen, step__in=theirs)
    twice.update(status=Status.SKIPPED, reason="Merged with another lead that has it, too.", settled_at=now)
    lost.follow_ups.update(lead=kept)
    lost.mails.update(lead=kept)
    lost.responses.update(lead=kept)


def purge(now: datetime) -> dict[str, int]:
    """Mails keep that they were sent, and lose what they said."""
    old = Mail.objects.filter(created_at__lt=now - timedelta(days=settings.RETENTION_DAYS["mail_bodies"]))
    ids = list(old.exclude(text="").values_list("pk", flat=True)[:BATCH])
    Mail.objects.filter(pk__in=ids).update(text="", html="", calendar="")
    return {"mail bodies": len(ids)}
