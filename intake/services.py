"""What can happen to an enquiry: it is received (once), its token opens it, staff move the lead.

Comes after the door (`intake.api`) and before the outbox: one short transaction stores the person, the
submission and the verdict, and publishes what has to follow.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet

from assessments import services as assessments
from assessments.models import Assessment, QuestionnaireVersion
from intake import addresses, events, looks, store, suspicion, volume
from intake.looks import Sender
from intake.models import ApiKey, Lead, Site, Submission, signer
from intake.networks import network_of
from outbox import outbox
from outbox.models import Event
from outbox.outbox import News

KEY_LIFE = timedelta(hours=24)
TOKEN_LIFE = timedelta(days=180)
# Without a key, the same person with the same content within this time is one submission: a double click, a retry.
SAME_WITHIN = timedelta(minutes=10)
PUBLIC = "public"  # the scope of who has no key
OF_THE_FORM = ("form_token", "altcha")


class InFlight(Exception):
    """The first request with this idempotency key is still running."""


class KeyReused(Exception):
    """This idempotency key came with other fields before."""


@dataclass(frozen=True)
class Enquiry:
    """A validated enquiry: the fields of `SubmissionFields`, all parsed fields as they came, and what they answer."""

    fields: dict[str, Any]
    payload: dict[str, Any]
    version: QuestionnaireVersion
    client: str = ""  # the address that it came from
    site: Site | None = None
    is_keyed: bool = False  # a server posts it for its visitor, with a key of ours

    @property
    def fingerprint(self) -> str:
        """Of the parsed fields, so that a retry with another multipart boundary is the same request.

        Without what a form gets anew each time it is shown.
        """
        lasting = {name: value for name, value in self.payload.items() if name not in OF_THE_FORM}
        canonical = json.dumps(lasting, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def is_test(self) -> bool:
        return self.fields["test"] or (self.site is not None and self.site.test_mode)


@dataclass(frozen=True)
class Receipt:
    """The stored submission, and whether this request stored it or an earlier one with the same key."""

    submission: Submission
    is_replay: bool = False


def receive_submission(enquiry: Enquiry, *, key: str | None, scope: str, now: datetime) -> Receipt:
    """Judges and stores one enquiry, at most once per key.

    Raises InFlight or KeyReused, with nothing stored.
    """
    fields = enquiry.fields
    given = {name: fields[name] for name in ("answers", "message", "company_size", "asked_for")}
    judgement = assessments.assess(enquiry.version, **given)
    sender = _sender(enquiry)
    counted = _counted(enquiry, sender)
    before = volume.seen(**counted)
    with transaction.atomic():
        earlier = _earlier(enquiry, scope=scope, key=key, now=now) if key else _twin(enquiry, now=now)
        if earlier:
            return Receipt(earlier, is_replay=True)
        assessment = assessments.keep(judgement, now=now)
        submission = _submission(enquiry, assessment, now=now)
        submission.idempotency_scope, submission.idempotency_key = scope, key
        facts = looks.facts(fields, sender, before=before, intent=judgement.decision.intent, now=now)
        submission.quarantine_reasons = suspicion.reasons(facts)
        _store(submission, person(fields, assessment.decision), now=now)
    volume.note(**counted)
    return Receipt(submission)


def _sender(enquiry: Enquiry) -> Sender:
    # A form of a server's own is none that a visitor could have solved a task for.
    has_to_solve = enquiry.site is not None and enquiry.site.proof_of_work and not enquiry.is_keyed
    return Sender(enquiry.client, addresses.normalise(enquiry.fields["email"])[1], has_to_solve=has_to_solve)


def _counted(enquiry: Enquiry, sender: Sender) -> dict[str, str]:
    """Whose enquiries are counted together: a server that posts for its visitors is nobody, unless it names them."""
    client = enquiry.fields.get("client_ip", "") if enquiry.is_keyed else sender.client
    return {"client": client, "email_key": sender.email_key}


def _earlier(enquiry: Enquiry, *, scope: str, key: str, now: datetime) -> Submission | None:
    """The submission that this key made before, if it is younger than a day."""
    if not store.try_lock("submission", scope, key):
        raise InFlight
    earlier = (
        Submission.objects.select_related("first_assessment")
        .filter(idempotency_scope=scope, idempotency_key=key)
        .first()
    )
    if earlier is None:
        return None
    if earlier.created_at <= now - KEY_LIFE:
        Submission.objects.filter(pk=earlier.pk).update(idempotency_key=None)
        return None
    if earlier.fingerprint != enquiry.fingerprint:
        raise KeyReused
    return earlier


def _twin(enquiry: Enquiry, *, now: datetime) -> Submission | None:
    """What somebody sent a moment ago, to the letter: a second click waits for the first, and gets its answer."""
    store.lock("twin", enquiry.fingerprint)
    rows = Submission.objects.select_related("first_assessment").order_by("created_at")
    return rows.filter(fingerprint=enquiry.fingerprint, created_at__gt=now - SAME_WITHIN).first()


def scope_of(site: Site | None, key: ApiKey | None) -> str:
    """Within which idempotency keys are one another's: those of a server with a key, or of a site, are its own."""
    if key is not None:
        return f"key:{key.pk}"
    return f"site:{site.pk}" if site else PUBLIC


def _store(submission: Submission, person: Lead, *, now: datetime) -> None:
    """Writes the rows and publishes; a quarantined submission makes no lead and causes nothing."""
    if submission.is_quarantined:
        submission.save(force_insert=True)
        outbox.publish(events.quarantined(submission), now=now)
    else:
        accept(submission, person, now=now)


def accept(submission: Submission, person: Lead, *, now: datetime) -> None:
    """The submission belongs to a lead from here on, and everything that follows from that is published."""
    submission.lead, is_new = store.upsert_lead(person, now=now, is_test=submission.is_test)
    submission.save(force_insert=submission._state.adding)
    number = submission.lead.event_sequence
    news = [events.about("lead.assessed", submission=submission, lead=submission.lead, sequence=number)]
    if is_new:
        news.insert(0, events.about("lead.created", submission=submission, lead=submission.lead, sequence=number - 1))
    outbox.publish(*news, now=now)


def person(fields: dict[str, Any], decision: Mapping[str, Any]) -> Lead:
    """A lead as the fields of `PersonFields` and the decision on it make one; not stored."""
    email, email_key = addresses.normalise(fields["email"])
    said = {name: fields[name] for name in ("name", "company", "role", "phone", "website", "company_size", "timezone")}
    lead = Lead(email=email, email_key=email_key, **said)
    lead.take_verdict(decision)
    return lead


def _submission(enquiry: Enquiry, assessment: Assessment, *, now: datetime) -> Submission:
    fields = enquiry.fields
    consent = fields.get("consent") or {}
    return Submission(
        assessment=assessment,
        first_assessment=assessment,
        **{
            name: fields[name]
            for name in ("message", "asked_for", "company_size", "timezone", "language", "hold", "attribution")
        },
        preferred_start=[moment.isoformat() for moment in fields["preferred_start"]],
        consent_follow_up=consent.get("follow_up", False),
        consent_text=consent.get("text", ""),
        payload=enquiry.payload,
        is_test=enquiry.is_test,
        site=enquiry.site,
        client_network=network_of(enquiry.client),
        fingerprint=enquiry.fingerprint,
        created_at=now,
        last_activity_at=now,
    )


def judged() -> QuerySet[Assessment]:
    """The current judgements of what was accepted, newest submission first; no tests, nothing in quarantine."""
    accepted = Assessment.objects.filter(submission__quarantine_reasons=[], submission__is_test=False)
    return accepted.order_by("-submission__created_at")


def of_event(event: Event) -> Submission | None:
    """The submission that an event tells of, with its lead and verdict; None once it was erased or set aside."""
    known = Submission.objects.select_related("lead", "assessment").filter(lead__isnull=False, quarantine_reasons=[])
    about = event.data.get("submission")  # an event of somebody who was erased keeps nothing but its type
    return known.filter(pk=about["id"]).first() if about else None


def locked(submission: Submission) -> Submission:
    """As it stands now, until the transaction ends: two changes at once are made one after the other.

    The person first, as wherever a booking changes. Locked before it is read: who waited for the lock would look for
    the verdict of before, and find no row.
    """
    Lead.objects.select_for_update(no_key=True, of=("self",)).filter(submissions=submission.pk).first()
    Submission.objects.select_for_update(no_key=True).only("pk").get(pk=submission.pk)
    rows = Submission.objects.select_related("assessment__questionnaire_version__questionnaire", "lead")
    return rows.get(pk=submission.pk)


def lead_of(address: str) -> Lead | None:
    """The lead with this address, however it is spelt, or the one that it was merged into; None for no address."""
    try:
        key = addresses.normalise(address)[1]
    except ValueError:
        return None
    return Lead.objects.filter(Q(email_key=key) | Q(aliases__email_key=key)).first()


# --- the token ------------------------------------------------------------------------------------------


def by_token(token: str, *, now: datetime) -> Submission | None:
    """The submission that a token opens. Expired, foreign and mistyped ones all give None."""
    try:
        submission_id = uuid.UUID(hex=signer().unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return (
        Submission.objects.select_related("assessment", "first_assessment", "lead")
        .filter(pk=submission_id, last_activity_at__gt=now - TOKEN_LIFE)
        .first()
    )


def note_activity(submission: Submission, *, now: datetime) -> None:
    """An act of the token's holder: the token lives on from here."""
    Submission.objects.filter(pk=submission.pk).update(last_activity_at=now)
    Lead.objects.filter(submissions=submission.pk).update(last_activity_at=now)


def ask_for_mailbox_link(submission: Submission, *, now: datetime) -> None:
    """Has a link mailed to the person's own address that opens everything that is held about them.

    Whether one is due is decided when it is sent: the answer to whoever asks is always the same.
    """
    if submission.lead_id is None:
        return
    data = {"submission": {"id": str(submission.id)}}
    with transaction.atomic():
        outbox.publish(News(type="mailbox_link.asked", data=data), now=now)


# --- staff ----------------------------------------------------------------------------------------------


def change_stage(lead: Lead, stage: str, *, now: datetime) -> None:
    """Staff move the lead, and it is told. Raises StaleTransition where it stands elsewhere by now."""
    with transaction.atomic():
        before = lead.move_to(stage)
        submission = lead.submissions.select_related("assessment", "lead").order_by("-created_at").first()
        if submission is not None:
            tell_stage(submission, before=before, now=now)


def tell_stage(submission: Submission, *, before: str, now: datetime, booking: dict[str, Any] | None = None) -> None:
    """Publishes that the lead of this submission has moved to the stage where it now stands."""
    assert submission.lead is not None
    more: dict[str, Any] = {"from": before, "to": submission.lead.stage}
    events.publish("lead.stage_changed", submission=submission, now=now, booking=booking, **more)
