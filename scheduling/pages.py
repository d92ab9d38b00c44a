"""The page at /r/TOKEN/: the verdict with its reasons, and the conversation to confirm, pick, cancel or wish for.

Only POST changes anything: mail scanners open every link. The token in the address is the whole authority;
no cookie is read, so there is none to ride on.
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from rest_framework.exceptions import APIException

from assessments import services as assessments
from assessments import words as verdicts
from intake import services as intake
from intake.guard import refuse_unreadable_form
from intake.limits import limited
from intake.models import Firm, Submission
from scheduling import picker, services, wishes
from scheduling.bookings import UnableToBook
from scheduling.models import Assignment
from scheduling.tokens import back_to, private, submission_of
from scheduling.wishes import WishRefused

TAKEN = "That time is not free any more. These are the nearest ones."
# A time is decided within seconds; after this the page stops renewing itself and says that we write.
RENEWS = timedelta(minutes=1)
# After a new verdict the time on the page may still be the one of the old verdict, for a moment.
REVIEWED_WITHIN = timedelta(seconds=10)


@require_GET
@limited
def show(request: HttpRequest, token: str) -> HttpResponse:
    """With `start`, as mails link it, that time is chosen already; looking books nothing."""
    return _page(request, submission_of(token), near=_moment(request.GET.get("start", "")))


@csrf_exempt
@require_POST
@limited
def act(request: HttpRequest, token: str, action: str) -> HttpResponse:
    """confirm, book (with `start`) or cancel; then back to the page by GET, so that a reload repeats nothing."""
    submission = submission_of(token)
    now = timezone.now()
    try:
        _do(submission, action, request.POST, now=now)
    except UnableToBook as error:
        return _page(request, submission, notice=str(error), status=409, near=_moment(request.POST.get("start", "")))
    intake.note_activity(submission, now=now)
    return back_to(submission)


@csrf_exempt
@require_POST
@limited
def wish(request: HttpRequest, token: str) -> HttpResponse:
    """Keeps the words that say when it would suit, for staff to answer; what cannot be kept stays in the form."""
    submission = submission_of(token)
    now = timezone.now()
    try:
        refuse_unreadable_form(request)
        wishes.ask(submission, request.POST.get("wish", ""), now=now)
    except UnableToBook as error:
        return _page(request, submission, notice=str(error), status=409)
    except WishRefused as error:
        return _page(request, submission, status=400, wish=request.POST.get("wish", ""), wish_error=str(error))
    except APIException as error:
        return _page(request, submission, status=error.status_code, wish_error=str(error.detail))
    intake.note_activity(submission, now=now)
    return back_to(submission)


@csrf_exempt
@require_POST
@limited
def ask_for_my_data(request: HttpRequest, token: str) -> HttpResponse:
    """Has the link to everything mailed to the person; the page says the same whatever comes of it."""
    submission = submission_of(token)
    intake.ask_for_mailbox_link(submission, now=timezone.now())
    return _page(request, submission, link_asked=True)


def _do(submission: Submission, action: str, form: QueryDict, *, now: datetime) -> None:
    moment = _moment(form.get("start", ""))
    if action == "confirm" and moment is None:
        raise UnableToBook("closed", "We could not see which time you keep. Look at it again, and keep it.")
    if action == "confirm":
        services.confirm(submission, now=now, seen=moment)
    elif action == "cancel":
        services.cancel(submission, now=now)
    elif moment is None:
        raise UnableToBook("off_grid", "Choose one of the free times below.")
    else:
        services.pick(submission, moment, now=now)


def _moment(start: str) -> datetime | None:
    try:
        moment = parse_datetime(start)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def ask_again(request: HttpRequest, submission: Submission) -> HttpResponse:
    """The page once more, for somebody who sent its questions without an answer."""
    return _page(request, submission, unanswered=True, status=400)


def asks(submission: Submission) -> bool:
    """Whether the page has questions that would settle the case."""
    return bool(_questions(submission))


def _page(
    request: HttpRequest,
    submission: Submission,
    *,
    status: int = 200,
    near: datetime | None = None,
    **shown: Any,
) -> HttpResponse:
    """`shown` goes over what the page would show by itself: a notice, or words that could not be kept."""
    now = timezone.now()
    decision = submission.assessment.decision
    reasons_for, reasons_against = verdicts.reasons(decision)
    conversation = picker.conversation(submission, now=now, near=near)
    if near is not None and "notice" not in shown and conversation["offers"] and not conversation["chosen"]:
        shown["notice"] = TAKEN
    context = {
        "firm": Firm.get(),
        "wording": verdicts.BY_ENGAGEMENT[decision["engagement"]],
        "asked_otherwise": verdicts.asked_otherwise(decision["asked_for"] or "", decision["gap"]),
        "decision": decision,
        "reasons_for": reasons_for,
        "reasons_against": reasons_against,
        "questions": _questions(submission),
        "renews": _renews(submission, conversation["state"], now=now),
        "page_path": submission.page_path,
        **conversation,
        **shown,
    }
    return private(render(request, "scheduling/visitor.html", context, status=status))


def _questions(submission: Submission) -> list[dict[str, str]]:
    """The statements whose answers would settle the case."""
    keys = submission.assessment.decision["tie_breaks"]
    if not keys:
        return []
    known = assessments.ruleset_of(submission.assessment.questionnaire_version).by_key
    answers = submission.assessment.answers
    return [
        {"key": key, "text": known[key].text, "help": known[key].help, "answer": answers.get(key, "")}
        for key in keys
        if key in known
    ]


def _renews(submission: Submission, state: str, *, now: datetime) -> bool:
    """While the house decides: about a time for the first verdict, or whether that time still fits a new one."""
    if state == "pending":
        return now < submission.created_at + RENEWS
    judged_at = submission.assessment.created_at
    if state not in {"held", "offer", "unavailable"} or now >= judged_at + REVIEWED_WITHIN:
        return False
    return Assignment.objects.filter(submission=submission, decided_at__lt=judged_at).exists()
