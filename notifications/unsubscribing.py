"""The link that ends follow-ups: signed, for one person and one series, good for as long as the secret is.

Made by `notifications.follow_ups`, opened by `notifications.unsubscribe_pages`.
"""

import base64
import uuid

from django.conf import settings
from django.core import signing

from intake.models import Lead
from notifications.models import Sequence


def _signer() -> signing.Signer:
    """Made when it is needed, since commands without a secret import this."""
    return signing.Signer(sep=".", salt="notifications.unsubscribe")


def token(lead: Lead, sequence: Sequence) -> str:
    """Short, since it stands in a header: the lead's id in base64, the number of the series, the signature."""
    lead_id = base64.urlsafe_b64encode(lead.pk.bytes).decode().rstrip("=")
    return _signer().sign(f"{lead_id}.{sequence.pk}")


def url(lead: Lead, sequence: Sequence) -> str:
    return f"{settings.PUBLIC_BASE_URL}/u/{token(lead, sequence)}/"


def opened_by(token: str) -> tuple[Lead, Sequence] | None:
    """Whom the token is for. Mistyped, foreign and erased all give None."""
    try:
        lead_id, _, number = _signer().unsign(token).partition(".")
        key = uuid.UUID(bytes=base64.urlsafe_b64decode(f"{lead_id}=="))
    except (signing.BadSignature, ValueError):
        return None
    lead, sequence = Lead.objects.filter(pk=key).first(), Sequence.objects.filter(pk=int(number)).first()
    return (lead, sequence) if lead and sequence else None
