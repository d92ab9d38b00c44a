"""What the sender of an enquiry is told about it: the one public shape of a submission.

Used by the door (`intake.api`) for the 201 and by scheduling for the pages and calls under a token.
"""

from typing import Any

from assessments.models import Assessment
from intake.events import assessment_data, instant
from intake.models import Submission


def public(
    submission: Submission,
    *,
    assessment: Assessment,
    booking_state: str = "pending",
    booking: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": str(submission.id),
        "created_at": instant(submission.created_at),
        "assessment": assessment_data(assessment),
        "booking_state": booking_state,
        "booking": booking,
        "links": {"self": submission.api_url, "page": submission.page_url},
    }


def first(submission: Submission) -> dict[str, Any]:
    """The reply to the post itself, the same bytes for every replay: made from rows that never change."""
    return public(submission, assessment=submission.first_assessment)
