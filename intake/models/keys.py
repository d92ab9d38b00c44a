"""ApiKey: a machine's or a colleague's key to the staff API."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid6 import uuid7


class ApiKey(models.Model):
    """A key, shown once: kept is the hash of its secret part, and the part that stands before it."""

    class Scope(models.TextChoices):
        LEADS_READ = "leads:read", "Read leads"
        LEADS_WRITE = "leads:write", "Change leads, post enquiries from a server"
        BOOKINGS_READ = "bookings:read", "Read bookings and advisors"
        BOOKINGS_WRITE = "bookings:write", "Change bookings"
        WEBHOOKS_MANAGE = "webhooks:manage", "Manage webhook endpoints"
        EVENTS_READ = "events:read", "Read the event feed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, help_text="Who or what uses it.")
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the secret part.")
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="To the minute.")

    class Meta:
        verbose_name = "API key"
        verbose_name_plural = "API keys"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
