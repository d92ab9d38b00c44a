"""What an endpoint was sent and what it said, as HTML for the desk; everything in it is escaped.

Used by `notifications.endpoint_desk` alone.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications import webhooks
from notifications.models import Endpoint
from outbox.desk import preserved, table
from outbox.models import Attempt, Delivery
from outbox.retry import DeliveryError


def overview(deliveries: QuerySet[Delivery] | Iterable[Delivery]) -> SafeString:
    """One line a delivery, with what came of its last try."""
    rows = list(deliveries)
    prefetch_related_objects(rows, Prefetch("attempts", Attempt.objects.order_by("number")))
    return table(
        ("Event", "Happened (UTC)", "Status", "Tries", "Answer", "Took", "Last error", "Next try (UTC)"),
        [_line(row) for row in rows],
        empty="Nothing yet.",
    )


def _line(row: Delivery) -> tuple[Any, ...]:
    tries = list(row.attempts.all())
    last = tries[-1].details if tries else {}
    url = reverse("admin:notifications_endpoint_delivery", args=[row.target, row.pk])
    name = format_html(
        '<a href="{}" style="text-decoration:underline">{}</a>{}',
        url, row.event.type, " (test)" if webhooks.is_test(row.event) else "",
    )  # fmt: skip
    return (
        name,
        f"{row.event.occurred_at:%Y-%m-%d %H:%M:%S}",
        row.get_status_display(),
        row.attempt_count,
        last.get("status", "-"),
        _took(last),
        row.last_error[:120],
        f"{row.due_at:%Y-%m-%d %H:%M:%S}" if row.status == Delivery.Status.PENDING else "",
    )


def body(delivery: Delivery, endpoint: Endpoint, *, may_see_people: bool) -> SafeString:
    """The bytes that are posted, laid out; without the person for who may not see people."""
    try:
        content = webhooks.body(delivery.event, include_contact=endpoint.include_contact and may_see_people)
    except DeliveryError as error:
        return preserved(str(error))
    return preserved(json.dumps(json.loads(content), indent=2, ensure_ascii=False))


def attempts(delivery: Delivery) -> SafeString:
    """Every try: when, with which headers, and what was answered in which time."""
    rows = delivery.attempts.order_by("-number")
    return table(
        ("Try", "At (UTC)", "Outcome", "Status", "Took", "Request headers", "Answer", "Error"),
        [
            (
                row.number,
                f"{row.started_at:%Y-%m-%d %H:%M:%S}",
                row.get_outcome_display(),
                row.details.get("status", "-"),
                _took(row.details),
                preserved("\n".join(f"{name}: {value}" for name, value in row.details.get("request", {}).items())),
                preserved(row.details.get("answer", "")),
                row.error[:300],
            )
            for row in rows
        ],
        empty="It was not tried yet.",
    )


def _took(details: dict[str, Any]) -> str:
    return f"{details['milliseconds']} ms" if "milliseconds" in details else "-"
