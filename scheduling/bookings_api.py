"""/api/v1/bookings/: conversations, for staff's own programs: list, read, and move, confirm, cancel, tell how it went.

Comes after the door (`intake.staff_door`); every change is the act of `scheduling.staff` behind a button of the desk.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from intake import etags, lead_changes
from intake.asking import AboutLeads, OneOf, Strict, asked
from intake.models import ApiKey, Lead
from intake.paging import page
from intake.serializers import Instant
from intake.staff_door import MissingScope, StaffView, key_of, scopes
from scheduling import booking_records, staff
from scheduling.bookings import UnableToBook
from scheduling.models import Booking
from scheduling.visitor import NotBookable, refusal

Status = Booking.Status
ONE_AT_A_TIME = "Change one thing at a time: `start` moves the conversation, `status` says what became of it."


class AboutBookings(AboutLeads):
    """`since` and `until` are about its start; `needs_attention` is what is over and not yet told."""

    status = OneOf(Status.values, required=False)
    lead = serializers.UUIDField(required=False)


class BookingFields(Strict):
    """What may be changed of a booking, one at a time."""

    start = Instant(required=False)
    status = OneOf(["confirmed", "cancelled", "completed", "no_show"], required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(ONE_AT_A_TIME, code="one_at_a_time")
        return attrs


class BookingsDoor(StaffView):
    scopes = scopes(read=ApiKey.Scope.BOOKINGS_READ, write=ApiKey.Scope.BOOKINGS_WRITE)

    @property
    def with_contact(self) -> bool:
        return self.may(ApiKey.Scope.LEADS_READ)


class BookingsView(BookingsDoor):
    def get(self, request: Request) -> Response:
        rows = booking_records.rows()
        filters = asked(AboutBookings, request, rows=rows)
        if "q" in filters and not self.with_contact:
            raise MissingScope(ApiKey.Scope.LEADS_READ)  # whoever may search for a name can find it out
        found = booking_records.matching(rows, filters, now=timezone.now())
        return page(request, found, filters, told=self._told)

    def _told(self, found: Any) -> list[dict[str, Any]]:
        return booking_records.records(found, with_contact=self.with_contact)


class BookingDetail(BookingsDoor):
    def get(self, request: Request, booking_id: uuid.UUID) -> Response:
        return etags.answer(request, self._record(_booking(booking_id)))

    def patch(self, request: Request, booking_id: uuid.UUID) -> Response:
        fields = BookingFields(data=request.data)
        fields.is_valid(raise_exception=True)
        wanted, now = fields.validated_data, timezone.now()
        try:
            with transaction.atomic():
                # First of all rows, as every change of a conversation does it.
                list(Lead.objects.select_for_update(no_key=True, of=("self",)).filter(submissions__bookings=booking_id))
                booking = _booking(booking_id)
                etags.refuse_stale(request, lambda: self._record(booking))
                if _act(booking, wanted, now=now):
                    lead_changes.note(booking, [_said(wanted)], by=key_of(request))
        except UnableToBook as error:
            if "status" in wanted:
                raise NotBookable(error, []) from error
            raise refusal(error, booking.submission, wanted["start"], now=now) from error
        return etags.answer(request, self._record(_booking(booking_id)))

    def _record(self, booking: Booking) -> dict[str, Any]:
        return booking_records.record(booking, with_contact=self.with_contact)


def _booking(booking_id: uuid.UUID) -> Booking:
    return get_object_or_404(booking_records.rows(), pk=booking_id)


def _act(booking: Booking, wanted: dict[str, Any], *, now: datetime) -> bool:
    """False where it stands so already. Raises UnableToBook."""
    if "start" in wanted:
        if (booking.status, booking.starts_at) == (Status.CONFIRMED, wanted["start"]):
            return False
        staff.move(booking, wanted["start"], now=now)
        return True
    if booking.status == wanted["status"]:
        return False
    ACTS[wanted["status"]](booking, now=now)
    return True


def _confirm(booking: Booking, *, now: datetime) -> None:
    if booking.status != Status.TENTATIVE:  # or another one that is held by now would be meant
        raise UnableToBook("closed", f"A booking that is {booking.get_status_display().lower()} cannot be confirmed.")
    staff.confirm(booking, now=now)


def _marked(status: Status) -> Callable[..., Booking]:
    return lambda booking, now: staff.mark(booking, status, now=now)


ACTS: dict[str, Callable[..., Any]] = {
    "confirmed": _confirm,
    "cancelled": staff.cancel,
    "completed": _marked(Status.COMPLETED),
    "no_show": _marked(Status.NO_SHOW),
}


def _said(wanted: dict[str, Any]) -> str:
    return f"moved to {wanted['start'].isoformat()}" if "start" in wanted else f"made it {wanted['status']}"
