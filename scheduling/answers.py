"""The page at /r/TOKEN/answers/: what somebody sent, to correct; and the one road by which it is corrected.

The PATCH (`scheduling.visitor`) and the small questions on the verdict page take the same road: `intake.changes`
bounds the fields, `intake.reassess` merges and judges.
"""

import contextlib
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError

from assessments import services as assessments
from assessments.rulesets import COMPANY_SIZES
from intake import changes
from intake import services as intake
from intake.guard import refuse_unreadable_form
from intake.limits import limited
from intake.models import Firm, Submission
from intake.pages import ASKED_FOR, LABELS
from intake.reassess import NothingToJudge, reassess
from intake.serializers import NOTHING_TO_JUDGE
from scheduling import bookings, pages, reviews, services, tokens
from scheduling.bookings import UnableToBook

FIELDS = ("message", "asked_for", "company_size")


def correct(submission: Submission, data: Any, *, now: datetime) -> Submission:
    """Merges what is to change, judges again, and gives the submission as it stands. Raises ValidationError."""
    fields = changes.read(submission, data)
    try:
        with transaction.atomic():
            corrected = reassess(submission, fields, now=now)
            if fields.get("timezone"):
                _in_new_zone(corrected, is_judged_again=corrected.assessment_id != submission.assessment_id, now=now)
    except NothingToJudge as error:
        raise ValidationError([ErrorDetail(NOTHING_TO_JUDGE, code="nothing_to_judge")]) from error
    except Submission.DoesNotExist as error:
        raise Http404 from error
    intake.note_activity(corrected, now=now)
    return corrected


def _in_new_zone(submission: Submission, *, is_judged_again: bool, now: datetime) -> None:
    """What is open is told in their hours, and a time held at their night is exchanged.

    At once, as an act of their own: no verdict has changed that others would have to hear of. With a new one the
    review that follows from it looks at the hours, too.
    """
    services.show_in_zone(submission)
    if not is_judged_again:
        with contextlib.suppress(UnableToBook):  # then the time stays, and the page offers others
            bookings.in_turn(submission, lambda: reviews.review(submission, now=now))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@limited
def edit(request: HttpRequest, token: str) -> HttpResponse:
    submission = tokens.submission_of(token)
    if request.method != "POST":
        return _form(request, submission)
    try:
        refuse_unreadable_form(request)
    except APIException as error:
        return _form(request, submission, errors={"answers": str(error.detail)}, status=error.status_code)
    sent = _sent(request.POST)
    if not sent and pages.asks(submission):
        return pages.ask_again(request, submission)
    try:
        correct(submission, sent, now=timezone.now())
    except ValidationError as error:
        return _form(request, submission, sent=sent, errors=_errors(error), status=400)
    return tokens.back_to(submission)


def _sent(form: QueryDict) -> dict[str, Any]:
    """The form as data: a statement that is left out takes its answer back, a field that is not there stays."""
    data: dict[str, Any] = {name: form[name] for name in FIELDS if name in form}
    answers = {name.removeprefix("answers."): form[name] or None for name in form if name.startswith("answers.")}
    return data | ({"answers": answers} if answers else {})


def _errors(error: ValidationError) -> dict[str, str]:
    """The first error of each field; what is about no field of the page stands over the statements."""
    detail = error.detail if isinstance(error.detail, dict) else {"answers": error.detail}
    return {name if name in FIELDS else "answers": _first_text(messages) for name, messages in detail.items()}


def _first_text(messages: Any) -> str:
    while isinstance(messages, dict | list):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages), "")
    return str(messages)


def _problem(name: str, text: str) -> dict[str, str]:
    """As the summary links it: to the field, or to the statements."""
    if name not in FIELDS:
        return {"anchor": "statements", "text": text}
    return {"anchor": name, "text": f"{LABELS[name]}: {text}"}


def _form(
    request: HttpRequest,
    submission: Submission,
    *,
    sent: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    sent = sent or {}
    answers = {**submission.assessment.answers, **sent.get("answers", {})}
    rules = assessments.ruleset_of(submission.assessment.questionnaire_version)
    context = {
        "firm": Firm.get(),
        "page_path": submission.page_path,
        "statements": [
            {"key": s.key, "text": s.text, "help": s.help, "answer": answers.get(s.key) or ""} for s in rules.signals
        ],
        "fields": {name: sent.get(name, getattr(submission, name)) for name in FIELDS},
        "errors": errors or {},
        "problems": [_problem(name, text) for name, text in (errors or {}).items()],
        "company_sizes": COMPANY_SIZES,
        "asked_for": ASKED_FOR,
    }
    return tokens.private(render(request, "scheduling/answers.html", context, status=status))
