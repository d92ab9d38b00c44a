"""Endpoint: a webhook consumer, how it is signed for, and how it fares. Written by `notifications.endpoints`."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from uuid6 import uuid7

from notifications.signing import check_secret, new_secret
from outbox import http

PING = "ping"
# 24 to 64 bytes in base64.
SECRET_SHAPE = r"^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"  # noqa: S105 - its shape


def all_types() -> list[str]:
    return ["*"]


def public_types() -> list[str]:
    """What an endpoint may ask for: everything that is fanned out, and the test."""
    fanned_out = {type_ for type_, routes in settings.OUTBOX_ROUTES.items() if settings.FAN_OUT in routes}
    return sorted({*fanned_out, PING})


class Endpoint(models.Model):
    """Where a consumer wants its events. Only https, unless the address is in WEBHOOK_ALLOWED_NETWORKS."""

    class State(models.TextChoices):
        HEALTHY = "healthy", "Healthy"
        FAILING = "failing", "Failing"
        PAUSED = "paused", "Paused"
        OFF = "off", "Switched off"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    url = models.CharField("URL", max_length=http.MAX_URL_LENGTH)
    event_types = ArrayField(models.CharField(max_length=64), default=all_types, help_text="Types, or * for all.")
    include_contact = models.BooleanField(default=False, help_text="Send name, address and company, too.")
    active = models.BooleanField(default=True)
    secret = models.CharField(max_length=100, default=new_secret, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    previous_secret_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until then the secret of before signs, too."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    failing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The first failure after the last success."
    )
    alerted_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When staff were told.")
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    probed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a paused one was last tried."
    )
    probe = models.UUIDField(null=True, editable=False, help_text="The delivery that is let through as a try.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(secret__regex=SECRET_SHAPE), name="endpoint_secret_is_strong"),
            models.CheckConstraint(
                condition=Q(previous_secret="", previous_secret_until=None)
                | Q(previous_secret__regex=SECRET_SHAPE, previous_secret_until__isnull=False),
                name="endpoint_previous_secret_has_end",
            ),
            models.CheckConstraint(
                condition=Q(failing_since__isnull=False) | Q(alerted_at=None, paused_at=None),
                name="endpoint_outage_has_begun",
            ),
        ]

    def __str__(self) -> str:
        return self.url[:80]

    def clean(self) -> None:
        try:
            http.check_url(self.url)
        except http.Refused as error:
            raise ValidationError({"url": str(error)}) from error
        unknown = set(self.event_types) - {"*", *public_types()}
        if unknown:
            raise ValidationError({"event_types": f"There is no event type “{sorted(unknown)[0]}”."})
        try:
            check_secret(self.secret)
        except ValueError as error:
            raise ValidationError({"secret": str(error)}) from error

    def wants(self, event_type: str) -> bool:
        return "*" in self.event_types or event_type in self.event_types

    @property
    def state(self) -> State:
        """How it fares, for people: the worst that is true of it."""
        if not self.active:
            return self.State.OFF
        if self.paused_at:
            return self.State.PAUSED
        return self.State.FAILING if self.failing_since else self.State.HEALTHY
