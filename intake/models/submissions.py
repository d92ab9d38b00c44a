"""Submission: one enquiry."""

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from uuid6 import uuid7

from assessments.models import Assessment
from intake.models.leads import Lead
from intake.models.sites import Site


def signer() -> signing.Signer:
    """Signs the tokens of submissions; made when it is needed, since commands without a secret import this."""
    return signing.Signer(sep=".", salt="intake.submission")


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
    site = models.ForeignKey(Site, on_delete=models.SET_NULL, null=True, blank=True, related_name="submissions")
    client_network = models.CharField(
        max_length=43, blank=True, help_text="Where it came from, cut to a network: /24 of IPv4, /48 of IPv6."
    )
    quarantine_reasons = models.JSONField(
        default=list, help_text="Why it is set aside; empty for what was accepted, or released."
    )
    rejected_at = models.DateTimeField(null=True, blank=True, help_text="Set aside, and looked through by staff.")
    idempotency_scope = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=255, null=True)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the parsed fields.")
    created_at = models.DateTimeField()
    last_activity_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["idempotency_scope", "idempotency_key"], name="submission_key_once"),
            models.CheckConstraint(
                condition=~Q(quarantine_reasons=[]) | Q(lead__isnull=False), name="submission_accepted_has_lead"
            ),
            models.CheckConstraint(
                condition=Q(rejected_at=None) | ~Q(quarantine_reasons=[]), name="submission_accepted_is_not_rejected"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="submission_by_time"),
            models.Index(fields=["fingerprint", "created_at"], name="submission_by_fingerprint"),
        ]

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
