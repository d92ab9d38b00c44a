"""The calls under /api/v1/submissions/TOKEN/: what the holder of a token sees and does, as JSON.

A token opens its own submission and that submission's booking, nothing else. `scheduling.pages` is the same
for people.
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateparse import parse_date
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from intake import replies as intake_replies
from intake import services as intake
from intake import zones
from intake.guard import refuse_chunks
from intake.limits import PublicLimit
from intake.models import Submission
from intake.serializers import Instant
from scheduling import fitting, replies, services
from scheduling.answers import correct
from scheduling.availability import free_slots
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor
from scheduling.slots import Interval
from scheduling.tokens import submission_of

DEFAULT_DAYS = 14
MAX_DAYS = 62
MAX_SLOTS = 200
ALTERNATIVES = 3
# Outside, the arithmetic that follows would leave the calendar.
YEARS = range(1970, 9000)


class NotBookable(APIException):
    """409: the time is taken or the door is closed; `alternatives` are other free times."""

    status_code = 409

    def __init__(self, error: UnableToBook, alternatives: list[dict[str, str]]) -> None:
        super().__init__(detail=str(error), code=error.code)
        self.extra = {"alternatives": alternatives}


class TokenView(APIView):
    throttle_classes = [PublicLimit]

    def submission(self, token: str) -> Submission:
        return submission_of(token)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


class SubmissionDetail(TokenView):
    def get(self, request: Request, token: str) -> Response:
        return self._as_it_stands(self.submission(token))

    def patch(self, request: Request, token: str) -> Response:
        submission = self.submission(token)
        refuse_chunks(request)
        return self._as_it_stands(correct(submission, request.data, now=timezone.now()))

    def _as_it_stands(self, submission: Submission) -> Response:
        booking = replies.latest_booking(submission)
        return Response(
            intake_replies.public(
                submission,
                assessment=submission.assessment,
                booking_state=replies.booking_state(submission, booking, now=timezone.now()),
                booking=replies.booking_data(booking) if booking else None,
            )
        )


class SlotsView(TokenView):
    def get(self, request: Request, token: str) -> Response:
        submission = self.submission(token)
        try:
            advisor = services.advisor_for(submission)
        except UnableToBook as error:
            raise NotBookable(error, []) from error
        now = timezone.now()
        zone = _zone(request, submission, advisor)
        since, until = _period(request, zone, now)
        free = free_slots([advisor], now=now, since=since, until=until)[advisor.id]
        shown = free[:MAX_SLOTS]
        next_from = free[MAX_SLOTS][0] if len(free) > MAX_SLOTS else until
        return Response(
            {
                "timezone": zone.key,
                "advisor": replies.advisor_data(advisor),
                "with": [],
                "slots": [_slot(slot, zone) for slot in shown],
                "next_from": replies.in_zone(next_from, zone),
            }
        )


class StartField(serializers.Serializer):
    start = Instant()


class BookingView(TokenView):
    def post(self, request: Request, token: str) -> Response:
        submission = self.submission(token)
        fields = StartField(data=request.data)
        fields.is_valid(raise_exception=True)
        now = timezone.now()
        try:
            booking, is_new = services.pick(submission, fields.validated_data["start"], now=now)
        except UnableToBook as error:
            raise _refusal(error, submission, now=now) from error
        intake.note_activity(submission, now=now)
        return Response(replies.booking_data(booking), status=201 if is_new else 200)

    def delete(self, request: Request, token: str) -> Response:
        submission = self.submission(token)
        now = timezone.now()
        services.cancel(submission, now=now)
        intake.note_activity(submission, now=now)
        return Response(status=204)


class ConfirmView(TokenView):
    def post(self, request: Request, token: str) -> Response:
        submission = self.submission(token)
        now = timezone.now()
        try:
            booking = services.confirm(submission, now=now)
        except UnableToBook as error:
            raise _refusal(error, submission, now=now) from error
        intake.note_activity(submission, now=now)
        return Response(replies.booking_data(booking))


def _refusal(error: UnableToBook, submission: Submission, *, now: datetime) -> APIException:
    if error.code == "off_grid":
        return ValidationError({"start": [serializers.ErrorDetail(str(error), code="off_grid")]})
    try:
        advisor = services.advisor_for(submission)
    except UnableToBook:
        return NotBookable(error, [])
    zone = fitting.zone_of(submission, advisor)
    free = free_slots([advisor], now=now)[advisor.id][:ALTERNATIVES]
    return NotBookable(error, [_slot(slot, zone) for slot in free])


def _slot(slot: Interval, zone: ZoneInfo) -> dict[str, str]:
    return {"start": replies.in_zone(slot[0], zone), "end": replies.in_zone(slot[1], zone)}


def _zone(request: Request, submission: Submission, advisor: Advisor) -> ZoneInfo:
    name = request.query_params.get("timezone") or fitting.zone_of(submission, advisor).key
    if not zones.is_known(name):
        raise ValidationError({"timezone": ["That is no IANA time zone. Use a name like Europe/Berlin."]})
    return ZoneInfo(name)


def _period(request: Request, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    since = _moment(request, "from", zone) or now
    until = _moment(request, "to", zone) or since + timedelta(days=DEFAULT_DAYS)
    if not since < until <= since + timedelta(days=MAX_DAYS):
        raise ValidationError({"to": [f"Ask for at most {MAX_DAYS} days, and an end after the start."]})
    return since, until


def _moment(request: Request, name: str, zone: ZoneInfo) -> datetime | None:
    """A date (its midnight in the asked zone) or an instant with offset."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        day = parse_date(text)
        moment = datetime.combine(day, time(), tzinfo=zone) if day else Instant().to_internal_value(text)
    except ValueError as error:
        raise ValidationError({name: ["That is no date."]}) from error
    except ValidationError as error:
        raise ValidationError({name: error.detail}) from error
    if moment.year not in YEARS:
        raise ValidationError({name: [f"Ask for a year from {YEARS[0]} to {YEARS[-1]}."]})
    return moment
