"""What happened since the last one, in one mail on the morning of each working day, for who wants no single notes.

Beat asks every few minutes whether a digest is due; then an event says so, once a day, and its delivery sends it. What
stands in it is read from the rows at the moment of sending.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from intake import store
from intake.models import Firm, Lead, Submission
from notifications import colleagues, failures
from notifications.models import NotePreference
from outbox import outbox
from outbox.models import Delivery, Event
from outbox.outbox import News
from scheduling.models import TimeRequest

DUE = "digest.due"
AT = time(8)
WORKING_DAYS = range(5)
SHOWN = 30


def ask(*, now: datetime) -> bool:
    """Says that a digest is due, if it is: after eight on a working day of the firm, and none was today."""
    local = now.astimezone(ZoneInfo(Firm.get().timezone))
    if local.weekday() not in WORKING_DAYS or local.time() < AT or not colleagues.addresses(NotePreference.Mode.DIGEST):
        return False
    today = local.date().isoformat()
    with transaction.atomic():
        last = _last()
        if not store.try_lock("digest", today) or (last and last.data["day"] == today):
            return False
        since = last.occurred_at if last else now - timedelta(days=1)
        outbox.publish(News(type=DUE, data={"day": today, "since": since.isoformat()}), now=now)
        return True


def _last() -> Event | None:
    return Event.objects.filter(type=DUE).order_by("-occurred_at").first()


def send_digest(delivery: Delivery) -> dict[str, int]:
    """The mail itself, to everybody who has chosen it by now; nothing where nothing happened."""
    now = timezone.now()
    text = _text(datetime.fromisoformat(delivery.event.data["since"]), now=now)
    recipients = colleagues.addresses(NotePreference.Mode.DIGEST) if text else []
    subject = f"{Firm.get().name}: what came in"
    return {"digests": colleagues.tell(subject, text, to=recipients, delivery=delivery, now=now)}


def _text(since: datetime, *, now: datetime) -> str:
    parts = [
        _part("New enquiries", _enquiries(since)),
        _part("Waiting for a time", _wishes()),
        _part("Failed for good", failures.lines(since=since, until=now)),
    ]
    return "\n\n".join(filter(None, parts))


def _part(heading: str, lines: list[str]) -> str:
    if not lines:
        return ""
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([f"{heading} ({len(lines)})", "", *(f"- {line}" for line in lines[:SHOWN]), *more])


def _enquiries(since: datetime) -> list[str]:
    rows = Submission.objects.filter(created_at__gt=since, is_test=False, quarantine_reasons=[])
    return [_line(row) for row in rows.select_related("lead", "assessment").order_by("created_at")]


def _line(submission: Submission) -> str:
    lead = submission.lead
    assert lead is not None
    return f"{Lead.Gap(submission.assessment.decision['gap']).label}: {lead.with_company} {lead.desk_url}"


def _wishes() -> list[str]:
    rows = TimeRequest.objects.filter(settled_at=None).select_related("submission__lead").order_by("pk")
    return [f"{row.submission.lead}: {row.submission.lead.desk_url}" for row in rows if row.submission.lead]
