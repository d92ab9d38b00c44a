"""What the answers look like. Only told of here: the views build their answers as plain dictionaries."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from assessments import rulesets
from intake.models import Lead

SIDES = ("cto", "ai")
GAPS = ("cto", "ai", "both", "unclear")
ENGAGEMENTS = (
    "fractional_cto", "fractional_ai_officer", "one_leader_for_both", "cto_and_ai_officer", "discovery",
)  # fmt: skip
BOOKING_STATES = ("pending", "held", "confirmed", "offer", "unavailable", "closed")
STATUSES = ("tentative", "confirmed", "cancelled", "expired", "completed", "no_show")
STAGES = tuple(Lead.Stage.values)


def _choice(values: tuple[str, ...], **kwargs: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=values, **kwargs)


def _strings() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField())


class Person(serializers.Serializer):
    """An advisor."""

    name = serializers.CharField()
    title = serializers.CharField()


class Slot(serializers.Serializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class Slots(serializers.Serializer):
    timezone = serializers.CharField()
    advisor = Person()
    vars()["with"] = Person(many=True)  # a word of Python's own
    slots = Slot(many=True)
    next_from = serializers.DateTimeField(help_text="Ask from here for what comes after these.")


class Booking(serializers.Serializer):
    status = _choice(STATUSES)
    start = serializers.DateTimeField(help_text="With the offset of `timezone`.")
    end = serializers.DateTimeField()
    timezone = serializers.CharField()
    advisor = Person()
    vars()["with"] = Person(many=True, help_text="The colleagues who take part in a joint conversation.")
    join_url = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When a held time goes by itself.")


class Reason(serializers.Serializer):
    signal = serializers.CharField()
    side = _choice(SIDES)
    direction = _choice(("for", "against"))
    weight = serializers.FloatField()
    source = _choice(("answer", "message"))  # type: ignore[assignment]
    text = serializers.CharField()
    quote = serializers.CharField(allow_null=True, help_text="The prospect's own words.")


class Assessment(serializers.Serializer):
    gap = _choice(GAPS)
    primary = _choice(SIDES, allow_null=True)
    engagement = _choice(ENGAGEMENTS)
    confidence = _choice(("clear", "leaning", "none"))
    margin = serializers.FloatField()
    scores = inline_serializer("Scores", {side: serializers.FloatField() for side in SIDES})
    asked_for = _choice(rulesets.ASKED_FOR, allow_null=True)
    ruleset = serializers.CharField()
    reasons = Reason(many=True)
    would_change = _strings()
    tie_breaks = _strings()


class Submission(serializers.Serializer):
    """An enquiry as it stands; the reply to the post is the same with `booking_state` pending."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    assessment = Assessment()
    booking_state = _choice(BOOKING_STATES)
    booking = Booking(allow_null=True)
    links = inline_serializer("Links", {"self": serializers.CharField(), "page": serializers.CharField()})


class Statement(serializers.Serializer):
    key = serializers.CharField()
    group = _choice(("quick", "more"))
    order = serializers.IntegerField()
    text = serializers.CharField()
    help = serializers.CharField(allow_blank=True)
    side = _choice(SIDES)


class Questionnaire(serializers.Serializer):
    slug = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    statements = Statement(many=True)
    options = _strings()
    company_sizes = _strings()
