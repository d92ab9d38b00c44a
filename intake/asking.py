"""What stands after the question mark of a list, and what stands in the body of a change: read strictly.

Serializers that the views of the staff API fill in. A word that nobody knows is refused by name: a filter with a
slip of the pen would otherwise return everybody.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date
from rest_framework import serializers
from rest_framework.request import Request

from intake.models import Lead
from intake.paging import Cursor
from intake.serializers import Flag, Instant

MOST, USUAL = 200, 50
YEARS = range(1970, 9000)  # outside, the arithmetic that follows would leave the calendar


class Strict(serializers.Serializer):
    """Refuses unknown names, and names the known ones."""

    def to_internal_value(self, data: Mapping[str, Any]) -> Any:
        unknown = [name for name in data if name not in self.fields]
        if unknown:
            message = f"There is no such {self.kind}. Known are: {', '.join(self.fields)}."
            raise serializers.ValidationError({name: [_error(message, "unknown")] for name in unknown})
        return super().to_internal_value(data)

    kind = "field"


def _error(message: str, code: str) -> serializers.ErrorDetail:
    return serializers.ErrorDetail(message, code=code)


class OneOf(serializers.ChoiceField):
    """One of a few words; the refusal names them."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages["invalid_choice"] = f"Use one of: {', '.join(self.choices)}."


class Words(serializers.CharField):
    """Text to look for."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, **kwargs)


class Switch(Flag):
    """A flag among parameters."""


class Moment(Instant):
    """A date, which is its midnight in UTC, or an instant with its offset."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            day = parse_date(data)
        except ValueError as error:
            raise serializers.ValidationError("That is no date.", code="invalid") from error
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.combine(day, time(), tzinfo=UTC) if day else super().to_internal_value(data.replace(" ", "+"))
        if moment.year not in YEARS:
            raise serializers.ValidationError(f"Ask for a year from {YEARS[0]} to {YEARS[-1]}.", code="invalid")
        return moment


class CursorField(serializers.Field):
    default_error_messages = {"invalid": "This cursor is none of this list. Take `next` or `previous` as it is."}

    def to_internal_value(self, data: Any) -> Cursor:
        cursor = Cursor.read(data, of=self.context["rows"])
        if cursor is None:
            self.fail("invalid")
        assert cursor is not None
        return cursor


class Listing(Strict):
    """What every list takes."""

    kind = "parameter"

    limit = serializers.IntegerField(required=False, default=USUAL, min_value=1, max_value=MOST)
    cursor = CursorField(required=False)


class AboutLeads(Listing):
    """The filters of what belongs to people."""

    q = Words(max_length=200)
    gap = OneOf(Lead.Gap.values, required=False)
    stage = OneOf(Lead.Stage.values, required=False)
    advisor = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    owner = Words(max_length=150)
    since = Moment(required=False)
    until = Moment(required=False)
    needs_attention = Switch(required=False)


def narrowed(
    rows: QuerySet[Any], query: Mapping[str, Any], *, by: Mapping[str, Callable[[QuerySet[Any], Any], QuerySet[Any]]]
) -> QuerySet[Any]:
    """The rows that the parameters leave, each by its own way to narrow them."""
    for name, narrow in by.items():
        if name in query:
            rows = narrow(rows, query[name])
    return rows


def asked(kind: type[Strict], request: Request, *, rows: Any = None) -> dict[str, Any]:
    """The parameters of this call; an empty one equals absence. Raises ValidationError, which names the wrong ones."""
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        raise serializers.ValidationError({name: [_error("Give it once.", "repeated")] for name in twice})
    given = {name: value for name, value in request.query_params.items() if value != ""}
    query = kind(data=given, context={"rows": rows})
    query.is_valid(raise_exception=True)
    found: dict[str, Any] = query.validated_data
    return found
