"""The shape and bounds of what a prospect may change later: each field alone, null to take it back.

Comes before `intake.reassess`, which merges and judges; used by the PATCH and by the page under a token.
"""

from typing import Any

from rest_framework import serializers

from assessments import services as assessments
from assessments.rulesets import COMPANY_SIZES
from intake.models import Submission
from intake.serializers import Answers, Choice, Text, TimeZone

CLEARED_BY_NULL = ("message", "asked_for", "company_size", "timezone")


class AnswerChanges(Answers):
    """Statement key → yes, no, unsure, or null to take the answer back."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        # Any answer would do: a key that there is none of is refused even where it is to be taken back.
        super().to_internal_value({key: "unsure" if value is None else value for key, value in data.items()})
        return dict(data)


class SubmissionChanges(serializers.Serializer):
    """Only what was sent is in `validated_data`; unknown fields are passed over."""

    answers = AnswerChanges(required=False)
    message = Text(max_length=5000, trim_whitespace=False)
    asked_for = Choice(("cto", "ai", "both", "not_sure"))
    company_size = Choice(COMPANY_SIZES)
    timezone = TimeZone(max_length=64)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(
            {name: "" if value is None and name in CLEARED_BY_NULL else value for name, value in data.items()}
        )


def read(submission: Submission, data: Any) -> dict[str, Any]:
    """The changes to this submission, by its own version of the questionnaire. Raises ValidationError."""
    rules = assessments.ruleset_of(submission.assessment.questionnaire_version)
    # Partial: what was not sent has no default here.
    serializer = SubmissionChanges(data=data, partial=True, context={"ruleset": rules})
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
