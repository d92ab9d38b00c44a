"""The page of an advisor: who they are, their week, other hours on a date, time off, terms; all in their own zone."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from outbox.desk import listing
from scheduling import words
from scheduling.absence_desk import AbsenceDesk
from scheduling.advisor_forms import AdvisorForm, OverrideForm, TimeOffForm, shown_from
from scheduling.availability import free_slots
from scheduling.calendar_admin import CalendarInline, WithCalendars
from scheduling.feed_desk import FeedDesk
from scheduling.hours import WEEKDAYS
from scheduling.models import Advisor, DateOverride, TimeOff

SHOWN_SLOTS = 6


class InTheirZone(BaseInlineFormSet):
    """Rows that are typed and shown in the zone of the advisor they belong to, as the page has it now."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "advisor": self.instance}


class OverrideInline(TabularInline):
    model = DateOverride
    form = OverrideForm
    formset = InTheirZone
    fields = ("date", "hours")
    extra = 0
    hide_title = True
    verbose_name = "date with other hours"
    verbose_name_plural = "dates with other hours"

    def get_queryset(self, request: HttpRequest) -> QuerySet[DateOverride]:
        rows: QuerySet[DateOverride] = super().get_queryset(request)
        return rows.filter(date__gte=shown_from(timezone.now()).date())


class TimeOffInline(TabularInline):
    model = TimeOff
    form = TimeOffForm
    formset = InTheirZone
    fields = ("first_day", "from_time", "last_day", "to_time", "note")
    extra = 0
    hide_title = True  # it would tell UTC

    def get_queryset(self, request: HttpRequest) -> QuerySet[TimeOff]:
        rows: QuerySet[TimeOff] = super().get_queryset(request)
        return rows.filter(ends_at__gte=shown_from(timezone.now()))


@admin.register(Advisor)
class AdvisorAdmin(AbsenceDesk, FeedDesk, WithCalendars, ModelAdmin):
    form = AdvisorForm
    inlines = (OverrideInline, TimeOffInline, CalendarInline)
    list_display = ("name", "title", "cto_depth", "ai_depth", "weight", "timezone", "active", "calendars_read")
    list_filter = ("active", "cto_depth", "ai_depth")
    search_fields = ("name", "title", "email")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    readonly_fields = ("next_free",)
    fieldsets = (
        (None, {"fields": ("name", "title", "email", "bio", "photo_url", "active")}),
        ("Away", {"fields": ("away",)}),
        ("Depth and share", {"fields": (("cto_depth", "ai_depth"), "weight")}),
        (
            "Hours",
            {
                "description": "In the advisor's own zone. A range may go on past midnight, as 22:00–02:00 does.",
                "fields": ("timezone", *WEEKDAYS, "next_free"),
            },
        ),
        (
            "Conversations",
            {
                "fields": (
                    ("meeting_minutes", "step_minutes"),
                    ("buffer_before_minutes", "buffer_after_minutes"),
                    ("notice_hours", "horizon_days"),
                    ("max_per_day", "max_per_week"),
                    "join_url",
                )
            },
        ),
    )

    @display(description="Free now, by what is saved")
    def next_free(self, advisor: Advisor) -> str | SafeString:
        if not advisor.pk:
            return "After the first save, the next free times stand here."
        advisor = Advisor.objects.get(pk=advisor.pk)  # a page with errors has what was typed in its own copy
        found = free_slots([advisor], now=timezone.now())[advisor.id]
        soonest = words.spread(found, zone=advisor.zone, count=SHOWN_SLOTS)
        if not soonest:
            return "None within the horizon."
        times = [f"{words.when_short(start, advisor.zone)}" for start, _ in soonest]
        return format_html("{}{} in all ({})", listing(times), len(found), advisor.timezone)
