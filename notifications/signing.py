"""Signatures as Standard Webhooks has them (https://www.standardwebhooks.com), over the exact bytes sent. Pure."""

from datetime import UTC, datetime

from standardwebhooks import Webhook


def headers(secret: str, *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one attempt: `at` is the attempt's time, `message_id` the event's."""
    # The library replaces the zone instead of converting to it: any other zone would sign a wrong time.
    at = at.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }
