"""Mail: every one is a row, before it goes out and after."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from uuid6 import uuid7

from intake.models import Lead
from outbox.models import Delivery


class Mail(models.Model):
    """One mail to one address, as it went out or was to go out. `message_id` stays over retries."""

    class Kind(models.TextChoices):
        REPLY = "reply", "Reply"
        BOOKING = "booking", "Booking"
        SEQUENCE = "sequence", "Follow-up"
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
    headers = models.JSONField(default=dict, blank=True, help_text="Beyond those that every mail has.")
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
