"""The link to /me/: mailed to the person's own address, and to nobody who only knows it. Good for a day.

Comes after `intake.services.ask_for_mailbox_link`; `notifications.me_pages` opens it.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.utils import timezone

from intake import services as intake
from intake.models import Firm, Lead
from notifications import compose, mails
from notifications.compose import Button, Value
from notifications.mails import Letter
from notifications.models import Mail
from outbox.models import Delivery

TASK = "notifications.send_mailbox_link"
LIFE = timedelta(hours=24)
BODY = """{{ headline }}

Somebody, most likely you, asked {{ firm }} what we hold about this address. The page behind the button shows all of it;
you can download it there, stop our mails, or have everything erased.

{{ button }}

The link is good for a day, and for this address alone. If it was not you, ignore this mail: nothing has been shown to
anybody.
"""


def _signer() -> signing.TimestampSigner:
    """Made when it is needed, since commands without a secret import this."""
    return signing.TimestampSigner(sep=".", salt="notifications.me")


def url(lead: Lead) -> str:
    return f"{settings.PUBLIC_BASE_URL}/me/{_signer().sign(lead.pk.hex)}/"


def opened_by(token: str) -> Lead | None:
    """Whom the token opens. Expired, foreign, mistyped and erased all give None."""
    try:
        key = uuid.UUID(hex=_signer().unsign(token, max_age=LIFE))
    except (signing.BadSignature, ValueError):
        return None
    return Lead.objects.filter(pk=key).first()


def send_mailbox_link(delivery: Delivery) -> dict[str, str]:
    """One a day and address at most; the link is made now, so that its day begins when it goes out."""
    now = timezone.now()
    submission = intake.of_event(delivery.event)
    if submission is None or submission.lead is None:
        return {"skipped": "The person was erased."}
    if _had_one(submission.lead, delivery, now=now):
        return {"skipped": "One a day and address: there was one within the last 24 hours."}
    mail = mails.send(_letter(submission.lead), delivery=delivery, now=now)
    return {"mail": str(mail.id), "status": str(mail.status)}


def _had_one(lead: Lead, delivery: Delivery, *, now: datetime) -> bool:
    sent = Mail.objects.filter(to__iexact=lead.email, delivery__task=TASK, status=Mail.Status.SENT)
    return sent.filter(sent_at__gt=now - LIFE).exclude(delivery=delivery).exists()


def _letter(lead: Lead) -> Letter:
    values: dict[str, Value] = {
        "headline": "What we hold about you",
        "firm": Firm.get().name,
        "button": Button("Show me everything", url(lead)),
    }
    text, html = compose.fill(BODY, values)
    return Letter(
        kind=Mail.Kind.BOOKING, to=lead.email, subject="What we hold about you", text=text, html=html, lead=lead
    )
