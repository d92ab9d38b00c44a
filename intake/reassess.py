"""A prospect corrects what they sent: merged, judged again, and told, in one short transaction.

Comes after `intake.changes`, which bounds the fields. The old verdict stays, as does the first one, which a
replay of the first reply is made of; scheduling hears of the new one through the outbox.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from assessments import services as assessments
from intake import events, services
from intake.models import Lead, Submission

JUDGED = ("message", "asked_for", "company_size")


class NothingToJudge(Exception):
    """Neither an answer nor a message would be left."""


def reassess(submission: Submission, changes: dict[str, Any], *, now: datetime) -> Submission:
    """Gives the submission as it stands afterwards; what changes nothing that is judged makes no new verdict.

    Raises NothingToJudge, with nothing stored, and Submission.DoesNotExist where it was erased meanwhile.
    """
    with transaction.atomic():
        stored = services.locked(submission)
        if "timezone" in changes:
            stored.timezone = changes["timezone"]
            stored.save(update_fields=["timezone"])
        answers = merged(stored.assessment.answers, changes.get("answers", {}))
        fields = {name: changes.get(name, getattr(stored, name)) for name in JUDGED}
        if not (fields["message"] + stored.message).strip():
            fields["message"] = stored.message  # no message before and none now, however it is typed
        if (answers, fields) != (stored.assessment.answers, {name: getattr(stored, name) for name in JUDGED}):
            _judge(stored, answers, fields, now=now)
        return stored


def merged(answers: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    """The answers with the changes put in; None takes one out."""
    return {key: answer for key, answer in {**answers, **changes}.items() if answer is not None}


def _judge(submission: Submission, answers: dict[str, str], fields: dict[str, str], *, now: datetime) -> None:
    if not answers and not fields["message"].strip():
        raise NothingToJudge
    before = submission.assessment
    judgement = assessments.assess(
        before.questionnaire_version,
        answers=answers,
        # A message that did not change keeps its reading, even where a newer reader would find something else.
        reading=assessments.reading_of(before) if fields["message"] == submission.message else None,
        **fields,
    )
    submission.assessment = assessments.keep(judgement, now=now, previous=before)
    for name, value in fields.items():
        setattr(submission, name, value)
    submission.save(update_fields=["assessment", *JUDGED])
    if submission.lead is not None and not submission.is_quarantined:
        _tell(submission, submission.lead, now=now)


def _tell(submission: Submission, lead: Lead, *, now: datetime) -> None:
    """The lead gets the latest verdict, as from a new submission: not from a test, and no correction is touched."""
    if not submission.is_test:
        lead.take_verdict(submission.assessment.decision)
        lead.save(update_fields=Lead.VERDICT)
    events.publish("lead.reassessed", submission=submission, now=now)
