"""What an event starts: one row for each step, with its due time, and one delivery for each row.

Comes after `outbox.publish` (routes of OUTBOX_ROUTES) and before `notifications.follow_ups`, which decides at
that time whether the mail goes out. Waiting is a due time in PostgreSQL.
"""

from datetime import datetime, timedelta

from django.db import transaction

from intake import services as intake
from intake.models import Lead, Submission
from notifications import facts, stops
from notifications.models import FollowUp, Sequence, Step
from notifications.step_words import DEFAULTS
from outbox import outbox
from outbox.models import Delivery, Event
from scheduling.models import Booking

TASK = "notifications.send_follow_up"
ANEW = "The series started anew."
Status = FollowUp.Status


def start_sequences(delivery: Delivery) -> dict[str, int | str]:
    """Plans what the event starts. Running twice plans nothing twice."""
    event = delivery.event
    submission = intake.of_event(event)
    if submission is None or submission.is_test:
        return {"skipped": "Erased, or a test."}
    if not _starts(event):
        return {"skipped": "Staff cancelled it, or it had never been confirmed."}
    with transaction.atomic():
        # One start of a person at a time: each looks at what the others have planned.
        submission.lead = Lead.objects.select_for_update(no_key=True).get(submissions=submission)
        planned = [_plan(step, event, submission) for step in _steps(event)]
    return {"planned": sum(planned)}


def _starts(event: Event) -> bool:
    """A conversation that fell through only where it had been confirmed, and where the prospect let it go."""
    if event.type != Sequence.Start.CANCELLED:
        return True
    confirmed = Booking.objects.filter(pk=event.data["booking_id"], confirmed_at__isnull=False)
    return event.data.get("by") != "staff" and confirmed.exists()


def _steps(event: Event) -> list[Step]:
    """Those that were switched on when it happened: switching one on never mails the past."""
    rows = Step.objects.filter(
        sequence__starts_on=event.type,
        sequence__active_since__lte=event.occurred_at,
        active_since__lte=event.occurred_at,
    )
    return list(rows.select_related("sequence"))


def _plan(step: Step, event: Event, submission: Submission) -> bool:
    if FollowUp.objects.filter(event=event, step=step).exists():
        return False
    row = FollowUp(
        lead=submission.lead,
        submission=submission,
        step=step,
        event=event,
        started_at=event.occurred_at,
        due_at=due_at(step, event.occurred_at, submission),
    )
    row.status, row.reason = _begin(row)
    if row.status != Status.PLANNED:
        row.settled_at = row.started_at
    row.save(force_insert=True)
    if row.status != Status.PLANNED:
        return False
    target = str(row.pk)
    outbox.add_deliveries(event, task=TASK, targets=[target], now=event.occurred_at, due={target: row.due_at})
    return True


def due_at(step: Step, started_at: datetime, submission: Submission) -> datetime:
    delay = timedelta(hours=step.delay_hours)
    zone = facts.zone_of(submission)
    return stops.plan(started_at, delay=delay, in_the_morning=step.in_the_morning, zone=zone)


def _begin(row: FollowUp) -> tuple[FollowUp.Status, str]:
    """How the row begins: planned, or settled at once where the mail will never go out."""
    others = FollowUp.objects.filter(lead=row.lead, step=row.step)
    sent = others.filter(status=Status.SENT).first()
    if sent is not None:
        return Status.SKIPPED, f"They had this mail on {sent.settled_at:%Y-%m-%d}; each is sent once."
    if others.filter(started_at__gt=row.started_at).exists():
        return Status.STOPPED, ANEW
    others.filter(status__in=FollowUp.OPEN).update(status=Status.STOPPED, reason=ANEW, settled_at=row.started_at)
    if not row.submission.consent_follow_up or not facts.is_prospect(row.submission):
        return Status.STOPPED, stops.what_stops(facts.gather(row, now=row.started_at))
    return Status.PLANNED, ""


def load_defaults(*, now: datetime) -> None:
    """The series of an installation that has none of that name. What staff changed, or switched off, stays."""
    for words in DEFAULTS:
        sequence, is_new = Sequence.objects.get_or_create(
            key=words.key, defaults={"name": words.name, "starts_on": words.starts_on, "active_since": now}
        )
        if is_new:
            Step.objects.bulk_create(
                Step(sequence=sequence, position=position, active_since=now, **vars(step))
                for position, step in enumerate(words.steps, start=1)
            )
