"""The page at /r/TOKEN/: the verdict with its reasons, and the conversation to confirm, pick or cancel.

Only POST changes anything: mail scanners open every link. The token in the address is the whole authority;
no cookie is read, so there is none to ride on.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from assessments import services as assessments
from assessments import words as verdicts
from intake import services as intake
from intake.limits import limited
from intake.models import Firm, Submission
from scheduling import fitting, replies, services, words
from scheduling.availability import free_slots
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, Assignment, Booking
from scheduling.tokens import back_to, private, submission_of

OFFERED = 6
# A time is decided within seconds; after this the page stops renewing itself and says that we write.
RENEWS = timedelta(minutes=1)
# After a new verdict the time on the page may still be the one of the old verdict, for a moment.
REVIEWED_WITHIN = timedelta(seconds=10)


@require_GET
@limited
def show(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, submission_of(token))


@csrf_exempt
@require_POST
@limited
def act(request: HttpRequest, token: str, action: str) -> HttpResponse:
    """confirm, book (with `start`) or cancel; then back to the page by GET, so that a reload repeats nothing."""
    submission = submission_of(token)
    now = timezone.now()
    try:
        _do(submission, action, request.POST.get("start", ""), now=now)
    except UnableToBook as error:
        return _page(request, submission, notice=str(error), status=409)
    intake.note_activity(submission, now=now)
    return back_to(submission)


def _do(submission: Submission, action: str, start: str, *, now: datetime) -> None:
    moment = _moment(start)
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
    notice: str = "",
    unanswered: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    decision = submission.assessment.decision
    booking = replies.latest_booking(submission)
    state = replies.booking_state(submission, booking, now=now)
    assigned = _assigned(submission)
    takes_place = booking if state in {"held", "confirmed"} else None
    reasons_for, reasons_against = verdicts.reasons(decision)
    context = {
        "firm": Firm.get(),
        "notice": notice,
        "unanswered": unanswered,
        "wording": verdicts.BY_ENGAGEMENT[decision["engagement"]],
        "asked_otherwise": verdicts.asked_otherwise(decision["asked_for"] or "", decision["gap"]),
        "decision": decision,
        "reasons_for": reasons_for,
        "reasons_against": reasons_against,
        "questions": _questions(submission),
        "state": state,
        "renews": _renews(submission, state, now=now),
        "booking": booking,
        "advisor": takes_place.advisor if takes_place else assigned,
        "page_path": submission.page_path,
        "zone_named": bool(submission.timezone),
        "times": _times(takes_place) if takes_place else None,
        "offers": _offers(submission, assigned) if assigned and (takes_place or state == "offer") else [],
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


def _times(booking: Booking) -> dict[str, str]:
    home, advisor = ZoneInfo(booking.timezone), booking.advisor
    start, end = booking.starts_at, booking.ends_at
    if not booking.submission.timezone:
        unnamed = f"You named no time zone, so these are the hours of {advisor.name}."
        elsewhere = f"{unnamed} {words.in_utc(start, end, home=home)}".strip()
    elif home == advisor.zone:
        elsewhere = ""
    else:
        elsewhere = words.elsewhere(start, end, zone=advisor.zone, home=home, who=advisor.name)
    return {
        "start": start.isoformat(),
        "when": words.when(start, end, home),
        "elsewhere": elsewhere,
        "until": words.when_short(booking.expires_at, home) if booking.expires_at else "",
    }


def _assigned(submission: Submission) -> Advisor | None:
    try:
        return services.advisor_for(submission)
    except UnableToBook:
        return None


def _offers(submission: Submission, advisor: Advisor) -> list[dict[str, Any]]:
    """Free times to choose from: the next ones, one or two a day, in the prospect's zone."""
    zone = fitting.zone_of(submission, advisor)
    free = words.spread(free_slots([advisor], now=timezone.now())[advisor.id], zone=zone, count=OFFERED)
    return [
        {
            "value": start.isoformat(),
            "text": words.when(start, end, zone),
            "day": words.day(start.astimezone(zone)),
            "hours": f"{start.astimezone(zone):%H:%M}",
            "zone": zone.key,
        }
        for start, end in free
    ]
