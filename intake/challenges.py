"""Proof of work (ALTCHA): tasks that a browser solves before it sends its form, each good for one enquiry.

Given out at /api/v1/submissions/challenge/ (`intake.form_api`); what comes back is looked at by `intake.looks`
where the site asks for it. The library keeps no store, so that each is used once is ours to see to.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from django.utils.crypto import salted_hmac

from intake import store

ALGORITHM, COST = "PBKDF2/SHA-256", 2000
LIFE = timedelta(hours=1)


def issue(*, now: datetime) -> dict[str, Any]:
    """A fresh task in the form that the ALTCHA widget reads."""
    challenge = altcha.create_challenge(ALGORITHM, COST, expires_at=now + LIFE, hmac_secret=_secret())
    result: dict[str, Any] = challenge.to_dict()
    return result


def parse(text: str) -> altcha.Payload:
    """What the widget hands in. Raises ValueError where it is none."""
    try:
        data = json.loads(base64.b64decode(text, validate=True))
        payload = altcha.Payload.from_dict(data)
        is_one = isinstance(payload.challenge.signature, str) and isinstance(payload.solution.derived_key, str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("malformed") from error
    if not is_one:
        raise ValueError("malformed")
    return payload


def objection(payload: altcha.Payload | None, *, now: datetime) -> str:
    """missing, wrong or used; empty for a right one, which is spent by that. In the transaction of its enquiry."""
    if payload is None:
        return "missing"
    try:
        is_right = altcha.verify_solution(payload, _secret()).verified
    except (ValueError, TypeError):  # a signed task has no such parameters
        is_right = False
    expires_at = payload.challenge.parameters.expires_at
    if not is_right or not isinstance(expires_at, int) or expires_at < now.timestamp():
        return "wrong"
    until = datetime.fromtimestamp(expires_at, UTC)
    return "" if store.spend_challenge(str(payload.challenge.signature), expires_at=until, now=now) else "used"


def _secret() -> str:
    return salted_hmac("intake.challenges", "altcha").hexdigest()
