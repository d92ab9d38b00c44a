"""Site: a website whose forms post here."""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid6 import uuid7

from intake.models.firm import Firm


def new_site_key() -> str:
    """What the website's forms send as `site`. It names the site and opens nothing, so everybody may read it."""
    return f"site_{secrets.token_hex(8)}"


class Site(models.Model):
    """A website known here: what may post from where, and what people are shown afterwards."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField("public key", max_length=32, unique=True, default=new_site_key, editable=False)
    name = models.CharField(max_length=100)
    origins = ArrayField(
        models.CharField(max_length=255),
        default=list,
        blank=True,
        help_text="Where its pages are, such as https://www.example.com. Scripts of other pages cannot post.",
    )
    redirect_url = models.URLField(
        blank=True, help_text="Where a plain form leads afterwards. Empty: the page with the assessment."
    )
    consent_text = models.TextField(blank=True, help_text="The wording that its form shows beside the consent box.")
    holds = models.CharField(
        "unasked times", max_length=8, choices=Firm.Holds, blank=True, help_text="Empty: as the firm has it."
    )
    proof_of_work = models.BooleanField(
        default=False, help_text="Its form solves a small task in the browser before it is sent (ALTCHA)."
    )
    test_mode = models.BooleanField(
        default=False, help_text="Everything that it sends is a marked test: it books, mails and counts nothing."
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_refusal = models.CharField(
        max_length=300, blank=True, editable=False, help_text="Why, without a word of what was sent."
    )

    def __str__(self) -> str:
        return self.name
