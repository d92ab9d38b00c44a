"""Lead: one person; Correction: what staff know better of them."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from uuid6 import uuid7

from assessments.models import Assessment


class StaleTransition(Exception):
    """Somebody else changed the row first, or the move is not allowed from where it stands."""


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

    VERDICT = ("gap", "primary", "engagement")
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
    set_aside_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when all that they sent is in quarantine."
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
    def with_company(self) -> str:
        """For the house's own eyes: “Ada Lovelace, Engines Ltd”."""
        return f"{self.name}, {self.company}" if self.company else self.name

    @property
    def desk_url(self) -> str:
        """The lead's page in the admin."""
        return f"{settings.PUBLIC_BASE_URL}/admin/intake/lead/{self.pk}/change/"

    def take_verdict(self, decision: Mapping[str, Any]) -> None:
        """What the house goes by from here on, unless staff know better. Not saved; VERDICT names the fields."""
        self.gap, self.primary, self.engagement = decision["gap"], decision["primary"] or "", decision["engagement"]

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


class LeadAlias(models.Model):
    """An address of somebody who was merged into another lead: what comes from it later is that lead's."""

    email_key = models.CharField(max_length=254, unique=True)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="aliases")
    merged_id = models.UUIDField(help_text="Of the lead that it was; earlier events still bear it.")
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.email_key


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
