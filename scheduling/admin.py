"""Conversations in the admin, which staff act on through the services. Advisors: `scheduling.advisor_admin`."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from outbox.admin import ReadOnly
from outbox.desk import link, table
from scheduling import (
    advisor_admin,  # noqa: F401 - registers itself
    services,
    words,
)
from scheduling.bookings import UnableToBook
from scheduling.choice_desk import AssignmentAdmin, choices_of
from scheduling.models import Booking, BookingAdvisor

__all__ = ["AssignmentAdmin", "BookingAdmin", "bookings_of", "choices_of"]

STATUS_COLOURS = {"tentative": "info", "confirmed": "success", "cancelled": "danger", "no_show": "danger"}


class SeatInline(TabularInline):
    model = BookingAdvisor
    fields = readonly_fields = ("advisor", "leads", "blocked", "holds_time")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Booking)
class BookingAdmin(ReadOnly):
    """The state is never typed in: Confirm and Cancel go through the same services as the prospect's."""

    list_display = ("starts_at", "lead", "advisor_name", "show_status", "timezone", "expires_at")
    list_filter = ("status", "seats__advisor", "starts_at")
    list_select_related = ("submission__lead",)
    search_fields = ("id", "submission__lead__email", "submission__lead__name", "submission__lead__company")
    ordering = ("-starts_at",)
    inlines = (SeatInline,)
    actions = ("confirm", "cancel")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        rows: QuerySet[Booking] = super().get_queryset(request).prefetch_related("seats__advisor")
        return rows

    @display(description="Lead")
    def lead(self, booking: Booking) -> str:
        return str(booking.submission.lead or "-")

    @display(description="Advisor")
    def advisor_name(self, booking: Booking) -> str:
        return booking.advisor.name

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def show_status(self, booking: Booking) -> tuple[str, str]:
        return booking.status, booking.get_status_display()

    @admin.action(description="Confirm", permissions=["operate"])
    def confirm(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._apply(request, rows, services.confirm, "confirmed")

    @admin.action(description="Cancel (the prospect is told)", permissions=["operate"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._apply(request, rows, services.cancel, "cancelled")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("scheduling.change_booking")

    def _apply(self, request: HttpRequest, rows: QuerySet[Booking], act: Any, done: str) -> None:
        for booking in rows.select_related("submission__lead"):
            if booking.status not in Booking.OPEN:
                self.message_user(request, f"{booking}: over already, left alone.", messages.WARNING)
                continue
            try:
                act(booking.submission, now=timezone.now())
            except UnableToBook as error:
                self.message_user(request, f"{booking}: {error}", messages.ERROR)
                continue
            self.log_change(request, booking, done)
            self.message_user(request, f"{booking}: {done}.", messages.SUCCESS)


def bookings_of(lead_id: Any) -> SafeString:
    """A table of a lead's conversations, for the lead's page."""
    rows = Booking.objects.filter(submission__lead=lead_id).prefetch_related("seats__advisor").order_by("-created_at")
    return table(
        ("When (advisor's zone)", "Advisor", "Status", "Hold ends (UTC)"),
        [
            (
                link(row, words.when(row.starts_at, row.ends_at, row.advisor.zone)),
                row.advisor.name,
                row.get_status_display(),
                f"{row.expires_at:%Y-%m-%d %H:%M}" if row.expires_at and row.status == "tentative" else "",
            )
            for row in rows
        ],
    )
