"""What `notifications.stops` decides by, read from the rows as they are at this moment."""

from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.db.models.functions import Coalesce

from assessments.services import is_surely_prospect
from intake.models import Firm, Lead, Submission
from notifications import mails, suppressions
from notifications.models import FollowUp
from notifications.stops import ENQUIRY, Facts
from outbox.models import Delivery
from scheduling.models import Booking

Status = Booking.Status


class Conversations(TypedDict):
    is_booked: bool
    has_met: bool


def gather(follow_up: FollowUp, *, now: datetime, delivery: Delivery | None = None) -> Facts:
    """The facts about one follow-up. `delivery` is the one that is running: its own mail does not count against it."""
    lead, submission, step = follow_up.lead, follow_up.submission, follow_up.step
    return Facts(
        now=now,
        zone=zone_of(submission),
        due_at=follow_up.due_at,
        starts_on=step.sequence.starts_on,
        stage=lead.stage,
        consent=submission.consent_follow_up,
        is_prospect=is_prospect(submission),
        is_test=submission.is_test,
        is_quarantined=submission.is_quarantined,
        suppressed=suppressions.against(lead.email, sequence=step.sequence),
        has_replied=lead.responses.filter(responded_at__gte=follow_up.started_at).exists(),
        is_superseded=step.sequence.starts_on == ENQUIRY and _has_enquired_again(submission),
        is_switched_on=_is_switched_on(follow_up),
        last_mail_at=_last_mail_at(lead, delivery),
        **_conversations(lead, since=follow_up.started_at, now=now),
    )


def zone_of(submission: Submission) -> ZoneInfo:
    """The prospect's zone; the firm's where they named none."""
    assert submission.lead is not None
    return ZoneInfo(submission.timezone or submission.lead.timezone or Firm.get().timezone)


def is_prospect(submission: Submission) -> bool:
    return is_surely_prospect(submission.assessment)


def _conversations(lead: Lead, *, since: datetime, now: datetime) -> Conversations:
    """Of any enquiry of this person: whoever books under another link has booked."""
    rows = Booking.objects.filter(submission__lead=lead).only("status", "ends_at", "confirmed_at")
    over = [row for row in rows if row.ends_at >= since and (row.status == Status.COMPLETED or _is_over(row, now))]
    ahead = [row for row in rows if row.status == Status.CONFIRMED and row.ends_at > now]
    # Also where it was cancelled since: what follows from that is another series.
    lately = [row for row in rows if row.confirmed_at and row.confirmed_at > since]
    return {"is_booked": bool(ahead or lately), "has_met": bool(over)}


def _is_over(booking: Booking, now: datetime) -> bool:
    """Confirmed and past: nobody has said yet how it went, and it is no time for a reminder to book."""
    return booking.status == Status.CONFIRMED and booking.ends_at <= now


def _has_enquired_again(submission: Submission) -> bool:
    later = Submission.objects.filter(lead=submission.lead_id, created_at__gt=submission.created_at, is_test=False)
    return later.exists()


def _is_switched_on(follow_up: FollowUp) -> bool:
    """All the while since the start: what was switched off and on again takes new people only."""
    since = (follow_up.step.active_since, follow_up.step.sequence.active_since)
    return all(moment is not None and moment <= follow_up.started_at for moment in since)


def _last_mail_at(lead: Lead, delivery: Delivery | None) -> datetime | None:
    others = mails.unasked(lead.email).exclude(delivery=delivery) if delivery else mails.unasked(lead.email)
    last: datetime | None = others.aggregate(last=Max(Coalesce("sent_at", "created_at")))["last"]
    return last
