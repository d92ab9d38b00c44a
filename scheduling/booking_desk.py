"""Conversations in the admin: every one to read, each act a button, and the pages on which one is arranged.

Part of `scheduling.admin`. Each page loads, makes one call of `scheduling.staff` and says what came of it.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from outbox.admin import ReadOnly
from outbox.desk import act_buttons, act_link, link, preserved, table
from scheduling import covering, staff, wishes, words
from scheduling.arranging import ArrangingPages
from scheduling.models import Booking, BookingAdvisor, TimeRequest

STATUS_COLOURS = {"tentative": "info", "confirmed": "success", "cancelled": "danger", "no_show": "danger"}


class StaysToDo(admin.SimpleListFilter):
    """What nobody may forget."""

    title = "what is to do"
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("untold", "Took place, not yet told"), ("stranded", "The advisor is away")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Booking]) -> QuerySet[Booking]:
        now = timezone.now()
        if self.value() == "untold":
            return queryset.filter(status=Booking.Status.CONFIRMED, ends_at__lte=now)
        if self.value() == "stranded":
            return queryset.filter(pk__in=covering.left_alone(now=now).values("pk"))
        return queryset


class SeatInline(TabularInline):
    model = BookingAdvisor
    fields = readonly_fields = ("advisor", "leads", "blocked", "holds_time")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Booking)
class BookingAdmin(ArrangingPages, ReadOnly):
    """The state is never typed in: every button goes through the same services as the prospect's acts."""

    list_display = ("starts_at", "lead", "advisor_name", "show_status", "timezone", "expires_at")
    list_filter = (StaysToDo, "status", "seats__advisor", "starts_at")
    list_select_related = ("submission__lead",)
    search_fields = ("id", "submission__lead__email", "submission__lead__name", "submission__lead__company")
    ordering = ("-starts_at",)
    inlines = (SeatInline,)
    actions = ("confirm", "cancel", "completed", "no_show")
    readonly_fields = ("acts",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        rows: QuerySet[Booking] = super().get_queryset(request).prefetch_related("seats__advisor")
        return rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The buttons first, for who may press them."""
        fields = [field for field in super().get_fields(request, obj) if field != "acts"]
        return ["acts", *fields] if self.has_operate_permission(request) else fields

    @display(description="Lead")
    def lead(self, booking: Booking) -> str:
        return str(booking.submission.lead or "-")

    @display(description="Advisor")
    def advisor_name(self, booking: Booking) -> str:
        return " and ".join(member.name for member in [booking.advisor, *booking.colleagues])

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def show_status(self, booking: Booking) -> tuple[str, str]:
        return booking.status, booking.get_status_display()

    @display(description="What to do")
    def acts(self, booking: Booking) -> SafeString:
        arrange = act_link(
            reverse("admin:scheduling_booking_arrange", args=[booking.submission_id]),
            "Move, hand over or cancel" if booking.status in Booking.OPEN else "Book a conversation",
        )
        return mark_buttons(booking) + arrange

    @admin.action(description="Confirm", permissions=["operate"])
    def confirm(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._apply(request, rows, staff.confirm, "confirmed")

    @admin.action(description="Cancel (the prospect is told)", permissions=["operate"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._apply(request, rows, staff.cancel, "cancelled")

    @admin.action(description="It took place", permissions=["operate"])
    def completed(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._apply(request, rows, _marks("completed"), "took place")

    @admin.action(description="Nobody came", permissions=["operate"])
    def no_show(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._apply(request, rows, _marks("no_show"), "nobody came")

    def _apply(self, request: HttpRequest, rows: QuerySet[Booking], act: Callable[..., Any], done: str) -> None:
        for booking in rows.select_related("submission__lead", "submission__assessment"):
            self.do(request, booking, act, done)


def _marks(status: str) -> Callable[..., Any]:
    return lambda booking, now: staff.mark(booking, status, now=now)


def mark_buttons(booking: Booking) -> SafeString:
    """How it went, once it has begun; what is marked already, the other way."""
    if booking.starts_at > timezone.now() or booking.status not in {Booking.Status.CONFIRMED, *Booking.MARKED}:
        return SafeString("")
    labels = {"completed": "It took place", "no_show": "Nobody came"}
    return act_buttons(
        (reverse("admin:scheduling_booking_mark", args=[booking.pk, status]), label)
        for status, label in labels.items()
        if status != booking.status
    )


@admin.register(TimeRequest)
class TimeRequestAdmin(ReadOnly):
    """Times that were asked for in words: answered by a booking, or settled by hand."""

    list_display = ("created_at", "lead", "words", "settled_at")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("submission__lead",)
    search_fields = ("wish", "submission__lead__email", "submission__lead__name", "submission__lead__company")
    ordering = ("-created_at",)
    actions = ("settle",)

    @display(description="Lead")
    def lead(self, request: TimeRequest) -> str:
        return str(request.submission.lead or "-")

    @display(description="Wish")
    def words(self, request: TimeRequest) -> SafeString:
        return preserved(request.wish)

    @admin.action(description="Settled", permissions=["operate"])
    def settle(self, request: HttpRequest, rows: QuerySet[TimeRequest]) -> None:
        for row in rows:
            if wishes.settle(row, now=timezone.now()):
                self.log_change(request, row, "settled")
                self.message_user(request, f"“{row}” is settled.", messages.SUCCESS)
            else:
                self.message_user(request, f"“{row}” was settled before.", messages.WARNING)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("scheduling.change_booking")


def bookings_of(lead_id: Any) -> SafeString:
    """A lead's wishes and conversations, with the way to arrange one, for the lead's page."""
    wished = TimeRequest.objects.filter(submission__lead=lead_id, settled_at=None)
    rows = Booking.objects.filter(submission__lead=lead_id).prefetch_related("seats__advisor").order_by("-created_at")
    return format_html_join(
        "",
        "<p><b>Asked for:</b></p>{}{}",
        ((preserved(wish.wish), arrange_link(wish.submission_id)) for wish in wished),
    ) + table(
        ("When (advisor's zone)", "Advisor", "Status", "Hold ends (UTC)"),
        [
            (
                link(row, words.when(row.starts_at, row.ends_at, row.advisor.zone)),
                " and ".join(member.name for member in [row.advisor, *row.colleagues]),
                _status(row),
                f"{row.expires_at:%Y-%m-%d %H:%M}" if row.expires_at and row.status == "tentative" else "",
            )
            for row in rows
        ],
    )


def arrange_link(submission_id: Any) -> SafeString:
    url = reverse("admin:scheduling_booking_arrange", args=[submission_id])
    return format_html('<p style="margin:.5rem 0">{}</p>', act_link(url, "Find a time"))


def _status(booking: Booking) -> str:
    if booking.status == Booking.Status.CONFIRMED and booking.ends_at <= timezone.now():
        return "Took place? Tell it"
    return booking.get_status_display()
