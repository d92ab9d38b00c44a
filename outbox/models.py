"""Rows of the outbox: what happened (Event), what it has to cause (Delivery), every try at it (Attempt).

Written by `outbox.outbox` alone, in the transaction of what happened; read by the relay and the admin. The numbers of
the feed are `outbox.feed`'s.
"""

from django.db import models
from django.db.models import Q
from uuid6 import uuid7


class Event(models.Model):
    """Something that happened, never changed afterwards. `subject` is the lead's id where there is one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(max_length=64)
    subject = models.UUIDField(null=True)
    sequence = models.PositiveIntegerField(default=0, help_text="Counts the events of one subject, from 1.")
    occurred_at = models.DateTimeField()
    data = models.JSONField(default=dict)
    feed_number = models.BigIntegerField(
        null=True, unique=True, editable=False, help_text="Its place in the feed, given once it was committed."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "sequence"],
                condition=Q(subject__isnull=False),
                name="event_sequence_once_per_subject",
            )
        ]
        indexes = [
            models.Index(fields=["type", "occurred_at"], name="event_by_type"),
            # What has no number yet: nearly always nothing.
            models.Index(fields=["occurred_at"], condition=Q(feed_number=None), name="event_unnumbered"),
            # Not a partial one as well: young statistics would make the planner read all of it for one number.
            models.Index(fields=["occurred_at"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class Delivery(models.Model):
    """One effect that an event must have: one task, for one target.

    Waiting for a retry is `pending` with a later `due_at`. `leased_until` is set while the row is with the
    broker or running; a row whose worker died is found again when its lease has passed.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        SENDING = "sending", "Sending"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (Status.PENDING, Status.SENDING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    task = models.CharField(max_length=64)
    target = models.CharField(max_length=64, blank=True, help_text="Which of several receivers, such as an endpoint.")
    queue = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    attempt_count = models.PositiveIntegerField(default=0)
    attempts_forgiven = models.PositiveIntegerField(
        default=0,
        help_text="Attempts before the last manual retry, and postponed ones: they do not count against the schedule.",
    )
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "task", "target"], name="delivery_once_per_target"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "sending", "succeeded", "failed", "cancelled"]),
                name="delivery_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "sending"]) | Q(settled_at__isnull=False),
                name="delivery_settled_has_time",
            ),
        ]
        indexes = [
            # What the relay asks every second; the settled rows, which are nearly all, are not in it.
            models.Index(
                fields=["due_at", "queue"], condition=Q(status__in=["pending", "sending"]), name="delivery_due"
            ),
            # What one receiver got and gets, and what of it comes next.
            models.Index(fields=["target", "-created_at"], condition=~Q(target=""), name="delivery_of_target"),
            models.Index(
                fields=["target", "due_at"],
                condition=Q(status__in=["pending", "sending"]),
                name="delivery_due_of_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.target}".strip()


class Attempt(models.Model):
    """One try at a delivery. A row without `finished_at` is running, or its worker died."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        POSTPONED = "postponed", "Postponed"
        LOST = "lost", "Lost with its worker"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_once")]

    def __str__(self) -> str:
        return f"attempt {self.number}"


class Heartbeat(models.Model):
    """When the relay last ran, and when beat last rang it: how `/readyz` knows that both live."""

    name = models.CharField(primary_key=True, max_length=16)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class FeedPosition(models.Model):
    """The last number that was given in the feed: one row, whose lock decides who gives the next ones."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="feed_position_is_one_row")]

    def __str__(self) -> str:
        return f"{self.last}"
