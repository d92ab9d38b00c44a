"""The page at /r/TOKEN/: the verdict with its reasons, and the conversation to confirm, pick or cancel.

Only POST changes anything: mail scanners open every link. The token in the address is the whole authority;
no cookie is read, so there is none to ride on.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from assessments import words as verdicts
from intake import services as intake
from intake.limits import limited
from intake.models import Firm, Submission
from scheduling import replies, services, words
from scheduling.availability import free_slots
from scheduling.models import Advisor, Booking
from scheduling.services import UnableToBook

OFFERED = 6
# A time is decided within seconds; after this the page stops renewing itself and says that we write.
RENEWS = timedelta(minutes=1)


@require_GET
@limited
def show(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, _submission(token))


@csrf_exempt
@require_POST
@limited
def act(request: HttpRequest, token: str, action: str) -> HttpResponse:
    """confirm, book (with `start`) or cancel; then back to the page by GET, so that a reload repeats nothing."""
    submission = _submission(token)
    now = timezone.now()
    try:
        _do(submission, action, request.POST.get("start", ""), now=now)
    except UnableToBook as error:
        return _page(request, submission, notice=str(error), status=409)
    intake.note_activity(submission, now=now)
    response = HttpResponseRedirect(submission.page_path)
    response.status_code = 303
    return _private(response)


def _do(submission: Submission, action: str, start: str, *, now: datetime) -> None:
    if action == "confirm":
        services.confirm(submission, now=now)
    elif action == "cancel":
        services.cancel(submission, now=now)
    else:
        try:
            moment = parse_datetime(start)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise UnableToBook("off_grid", "Choose one of the free times below.")
        services.pick(submission, moment, now=now)


def _submission(token: str) -> Submission:
    submission = intake.by_token(token, now=timezone.now())
    if submission is None:
        raise Http404
    return submission


def _page(request: HttpRequest, submission: Submission, *, notice: str = "", status: int = 200) -> HttpResponse:
    decision = submission.assessment.decision
    booking = replies.latest_booking(submission)
    state = replies.booking_state(submission, booking, now=timezone.now())
    assigned = _assigned(submission)
    takes_place = booking if state in {"held", "confirmed"} else None
    reasons_for, reasons_against = verdicts.reasons(decision)
    context = {
        "firm": Firm.get(),
        "notice": notice,
        "wording": verdicts.BY_ENGAGEMENT[decision["engagement"]],
        "asked_otherwise": verdicts.asked_otherwise(submission.asked_for, decision["gap"]),
        "decision": decision,
        "reasons_for": reasons_for,
        "reasons_against": reasons_against,
        "state": state,
        "renews": state == "pending" and timezone.now() < submission.created_at + RENEWS,
        "booking": booking,
        "advisor": takes_place.advisor if takes_place else assigned,
        "page_path": submission.page_path,
        "zone_named": bool(submission.timezone),
        "times": _times(takes_place) if takes_place else None,
        "offers": _offers(submission, assigned) if assigned and (takes_place or state == "offer") else [],
    }
    return _private(render(request, "scheduling/visitor.html", context, status=status))


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
    zone = services.zone_of(submission, advisor)
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


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
