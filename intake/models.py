"""People and what they sent: Lead (the person), Submission (one enquiry), Correction (what staff know better), Firm.

Written by `intake.services`, `intake.reassess` and `intake.corrections`. Upper rooms (scheduling, notifications) point
at these rows.
"""

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from uuid6 import uuid7

from assessments.models import Assessment
from intake import zones


def signer() -> signing.Signer:
    """Signs the tokens of submissions; made when it is needed, since commands without a secret import this."""
    return signing.Signer(sep=".", salt="intake.submission")


class StaleTransition(Exception):
    """Somebody else changed the row first, or the move is not allowed from where it stands."""


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


class Lead(models.Model):
    """One person, by mail address. A later submission never overwrites what the first one said of them."""

    class Stage(models.TextChoices):
        NEW = "new", "New"
        CONTACTED = "contacted", "Contacted"
        BOOKED = "booked", "Booked"
        MET = "met", "Met"
        PROPOSAL = "proposal", "Proposal"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        DISQUALIFIED = "disqualified", "Disqualified"

    class Gap(models.TextChoices):
        CTO = "cto", "CTO"
        AI = "ai", "AI officer"
        BOTH = "both", "Both"
        UNCLEAR = "unclear", "Unclear"

    CLOSED = (Stage.WON, Stage.LOST, Stage.DISQUALIFIED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.CharField(max_length=254, help_text="As typed first.")
    email_key = models.CharField(max_length=254, unique=True, help_text="Normalised: what makes it one person.")
    name = models.CharField(max_length=200)
    company = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    website = models.CharField(max_length=500, blank=True)
    company_size = models.CharField(max_length=16, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.NEW)
    gap = models.CharField(max_length=16, choices=Gap, default=Gap.UNCLEAR)
    primary = models.CharField(max_length=8, blank=True)
    engagement = models.CharField(max_length=32, default="discovery")
    corrected_gap = models.CharField(
        max_length=16, choices=Gap, blank=True, help_text="Set by staff; stays until cleared."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads"
    )
    event_sequence = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField()
    last_activity_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(email_key=""), name="lead_has_address"),
            models.CheckConstraint(condition=Q(gap__in=["cto", "ai", "both", "unclear"]), name="lead_gap_known"),
        ]
        indexes = [
            models.Index(fields=["-last_activity_at"], name="lead_by_activity"),
            models.Index(fields=["stage", "-last_activity_at"], name="lead_by_stage"),
            models.Index(fields=["gap", "-last_activity_at"], name="lead_by_gap"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def believed_gap(self) -> str:
        """What staff say, else what the latest assessment says."""
        return self.corrected_gap or self.gap

    @property
    def desk_url(self) -> str:
        """The lead's page in the admin."""
        return f"{settings.PUBLIC_BASE_URL}/admin/intake/lead/{self.pk}/change/"

    def move_to(self, stage: str, *, only_from: tuple[str, ...] = ()) -> str:
        """Changes the stage and returns the one before. Raises StaleTransition where nothing changed.

        Staff may move a lead anywhere (a lost one can come back); `only_from` limits what the house does by itself.
        """
        before = self.stage
        rows = Lead.objects.filter(pk=self.pk, stage=before).exclude(stage=stage)
        if only_from:
            rows = rows.filter(stage__in=only_from)
        if not rows.update(stage=stage):
            raise StaleTransition(f"{self}: cannot move from {before} to {stage}.")
        self.stage = stage
        return before


class Submission(models.Model):
    """One enquiry as it was received, with the consent it came with and the current judgement of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, null=True, blank=True, related_name="submissions")
    assessment = models.OneToOneField(Assessment, on_delete=models.PROTECT, related_name="submission")
    first_assessment = models.OneToOneField(
        Assessment, on_delete=models.PROTECT, related_name="+", help_text="What the first reply said."
    )
    message = models.TextField(blank=True)
    asked_for = models.CharField(max_length=16, blank=True)
    company_size = models.CharField(max_length=16, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=35, blank=True)
    preferred_start = models.JSONField(default=list)
    hold = models.BooleanField(default=True, help_text="May a time be pencilled in?")
    consent_follow_up = models.BooleanField(default=False)
    consent_text = models.TextField(blank=True)
    attribution = models.JSONField(default=dict)
    payload = models.JSONField(help_text="All parsed fields as received.")
    is_test = models.BooleanField(default=False)
    quarantine_reasons = models.JSONField(default=list)
    idempotency_scope = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=255, null=True)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the parsed fields.")
    created_at = models.DateTimeField()
    last_activity_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["idempotency_scope", "idempotency_key"], name="submission_key_once"),
        ]
        indexes = [models.Index(fields=["-created_at"], name="submission_by_time")]

    def __str__(self) -> str:
        return f"{self.id}"

    @property
    def token(self) -> str:
        """The key to this submission and its booking: signed, not stored, so a leaked table opens nothing."""
        return signer().sign(self.id.hex)

    @property
    def api_url(self) -> str:
        return f"{settings.PUBLIC_BASE_URL}/api/v1/submissions/{self.token}/"

    @property
    def page_path(self) -> str:
        """For browsers that are here already, under whatever name they came."""
        return f"/r/{self.token}/"

    @property
    def page_url(self) -> str:
        return f"{settings.PUBLIC_BASE_URL}{self.page_path}"

    @property
    def is_quarantined(self) -> bool:
        return bool(self.quarantine_reasons)


class Correction(models.Model):
    """What staff said a lead's gap really is, or that they took that back: never changed, the last one holds."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="corrections")
    gap = models.CharField(max_length=16, choices=Lead.Gap, blank=True, help_text="Empty: the judge's again.")
    before = models.CharField(max_length=16, choices=Lead.Gap, help_text="What was believed until then.")
    assessment = models.ForeignKey(
        Assessment, on_delete=models.SET_NULL, null=True, related_name="+", help_text="The verdict that was corrected."
    )
    reason = models.TextField(blank=True)
    corrected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    corrected_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(gap="") | ~Q(reason=""), name="correction_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_before_display()} → {self.get_gap_display() if self.gap else 'as judged'}"
