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
from intake.asking import YEARS
from intake.guard import refuse_chunks
from intake.limits import PublicLimit
from intake.models import Submission
from intake.serializers import Instant
from scheduling import offers, replies, services
from scheduling.answers import correct
from scheduling.bookings import UnableToBook
from scheduling.tokens import submission_of

DEFAULT_DAYS = 14
MAX_DAYS = 62
MAX_SLOTS = 200
# What is wrong with a start by itself, whoever else books.
STARTS_THAT_ARE_NONE = {"past", "too_soon", "too_late", "off_grid"}


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
        state, _ = offers.standing(submission, booking, now=timezone.now())
        return Response(
            intake_replies.public(
                submission,
                assessment=submission.assessment,
                booking_state=state,
                booking=replies.booking_data(booking) if booking else None,
            )
        )


class SlotsView(TokenView):
    def get(self, request: Request, token: str) -> Response:
        submission = self.submission(token)
        now = timezone.now()
        try:
            # A day begins at midnight somewhere: the advisor's zone where none was asked for or ever named.
            zone = _zone(request, submission) or offers.offer(submission, now=now).zone
            since, until = _period(request, zone, now)
            offer = offers.offer(submission, now=now, since=since, until=until)
        except UnableToBook as error:
            raise NotBookable(error, []) from error
        shown = offer.slots[:MAX_SLOTS]
        next_from = offer.slots[MAX_SLOTS][0] if len(offer.slots) > MAX_SLOTS else until
        return Response(
            {
                "timezone": zone.key,
                "advisor": replies.advisor_data(offer.team.leader),
                "with": [replies.advisor_data(colleague) for colleague in offer.colleagues],
                "slots": [offers.told(slot, zone) for slot in shown],
                "next_from": replies.in_zone(next_from, zone),
            }
        )


class StartField(serializers.Serializer):
    start = Instant()


class BookingView(TokenView):
    def post(self, request: Request, token: str) -> Response:
        submission, start, now = self.submission(token), _start(request), timezone.now()
        try:
            booking, is_new = services.pick(submission, start, now=now)
        except UnableToBook as error:
            raise refusal(error, submission, start, now=now) from error
        intake.note_activity(submission, now=now)
        return Response(replies.booking_data(booking), status=201 if is_new else 200)

    def patch(self, request: Request, token: str) -> Response:
        submission, start, now = self.submission(token), _start(request), timezone.now()
        try:
            booking = services.move(submission, start, now=now)
        except UnableToBook as error:
            raise refusal(error, submission, start, now=now) from error
        intake.note_activity(submission, now=now)
        return Response(replies.booking_data(booking))

    def delete(self, request: Request, token: str) -> Response:
        submission = self.submission(token)
        now = timezone.now()
        services.cancel(submission, now=now)
        intake.note_activity(submission, now=now)
        return Response(status=204)


class MailboxLinkView(APIView):
    """POST …/mailbox-link/: 202, whether a mail follows or not."""

    def post(self, request: Request, token: str) -> Response:
        refuse_chunks(request)
        intake.ask_for_mailbox_link(submission_of(token), now=timezone.now())
        return Response({"status": "accepted"}, status=202)


class ConfirmView(TokenView):
    def post(self, request: Request, token: str) -> Response:
        submission = self.submission(token)
        now = timezone.now()
        try:
            booking = services.confirm(submission, now=now)
        except UnableToBook as error:
            raise refusal(error, submission, None, now=now) from error
        intake.note_activity(submission, now=now)
        return Response(replies.booking_data(booking))


def _start(request: Request) -> datetime:
    fields = StartField(data=request.data)
    fields.is_valid(raise_exception=True)
    start: datetime = fields.validated_data["start"]
    return start


def refusal(error: UnableToBook, submission: Submission, wished: datetime | None, *, now: datetime) -> APIException:
    """400 for a start that could never be free, 409 with the nearest free times for one that is not free now."""
    if error.code in STARTS_THAT_ARE_NONE:
        return ValidationError({"start": [serializers.ErrorDetail(str(error), code=error.code)]})
    return NotBookable(error, offers.alternatives(submission, wished, now=now))


def _zone(request: Request, submission: Submission) -> ZoneInfo | None:
    """The zone that is asked for, else the prospect's."""
    name = request.query_params.get("timezone") or submission.timezone
    if name and not zones.is_known(name):
        detail = f"“{name[:64]}” is no IANA time zone. Use a name like Europe/Berlin."
        raise ValidationError({"timezone": [serializers.ErrorDetail(detail, code="timezone")]})
    return ZoneInfo(name) if name else None


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
