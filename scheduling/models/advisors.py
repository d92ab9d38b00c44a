"""Who takes conversations and when: Advisor, DateOverride, TimeOff.

The rules of a week stand in the advisor's own row; what differs on a day, or is away, in rows of its own.
`scheduling.slots` makes free times of them.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now

from intake import zones
from scheduling.hours import parse_ranges, parse_weekly
from scheduling.slots import Rules

DEPTH = [MinValueValidator(0), MaxValueValidator(3)]


def office_week() -> dict[str, list[list[str]]]:
    return {day: [["09:00", "12:30"], ["13:30", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def validate_hours(value: object) -> None:
    try:
        parse_weekly(value)
    except ValueError as error:
        raise ValidationError(str(error), code="hours") from error


def validate_ranges(value: object) -> None:
    try:
        parse_ranges("ranges", value)
    except ValueError as error:
        raise ValidationError(str(error), code="hours") from error


def validate_room(value: str) -> None:
    """The one thing that may stand in braces is the name of the room."""
    if set("{}") & set(value.replace("{room}", "")):
        raise ValidationError("Only {room} may stand in braces: it becomes a name of its own for each conversation.")


class Advisor(models.Model):
    """Somebody who takes conversations. Depth: 0 none, 1 can talk about it, 2 does it, 3 has led it for years."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    email = models.EmailField()
    bio = models.TextField(blank=True)
    photo_url = models.URLField("photo", blank=True, help_text="Shown on pages only; mails need no images.")
    cto_depth = models.PositiveSmallIntegerField(default=0, validators=DEPTH)
    ai_depth = models.PositiveSmallIntegerField(default=0, validators=DEPTH)
    timezone = models.CharField(max_length=64, default="UTC", validators=[zones.validate])
    weekly_hours = models.JSONField(
        default=office_week,
        validators=[validate_hours],
        help_text='Local time by weekday: {"mon": [["09:00", "12:30"], ["13:30", "17:00"]], …}',
    )
    meeting_minutes = models.PositiveSmallIntegerField(default=30, validators=[MinValueValidator(5)])
    step_minutes = models.PositiveSmallIntegerField(default=30, validators=[MinValueValidator(5)])
    buffer_before_minutes = models.PositiveSmallIntegerField(default=10)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=10)
    notice_hours = models.PositiveSmallIntegerField(default=12, help_text="No conversation sooner than this.")
    horizon_days = models.PositiveSmallIntegerField(default=30, validators=[MinValueValidator(1)])
    max_per_day = models.PositiveSmallIntegerField(
        null=True, blank=True, default=4, validators=[MinValueValidator(1)], help_text="Conversations; empty: no limit."
    )
    max_per_week = models.PositiveSmallIntegerField(
        null=True, blank=True, default=12, validators=[MinValueValidator(1)], help_text="Monday to Sunday."
    )
    join_url = models.URLField(
        blank=True,
        validators=[validate_room],
        help_text="Where the conversation takes place. {room} becomes a name of its own for each conversation.",
    )
    weight = models.FloatField(
        default=1.0,
        validators=[MinValueValidator(0.1), MaxValueValidator(10)],
        help_text="The share of conversations: 2 takes twice as many as 1 with the same hours.",
    )
    active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=now, editable=False)
    feed_token = models.CharField(max_length=64, null=True, unique=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cto_depth__lte=3, ai_depth__lte=3), name="advisor_depth_to_three"),
            models.CheckConstraint(
                condition=Q(meeting_minutes__gte=5, step_minutes__gte=5), name="advisor_minutes_sensible"
            ),
            models.CheckConstraint(condition=Q(weight__gte=0.1, weight__lte=10), name="advisor_weight_sensible"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def rules(self) -> Rules:
        return Rules(
            zone=self.zone,
            weekly=parse_weekly(self.weekly_hours),
            length=timedelta(minutes=self.meeting_minutes),
            step=timedelta(minutes=self.step_minutes),
            buffer_before=timedelta(minutes=self.buffer_before_minutes),
            buffer_after=timedelta(minutes=self.buffer_after_minutes),
            notice=timedelta(hours=self.notice_hours),
            horizon=timedelta(days=self.horizon_days),
            max_per_day=self.max_per_day,
            max_per_week=self.max_per_week,
        )


class DateOverride(models.Model):
    """One day on which other hours hold than in the week; none at all closes it."""

    advisor = models.ForeignKey(Advisor, on_delete=models.CASCADE, related_name="overrides")
    date = models.DateField(help_text="In the advisor's zone.")
    ranges = models.JSONField(
        default=list, blank=True, validators=[validate_ranges], help_text='[["09:00", "12:30"]]; empty: closed all day.'
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["advisor", "date"], name="override_once_per_day")]
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date}: {', '.join('–'.join(pair) for pair in self.ranges) or 'closed'}"


class TimeOff(models.Model):
    """A time when an advisor is away, whatever the week says: holidays, illness, a day at a client's."""

    advisor = models.ForeignKey(Advisor, on_delete=models.CASCADE, related_name="time_off")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True, help_text="For the house alone.")

    class Meta:
        verbose_name_plural = "time off"
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="time_off_takes_time")]
        indexes = [models.Index(fields=["advisor", "ends_at"], name="time_off_by_end")]
        ordering = ["starts_at"]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M} UTC"
