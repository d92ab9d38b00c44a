"""What an event about a lead says: the one place that builds the data of `lead.*` and `booking.*`.

Called by services here and in scheduling, inside their transaction; the outbox stores it, webhooks and the
feed read it. Never in it: the message, quotes, the visitor's token and links.
"""

from dataclasses import fields
from datetime import datetime
from typing import Any

from assessments.models import Assessment
from assessments.telling import Reason
from intake import store
from intake.belief import believed
from intake.models import Lead, Submission
from outbox import outbox
from outbox.outbox import News


def publish(
    type_: str, *, submission: Submission, now: datetime, booking: dict[str, Any] | None = None, **more: Any
) -> None:
    """Publishes one event about a stored lead. Raises RuntimeError outside of a transaction."""
    assert submission.lead is not None
    sequence = store.next_event_number(submission.lead.id)
    news = about(type_, submission=submission, lead=submission.lead, sequence=sequence, booking=booking, **more)
    outbox.publish(news, now=now)


def about(
    type_: str,
    *,
    submission: Submission,
    lead: Lead,
    sequence: int,
    booking: dict[str, Any] | None = None,
    **more: Any,
) -> News:
    """The event as it stands at this moment."""
    data = {
        "lead": lead_data(lead, submission),
        "submission": {"id": str(submission.id), "created_at": instant(submission.created_at)},
        "assessment": assessment_data(submission.assessment, with_quotes=False),
        "intent": submission.assessment.decision["intent"],
        "booking": booking,
        "sequence": sequence,
        "admin_url": lead.desk_url,
        **({"is_test": True} if submission.is_test else {}),
        **more,
    }
    return News(type=type_, data=data, subject=lead.id, sequence=sequence)


def quarantined(submission: Submission) -> News:
    """All that anybody is told about a submission that was set aside: nothing a stranger typed."""
    data = {
        "id": str(submission.id),
        "created_at": instant(submission.created_at),
        "reasons": submission.quarantine_reasons,
    }
    return News(type="submission.quarantined", data={"submission": data})


def lead_data(lead: Lead, submission: Submission) -> dict[str, Any]:
    """The person as seen from one submission; gap, primary and engagement are those that the house goes by."""
    judged = {"gap": lead.gap, "primary": lead.primary, "engagement": lead.engagement}
    belief = believed(lead.corrected_gap, judged, company_size=submission.company_size or lead.company_size)
    return {
        "id": str(lead.id),
        "email": lead.email,
        "name": lead.name,
        "company": lead.company,
        "stage": str(lead.stage),
        **belief._asdict(),
        "asked_for": submission.assessment.decision["asked_for"],
    }


PUBLIC_KEYS = (
    "gap", "primary", "engagement", "confidence", "margin", "scores", "asked_for", "ruleset", "reasons",
    "would_change", "tie_breaks",
)  # fmt: skip


REASON_KEYS = tuple(field.name for field in fields(Reason))


def assessment_data(assessment: Assessment, *, with_quotes: bool = True) -> dict[str, Any]:
    """The decision record as others may read it: without intent and best guess, quotes only for the person.

    Always in the same order, so that it is the same bytes whether it was just made or comes from the table:
    jsonb does not keep the order of keys.
    """
    record = {key: assessment.decision[key] for key in PUBLIC_KEYS}
    record["scores"] = {side: record["scores"][side] for side in ("cto", "ai")}
    record["reasons"] = [{key: reason[key] for key in REASON_KEYS} for reason in record["reasons"]]
    if not with_quotes:
        record["reasons"] = [{**reason, "quote": None} for reason in record["reasons"]]
    return record


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_or_none(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None
