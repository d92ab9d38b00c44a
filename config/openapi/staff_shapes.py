"""What the staff API answers with, and what it takes to change something; `staff` says where."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from assessments import rulesets
from config.openapi.fields import INSTANT, TEXT
from config.openapi.shapes import ENGAGEMENTS, GAPS, SIDES, STAGES, STATUSES, Assessment, Booking, Person
from scheduling.advisors_api import TOLD
from scheduling.models import Advisor

INTENTS = ("prospect", "vendor", "job_seeker", "support", "student", "spam", "other")
WITH_LEADS = "Only for keys that have `leads:read`, too."


def choice(values: tuple[str, ...], **kwargs: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=values, **kwargs)


def page(result: Any, name: str) -> Any:
    """What every list gives."""
    about = "Call it as it is; null: there is nothing further that way."
    fields = {way: serializers.CharField(allow_null=True, help_text=about) for way in ("next", "previous")}
    return inline_serializer(name, {**fields, "results": result(many=True)})


class Sent(serializers.Serializer):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()


class LeadSummary(serializers.Serializer):
    """A person. `gap`, `primary` and `engagement` are what the house goes by: judged, or corrected by staff."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()
    company = serializers.CharField()
    role = serializers.CharField()
    phone = serializers.CharField()
    website = serializers.CharField()
    company_size = serializers.CharField()
    timezone = serializers.CharField()
    stage = choice(STAGES)
    owner = serializers.CharField(allow_null=True, help_text="A login name.")
    gap = choice(GAPS)
    primary = choice(SIDES, allow_null=True)
    engagement = choice(ENGAGEMENTS)
    corrected_gap = choice(GAPS, allow_null=True, help_text="What staff said; stays until it is cleared.")
    asked_for = choice(rulesets.ASKED_FOR, allow_null=True)
    intent = choice(INTENTS, allow_null=True, help_text="Whose words they seem to be.")
    best_guess = choice(GAPS, allow_null=True, help_text="The gap before low confidence made it `unclear`.")
    submission = Sent(allow_null=True, help_text="What was judged last.")
    assessment = Assessment(allow_null=True, help_text="The verdict on it.")
    needs_attention = serializers.BooleanField(
        help_text="A wish for a time, a conversation that nobody has told of, or a failed delivery."
    )
    created_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField()
    admin_url = serializers.CharField()


class Enquiry(serializers.Serializer):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    gap = choice(GAPS)
    answers = serializers.DictField(child=choice(rulesets.OPTIONS))
    message = serializers.CharField()
    asked_for = serializers.CharField()
    company_size = serializers.CharField()
    timezone = serializers.CharField()
    language = serializers.CharField()
    consent_follow_up = serializers.BooleanField()
    attribution = serializers.DictField(child=serializers.CharField())
    is_test = serializers.BooleanField()


class CorrectionMade(serializers.Serializer):
    gap = choice(GAPS, allow_null=True, help_text="null: taken back.")
    before = choice(GAPS)
    reason = serializers.CharField()
    by = serializers.CharField(allow_null=True, help_text="A login name; null: a program, which `reason` names.")
    corrected_at = serializers.DateTimeField()


class Lead(LeadSummary):
    """A person with all that they sent and all that staff corrected: the newest 50 of each."""

    submissions = Enquiry(many=True)
    corrections = CorrectionMade(many=True)


class AdvisorShort(Person):
    id = serializers.IntegerField()


class LeadShort(serializers.Serializer):
    id = serializers.UUIDField()
    email = serializers.CharField(required=False, help_text=WITH_LEADS)
    name = serializers.CharField(required=False, help_text=WITH_LEADS)
    company = serializers.CharField(required=False, help_text=WITH_LEADS)
    stage = choice(STAGES)
    gap = choice(GAPS)


class StaffBooking(Booking):
    """A conversation, in the words of the prospect's own calls, and whose it is."""

    id = serializers.UUIDField()
    status = choice(STATUSES)
    advisor = AdvisorShort()
    vars()["with"] = AdvisorShort(many=True, help_text="The colleagues who take part in a joint conversation.")
    join_url = serializers.CharField(allow_null=True, required=False, help_text=WITH_LEADS)
    lead = LeadShort(allow_null=True)
    submission = Sent()
    created_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class StaffAdvisor(serializers.ModelSerializer):
    """Somebody who takes conversations; depths are 0 (none) to 3 (has led it for years)."""

    photo_url = serializers.CharField(help_text="Empty: there is none.")

    class Meta:
        model = Advisor
        fields = TOLD
        read_only_fields = TOLD
        extra_kwargs = {"weekly_hours": {"help_text": "Local time by weekday."}}


class FeedEvent(serializers.Serializer):
    id = serializers.UUIDField(help_text="The `webhook-id` of the same event.")
    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    data = serializers.DictField(  # type: ignore[assignment]  # a name that serializers have, too
        help_text="As in the webhooks section of this document."
    )


class Feed(serializers.Serializer):
    events = FeedEvent(many=True)
    next = serializers.CharField(help_text="What to send as `after` next; always there.")
    more = serializers.BooleanField(help_text="Whether there is more already: ask again at once.")


# --- changes --------------------------------------------------------------------------------------------

LEAD_CHANGES: dict[str, Any] = {
    "type": "object",
    "description": "A gap needs a reason. Any other field is refused.",
    "properties": {
        "stage": {"enum": list(STAGES)},
        "owner": {"type": ["string", "null"], "format": "login", "description": "A login name; null: nobody."},
        "gap": {"enum": [*GAPS, None], "description": "What staff know; null takes the correction back."},
        "reason": {"type": "string", "maxLength": 2000, "pattern": TEXT},
    },
    "additionalProperties": False,
    "anyOf": [
        {"properties": {"gap": {"enum": [None]}}},
        {"required": ["reason"], "properties": {"reason": {"pattern": "[A-Za-z]"}}},
    ],
    "examples": [{"stage": "proposal", "gap": "both", "reason": "They run two systems on paper."}],
}
BOOKING_CHANGES: dict[str, Any] = {
    "type": "object",
    "description": "One thing at a time.",
    "properties": {
        "start": INSTANT | {"description": "Moves it; RFC 3339 with its offset. A held one is confirmed by it."},
        "status": {"enum": ["confirmed", "cancelled", "completed", "no_show"], "description": "What became of it."},
    },
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "examples": [{"status": "completed"}],
}
