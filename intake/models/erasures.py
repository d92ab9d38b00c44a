"""Erasure: that somebody was erased, as a keyed hash, with the proof of the consents that they had given."""

from django.db import models


class Erasure(models.Model):
    """All that stays of a person: no name, no address. The hash is under a key of its own (`intake.erasures`)."""

    address_hash = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField()
    consents = models.JSONField(default=list, help_text="For each enquiry: when, which wording, and yes or no.")

    def __str__(self) -> str:
        return f"{self.address_hash[:8]}…, {self.erased_at:%Y-%m-%d}"
