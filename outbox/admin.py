"""The machine room of the admin: events, deliveries and attempts to read, with Retry and Cancel."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from outbox import outbox
from outbox.desk import link, table
from outbox.models import Attempt, Delivery, Event, Heartbeat

STATUS_COLOURS = {"pending": "info", "sending": "warning", "succeeded": "success", "failed": "danger"}


class ReadOnly(ModelAdmin):
    """Rows that the machine owns: nobody adds, edits or deletes them by hand."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AttemptInline(TabularInline):
    model = Attempt
    fields = readonly_fields = ("number", "outcome", "started_at", "finished_at", "error", "details")
    extra = 0
    can_delete = False
    ordering = ("number",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeliveryInline(TabularInline):
    model = Delivery
    fields = readonly_fields = ("task", "target", "status", "due_at", "attempt_count", "last_error")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("type", "subject", "sequence", "occurred_at")
    list_filter = ("type",)
    search_fields = ("id", "subject")
    ordering = ("-occurred_at",)
    inlines = (DeliveryInline,)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """Staff may look at every effect, try one again, or call one off; the outbox does both."""

    list_display = ("task", "event_type", "show_status", "due_at", "attempt_count", "last_error")
    list_filter = ("status", "task", "event__type")
    list_select_related = ("event",)
    search_fields = ("id", "event__id", "event__subject", "target", "last_error")
    ordering = ("-created_at",)
    inlines = (AttemptInline,)
    actions = ("retry", "cancel")

    @display(description="Event", ordering="event__type")
    def event_type(self, delivery: Delivery) -> str:
        return delivery.event.type

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def show_status(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.status, delivery.get_status_display()

    @admin.action(description="Retry now", permissions=["operate"])
    def retry(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        self._apply(request, rows, outbox.retry, "is due again now", "is running or done, and was left alone")

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        self._apply(request, rows, outbox.cancel, "was cancelled", "no longer waits, and was left alone")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("outbox.change_delivery")

    def _apply(self, request: HttpRequest, rows: QuerySet[Delivery], act: Any, done: str, left: str) -> None:
        for delivery in rows:
            changed = act(delivery.pk, now=timezone.now())
            if changed:
                self.log_change(request, delivery, done)
            level = messages.SUCCESS if changed else messages.WARNING
            self.message_user(request, f"{delivery.task}: {done if changed else left}.", level)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ("name", "beat_at")

    def get_object(self, request: HttpRequest, object_id: str, *args: Any) -> Any:
        """The names are text, which PostgreSQL takes no NUL in."""
        return None if "\x00" in object_id else super().get_object(request, object_id, *args)


def deliveries_of(subject: Any) -> SafeString:
    """A table of what an event's subject has caused, for a page of the desk."""
    rows = Delivery.objects.filter(event__subject=subject).select_related("event").order_by("-created_at")[:50]
    return table(
        ("Effect", "Because of", "Status", "Due", "Attempts", "Last error"),
        [
            (
                link(row, row.task.partition(".")[2].replace("_", " ")),
                row.event.type,
                row.get_status_display(),
                f"{row.due_at:%Y-%m-%d %H:%M:%S}",
                row.attempt_count,
                row.last_error[:120],
            )
            for row in rows
        ],
    )
