"""The gap that the house goes by, in the lists of `intake.admin`: what they filter and sort by is what they show."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest

from intake.models import Lead


def believed_gap(of: str = "") -> Coalesce:
    """`Lead.believed_gap` for the database; `of` is the way from the row to its lead, as in `lead__`."""
    return Coalesce(NullIf(F(f"{of}corrected_gap"), Value("")), F(f"{of}gap"))


class BelievedGap(SimpleListFilter):
    """Of leads."""

    title = "gap"
    parameter_name = "gap"
    of = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Lead.Gap.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # Anything may stand in an address.
        if self.value() not in Lead.Gap.values:
            return queryset
        rows: QuerySet[Any] = queryset.alias(its_gap=believed_gap(self.of)).filter(its_gap=self.value())
        return rows


class BelievedGapOfLead(BelievedGap):
    """Of what a lead has sent."""

    title = "gap of the lead"
    of = "lead__"
