"""/api/v1/advisors/: who takes conversations, for staff's own programs; they are changed in the admin alone.

Comes after the door (`intake.staff_door`). Never told: the secret addresses of their calendars and feeds.
"""

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from intake import etags
from intake.asking import Listing, Switch, Words, asked, narrowed
from intake.models import ApiKey
from intake.paging import page
from intake.staff_door import StaffView, scopes
from scheduling.models import Advisor

TOLD = (
    "id", "name", "title", "email", "bio", "photo_url", "cto_depth", "ai_depth", "timezone", "weekly_hours",
    "meeting_minutes", "step_minutes", "buffer_before_minutes", "buffer_after_minutes", "notice_hours",
    "horizon_days", "max_per_day", "max_per_week", "weight", "active",
)  # fmt: skip


class AboutAdvisors(Listing):
    q = Words(max_length=200)
    active = Switch(required=False)


class AdvisorsDoor(StaffView):
    scopes = scopes(read=ApiKey.Scope.BOOKINGS_READ, write=ApiKey.Scope.BOOKINGS_WRITE)


class AdvisorsView(AdvisorsDoor):
    def get(self, request: Request) -> Response:
        rows = Advisor.objects.all()
        filters = asked(AboutAdvisors, request, rows=rows)
        found = narrowed(rows, filters, by=NARROWING)
        return page(request, found, filters, told=lambda advisors: [_record(advisor) for advisor in advisors])


class AdvisorDetail(AdvisorsDoor):
    def get(self, request: Request, advisor_id: int) -> Response:
        return etags.answer(request, _record(get_object_or_404(Advisor, pk=advisor_id)))


def _mentioning(rows: QuerySet[Advisor], text: str) -> QuerySet[Advisor]:
    return rows.filter(Q(name__icontains=text) | Q(title__icontains=text) | Q(email__icontains=text))


NARROWING: dict[str, Any] = {"q": _mentioning, "active": lambda rows, active: rows.filter(active=active)}


def _record(advisor: Advisor) -> dict[str, Any]:
    return {name: getattr(advisor, name) for name in TOLD}
