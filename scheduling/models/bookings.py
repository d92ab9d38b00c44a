"""Conversations: Assignment (who was chosen and why), Booking, BookingAdvisor, TimeRequest.

The exclusion constraint on BookingAdvisor is what makes double booking impossible; everything above it is
courtesy. Written by `scheduling.bookings` and the services that use it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from uuid6 import uuid7

from intake.models import StaleTransition, Submission
from scheduling.models.advisors import Advisor


class Assignment(models.Model):
    """What was decided about a conversation for one submission: whom, by which step, and the outcome.

    Decided once, and again where the verdict has changed and nothing is confirmed (`scheduling.reviews`).
    """

    class Outcome(models.TextChoices):
        HELD = "held", "A time is held"
        CONFIRMED = "confirmed", "The wished time was free"
        OFFER = "offer", "Times are offered"
        UNAVAILABLE = "unavailable", "Nobody is free"
        NONE = "none", "No conversation: a test"

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="assignment")
    advisor = models.ForeignKey(Advisor, on_delete=models.PROTECT, null=True, related_name="+")
    colleague = models.ForeignKey(
        Advisor, on_delete=models.PROTECT, null=True, related_name="+", help_text="Of the other side, for both roles."
    )
    is_joint = models.BooleanField(default=False, help_text="The colleague takes part; otherwise they are briefed.")
    outcome = models.CharField(max_length=16, choices=Outcome)
    step = models.CharField(max_length=32, help_text="What decided who was chosen.")
    steps = models.JSONField(default=list, help_text="Each step of the choice, and whom it left.")
    candidates = models.JSONField(
        default=list, help_text="Everybody who was looked at: who fits, best first, then who is out, with the numbers."
    )
    decided_at = models.DateTimeField()

    class Meta:
        # Whom they were given last is asked of each advisor at each decision.
        indexes = [models.Index(fields=["advisor", "decided_at"], name="assignment_by_advisor")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.advisor or 'nobody'}"


class Booking(models.Model):
    """One conversation: tentative (held for the prospect), confirmed, and the four ways it ends."""

    CORRECTABLE = timedelta(days=7)

    class Status(models.TextChoices):
        TENTATIVE = "tentative", "Held"
        CONFIRMED = "confirmed", "Confirmed"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"
        COMPLETED = "completed", "Completed"
        NO_SHOW = "no_show", "No-show"

    OPEN = (Status.TENTATIVE, Status.CONFIRMED)
    # From each state, the ones it may move to. Nothing leaves an end but a wrong mark, within `CORRECTABLE`.
    ALLOWED = {
        Status.TENTATIVE: {Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED},
        Status.CONFIRMED: {Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW},
        Status.COMPLETED: {Status.NO_SHOW},
        Status.NO_SHOW: {Status.COMPLETED},
    }
    MARKED = (Status.COMPLETED, Status.NO_SHOW)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="bookings")
    status = models.CharField(max_length=16, choices=Status)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    timezone = models.CharField(max_length=64, help_text="The prospect's; the advisor's where none came.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When a hold goes by itself.")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0, help_text="Raised by each move; the SEQUENCE of its invitation.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission"],
                condition=Q(status__in=["tentative", "confirmed"]),
                name="booking_one_open_per_submission",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="booking_takes_time"),
            models.CheckConstraint(
                condition=~Q(status="tentative") | Q(expires_at__isnull=False), name="booking_hold_expires"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="tentative"), name="booking_holds_to_expire"),
            models.Index(fields=["starts_at"], name="booking_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC, {self.get_status_display().lower()}"

    @property
    def advisor(self) -> Advisor:
        """The advisor who leads; needs `prefetch_related("seats__advisor")` to cost nothing."""
        return next(seat.advisor for seat in self.seats.all() if seat.leads)

    @property
    def room(self) -> str:
        """A name that nobody guesses for the place where this one conversation meets."""
        return self.id.hex[-16:]

    @property
    def join_url(self) -> str:
        return self.advisor.join_url.replace("{room}", self.room)

    @property
    def colleagues(self) -> list[Advisor]:
        return [seat.advisor for seat in self.seats.all() if not seat.leads]

    def reschedule(self, starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
        """Another time, confirmed at once since the prospect chose it. Raises StaleTransition as `move_to` does."""
        changes: dict[str, Any] = {
            "starts_at": starts_at,
            "ends_at": ends_at,
            "status": self.Status.CONFIRMED,
            "expires_at": None,
            "confirmed_at": self.confirmed_at or now,
            "version": self.version + 1,
        }
        self._change(Booking.objects.filter(pk=self.pk, status=self.status, status__in=self.OPEN), changes)

    def change_hands(self) -> None:
        """Somebody else takes it, at the same time: whatever was sent about it before is old."""
        open_ = Booking.objects.filter(pk=self.pk, status=self.status, status__in=self.OPEN)
        self._change(open_, {"version": self.version + 1})

    def move_to(self, status: "Booking.Status", *, now: datetime) -> None:
        """Changes the status and lets go of the advisor's time where the new one holds none.

        Raises StaleTransition where the booking does not stand where this object says, or a hold is over.
        """
        before = Booking.Status(self.status)
        if status not in self.ALLOWED.get(before, set()):
            raise StaleTransition(f"A booking that is {before.label.lower()} cannot become {status.label.lower()}.")
        rows = Booking.objects.filter(pk=self.pk, status=before)
        if status == self.Status.CONFIRMED:
            self._change(rows.filter(expires_at__gt=now), {"status": status, "confirmed_at": now})
        elif before in self.MARKED:
            # Not the day of the mark: else each correction would open the door for another week.
            self._change(rows.filter(ended_at__gt=now - self.CORRECTABLE), {"status": status})
        elif status in self.MARKED:
            self._change(rows.filter(starts_at__lte=now), {"status": status, "ended_at": now})
        else:
            self._change(rows, {"status": status, "ended_at": now})
        if status in {self.Status.CANCELLED, self.Status.EXPIRED}:
            self.seats.update(holds_time=False)

    def _change(self, rows: "models.QuerySet[Booking]", changes: dict[str, Any]) -> None:
        if not rows.update(**changes):
            raise StaleTransition("The booking has changed since it was read.")
        for name, value in changes.items():
            setattr(self, name, value)


class BookingAdvisor(models.Model):
    """A seat in a conversation: the time that it blocks for one advisor, buffers included."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="seats")
    advisor = models.ForeignKey(Advisor, on_delete=models.PROTECT, related_name="seats")
    leads = models.BooleanField(default=True)
    blocked = DateTimeRangeField()
    holds_time = models.BooleanField(default=True, help_text="False once the booking is cancelled or expired.")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="advisor_never_booked_twice",
                expressions=[("advisor", RangeOperators.EQUAL), ("blocked", RangeOperators.OVERLAPS)],
                condition=Q(holds_time=True),
            ),
            # An empty range would never conflict, an unbounded one always, and '[]' would clash with its neighbour.
            models.CheckConstraint(
                condition=Q(blocked__isempty=False, blocked__lower_inf=False, blocked__upper_inf=False)
                & Q(blocked__lower_inc=True, blocked__upper_inc=False),
                name="blocked_range_is_plain",
            ),
            models.UniqueConstraint(fields=["booking", "advisor"], name="advisor_once_per_booking"),
            models.UniqueConstraint(fields=["booking"], condition=Q(leads=True), name="booking_has_one_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.advisor}"


class TimeRequest(models.Model):
    """What a prospect wishes where no time suits them, or nobody has one: staff answer it. One open at a time."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="time_requests")
    wish = models.CharField(max_length=500)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission"], condition=Q(settled_at=None), name="time_request_one_open_per_submission"
            )
        ]

    def __str__(self) -> str:
        return self.wish
