"""Notes to staff about an enquiry: a new one, one that nobody is free for, or one that asks for a time in words."""

from typing import Any

from django.utils import timezone

from assessments.evidence import PROSPECT
from intake import services as intake
from intake.models import Submission
from notifications import colleagues, mails
from notifications.mails import Letter
from notifications.models import Mail
from outbox.models import Delivery
from scheduling import wishes
from scheduling.models import TimeRequest


def send_staff_note(delivery: Delivery) -> dict[str, int]:
    """Tells staff about a new enquiry, that nobody is free for one, or that a time is asked for."""
    submission = intake.of_event(delivery.event)
    if submission is None or submission.is_test:
        return {"notes": 0}
    wish = wishes.open_wish(submission)
    if delivery.event.type == wishes.TOLD and wish is None:
        return {"notes": 0}  # settled since
    recipients = colleagues.addresses()
    letters = [_note(submission, delivery.event.type, address, wish=wish) for address in recipients]
    mails.send_all(letters, delivery=delivery, now=timezone.now())
    return {"notes": len(recipients)}


SUBJECTS = {"booking.unavailable": "Nobody is free for a lead", wishes.TOLD: "A time is asked for"}


def _note(submission: Submission, event_type: str, address: str, *, wish: TimeRequest | None) -> Letter:
    lead, decision = submission.lead, submission.assessment.decision
    assert lead is not None
    subject = SUBJECTS.get(event_type, "New enquiry")
    gap = dict(lead.Gap.choices)[decision["gap"]]
    stranger = decision["intent"] != PROSPECT
    lines = [
        *(["They ask for a time:", "", wish.wish, ""] if wish and event_type == wishes.TOLD else []),
        *([f"Writes as: {decision['intent'].replace('_', ' ')}, so no time is held"] if stranger else []),
        f"Gap: {gap} ({decision['confidence']}), asked for: {decision['asked_for'] or 'nothing in particular'}",
        f"Name: {lead.name}",
        f"Company: {lead.company or '-'} ({submission.company_size or 'size not given'})",
        f"Address: {lead.email}",
        "",
        *[f"- {reason['text']}{_quoted(reason)}" for reason in decision["reasons"]],
        "",
        *(["They wrote:", "", submission.message, ""] if submission.message.strip() else []),
        lead.desk_url,
    ]
    return Letter(kind=Mail.Kind.STAFF, to=address, subject=f"{subject}: {gap}", text="\n".join(lines), lead=lead)


def _quoted(reason: dict[str, Any]) -> str:
    return f" “{reason['quote']}”" if reason["quote"] else ""
