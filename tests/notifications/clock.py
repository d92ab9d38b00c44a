"""Days of the house on a real database and a real mail server: the clock is moved, what is due is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import time_machine
from django.db.models import Min
from django.utils import timezone

from notifications.follow_ups import send_follow_up
from notifications.models import FollowUp
from notifications.replies import send_reply
from notifications.sequences import start_sequences
from outbox import outbox
from outbox.models import Delivery
from scheduling.calls import book_call

SERVICES = {
    "scheduling.book_call": book_call,
    "notifications.send_reply": send_reply,
    "notifications.start_sequences": start_sequences,
    "notifications.send_follow_up": send_follow_up,
}


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Stands still at that moment."""
    with time_machine.travel(moment, tick=False):
        yield moment


def work() -> None:
    """Does everything that is due now, as relay and workers would. Other effects are done and nothing comes of them."""
    while rows := outbox.claim_due(now=timezone.now()):
        for row in rows:
            outbox.attempt(str(row.pk), SERVICES.get(row.task, lambda _: None))


def live(start: datetime, *, days: float) -> None:
    """From `start` on, from one due moment to the next."""
    now, end = start, start + timedelta(days=days)
    while now <= end:
        with at(now):
            work()
        due = Delivery.objects.filter(status__in=Delivery.OPEN).aggregate(next=Min("due_at"))["next"]
        now = max(due, now + timedelta(seconds=1)) if due else end + timedelta(days=1)


def story(lead) -> dict[str, tuple[str, str]]:
    """What became of each follow-up: by step, the status and the reason."""
    rows = FollowUp.objects.filter(lead=lead).select_related("step__sequence").order_by("started_at", "due_at")
    return {row.step.key: (row.status, row.reason) for row in rows}
