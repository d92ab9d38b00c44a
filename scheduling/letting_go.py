"""What is booked for an enquiry that turns out to be spam is let go: the times are free again, and nobody is told.

Comes after `intake.quarantine`, through the outbox (`submission.set_aside`). No event either: a mail of ours is what
the bot is after, and consumers hear of it by `submission.quarantined`.
"""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from intake.models import Submission
from outbox.models import Delivery
from scheduling import bookings
from scheduling.models import Booking, TimeRequest


def let_go(delivery: Delivery) -> dict[str, int | str]:
    submission = Submission.objects.filter(pk=UUID(delivery.event.data["submission"]["id"])).first()
    if submission is None:
        return {"skipped": "The submission was erased."}
    return bookings.in_turn(submission, lambda: _let_go(submission, now=timezone.now()))


def _let_go(submission: Submission, *, now: datetime) -> dict[str, int | str]:
    submission.refresh_from_db(fields=["quarantine_reasons"])
    if not submission.is_quarantined:
        return {"skipped": "It was released since."}
    wishes = TimeRequest.objects.filter(submission=submission, settled_at=None).update(settled_at=now)
    booking = bookings.open_booking(submission, now=now)
    if booking is not None:
        booking.move_to(Booking.Status.CANCELLED, now=now)
    return {"bookings": int(booking is not None), "wishes": wishes}
