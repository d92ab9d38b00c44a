"""What goes out: Mail (every one is a row), Template (its words), Endpoint (a webhook consumer)."""

import base64
import secrets

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from uuid6 import uuid7

from intake.models import Lead
from outbox import http
from outbox.models import Delivery

SECRET_BYTES = 32


class Mail(models.Model):
    """One mail to one address, as it went out or was to go out. `message_id` stays over retries."""

    class Kind(models.TextChoices):
        REPLY = "reply", "Reply"
        BOOKING = "booking", "Booking"
        STAFF = "staff", "Note to staff"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        SENT = "sent", "Sent"
        WITHHELD = "withheld", "Withheld"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="mails")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, null=True, related_name="mails")
    kind = models.CharField(max_length=16, choices=Kind)
    to = models.CharField(max_length=254)
    domain = models.CharField(max_length=254, editable=False, help_text="Of the address, in lower case.")
    reply_to = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True, help_text="The invitation in it, as iCalendar.")
    message_id = models.CharField(max_length=200, unique=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was withheld, or failed for good.")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "to"], name="mail_once_per_delivery_and_address"),
            models.CheckConstraint(condition=~Q(status="sent") | Q(sent_at__isnull=False), name="mail_sent_has_time"),
        ]
        indexes = [
            models.Index(Upper("to"), "kind", "created_at", name="mail_by_address"),
            models.Index("domain", "sent_at", name="mail_by_domain"),
        ]

    def __str__(self) -> str:
        return f"{self.subject or self.get_kind_display()} → {self.to}"


class Template(models.Model):
    """Subject and body of the reply for one engagement; staff may rewrite them. Placeholders: {{ name }}."""

    engagement = models.CharField(max_length=32, unique=True)
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="Paragraphs with an empty line between them.")

    def __str__(self) -> str:
        return f"Reply: {self.engagement}"

    def clean(self) -> None:
        from notifications import compose

        for field in ("subject", "body"):
            complaint = compose.complaint(getattr(self, field), is_line=field == "subject")
            if complaint:
                raise ValidationError({field: complaint})


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
