"""Staff know better: they name a lead's real gap, with a reason, or take that back.

The verdict on what the person sent stays as it was judged. What staff said holds from now on at the desk, in
events and for the next conversation (`intake.belief`), whatever the person sends later.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from assessments import outcomes
from assessments.models import Outcome
from assessments.outcomes import Found
from intake import events
from intake.models import Correction, Lead, Submission
from outbox.models import Event

# Among what one person sent: what was judged last; a test only where there is nothing else.
LATEST_FIRST = ("is_test", "-assessment__created_at")


class ReasonMissing(Exception):
    """A correction without a reason teaches nobody anything."""

    def __str__(self) -> str:
        return "Reason: say in a few words how you know."


def correct_gap(lead: Lead, gap: str, *, reason: str, by: AbstractBaseUser | None, now: datetime) -> bool:
    """Sets what the gap really is; an empty `gap` takes the correction back. False where that is so already.

    Raises ReasonMissing for a gap without one.
    """
    if gap and not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        locked = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        if locked.corrected_gap == gap:
            return False
        submission = latest(locked)
        before, locked.corrected_gap = locked.believed_gap, gap
        locked.save(update_fields=["corrected_gap"])
        _keep(Correction(lead=locked, gap=gap, before=before, reason=reason.strip(), corrected_at=now),
              submission, by=by)  # fmt: skip
        if submission is not None:
            submission.lead = locked
            events.publish("lead.reassessed", submission=submission, now=now)
    lead.corrected_gap = gap
    return True


def latest(lead: Lead, *, accepted: bool = False) -> Submission | None:
    """What was judged last of what this person sent; a test only where there is nothing else.

    `accepted` leaves out what was set aside since.
    """
    submissions = lead.submissions.select_related("assessment__questionnaire_version", "lead")
    if accepted:
        submissions = submissions.filter(quarantine_reasons=[])
    return submissions.order_by(*LATEST_FIRST).first()


def is_told_by(event: Event) -> bool:
    """Whether a `lead.reassessed` tells of a correction, and not of a new verdict: both are stored as one act."""
    return Correction.objects.filter(lead=event.subject, corrected_at=event.occurred_at).exists()


def _keep(correction: Correction, submission: Submission | None, *, by: AbstractBaseUser | None) -> None:
    """The row of the history, and the outcome that the verdict is measured by: one for a lead, the last one said."""
    corrected = correction.lead.corrections.exclude(assessment=None).values_list("assessment_id", flat=True)
    outcomes.withdraw_corrections(pk for pk in corrected if pk is not None)
    correction.corrected_by = by  # type: ignore[assignment]  # whoever is the user model
    if submission is not None and not submission.is_test:
        correction.assessment = submission.assessment
        if correction.gap:
            found = Found(correction.gap, note=correction.reason)
            source, now = Outcome.Source.CORRECTION, correction.corrected_at
            outcomes.record(submission.assessment, found, source=source, by=by, now=now)
    correction.save(force_insert=True)
