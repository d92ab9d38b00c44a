"""How long a person waited for what: from the submission to the verdict, the mail, the conversation.

Read by the lead's page and by /metrics. Each clock starts when the submission was stored; one that has not struck yet
is None. Computed from the rows that are there anyway, so it cannot run apart from them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

CLOCKS = {
    "verdict": "Verdict",
    "mail": "Mail accepted by the mail server",
    "booked": "Time held or booked",
    "confirmed": "Conversation confirmed",
    "held": "Conversation took place",
}
# One row a submission: when each clock struck. Holds of `booking` are the first that was made of each kind.
SQL = """
    SELECT submission.id, submission.created_at,
           first.created_at AS verdict,
           (SELECT min(mail.sent_at) FROM notifications_mail mail
              JOIN outbox_delivery delivery ON delivery.id = mail.delivery_id
              JOIN outbox_event event ON event.id = delivery.event_id
             WHERE mail.lead_id = submission.lead_id AND mail.kind = 'reply' AND mail.status = 'sent'
               AND event.data #>> '{submission,id}' = submission.id::text) AS mail,
           min(booking.created_at) AS booked,
           min(booking.confirmed_at) AS confirmed,
           min(booking.starts_at) FILTER (WHERE booking.status = 'completed') AS held
      FROM intake_submission submission
      JOIN assessments_assessment first ON first.id = submission.first_assessment_id
      LEFT JOIN scheduling_booking booking ON booking.submission_id = submission.id
     WHERE NOT submission.is_test AND submission.lead_id IS NOT NULL
"""
GROUPED = " GROUP BY submission.id, first.created_at"


@dataclass(frozen=True)
class Clocks:
    """When one submission came, and how long after that each clock struck."""

    started_at: datetime
    after: dict[str, timedelta | None]


def of_lead(lead_id: Any) -> list[Clocks]:
    """Of each submission of a person, newest first."""
    sql = f"{SQL} AND submission.lead_id = %s {GROUPED} ORDER BY submission.created_at DESC"
    with connection.cursor() as cursor:
        cursor.execute(sql, [lead_id])
        return [_clocks(row) for row in cursor.fetchall()]


def _clocks(row: tuple[object, ...]) -> Clocks:
    _, started, *struck = row
    assert isinstance(started, datetime)
    after = {name: moment - started if moment else None for name, moment in zip(CLOCKS, struck, strict=True)}  # type: ignore[operator]
    return Clocks(started, after)


def percentiles(*, since: datetime) -> dict[str, tuple[int, float, float]]:
    """Clock → how many struck, and the median and the 95th percentile in seconds, of submissions since then."""
    columns = ", ".join(
        f"count({name}), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM {name} - created_at)), "
        f"percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM {name} - created_at))"
        for name in CLOCKS
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM ({SQL} AND submission.created_at >= %s {GROUPED}) AS clocks", [since])  # noqa: S608
        row = cursor.fetchone()
    found = {}
    for place, name in enumerate(CLOCKS):
        count, median, high = row[place * 3 : place * 3 + 3]
        found[name] = (count, float(median or 0), float(high or 0))
    return found


def spoken(span: timedelta | None) -> str:
    """“0.4 s”, “3 min”, “2 h 5 min”, “4 d”; “-” for what has not happened."""
    if span is None:
        return "-"
    seconds = max(span.total_seconds(), 0)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 2 * 24 * 60 else f"{minutes // (24 * 60)} d"
