"""The staff API in the OpenAPI document: leads, bookings, advisors and the event feed, each with the scope it needs.

Registered with drf-spectacular when imported.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from config.openapi import staff_shapes as shapes
from config.openapi.describing import described, keyed
from config.openapi.fields import FLAG, INSTANT, TEXT, Field
from intake.asking import AboutLeads
from notifications import examples
from notifications.feed_api import MOST, USUAL
from notifications.models import public_types
from scheduling.advisors_api import AboutAdvisors
from scheduling.bookings_api import AboutBookings

STAFF, MACHINES = "for staff", "for machines"
UUID = {"type": "string", "format": "uuid"}
ETAG = OpenApiParameter("ETag", str, "header", response=[200, 304], description="Names this version of it.")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, "header", description="The ETag that you have: 304 then.")
SEEN = "The ETag that you have seen: 412 where it has changed. Without it the last change wins."
IF_MATCH = OpenApiParameter("If-Match", str, "header", description=SEEN)
UNCHANGED = OpenApiResponse(description="You have it already.")
DAY = INSTANT | {"format": "day-or-instant", "description": "A date (its midnight in UTC), or RFC 3339 with offset."}


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "intake.staff_door.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        about = "A key of the admin or of `manage.py create_api_key`. Each call names the scope that it needs."
        return {"type": "http", "scheme": "bearer", "description": about}


class MomentField(Field):
    target_class = "intake.asking.Moment"

    def schema(self) -> dict[str, Any]:
        return DAY


# Of every parameter: an empty one equals absence.
EMPTY = {"enum": [""]}


class OneOfField(Field):
    target_class = "intake.asking.OneOf"

    def schema(self) -> dict[str, Any]:
        return {"enum": [*self.target.choices, ""]}


class WordsField(Field):
    target_class = "intake.asking.Words"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": TEXT, "maxLength": self.target.max_length}


class SwitchField(Field):
    target_class = "intake.asking.Switch"

    def schema(self) -> dict[str, Any]:
        return FLAG | {"anyOf": [*FLAG["anyOf"], EMPTY]}


class CursorSchema(Field):
    target_class = "intake.asking.CursorField"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "cursor", "description": "Out of `next` or `previous`, as it is."}


def in_path(name: str, schema: Any = UUID) -> OpenApiParameter:
    return OpenApiParameter(name, schema, "path")


LEAD, BOOKING = in_path("lead_id"), in_path("booking_id")

described(
    "intake.leads_api.LeadsView",
    get=keyed(
        STAFF,
        "listLeads",
        "leads:read",
        "People, newest first",
        "`q` looks into name, address, company and telephone; `gap` is what the house goes by; `advisor` has or had"
        " a conversation with them; `since` and `until` are about when they first wrote. An unknown parameter is a"
        " 400.",
        parameters=[AboutLeads],
        responses={200: shapes.page(shapes.LeadSummary, "LeadPage")},
    ),
)
described(
    "intake.leads_api.LeadDetail",
    get=keyed(
        STAFF,
        "readLead",
        "leads:read",
        "One person, with all that they sent",
        parameters=[LEAD, IF_NONE_MATCH, ETAG],
        responses={200: shapes.Lead, 304: UNCHANGED},
    ),
    patch=keyed(
        STAFF,
        "changeLead",
        "leads:write",
        "Change stage, owner or gap",
        "All of it or nothing; told as `lead.stage_changed` and `lead.reassessed`. What stands so already is no error.",
        parameters=[LEAD, IF_MATCH, ETAG],
        request={"application/json": shapes.LEAD_CHANGES},
        responses={200: shapes.Lead},
    ),
    delete=keyed(
        STAFF,
        "eraseLead",
        "leads:write",
        "Erase the person, from every table",
        "Told as `lead.erased`; cannot be taken back.",
        parameters=[LEAD, IF_MATCH],
        responses={204: OpenApiResponse(description="Erased.")},
    ),
)
described(
    "scheduling.bookings_api.BookingsView",
    get=keyed(
        STAFF,
        "listBookings",
        "bookings:read",
        "Conversations, the newest made first",
        "`since` and `until` are about the start; `needs_attention` is what is over and not yet told; `q`, `gap`, "
        "`stage` and `owner` are about the person, and `q` needs `leads:read`, too.",
        parameters=[AboutBookings, OpenApiParameter("lead", {"anyOf": [UUID, EMPTY]}, "query")],
        responses={200: shapes.page(shapes.StaffBooking, "BookingPage")},
    ),
)
described(
    "scheduling.bookings_api.BookingDetail",
    get=keyed(
        STAFF,
        "readBooking",
        "bookings:read",
        "One conversation",
        parameters=[BOOKING, IF_NONE_MATCH, ETAG],
        responses={200: shapes.StaffBooking, 304: UNCHANGED},
    ),
    patch=keyed(
        STAFF,
        "changeBooking",
        "bookings:write",
        "Move, confirm or cancel it, or tell how it went",
        "As the buttons of the desk: only free times, everybody is written to, told with the same events. "
        "`completed` and `no_show` from its start on; a wrong one can be put right for a week.",
        parameters=[BOOKING, IF_MATCH, ETAG],
        request={"application/json": shapes.BOOKING_CHANGES},
        responses={200: shapes.StaffBooking},
    ),
)
described(
    "scheduling.advisors_api.AdvisorsView",
    get=keyed(
        STAFF,
        "listAdvisors",
        "bookings:read",
        "Who takes conversations",
        "They are changed in the admin.",
        parameters=[AboutAdvisors],
        responses={200: shapes.page(shapes.StaffAdvisor, "AdvisorPage")},
    ),
)
described(
    "scheduling.advisors_api.AdvisorDetail",
    get=keyed(
        STAFF,
        "readAdvisor",
        "bookings:read",
        "One advisor",
        parameters=[in_path("advisor_id", {"type": "integer", "minimum": 0}), IF_NONE_MATCH, ETAG],
        responses={200: shapes.StaffAdvisor, 304: UNCHANGED},
    ),
)
PLACE = {"type": "string", "format": "feed-place", "description": "The last `next`."}
TYPES = {"type": "string", "format": "event-types", "description": f"With commas between: {', '.join(public_types())}."}
TOLD = examples.body("lead.created")
ONE_EVENT = {
    "events": [{"id": examples.ID, **{name: TOLD[name] for name in ("type", "timestamp", "data")}}],
    "next": "41",
    "more": False,
}

described(
    "notifications.feed_api.EventsView",
    get=keyed(
        MACHINES,
        "listEvents",
        "events:read",
        "What happened, in a stable order",
        "Everything that webhooks tell, with the same ids; contact details where the key has `leads:read`, too. "
        "Begin without `after`, then send the last `next`. 90 days are kept; after that, a place is a 410.",
        parameters=[
            OpenApiParameter("after", PLACE, "query"),
            OpenApiParameter("types", TYPES, "query"),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "query"),
        ],
        responses={200: shapes.Feed},
        examples=[OpenApiExample("One event", response_only=True, value=ONE_EVENT)],
    ),
)
