"""Follow-ups: Sequence (what starts one), Step (one mail of it), FollowUp (that mail for one person), Response.

Written by `notifications.sequences` and `notifications.follow_ups`; staff edit sequences and steps in the admin.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from uuid6 import uuid7

from intake.models import Lead, Submission
from notifications.models.mails import Mail
from outbox.models import Event

MAX_DELAY_HOURS = 24 * 90


class Sequence(models.Model):
    """A series of mails that an event starts. Switched on, it takes people from then on, never the past."""

    class Start(models.TextChoices):
        ASSESSED = "lead.assessed", "An enquiry came in"
        NO_SHOW = "booking.no_show", "They did not come to the conversation"
        CANCELLED = "booking.cancelled", "They cancelled a confirmed conversation"

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    starts_on = models.CharField(max_length=32, choices=Start, help_text="Changes only who enters from now on.")
    active_since = models.DateTimeField(null=True, blank=True, editable=False, help_text="Empty: switched off.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """One mail of a sequence: when after its start, and in which words. Placeholders: {{ name }}."""

    sequence = models.ForeignKey(Sequence, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField(default=1)
    key = models.SlugField()
    delay_hours = models.PositiveIntegerField(
        "hours after the start", default=48, help_text="Then at the next hour in which mails may go out."
    )
    in_the_morning = models.BooleanField(
        "on the next morning", default=False, help_text="Not on the same day, and not before the morning."
    )
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="Paragraphs with an empty line between them.")
    active_since = models.DateTimeField(null=True, blank=True, editable=False, help_text="Empty: switched off.")

    class Meta:
        ordering = ["sequence", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sequence", "key"], name="step_key_once_per_sequence"),
            models.CheckConstraint(condition=Q(delay_hours__lte=MAX_DELAY_HOURS), name="step_delay_is_bounded"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence.key}/{self.key}"

    def clean(self) -> None:
        from notifications import compose

        if (self.delay_hours or 0) > MAX_DELAY_HOURS:
            raise ValidationError({"delay_hours": f"At most {MAX_DELAY_HOURS} hours, which is 90 days."})
        for field in ("subject", "body"):
            complaint = compose.complaint(getattr(self, field), is_line=field == "subject")
            if complaint:
                raise ValidationError({field: complaint})


class FollowUp(models.Model):
    """One step for one person: planned, then sent, or not and why. At most one of a step is ever seen by a person."""

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        SENT = "sent", "Sent"
        SKIPPED = "skipped", "Skipped"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    # A failed one is tried again when staff say so.
    OPEN = (Status.PLANNED, Status.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="follow_ups")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="follow_ups")
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="follow_ups")
    event = models.ForeignKey(
        Event, on_delete=models.SET_NULL, null=True, related_name="follow_ups", help_text="What started it."
    )
    started_at = models.DateTimeField(help_text="When that happened.")
    due_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status, default=Status.PLANNED)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it waits, or was not sent.")
    settled_at = models.DateTimeField(null=True, blank=True)
    mail = models.OneToOneField(Mail, on_delete=models.SET_NULL, null=True, blank=True, related_name="follow_up")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "step"],
                condition=Q(status__in=["planned", "sent", "failed"]),
                name="follow_up_seen_once",
            ),
            models.UniqueConstraint(fields=["event", "step"], name="follow_up_once_per_event_and_step"),
            models.CheckConstraint(
                condition=Q(status__in=["planned", "sent", "skipped", "stopped", "failed"]),
                name="follow_up_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="planned") | Q(settled_at__isnull=False), name="follow_up_settled_has_time"
            ),
        ]
        indexes = [models.Index(fields=["lead", "due_at"], name="follow_up_by_lead")]

    def __str__(self) -> str:
        return f"{self.step} for {self.lead}"


class Response(models.Model):
    """That a person has answered: told by the mail system, or by staff who read it."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="responses")
    responded_at = models.DateTimeField()
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reference = models.CharField(max_length=255, blank=True, help_text="The id under which the mail system told it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], condition=~Q(reference=""), name="response_once_told")
        ]
        indexes = [models.Index(fields=["lead", "responded_at"], name="response_by_lead")]

    def __str__(self) -> str:
        return f"answered on {self.responded_at:%Y-%m-%d}"
