"""What staff do with enquiries that look like spam: release, reject, set aside what was accepted; each can be undone.

Each act is one short transaction for one submission, so that one that fails among many loses the others nothing, and
False where somebody else was faster. Called by `intake.quarantine_desk`. Released, an enquiry takes the whole road as
if it had come now; scheduling hears of what is set aside through the outbox (`submission.set_aside`).
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from intake import blocklist, events, services
from intake.corrections import latest
from intake.models import Block, Lead, Sifting, Submission
from intake.serializers import PersonFields
from outbox import outbox
from outbox.outbox import News

Act = Sifting.Act
BY_STAFF = ["staff"]
SET_ASIDE = "submission.set_aside"


def release(submission: Submission, *, by: Any, now: datetime) -> bool:
    """To the desk: a lead is made and told of, unless that was done before it was set aside.

    When it came stays as it was; everything that follows is counted from now. Raises serializers.ValidationError
    where what was sent would be refused today.
    """
    with transaction.atomic():
        stored = services.locked(submission)
        if not stored.is_quarantined:
            return False
        _keep(stored, Act.RELEASED, by=by, now=now)
        stored.quarantine_reasons, stored.rejected_at, stored.last_activity_at = [], None, now
        if stored.lead is None:
            services.accept(stored, _person(stored), now=now)
        else:
            stored.save(update_fields=["quarantine_reasons", "rejected_at", "last_activity_at"])
            _look_again(stored.lead, now=now)
        return True


def reject(submission: Submission, *, by: Any, now: datetime) -> bool:
    """Out of the way; kept until it is purged, and nobody is told."""
    with transaction.atomic():
        stored = services.locked(submission)
        if not stored.is_quarantined or stored.rejected_at:
            return False
        _keep(stored, Act.REJECTED, by=by, now=now)
        stored.rejected_at = now
        stored.save(update_fields=["rejected_at"])
        return True


def set_aside(submission: Submission, *, by: Any, now: datetime) -> bool:
    """Into the quarantine: what was accepted and is spam, or what was rejected and deserves another look.

    What is booked for it is let go and its follow-ups stop, without a mail to anybody. A person of whom nothing else
    was accepted leaves the desk's list.
    """
    with transaction.atomic():
        stored = services.locked(submission)
        if stored.is_quarantined and not stored.rejected_at:
            return False
        was_accepted = not stored.is_quarantined
        stored.quarantine_reasons = stored.quarantine_reasons or BY_STAFF
        stored.rejected_at = None
        _keep(stored, Act.SET_ASIDE, by=by, now=now)
        stored.save(update_fields=["quarantine_reasons", "rejected_at"])
        if was_accepted:
            _tell(stored, now=now)
        return True


def block_sender(submission: Submission, *, by: Any) -> Block:
    """Whatever comes from the same address from now on is set aside. Raises ValueError where it is no address."""
    reason = f"Sender of an enquiry of {submission.created_at:%Y-%m-%d}."
    return blocklist.block(Block.Kind.ADDRESS, str(submission.payload.get("email", "")), reason=reason, by=by)


def _tell(submission: Submission, *, now: datetime) -> None:
    assert submission.lead is not None
    told = events.quarantined(submission)
    outbox.publish(told, News(type=SET_ASIDE, data={"submission": {"id": str(submission.id)}}), now=now)
    _look_again(submission.lead, now=now)


def _look_again(lead: Lead, *, now: datetime) -> None:
    """What is believed of a person, and whether they are at the desk at all, goes by what is accepted of them."""
    accepted = latest(lead, accepted=True)
    lead.set_aside_at = None if accepted else now
    if accepted and not accepted.is_test:
        lead.take_verdict(accepted.assessment.decision)
    lead.save(update_fields=["set_aside_at", *Lead.VERDICT])


def _keep(submission: Submission, act: str, *, by: Any, now: datetime) -> None:
    Sifting.objects.create(submission=submission, act=act, reasons=submission.quarantine_reasons, by=by, at=now)


def _person(submission: Submission) -> Lead:
    serializer = PersonFields(data=submission.payload)
    serializer.is_valid(raise_exception=True)
    return services.person(serializer.validated_data, submission.assessment.decision)
