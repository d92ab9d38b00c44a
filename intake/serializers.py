"""The shape and bounds of an enquiry, nothing else: which fields there are and what may stand in them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import altcha
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from assessments.rulesets import COMPANY_SIZES, OPTIONS, Ruleset
from intake import addresses, challenges, zones

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
# Controls and bidirectional overrides: invisible in a name, and a way to make one read as another.
INVISIBLE = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
ATTRIBUTION = (
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "referrer", "landing_page",
)  # fmt: skip

NOTHING_TO_JUDGE = "Answer at least one statement, or write a message."


class Text(serializers.CharField):
    """A string that is a string: DRF would take numbers, too. Invisible characters are dropped."""

    default_error_messages = {"invalid": "This must be text."}

    def __init__(self, **kwargs: Any) -> None:
        optional: dict[str, Any] = {} if kwargs.get("required") else {"default": "", "allow_blank": True}
        super().__init__(**optional, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(INVISIBLE.sub("", data))
        if not text and not self.allow_blank:
            self.fail("blank")  # nothing but what was dropped
        return text


class Line(Text):
    """Text on one line: whatever breaks lines becomes a space, so no name can forge a log line or a header."""

    def to_internal_value(self, data: Any) -> str:
        return " ".join(super().to_internal_value(data).split())


class Choice(serializers.ChoiceField):
    """One of a few words, or nothing; the refusal names the words."""

    def __init__(self, choices: Sequence[str]) -> None:
        super().__init__(choices, required=False, allow_blank=True, default="")
        self.error_messages["invalid_choice"] = f"Use one of: {', '.join(choices)}."


class Flag(serializers.BooleanField):
    default_error_messages = {"invalid": "Use true or false."}


class Trap(serializers.Field):
    """Hidden from people. Takes anything, since a refusal would tell a machine what it fell for."""

    def __init__(self) -> None:
        super().__init__(default="", allow_null=True)

    def to_internal_value(self, data: Any) -> bool:
        return bool(data.strip() if isinstance(data, str) else data)


class Proof(serializers.Field):
    """A solved task of ALTCHA. What is none is refused; whether it is right decides more than this field."""

    default_error_messages = {"malformed": "That is no solved task. Send what the ALTCHA widget puts into its field."}

    def __init__(self) -> None:
        super().__init__(default=None, allow_null=True)

    def to_internal_value(self, data: Any) -> altcha.Payload | None:
        if data == "":
            return None
        try:
            return challenges.parse(data)
        except (ValueError, TypeError):
            self.fail("malformed")


class Email(Line):
    def to_internal_value(self, data: Any) -> str:
        try:
            return addresses.normalise(super().to_internal_value(data))[0]
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from error


class Website(Line):
    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not value:
            return ""
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d+(/|$))", value):
            value = f"https://{value}"
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or " " in parts.netloc:
            raise serializers.ValidationError(
                "That is no http or https address. Use a form like https://example.com.", code="scheme"
            )
        return value


class TimeZone(Line):
    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value and not zones.is_known(value):
            raise serializers.ValidationError(
                "That is no IANA time zone. Use a name like Europe/Berlin.", code="timezone"
            )
        return value


class Answers(serializers.Field):
    """Statement key → yes, no or unsure. Every wrong entry is named, not only the first.

    Which statements there are says `ruleset` in the context: that of the version which is being answered. None
    stands for a questionnaire that does not exist, which is refused by its name; then any key may pass here.
    """

    default_error_messages = {"not_an_object": "Give an object: statement key to yes, no or unsure."}

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        errors = {key: self._wrong(key, value) for key, value in data.items()}
        if any(errors.values()):
            raise serializers.ValidationError({key: [error] for key, error in errors.items() if error})
        return dict(data)

    def _wrong(self, key: str, value: Any) -> serializers.ErrorDetail | None:
        rules: Ruleset | None = self.context["ruleset"]
        if rules is not None and key not in rules.by_key:
            return serializers.ErrorDetail("There is no such statement.", code="unknown_statement")
        if value not in OPTIONS:
            return serializers.ErrorDetail("Answer yes, no or unsure.", code="unknown_answer")
        return None


class Instant(serializers.Field):
    """An RFC 3339 instant with its offset: a local time without one would be a guess."""

    default_error_messages = {
        "invalid": "That is no RFC 3339 time. Use a form like 2026-11-23T10:00:00+01:00.",
        "no_offset": "The time has no offset, so it could mean several instants. Add Z or one like +01:00.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        try:
            instant = parse_datetime(data) if isinstance(data, str) else None
        except ValueError:
            instant = None
        if instant is None:
            self.fail("invalid")
        assert instant is not None
        if instant.tzinfo is None:
            self.fail("no_offset")
        return instant


class Consent(serializers.Serializer):
    follow_up = Flag(default=False)
    text = Text(max_length=5000)


class Attribution(serializers.Field):
    """Where the visitor came from. Cosmetic: what does not fit is cut or passed over, never refused."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation({} if data is None else data)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            return {}
        return {key: data[key][:500] for key in ATTRIBUTION if isinstance(data.get(key), str) and data[key]}


class PersonFields(serializers.Serializer):
    """What an enquiry says of the person, which a lead is made of."""

    name = Line(required=True, max_length=200)
    email = Email(required=True, max_length=254)
    company = Line(max_length=200)
    role = Line(max_length=200)
    phone = Line(max_length=40)
    website = Website(max_length=500)
    company_size = Choice(COMPANY_SIZES)
    timezone = TimeZone(max_length=64)


class SubmissionFields(PersonFields):
    """Everything a website may send; unknown fields are passed over. Needs `ruleset` in its context (`Answers`)."""

    message = Text(max_length=5000, trim_whitespace=False)
    questionnaire = Line(max_length=50)
    answers = Answers(required=False, default=dict)
    asked_for = Choice(("cto", "ai", "both", "not_sure"))
    language = Line(max_length=200)
    preferred_start = serializers.ListField(child=Instant(), required=False, default=list, max_length=5)
    hold = Flag(required=False, default=True)
    consent = Consent(required=False)
    attribution = Attribution(required=False, default=dict)
    test = Flag(required=False, default=False)
    form_token = Line()
    altcha = Proof()
    contact_fax_ext = Trap()

    def validate_questionnaire(self, value: str) -> str:
        if self.context["ruleset"] is None:
            raise serializers.ValidationError("There is no such questionnaire.", code="unknown_questionnaire")
        return value

    def validate_language(self, value: str) -> str:
        return value if len(value) <= 35 and LANGUAGE.fullmatch(value) else ""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["answers"] and not attrs["message"].strip():
            raise serializers.ValidationError(NOTHING_TO_JUDGE, code="nothing_to_judge")
        return attrs


class ServerFields(SubmissionFields):
    """What a server that posts with a key may send besides: the address of whoever filled in its form."""

    client_ip = serializers.IPAddressField(required=False, allow_blank=True, default="")
