"""Which view takes and gives what. Registered with drf-spectacular when imported."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

import config.openapi.endpoints  # noqa: F401 (registers what its views take; the next line, fields, forms and staff)
from config.openapi import fields, forms, shapes, staff  # noqa: F401
from config.openapi.describing import described
from config.openapi.fields import CHANGES, INSTANT, QUESTIONNAIRE, START, TIMEZONE
from intake.serializers import SubmissionFields
from notifications.mail_events import MailEvent

FORMS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
TOKEN = OpenApiParameter("token", str, "path", description="The unguessable word of one submission; see its `links`.")
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
    "header",
    description="Makes a repeated post the same submission, for 24 hours. Choose a new one for each enquiry.",
)
REPLAYED = OpenApiParameter(
    "Idempotency-Replayed", bool, "header", response=[201], description="true: an earlier reply, given again."
)
LOCATION = OpenApiParameter("Location", str, "header", response=[201], description="The submission's own address.")
NOTHING = OpenApiResponse(description="Done; there is nothing to say.")


def only_v1(endpoints: list[Any]) -> list[Any]:
    """Pre-processing of drf-spectacular: what the contract tells of, without the schema's own addresses."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def _json(serializer: Any) -> dict[str, Any]:
    return dict.fromkeys(FORMS, serializer)


described(
    "assessments.api.QuestionnaireView",
    get=extend_schema(
        operation_id="readQuestionnaire",
        tags=["for websites"],
        summary="The published questionnaire",
        parameters=[
            OpenApiParameter("slug", QUESTIONNAIRE, "path"),
            OpenApiParameter("If-None-Match", str, "header", description="The ETag that you have: 304 if it stands."),
            OpenApiParameter("ETag", str, "header", response=[200, 304]),
        ],
        responses={200: shapes.Questionnaire, 304: OpenApiResponse(description="You have it already.")},
    ),
)

ENQUIRY = OpenApiExample(
    "A small enquiry",
    request_only=True,
    value={
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "company_size": "11-50",
        "answers": {"core_systems_work": "yes", "siloed_ai_tools": "yes"},
        "asked_for": "cto",
        "timezone": "Europe/Berlin",
        "consent": {"follow_up": True, "text": "You may write to me about this."},
    },
)

described(
    "intake.api.SubmissionView",
    post=extend_schema(
        operation_id="submit",
        tags=["for websites"],
        summary="An enquiry, judged and stored",
        description="JSON or a form; in forms nested names have dots (`answers.core_systems_work=yes`) and lists repeat"
        " the name. At least one answer or a message that is not blank. Unknown fields are passed over. A browser that"
        " asks for HTML gets 303 to a page. A website's own server may post with a key (scope `leads:write`): it is"
        " counted by the key, `client_ip` says who the visitor is, and the Idempotency-Key is the key's own.",
        auth=[{}, {"apiKey": []}],  # type: ignore[list-item]  # as its documentation has it
        parameters=[KEY, REPLAYED, LOCATION],
        request=_json(SubmissionFields),
        responses={
            201: shapes.Submission,
            303: OpenApiResponse(description="For browsers: the page with the assessment."),
        },
        examples=[ENQUIRY],
    ),
)
described(
    "scheduling.visitor.SubmissionDetail",
    get=extend_schema(
        operation_id="readSubmission",
        tags=["for the prospect"],
        summary="The submission as it stands",
        parameters=[TOKEN],
        responses={200: shapes.Submission},
    ),
    patch=extend_schema(
        operation_id="correctSubmission",
        tags=["for the prospect"],
        summary="Correct what was sent; it is judged again",
        description="Answers are merged: null takes one back. The verdict of before stays stored.",
        parameters=[TOKEN],
        request=_json(CHANGES),
        responses={200: shapes.Submission},
    ),
)
DAY = INSTANT | {"format": "day-or-instant", "description": "A date, or RFC 3339 with offset; years 1970 to 8999."}
described(
    "scheduling.visitor.SlotsView",
    get=extend_schema(
        operation_id="listSlots",
        tags=["for the prospect"],
        summary="Free times of the advisor who fits",
        description="At most 62 days and 200 times; by default the next 14 days.",
        parameters=[
            TOKEN,
            OpenApiParameter("from", DAY, "query"),
            OpenApiParameter("to", DAY, "query"),
            OpenApiParameter("timezone", TIMEZONE, "query"),
        ],
        responses={200: shapes.Slots},
    ),
)
described(
    "scheduling.visitor.BookingView",
    post=extend_schema(
        operation_id="book",
        tags=["for the prospect"],
        summary="Book a free time; where one is booked or held, move it",
        parameters=[TOKEN],
        request=_json(START),
        responses={201: shapes.Booking, 200: shapes.Booking},
    ),
    patch=extend_schema(
        operation_id="move",
        tags=["for the prospect"],
        summary="Move the booking",
        parameters=[TOKEN],
        request=_json(START),
        responses={200: shapes.Booking},
    ),
    delete=extend_schema(
        operation_id="cancel",
        tags=["for the prospect"],
        summary="Cancel the booking, or let the held time go",
        parameters=[TOKEN],
        responses={204: NOTHING},
    ),
)
described(
    "scheduling.visitor.ConfirmView",
    post=extend_schema(
        operation_id="confirm",
        tags=["for the prospect"],
        summary="Keep the held time",
        parameters=[TOKEN],
        request=None,
        responses={200: shapes.Booking},
    ),
)
described(
    "scheduling.visitor.MailboxLinkView",
    post=extend_schema(
        operation_id="askForMailboxLink",
        tags=["for the prospect"],
        summary="Have a link to everything we hold mailed to the person's own address",
        description="Always 202. One mail a day and address at most; the link is good for a day.",
        parameters=[TOKEN],
        request=None,
        responses={202: type("MailboxLinkAsked", (serializers.Serializer,), {"status": serializers.CharField()})},
    ),
)
described(
    "scheduling.feeds.CalendarView",
    get=extend_schema(
        operation_id="readInvitation",
        tags=["for the prospect"],
        summary="The confirmed booking as a calendar file",
        parameters=[TOKEN],
        responses={(200, "text/calendar"): OpenApiResponse({"type": "string"}, description="iCalendar (RFC 5545).")},
    ),
)
described(
    "notifications.mail_events.MailEventsView",
    post=extend_schema(
        operation_id="tellMailEvent",
        tags=["for machines"],
        summary="A bounce, a complaint or an answer, told by the mail system",
        description="Signed like a webhook of ours, with MAIL_EVENTS_SECRET; 404 where that is not set.",
        request={"application/json": MailEvent},
        auth=[{"standardWebhooks": []}],  # type: ignore[list-item]  # as its documentation has it
        responses={202: type("MailEventTaken", (serializers.Serializer,), {"status": serializers.CharField()})},
    ),
)
