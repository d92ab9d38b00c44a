"""/api/v1/leads/: people, for staff's own programs: list, search, read, and change stage, owner and gap.

Comes after the door (`intake.staff_door`); `intake.lead_records` finds and tells, `intake.lead_changes` changes.
"""

import uuid
from typing import Any

from django.contrib.auth.models import User
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from intake import etags, lead_changes, lead_records, persons
from intake.asking import AboutLeads, OneOf, Strict, asked, narrowed
from intake.corrections import ReasonMissing
from intake.models import ApiKey, Lead
from intake.paging import page
from intake.serializers import Text
from intake.staff_door import StaffView, key_of, scopes


class Owner(serializers.Field):
    """The login name of somebody who works here."""

    default_error_messages = {"unknown": "There is no active colleague with this login name."}

    def to_internal_value(self, data: Any) -> User:
        is_name = isinstance(data, str) and len(data) <= 150 and "\x00" not in data
        found = User.objects.filter(username=data, is_staff=True, is_active=True).first() if is_name else None
        if found is None:
            self.fail("unknown")
        assert found is not None
        return found


class LeadFields(Strict):
    """What may be changed of a lead."""

    stage = OneOf(Lead.Stage.values, required=False)
    owner = Owner(required=False, allow_null=True)
    gap = OneOf(Lead.Gap.values, required=False, allow_null=True)
    reason = Text(max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "gap" in attrs:
            attrs["gap"] = attrs["gap"] or ""
            if attrs["gap"] and not attrs["reason"]:
                raise serializers.ValidationError({"reason": [str(ReasonMissing())]}, code="required")
        return attrs


class LeadView(StaffView):
    scopes = scopes(read=ApiKey.Scope.LEADS_READ, write=ApiKey.Scope.LEADS_WRITE)


class LeadsView(LeadView):
    def get(self, request: Request) -> Response:
        leads = lead_records.rows().filter(set_aside_at=None)
        filters = asked(AboutLeads, request, rows=leads)
        found = narrowed(leads, filters, by=lead_records.NARROWING)
        return page(request, found, filters, told=lead_records.summaries)


class LeadDetail(LeadView):
    def get(self, request: Request, lead_id: uuid.UUID) -> Response:
        return etags.answer(request, _record(lead_id))

    def patch(self, request: Request, lead_id: uuid.UUID) -> Response:
        fields = LeadFields(data=request.data)
        fields.is_valid(raise_exception=True)
        try:
            lead_changes.change(
                lead_id,
                fields.validated_data,
                unless=lambda: etags.refuse_stale(request, lambda: _record(lead_id)),
                by=key_of(request),
                now=timezone.now(),
            )
        except Lead.DoesNotExist as error:
            raise Http404 from error
        return etags.answer(request, _record(lead_id))

    def delete(self, request: Request, lead_id: uuid.UUID) -> Response:
        """Erases the person, as the desk does: everything goes, and cannot be brought back."""
        lead = get_object_or_404(Lead, pk=lead_id)
        etags.refuse_stale(request, lambda: _record(lead_id))
        persons.erase(persons.of_lead(lead), now=timezone.now())
        return Response(status=204)


def _record(lead_id: uuid.UUID) -> dict[str, Any]:
    return lead_records.record(get_object_or_404(lead_records.rows(), pk=lead_id))
