"""Form tokens: a signed note of when a form was shown, so that one knows how long somebody took to fill it in.

Issued with our own page and at /api/v1/submissions/form-token/ for scripts of other websites; read by `intake.looks`.
A plain HTML page elsewhere has no way to get one, and its absence says nothing. Not stored, and good for many
sendings: a page that was left open, sent, and sent again corrected is an honest one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing

LIFE = timedelta(hours=24)


@dataclass(frozen=True)
class Shown:
    """What a token says. None of it where there was no token."""

    ago: timedelta | None = None
    is_forged: bool = False

    @property
    def is_expired(self) -> bool:
        return self.ago is not None and self.ago > LIFE

    @property
    def seconds(self) -> float | None:
        """How long it took; unknown where the token has expired."""
        return None if self.ago is None or self.is_expired else self.ago.total_seconds()


def issue(*, now: datetime) -> str:
    return _signer().sign(str(int(now.timestamp() * 1000)))


def read(token: str, *, now: datetime) -> Shown:
    if not token:
        return Shown()
    try:
        shown_at = int(_signer().unsign(token)) / 1000
    except (signing.BadSignature, ValueError):
        return Shown(is_forged=True)
    return Shown(ago=timedelta(seconds=now.timestamp() - shown_at))


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="intake.form_token")
