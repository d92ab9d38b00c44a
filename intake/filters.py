"""What the lists of `intake.admin` filter and sort by is what they show: the gap that the house believes, who waits."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest

from intake.models import Lead, Submission
from outbox.models import Delivery


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


# What waits for staff, and the words for it; each is a yes or no of a lead. Read by name, since the rooms above
# own the rows: a time that was asked for, a conversation of which nobody has told how it went.
WAITS = {
    "has_wish": "Asks for a time",
    "is_untold": "Took place? Tell it",
    "has_failed": "A delivery failed",
}


def with_waiting(leads: QuerySet[Lead], *, now: datetime) -> QuerySet[Lead]:
    """The leads with a mark for each thing that waits for staff."""
    failed = Delivery.objects.filter(event__subject=OuterRef("pk"), status=Delivery.Status.FAILED)
    wished = Submission.objects.filter(lead=OuterRef("pk"), time_requests__settled_at=None, time_requests__isnull=False)
    over = Submission.objects.filter(lead=OuterRef("pk"), bookings__status="confirmed", bookings__ends_at__lte=now)
    rows: QuerySet[Lead] = leads.annotate(has_wish=Exists(wished), is_untold=Exists(over), has_failed=Exists(failed))
    return rows


def waiting() -> Q:
    """Of rows of `with_waiting`: those that wait for staff, whatever for."""
    return reduce(or_, (Q(**{name: True}) for name in WAITS))


class NeedsAttention(SimpleListFilter):
    """Leads that wait for staff, whatever for."""

    title = "attention"
    parameter_name = "needs_attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Needs attention"), *WAITS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in WAITS:
            return queryset.filter(**{str(self.value()): True})
        if self.value() == "1":
            return queryset.filter(waiting())
        return queryset


class UnlessAsked(SimpleListFilter):
    """The rows in which a moment is empty, unless somebody asks for the others, or for all."""

    field: str
    usual: str
    others: tuple[str, str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [self.others, ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [first | {"display": self.usual}, *rest]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(**{f"{self.field}__isnull": self.value() != self.others[0]})


class AtTheDesk(UnlessAsked):
    """Of leads: without those of whom everything is in quarantine or a test."""

    title = "at the desk"
    parameter_name = "aside"
    field, usual, others = "set_aside_at", "At the desk", ("1", "In quarantine, or tests alone")


class Accepted(SimpleListFilter):
    """Of submissions."""

    title = "accepted"
    parameter_name = "accepted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Accepted"), ("0", "In quarantine")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {"0", "1"}:
            return queryset
        return (
            queryset.filter(quarantine_reasons=[]) if self.value() == "1" else queryset.exclude(quarantine_reasons=[])
        )
