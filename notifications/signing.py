"""Secrets and signatures as Standard Webhooks has them (https://www.standardwebhooks.com), over the exact bytes sent.

Pure. `notifications.endpoints` makes the secrets, `notifications.webhooks` signs each attempt with them.
"""

import base64
import secrets as randomness
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32
LEAST_BYTES, MOST_BYTES = 24, 64


def new_secret() -> str:
    """whsec_ and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def check_secret(secret: str) -> None:
    """Raises ValueError, with the reason, for one that is not whsec_ and 24 to 64 bytes in base64.

    The library itself signs with a single byte, or with none.
    """
    try:
        length = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True))
    except ValueError:
        length = 0
    if not secret.startswith(PREFIX) or not LEAST_BYTES <= length <= MOST_BYTES:
        raise ValueError(f"A secret is {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} bytes in base64.")


def headers(secrets: Sequence[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one attempt: `at` is the attempt's time, `message_id` the event's.

    One signature for each secret: while one is rotated, the consumer may know the old or the new.
    """
    # The library replaces the zone instead of converting to it: any other zone would sign a wrong time.
    at = at.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body.decode()) for secret in secrets),
    }
