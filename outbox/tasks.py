"""The relay: rung by the doorbell and by beat, it hands what is due to the workers; beat also numbers the feed."""

from typing import Any

from celery import shared_task
from django.db import connection
from django.utils import timezone

from outbox import feed, outbox


@shared_task(name="outbox.relay")
def relay(*, rung_by: str = "doorbell", **_: Any) -> None:
    now = timezone.now()
    _note_heartbeat(["worker", "beat"] if rung_by == "beat" else ["worker"])
    outbox.hand_over(outbox.claim_due(now=now))
    if rung_by == "beat":
        feed.number_committed()  # so that whoever reads the feed finds little left to number


def _note_heartbeat(names: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO outbox_heartbeat (name, beat_at) SELECT unnest(%s::text[]), clock_timestamp()
            ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at
            WHERE outbox_heartbeat.beat_at < excluded.beat_at - interval '0.5 s'
            """,
            [names],
        )
