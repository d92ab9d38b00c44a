"""Sends a follow-up, or does not: decided from the present state, at the moment of sending.

Comes after `notifications.sequences`, which planned it; `notifications.stops` decides, `notifications.mails`
sends. Whatever comes out is written on the row in words that staff can read.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from intake import events, store
from intake.models import Lead
from notifications import compose, facts, mails, replies, stops, unsubscribing
from notifications.mails import Letter
from notifications.models import FollowUp, Mail
from notifications.sequences import TASK
from outbox import outbox
from outbox.models import Delivery
from outbox.outbox import News
from outbox.retry import DeliveryError, Postponed
from scheduling import bookings

Status = FollowUp.Status
LOOKS_BACK = timedelta(days=1)
TWICE = "They had this mail already; each is sent once."


def send_follow_up(delivery: Delivery) -> dict[str, str]:
    """The follow-up that the delivery is for. Raises Postponed where it has to wait, DeliveryError where it failed."""
    now = timezone.now()
    follow_up = planned(delivery.target)
    if follow_up is None:
        return {"skipped": "Erased."}
    if follow_up.status not in FollowUp.OPEN:
        return {"skipped": follow_up.reason}
    mail = Mail.objects.filter(delivery=delivery, status=Mail.Status.SENT).first()
    if mail is not None:  # sent by a try that died before it could say so
        return _settle_sent(follow_up, mail)
    decision = stops.decide(facts.gather(follow_up, now=now, delivery=delivery))
    if isinstance(decision, stops.Wait):
        FollowUp.objects.filter(pk=follow_up.pk).update(due_at=decision.until, reason=decision.reason)
        raise Postponed(decision.until, decision.reason)
    if isinstance(decision, stops.Send):
        return _send(follow_up, delivery, now=now)
    return _settle_unsent(follow_up, delivery, decision, now=now)


def planned(id_: str) -> FollowUp | None:
    return _complete().filter(pk=id_).first()


def _complete() -> QuerySet[FollowUp]:
    return FollowUp.objects.select_related("lead", "submission__assessment", "submission__lead", "step__sequence")


def _send(follow_up: FollowUp, delivery: Delivery, *, now: datetime) -> dict[str, str]:
    try:
        mail = mails.send(letter(follow_up, now=now), delivery=delivery, now=now)
    except DeliveryError as error:
        if error.permanent or outbox.is_last_try(delivery):
            _settle_failed(follow_up, str(error), now=now)
        raise
    if mail.status == Mail.Status.WITHHELD:  # suppressed since the decision
        return _settle_unsent(follow_up, delivery, stops.Stop(mail.reason), now=now)
    return _settle_sent(follow_up, mail)


def letter(follow_up: FollowUp, *, now: datetime) -> Letter:
    """The words of the step as they are now, with what is true now."""
    lead, submission, step = follow_up.lead, follow_up.submission, follow_up.step
    booking = bookings.open_booking(submission, now=now)
    values = replies.reply_values(submission, booking, now=now)
    text, html = compose.fill(step.body, values)
    advisor = replies.advisor_of(submission, booking)
    unsubscribe_url = unsubscribing.url(lead, step.sequence)
    return Letter(
        kind=Mail.Kind.SEQUENCE,
        to=lead.email,
        subject=compose.fill_line(step.subject, values),
        text=text,
        html=html,
        reply_to=advisor.email if advisor else "",
        lead=lead,
        headers={
            "List-Id": f"<follow-ups.{mails.domain()}>",
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            **_thread(follow_up),
        },
        sequence=step.sequence,
        unsubscribe_url=unsubscribe_url,
    )


def _thread(follow_up: FollowUp) -> dict[str, str]:
    """So that mail programs show it under the reply to the same enquiry."""
    sent = Mail.objects.filter(lead=follow_up.lead, status=Mail.Status.SENT)
    reply = sent.filter(kind=Mail.Kind.REPLY, delivery__event__data__submission__id=str(follow_up.submission_id))
    earlier = sent.filter(follow_up__submission=follow_up.submission_id)
    ids = list((reply | earlier).order_by("sent_at").values_list("message_id", flat=True))
    return {"In-Reply-To": ids[-1], "References": " ".join(ids)} if ids else {}


# --- settled --------------------------------------------------------------------------------------------


def _settle_sent(follow_up: FollowUp, mail: Mail) -> dict[str, str]:
    """It has gone out, whatever else was decided in the meantime."""
    assert mail.sent_at is not None
    with transaction.atomic():
        _lock(follow_up)
        twins = FollowUp.objects.filter(lead=follow_up.lead, step=follow_up.step, status__in=FollowUp.OPEN)
        twins.exclude(pk=follow_up.pk).update(status=Status.SKIPPED, reason=TWICE, settled_at=mail.sent_at)
        changes = {"status": Status.SENT, "reason": "", "settled_at": mail.sent_at, "mail": mail}
        if FollowUp.objects.filter(pk=follow_up.pk).exclude(status=Status.SENT).update(**changes):
            _tell("follow_up.sent", follow_up, sent_at=mail.sent_at, now=mail.sent_at)
    return {"mail": str(mail.id), "status": str(mail.status)}


def _settle_failed(follow_up: FollowUp, error: str, *, now: datetime) -> None:
    changes = {"status": Status.FAILED, "reason": error[:300], "settled_at": now}
    with transaction.atomic():
        _lock(follow_up)
        if FollowUp.objects.filter(pk=follow_up.pk, status__in=FollowUp.OPEN).update(**changes):
            _tell("follow_up.failed", follow_up, error=error[:300], now=now)


def _settle_unsent(
    follow_up: FollowUp, delivery: Delivery, decision: stops.Stop | stops.Skip, *, now: datetime
) -> dict[str, str]:
    """Skipped alone, or stopped with the rest of its series."""
    stopped = isinstance(decision, stops.Stop)
    status = Status.STOPPED if stopped else Status.SKIPPED
    ends = Q(pk=follow_up.pk, status__in=FollowUp.OPEN)
    if stopped:
        series = {"started_at": follow_up.started_at, "step__sequence": follow_up.step.sequence}
        ends |= Q(lead=follow_up.lead, status=Status.PLANNED, **series)
    with transaction.atomic():
        FollowUp.objects.filter(ends).update(status=status, reason=decision.reason, settled_at=now)
        # What an earlier try had begun to send is not going to be.
        begun = Mail.objects.filter(delivery=delivery, status=Mail.Status.PENDING)
        begun.update(status=Mail.Status.WITHHELD, reason=decision.reason)
    return {str(status): decision.reason}


def settle_lost(*, now: datetime) -> int:
    """Tells of follow-ups whose last try died with its worker: their delivery failed, and nobody was there to say so.

    Run by beat; says how many there were.
    """
    failed = Delivery.objects.filter(task=TASK, status=Delivery.Status.FAILED, settled_at__gt=now - LOOKS_BACK)
    errors = dict(failed.values_list("target", "last_error"))
    lost = _complete().filter(pk__in=list(errors), status=Status.PLANNED)
    for row in lost:
        _settle_failed(row, errors[str(row.pk)], now=now)
    return len(lost)


def _lock(follow_up: FollowUp) -> None:
    """The lead first, as in every act on a person."""
    Lead.objects.select_for_update(no_key=True).filter(pk=follow_up.lead_id).first()


def _tell(type_: str, follow_up: FollowUp, *, now: datetime, sent_at: datetime | None = None, error: str = "") -> None:
    lead, submission = follow_up.lead, follow_up.submission
    sequence = store.next_event_number(lead.pk)
    data = {
        "lead": events.lead_data(lead, submission),
        "follow_up": {
            "id": str(follow_up.pk),
            "step": str(follow_up.step),
            "sent_at": events.instant_or_none(sent_at),
            "error": error or None,
        },
        "sequence": sequence,
        "admin_url": lead.desk_url,
    }
    outbox.publish(News(type=type_, data=data, subject=lead.pk, sequence=sequence), now=now)
