"""What an advisor should know before a conversation, on one page: from the rows as they are at this moment.

Read by the mail to the advisor (`notifications.brief_mails`) and by the lead's page in the admin.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from assessments import services as assessments
from assessments import words as verdicts
from assessments.models import Assessment
from intake.models import Lead, Submission
from notifications import brief_words
from notifications.models import Mail
from scheduling.models import Booking

QUESTIONS = 5
CONTACTS = 10
ASKED = {"cto": "a fractional CTO", "ai": "a fractional AI officer", "both": "both roles"}


@dataclass(frozen=True)
class Brief:
    """Every part in sentences; an empty part has nothing to say."""

    verdict: str
    backing: tuple[str, ...]
    opposing: tuple[str, ...]
    probe: tuple[str, ...]
    message: str
    past: tuple[str, ...]
    questions: tuple[str, ...]


def of(submission: Submission) -> Brief:
    """The brief on an accepted submission; `lead` and `assessment` should be loaded with it."""
    assert submission.lead is not None
    assessment = submission.assessment
    backing, opposing = verdicts.reasons(assessment.decision)
    doubts = [reason for reason in opposing if not reason["weight"]]
    return Brief(
        verdict=_verdict(submission),
        backing=tuple(map(_told, backing)),
        opposing=tuple(_told(reason) for reason in opposing if reason not in doubts),
        probe=(*_asked_otherwise(assessment), *map(_told, doubts)),
        message=submission.message.strip(),
        past=tuple(_past(submission.lead, besides=submission)),
        questions=tuple(islice(dict.fromkeys(_questions(assessment)), QUESTIONS)),
    )


def _verdict(submission: Submission) -> str:
    decision, lead = submission.assessment.decision, submission.lead
    assert lead is not None
    gap = Lead.Gap(decision["gap"]).label
    heavier = decision["primary"] and decision["gap"] == "both"
    parts = [
        f"{gap}, {decision['confidence']}" if decision["gap"] != "unclear" else gap,
        f"heavier on {Lead.Gap(decision['primary']).label}" if heavier else "",
        f"best guess {Lead.Gap(decision['best_guess']).label}" if decision["best_guess"] != decision["gap"] else "",
        f"staff say {lead.get_corrected_gap_display()}" if lead.corrected_gap else "",
    ]
    return "; ".join(filter(None, parts)) + "."


def _told(reason: dict[str, str]) -> str:
    return reason["text"] + (f" “{reason['quote']}”" if reason["quote"] else "")


def _asked_otherwise(assessment: Assessment) -> Iterator[str]:
    asked, gap = assessment.decision["asked_for"] or "", assessment.decision["gap"]
    if asked in ASKED and asked != gap:
        pointing = "points nowhere clearly yet" if gap == "unclear" else f"points to {ASKED[gap]}"
        yield f"They ask for {ASKED[asked]}; what they describe {pointing}. Ask what they expect of that role."


def _questions(assessment: Assessment) -> Iterator[str]:
    """What is open before what is known: contradictions, what would settle it, what they are unsure of, what weighs."""
    decision, answers = assessment.decision, assessment.answers
    if answers.get("no_core_systems") == answers.get("core_systems_work") == "yes":
        yield brief_words.CONTRADICTS
    if decision["gap"] == "both" and not decision["primary"]:
        yield brief_words.EVEN
    known = {reason["signal"] for reason in decision["reasons"] if reason["direction"] == "for"}
    unsure = [key for key, answer in answers.items() if answer == "unsure"]
    words = assessments.wording(assessment.questionnaire_version)
    for key in (*decision["tie_breaks"], *unsure, *sorted(known & {*words}, key=list(words).index)):
        yield brief_words.QUESTIONS.get(key) or brief_words.OF_ITS_OWN.format(words.get(key, key))
    yield brief_words.NOTHING_SAID


# --- past contacts ----------------------------------------------------------------------------------------


def _past(lead: Lead, *, besides: Submission) -> list[str]:
    """What was between us before, newest first."""
    contacts = sorted([*_enquiries(lead, besides), *_conversations(lead), *_mails(lead)], reverse=True)
    return [f"{moment:%Y-%m-%d}: {words}" for moment, words in contacts[:CONTACTS]]


def _enquiries(lead: Lead, besides: Submission) -> Iterator[tuple[datetime, str]]:
    for row in lead.submissions.exclude(pk=besides.pk).select_related("assessment").order_by("-created_at")[:CONTACTS]:
        yield row.created_at, f"another enquiry, judged {Lead.Gap(row.assessment.decision['gap']).label}"


def _conversations(lead: Lead) -> Iterator[tuple[datetime, str]]:
    """Those that were meant to be: a hold that nobody kept is no contact."""
    rows = Booking.objects.filter(submission__lead=lead, confirmed_at__isnull=False).order_by("-starts_at")[:CONTACTS]
    for row in rows.prefetch_related("seats__advisor"):
        yield row.starts_at, f"a conversation with {row.advisor.name}: {row.get_status_display().lower()}"


def _mails(lead: Lead) -> Iterator[tuple[datetime, str]]:
    sent = Mail.objects.filter(lead=lead, status=Mail.Status.SENT, sent_at__isnull=False)
    for row in sent.exclude(kind__in=(Mail.Kind.STAFF, Mail.Kind.BOOKING)).order_by("-sent_at")[:CONTACTS]:
        assert row.sent_at is not None
        yield row.sent_at, f"our mail “{row.subject}”"
    for response in lead.responses.order_by("-responded_at")[:CONTACTS]:
        yield response.responded_at, "they answered"
