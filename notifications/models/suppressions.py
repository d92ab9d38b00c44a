"""Suppression: an address that must not be written to. Written by `notifications.suppressions`."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications.models.sequences import Sequence


class Suppression(models.Model):
    """Why an address gets nothing, or no follow-ups. The address itself is not in it, but a keyed hash of it."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        BOUNCED = "bounced", "Bounced"
        COMPLAINED = "complained", "Complained"
        MANUAL = "manual", "By hand"
        ERASED = "erased", "Erased"

    class Scope(models.TextChoices):
        SEQUENCES = "sequences", "Follow-ups only"
        ALL = "all", "Every mail"

    address_hash = models.CharField(max_length=64, editable=False)
    reason = models.CharField(max_length=16, choices=Reason, default=Reason.MANUAL)
    scope = models.CharField(max_length=16, choices=Scope, default=Scope.SEQUENCES)
    sequence = models.ForeignKey(
        Sequence, on_delete=models.CASCADE, null=True, blank=True, related_name="+", help_text="Empty: all of them."
    )
    note = models.CharField(max_length=300, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    added_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address_hash", "reason", "scope", "sequence"],
                nulls_distinct=False,
                name="suppression_once",
            ),
            models.CheckConstraint(condition=~Q(address_hash=""), name="suppression_has_address"),
            models.CheckConstraint(
                condition=Q(sequence__isnull=True) | Q(scope="sequences"), name="suppression_of_one_series_spares_mails"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.get_scope_display().lower()}), {self.address_hash[:8]}…"
