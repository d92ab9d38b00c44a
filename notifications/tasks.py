"""Tasks of notifications: thin doors from Celery to the services beside them."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from intake import persons
from notifications import (
    booking_mails,
    brief_mails,
    calendar_notes,
    digests,
    endpoint_health,
    endpoint_notes,
    erasure_notes,
    failures,
    follow_ups,
    mailbox_links,
    notes,
    reminders,
    replies,
    sequences,
    trials,
    webhooks,
)
from outbox import outbox, turns

logger = logging.getLogger(__name__)


@shared_task(name="notifications.send_reply")
def send_reply(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, replies.send_reply)


@shared_task(name="notifications.send_booking_mail")
def send_booking_mail(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, booking_mails.send_booking_mail)


@shared_task(name="notifications.plan_reminders")
def plan_reminders(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, reminders.plan_reminders)


@shared_task(name="notifications.send_reminder")
def send_reminder(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, reminders.send_reminder)


@shared_task(name="notifications.send_staff_note")
def send_staff_note(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, notes.send_staff_note)


@shared_task(name="notifications.send_calendar_note")
def send_calendar_note(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, calendar_notes.send_calendar_note)


@shared_task(name="notifications.start_sequences")
def start_sequences(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, sequences.start_sequences)


@shared_task(name="notifications.send_follow_up")
def send_follow_up(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, follow_ups.send_follow_up)


@shared_task(name="notifications.fan_out")
def fan_out(*, delivery_id: str, **_: Any) -> None:
    turns.attempt(delivery_id, webhooks.fan_out)


@shared_task(name="notifications.deliver_webhook")
def deliver_webhook(*, delivery_id: str, **_: Any) -> None:
    turns.attempt(delivery_id, webhooks.deliver)


@shared_task(name="notifications.send_endpoint_note")
def send_endpoint_note(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, endpoint_notes.send_endpoint_note)


@shared_task(name="notifications.watch_endpoints")
def watch_endpoints(**_: Any) -> None:
    endpoint_health.watch(now=timezone.now())


@shared_task(name="notifications.send_trial")
def send_trial(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, trials.send_trial)


@shared_task(name="notifications.send_brief")
def send_brief(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, brief_mails.send_brief)


@shared_task(name="notifications.send_digest")
def send_digest(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, digests.send_digest)


@shared_task(name="notifications.send_failure_note")
def send_failure_note(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, failures.send_failure_note)


@shared_task(name="notifications.look_around")
def look_around(**_: Any) -> None:
    now = timezone.now()
    follow_ups.settle_lost(now=now)
    failures.ask(now=now)
    digests.ask(now=now)


@shared_task(name="notifications.send_erasure_note")
def send_erasure_note(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, erasure_notes.send_erasure_note)


@shared_task(name="notifications.send_mailbox_link")
def send_mailbox_link(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, mailbox_links.send_mailbox_link)


@shared_task(name="notifications.purge")
def purge(**_: Any) -> None:
    removed = {name: count for name, count in persons.purge(now=timezone.now()).items() if count}
    if removed:
        logger.info("Removed what had outlived its time: %s", removed)
