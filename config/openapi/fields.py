"""What our own serializer fields take, as JSON Schema. Registered with drf-spectacular when imported."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.fields import BooleanField

from assessments import rulesets
from intake.serializers import ATTRIBUTION

# No NUL, and something that can be seen: what `intake.guard` and `intake.serializers` ask of every text.
TEXT = r"^[^\u0000]*$"
VISIBLE = r"[^\s\u0000-\u0020\u007f-\u00a0\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
SEEN = rf"^[^\u0000]*{VISIBLE}[^\u0000]*$"
WORDS_FOR_FLAGS = [value for value in (*BooleanField.TRUE_VALUES, *BooleanField.FALSE_VALUES) if isinstance(value, str)]
FLAG: dict[str, Any] = {
    "anyOf": [{"type": "boolean"}, {"enum": [0, 1]}, {"enum": sorted(WORDS_FOR_FLAGS)}],
    "description": "true or false; forms may send on, yes, 1 and their opposites.",
}
TIMEZONE = {"type": "string", "format": "iana-timezone", "examples": ["Europe/Berlin"]}
QUESTIONNAIRE = {"type": "string", "format": "questionnaire", "maxLength": 50, "default": "fractional-leadership"}
INSTANT = {
    "type": "string",
    "format": "instant",
    "description": "RFC 3339 with its offset.",
    "examples": ["2026-11-23T10:00:00+01:00"],
}
START = {"type": "object", "properties": {"start": INSTANT}, "required": ["start"]}
ANSWERS: dict[str, Any] = {
    "type": "object",
    "description": "Statement key to answer: the keys of the published questionnaire, here those of the default one.",
    "properties": {
        signal.key: {"enum": list(rulesets.OPTIONS)}
        for signal in rulesets.current().signals
    },
    "additionalProperties": False,
}  # fmt: skip

LONGEST_MESSAGE = 5000
OR_NULL = {"enum": [*rulesets.OPTIONS, None]}
# What may be corrected later; null takes a value back.
CHANGES = {
    "type": "object",
    "properties": {
        "answers": ANSWERS | {"properties": dict.fromkeys(ANSWERS["properties"], OR_NULL)},
        "message": {"type": ["string", "null"], "pattern": TEXT, "maxLength": LONGEST_MESSAGE},
        "asked_for": {"enum": ["", *rulesets.ASKED_FOR, None]},
        "company_size": {"enum": ["", *rulesets.COMPANY_SIZES, None]},
        "timezone": TIMEZONE | {"type": ["string", "null"]},
    },
}


class Field(OpenApiSerializerFieldExtension):
    """One of our fields; the subclass says which, and what it takes."""

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        return self.schema()

    def schema(self) -> dict[str, Any]:
        raise NotImplementedError


class TextField(Field):
    target_class = "intake.serializers.Text"
    match_subclasses = True

    def schema(self) -> dict[str, Any]:
        longest = {"maxLength": self.target.max_length} if self.target.max_length else {}
        pattern = SEEN if self.target.required else TEXT
        return {"type": "string", "pattern": pattern, **longest}


class EmailField(Field):
    target_class = "intake.serializers.Email"
    priority = 1

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": self.target.max_length}


class WebsiteField(Field):
    target_class = "intake.serializers.Website"
    priority = 1

    def schema(self) -> dict[str, Any]:
        about = "An http or https address; without a scheme it gets https://."
        return {"type": "string", "format": "website", "maxLength": self.target.max_length, "description": about}


class TimeZoneField(Field):
    target_class = "intake.serializers.TimeZone"
    priority = 1

    def schema(self) -> dict[str, Any]:
        return TIMEZONE


class ChoiceField(Field):
    target_class = "intake.serializers.Choice"

    def schema(self) -> dict[str, Any]:
        return {"enum": ["", *self.target.choices]}


class FlagField(Field):
    target_class = "intake.serializers.Flag"

    def schema(self) -> dict[str, Any]:
        return FLAG


class TrapField(Field):
    target_class = "intake.serializers.Trap"

    def schema(self) -> dict[str, Any]:
        about = "Leave it out: a field that people do not see. Whoever fills it in is set aside."
        return {"type": ["string", "boolean", "number", "object", "array"], "description": about}


class ProofField(Field):
    target_class = "intake.serializers.Proof"

    def schema(self) -> dict[str, Any]:
        about = "What the ALTCHA widget makes of a challenge, in base64; for sites that ask for proof of work."
        return {"type": "string", "format": "altcha-proof", "description": about}


class AnswersField(Field):
    target_class = "intake.serializers.Answers"

    def schema(self) -> dict[str, Any]:
        return ANSWERS


class InstantField(Field):
    target_class = "intake.serializers.Instant"

    def schema(self) -> dict[str, Any]:
        return INSTANT


class AttributionField(Field):
    target_class = "intake.serializers.Attribution"

    def schema(self) -> dict[str, Any]:
        return {
            "description": f"An object of texts: {', '.join(ATTRIBUTION)}. What does not fit is passed over.",
            "examples": [{"utm_source": "newsletter"}],
        }
