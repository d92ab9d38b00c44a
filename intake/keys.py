"""API keys: made and shown once, found again by what a caller sends, revoked.

Comes before every call of the staff API (`intake.staff_door`); the admin and `manage.py create_api_key` make keys.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q

from intake.models import ApiKey

SHAPE = re.compile(r"tg_([0-9a-f]{12})_([0-9a-f]{64})")
USED_AGAIN = timedelta(minutes=1)  # a busy key must not cost a write a call


class UnknownScope(Exception):
    def __init__(self, scope: str) -> None:
        super().__init__(f"There is no scope “{scope}”. Use one or more of: {', '.join(ApiKey.Scope.values)}.")


def create(
    name: str,
    scopes: Iterable[str],
    *,
    by: User | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """The stored key, and its text, which nobody can read again. Raises UnknownScope."""
    wanted = list(dict.fromkeys(scopes))
    for scope in wanted:
        if scope not in ApiKey.Scope.values:
            raise UnknownScope(scope)
    prefix, secret = secrets.token_hex(6), secrets.token_hex(32)
    key = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        secret_hash=_hashed(secret),
        scopes=wanted,
        created_by=by,
        expires_at=expires_at,
    )
    return key, f"tg_{prefix}_{secret}"


def find(text: str, *, now: datetime) -> ApiKey | None:
    """The key of this text, and that it was used. Malformed, unknown, revoked and expired ones all give None."""
    parts = SHAPE.fullmatch(text)
    if parts is None:
        return None
    prefix, secret = parts.groups()
    key = ApiKey.objects.filter(prefix=prefix).first()
    if key is None or not secrets.compare_digest(key.secret_hash, _hashed(secret)):
        return None
    if key.revoked_at or (key.expires_at and key.expires_at <= now):
        return None
    _note_use(key, now=now)
    return key


def _note_use(key: ApiKey, *, now: datetime) -> None:
    before = now - USED_AGAIN
    if key.last_used_at is None or key.last_used_at <= before:
        unused = Q(last_used_at=None) | Q(last_used_at__lte=before)
        ApiKey.objects.filter(unused, pk=key.pk).update(last_used_at=now)


def revoke(key: ApiKey, *, now: datetime) -> bool:
    """For good. False where it was revoked before."""
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now))


def _hashed(secret: str) -> str:
    """Plain SHA-256: a secret of 256 random bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
