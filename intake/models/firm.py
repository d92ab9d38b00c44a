"""Firm: the consultancy itself."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from intake import zones


class Firm(models.Model):
    """The consultancy as shown in every mail and page footer. One row."""

    class Holds(models.TextChoices):
        ON = "on", "Pencil in a time for everybody whom it fits"
        WISHED = "wished", "Book wished times, pencil in none"
        OFF = "off", "Neither: offer times"

    name = models.CharField(max_length=200, default="Truegap Consulting")
    address = models.CharField(max_length=300, blank=True, help_text="Postal address, in one line.")
    reply_to = models.EmailField(blank=True, help_text="Where answers to mails go where no advisor is named.")
    sender = models.CharField(max_length=254, blank=True, help_text="Empty: DEFAULT_FROM_EMAIL.")
    privacy_url = models.URLField(blank=True)
    imprint_url = models.URLField(blank=True)
    logo_url = models.URLField(blank=True, help_text="Shown on pages only; mails need no images.")
    accent = models.CharField(max_length=7, default="#14665c", help_text="Colour of buttons, as #rrggbb.")
    language = models.CharField(max_length=35, default="en")
    timezone = models.CharField(max_length=64, default="UTC", validators=[zones.validate])
    holds = models.CharField(
        "unasked times",
        max_length=8,
        choices=Holds,
        default=Holds.ON,
        help_text="What the house books of itself when an enquiry comes. What is held already stays.",
    )
    reminders = models.BooleanField(default=True, help_text="Mails a day and an hour before a conversation.")

    class Meta:
        verbose_name_plural = "firm"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="firm_is_one_row"),
            models.CheckConstraint(condition=Q(accent__regex=r"^#[0-9a-fA-F]{6}$"), name="firm_accent_is_a_colour"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> "Firm":
        """The one row, or its defaults before anything was loaded."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @property
    def from_address(self) -> str:
        return self.sender or str(settings.DEFAULT_FROM_EMAIL)
