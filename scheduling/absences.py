"""Conversations that an advisor has agreed to for a time at which they will be away."""

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, OuterRef, QuerySet

from scheduling.models import Booking, BookingAdvisor, TimeOff


def conversations_during(away: TimeOff) -> QuerySet[Booking]:
    """The open conversations, buffers included, that fall into this time; the soonest first."""
    seats = BookingAdvisor.objects.filter(
        booking=OuterRef("pk"),
        advisor=away.advisor_id,
        holds_time=True,
        blocked__overlap=DateTimeTZRange(away.starts_at, away.ends_at),
    )
    rows = Booking.objects.filter(Exists(seats), status__in=Booking.OPEN)
    return rows.select_related("submission__lead").order_by("starts_at")
