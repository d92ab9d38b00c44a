"""Endpoint: a webhook consumer."""

import base64
import secrets

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from uuid6 import uuid7

from outbox import http

SECRET_BYTES = 32


def new_secret() -> str:
    """A signing secret as Standard Webhooks has them: whsec_ and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def all_types() -> list[str]:
    return ["*"]


class Endpoint(models.Model):
    """Where a consumer wants its events. Only https, unless the address is in WEBHOOK_ALLOWED_NETWORKS."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    url = models.CharField("URL", max_length=http.MAX_URL_LENGTH)
    event_types = ArrayField(models.CharField(max_length=64), default=all_types, help_text="Types, or * for all.")
    include_contact = models.BooleanField(default=False, help_text="Send name, address and company, too.")
    active = models.BooleanField(default=True)
    secret = models.CharField(max_length=100, default=new_secret, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.url[:80]

    def clean(self) -> None:
        from django.conf import settings

        try:
            http.check_url(self.url)
        except http.Refused as error:
            raise ValidationError({"url": str(error)}) from error
        # Events that reach no consumer are the house's own.
        public = {type_ for type_, routes in settings.OUTBOX_ROUTES.items() if settings.FAN_OUT in routes}
        unknown = set(self.event_types) - {"*", *public}
        if unknown:
            raise ValidationError({"event_types": f"There is no event type “{sorted(unknown)[0]}”."})

    def wants(self, event_type: str) -> bool:
        return "*" in self.event_types or event_type in self.event_types
