"""Outside calendars: Calendar (a secret feed that tells when an advisor is busy) and BusyTime (what it said last).

Read by `scheduling.calendars`; free times ask these rows alone, so that a dead calendar server slows nobody down.
"""

from typing import Any

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
    active = models.BooleanField(default=True, help_text="An inactive one is not read, and closes no times.")
    created_at = models.DateTimeField(auto_now_add=True)
    # What the last good answer said of itself, to ask only for what is newer.
    etag = models.CharField(max_length=500, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    tried_at = models.DateTimeField(null=True, editable=False, help_text="Empty: it is due now.")
    claimed_until = models.DateTimeField(null=True, editable=False, help_text="Somebody reads it until then.")
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="Tries since the last good one.")
    error = models.CharField(max_length=300, blank=True, editable=False)
    # The last good reading: when, how far ahead, in whose zone, and what could not be read.
    read_at = models.DateTimeField(null=True, editable=False, help_text="When it was last read without an error.")
    covered_until = models.DateTimeField(null=True, editable=False)
    zone = models.CharField(max_length=64, blank=True, editable=False)
    skipped = models.PositiveIntegerField(default=0, editable=False, help_text="Events that could not be read.")
    alerted_at = models.DateTimeField(null=True, editable=False, help_text="When staff were told of this outage.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["advisor", "url"], name="calendar_once_per_advisor")]

    def __str__(self) -> str:
        return self.name or f"Calendar of {self.advisor}"

    def read_anew(self) -> None:
        """Forgets what was read, without saving: another address, or one that was long switched off."""
        blank: dict[str, Any] = {"etag": "", "last_modified": "", "error": "", "failures": 0}
        never = dict.fromkeys(("tried_at", "claimed_until", "read_at", "covered_until", "alerted_at"))
        for name, value in (blank | never).items():
            setattr(self, name, value)


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
