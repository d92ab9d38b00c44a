"""What staff type about an advisor's times: a line for each day, and days off in the advisor's own zone.

No widget here knows the server's zone. What is typed becomes an instant in one place (`instant`), which refuses
what the clock skips; a row is shown by the same rules, so that saving a page again changes nothing.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminTextInputWidget

from intake import zones
from scheduling.hours import EXAMPLE, WEEKDAYS, read_line, write_line
from scheduling.models import Advisor, DateOverride, TimeOff

DAY = timedelta(days=1)
PLACEHOLDER = "closed"
# What is over stays in the database; the page shows what still matters.
SHOWN_AFTER = timedelta(days=7)


def shown_from(moment: datetime) -> datetime:
    """Rows that ended before this are no longer shown."""
    return moment - SHOWN_AFTER


class HoursLine(forms.CharField):
    """“09:00–12:30, 13:30–17:00”; empty for closed."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"placeholder": PLACEHOLDER, "autocomplete": "off"})
        super().__init__(required=False, max_length=200, widget=widget, **options)

    def clean(self, value: Any) -> list[list[str]]:
        try:
            return read_line(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(str(error), code="hours") from error


class AdvisorForm(forms.ModelForm):
    """The week as seven lines, which are kept as the JSON that `weekly_hours` is."""

    mon = HoursLine(label="Monday", help_text=f"{EXAMPLE} Empty: closed.")
    tue = HoursLine(label="Tuesday")
    wed = HoursLine(label="Wednesday")
    thu = HoursLine(label="Thursday")
    fri = HoursLine(label="Friday")
    sat = HoursLine(label="Saturday")
    sun = HoursLine(label="Sunday")

    class Meta:
        model = Advisor
        fields = ()  # the admin names them
        labels = {
            "photo_url": "Photo",
            "cto_depth": "CTO depth",
            "ai_depth": "AI depth",
            "timezone": "Time zone",
            "meeting_minutes": "Length in minutes",
            "step_minutes": "A start every … minutes",
            "buffer_before_minutes": "Kept free before",
            "buffer_after_minutes": "Kept free after",
            "notice_hours": "Notice in hours",
            "horizon_days": "Days ahead",
            "max_per_day": "At most a day",
            "max_per_week": "At most a week",
            "join_url": "Room",
        }
        help_texts = {
            "photo_url": "The address of a picture. It is shown on pages only; mails need no images.",
            "cto_depth": "0 none, 1 can talk about it, 2 does it, 3 has led it for years.",
            "ai_depth": "The same scale.",
            "timezone": "A name like Europe/Berlin. All times on this page are told in it.",
            "buffer_before_minutes": "Minutes.",
            "buffer_after_minutes": "Minutes.",
            "horizon_days": "No conversation later than this.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        week = self.instance.weekly_hours if isinstance(self.instance.weekly_hours, dict) else {}
        for day in WEEKDAYS:
            self.initial.setdefault(day, write_line(week.get(day, [])))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = {day: cleaned[day] for day in WEEKDAYS if cleaned.get(day)}
        self.instance.weekly_hours = typed
        return cleaned


class OverrideForm(forms.ModelForm):
    hours = HoursLine(help_text="Empty: closed all day.")

    class Meta:
        model = DateOverride
        fields = ("date",)
        widgets = {"date": UnfoldAdminTextInputWidget(attrs={"type": "date"})}

    def __init__(self, *args: Any, advisor: Advisor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("hours", write_line(self.instance.ranges))

    def clean_date(self) -> date:
        day: date = self.cleaned_data["date"]
        if day < shown_from(now()).date():
            raise forms.ValidationError("This date is over. Choose one from today on.", code="over")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.instance.ranges = cleaned.get("hours", [])
        return cleaned


def _date(**options: Any) -> forms.DateField:
    return forms.DateField(widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), **options)


def _time(**options: Any) -> forms.TimeField:
    widget = UnfoldAdminTextInputWidget(attrs={"type": "time"})
    return forms.TimeField(required=False, widget=widget, **options)


class TimeOffForm(forms.ModelForm):
    """From a day to a day, both included; with times where it is less than the whole of them."""

    first_day = _date()
    from_time = _time(label="From", help_text="Empty: from midnight.")
    last_day = _date()
    to_time = _time(label="Until", help_text="Empty: to the end of the day.")

    class Meta:
        model = TimeOff
        fields = ("note",)
        widgets = {"note": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, advisor: Advisor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.advisor, self.shown_in = advisor, _zone(advisor)
        if self.instance.pk:
            self.initial.update(_typed(self.instance, self.shown_in))

    def has_changed(self) -> bool:
        """An advisor who moves to another zone keeps the days and the hours that the page shows."""
        return super().has_changed() or (self.instance.pk is not None and _zone(self.advisor) != self.shown_in)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts = self._instant("from_time", cleaned.get("first_day"), later=False)
        ends = self._instant("to_time", cleaned.get("last_day"), later=True)
        if starts and ends and ends <= starts:
            self.add_error("last_day", "This ends before it starts. Change the last day, or its time.")
        elif starts and ends:
            self.instance.starts_at, self.instance.ends_at = starts, ends
        return cleaned

    def _instant(self, name: str, day: date | None, *, later: bool) -> datetime | None:
        if day is None or name in self.errors:
            return None  # told already
        clock, zone = self.cleaned_data.get(name), _zone(self.advisor)
        try:
            if clock is None:
                return midnight(day + DAY if later else day, zone)
            return instant(datetime.combine(day, clock), zone, later=later)
        except OverflowError:
            self.add_error("last_day" if later else "first_day", "That is too far away.")
        except ValueError as error:
            self.add_error(name, str(error))
        return None


def _zone(advisor: Advisor) -> ZoneInfo:
    """As the page has it now, which may be a new one; a wrong one is told at its own field."""
    return advisor.zone if zones.is_known(advisor.timezone) else ZoneInfo("UTC")


def _typed(row: TimeOff, zone: ZoneInfo) -> dict[str, Any]:
    """The row as somebody would type it."""
    start, end = row.starts_at.astimezone(zone), row.ends_at.astimezone(zone)
    from_midnight, to_midnight = (moment == midnight(moment.date(), zone) for moment in (start, end))
    return {
        "first_day": start.date(),
        "from_time": None if from_midnight else start.time(),
        "last_day": end.date() - DAY if to_midnight else end.date(),
        "to_time": None if to_midnight else end.time(),
    }


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, which in some zones is one o'clock on the night of a change."""
    moment = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    # A midnight that is skipped is read with the offset before: the moment of the change itself, or later.
    while moment.astimezone(zone).date() < day:
        moment += timedelta(minutes=30)
    return moment


def instant(wall: datetime, zone: ZoneInfo, *, later: bool) -> datetime:
    """When the clock in the zone shows this; of an hour that comes twice the earlier or the later one.

    Raises ValueError where the clock never shows it.
    """
    moment = wall.replace(tzinfo=zone, fold=int(later)).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError(
            f"There is no {wall:%H:%M} on {wall.day} {wall:%B %Y} in {zone.key}: "
            "the clock is put forward over it. Choose a time before or after."
        )
    return moment
