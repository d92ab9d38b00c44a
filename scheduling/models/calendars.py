"""Outside calendars: Calendar (a secret feed that tells when an advisor is busy) and BusyTime (what it said last).

Read by `scheduling.calendars`; free times ask `BusyTime` alone, so that a dead calendar server slows nobody down.
"""

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q

from outbox import http
from scheduling.models.advisors import Advisor


class Calendar(models.Model):
    """A secret address that gives an advisor's own calendar as iCalendar."""

    advisor = models.ForeignKey(Advisor, on_delete=models.CASCADE, related_name="calendars")
    name = models.CharField(max_length=100, blank=True)
    url = models.CharField(
        "secret address",
        max_length=http.MAX_URL_LENGTH,
        help_text="Google, Microsoft, Apple and Nextcloud each offer one, as “secret” or “published” address (ICS).",
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # What the last good answer said of itself, to ask only for what is newer.
    etag = models.CharField(max_length=500, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    tried_at = models.DateTimeField(null=True, editable=False)
    read_at = models.DateTimeField(null=True, editable=False, help_text="When it was last read without an error.")
    error = models.CharField(max_length=300, blank=True, editable=False)
    alerted_at = models.DateTimeField(null=True, editable=False, help_text="When staff were told of this outage.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["advisor", "url"], name="calendar_once_per_advisor")]

    def __str__(self) -> str:
        return self.name or f"Calendar of {self.advisor}"


class BusyTime(models.Model):
    """A time at which an outside calendar says its advisor is busy."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="busy")
    period = DateTimeRangeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False, period__upper_inf=False),
                name="busy_period_is_plain",
            )
        ]

    def __str__(self) -> str:
        return f"{self.period.lower:%Y-%m-%d %H:%M} to {self.period.upper:%Y-%m-%d %H:%M} UTC"
