"""Sends one mail: the row first, then the mail server, then the row again.

Comes after the services that decide what to say (`notifications.replies`, `notifications.notes`). A mail that
was accepted once is not sent again; between the server's yes and our own note of it lies the only window in
which a crash can make two copies, and both carry the same Message-ID.
"""

import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.template.loader import render_to_string
from uuid6 import uuid7

from intake import brand
from intake.models import Firm, Lead
from notifications.models import Mail
from outbox.models import Delivery
from outbox.retry import DeliveryError

# The law of the contract: the reply is the only mail before a person acts, and strangers can type anybody's address.
REPLIES_A_DAY = 1
REPLIES_A_MONTH = 3


@dataclass(frozen=True)
class Letter:
    """What a mail says and to whom; `html` is the body without its frame, empty for text alone."""

    kind: Mail.Kind
    to: str
    subject: str
    text: str
    html: str = ""
    reply_to: str = ""
    lead: Lead | None = None


def send(letter: Letter, *, delivery: Delivery, now: datetime) -> Mail:
    """Sends the letter unless this delivery has sent it already, or a cap withholds it.

    Raises DeliveryError: permanent where the server refused the address or the mail itself.
    """
    mail = _row(letter, delivery=delivery, now=now)
    if mail.status != Mail.Status.PENDING:
        return mail
    message = _message(mail)
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise _failure(error) from error
    mail.status, mail.sent_at = Mail.Status.SENT, now
    mail.save(update_fields=["status", "sent_at"])
    return mail


def _row(letter: Letter, *, delivery: Delivery, now: datetime) -> Mail:
    """The row of this delivery and address, with the words as they are now."""
    with transaction.atomic():
        _one_at_a_time(letter.to)
        mail = Mail.objects.filter(delivery=delivery, to=letter.to).first()
        if mail is None:
            mail_id = uuid7()
            mail = Mail(
                id=mail_id, message_id=f"<{mail_id}@{_domain()}>", delivery=delivery, to=letter.to, created_at=now
            )
            mail.reason = _withheld(letter, now=now)
            mail.status = Mail.Status.WITHHELD if mail.reason else Mail.Status.PENDING
        if mail.status != Mail.Status.SENT:
            firm = Firm.get()
            mail.kind, mail.lead, mail.reply_to = letter.kind, letter.lead, letter.reply_to or firm.reply_to
            mail.subject = letter.subject[:300]
            frame = {"letter": letter, "firm": firm, "brand": brand.palette(firm.accent)}
            mail.text = render_to_string("notifications/mail.txt", frame)
            mail.html = render_to_string("notifications/mail.html", frame) if letter.html else ""
            mail.save()
        return mail


def _one_at_a_time(address: str) -> None:
    """Two submissions of one address must not both find the cap unused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mail:{address.lower()}"])


def _withheld(letter: Letter, *, now: datetime) -> str:
    if letter.kind != Mail.Kind.REPLY:
        return ""
    earlier = Mail.objects.filter(to__iexact=letter.to, kind=Mail.Kind.REPLY).exclude(status=Mail.Status.WITHHELD)
    if earlier.filter(created_at__gt=now - timedelta(days=1)).count() >= REPLIES_A_DAY:
        return "One reply a day and address: there was one within the last 24 hours."
    if earlier.filter(created_at__gt=now - timedelta(days=30)).count() >= REPLIES_A_MONTH:
        return "Three replies a month and address: there were three within the last 30 days."
    return ""


def _message(mail: Mail) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=Firm.get().from_address,
        to=[mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _domain() -> str:
    """The right side of a Message-ID: the sender's domain, else the host that the world knows us by."""
    address = parseaddr(Firm.get().from_address)[1]
    return address.rpartition("@")[2] or urlsplit(settings.PUBLIC_BASE_URL).hostname or "localhost"


def _failure(error: Exception) -> DeliveryError:
    """Permanent is what the server refused for good (5xx); everything else may be better later."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error  # type: ignore[assignment]  # bytes or str, so says smtplib
    else:
        return DeliveryError(f"The mail server did not take the mail: {type(error).__name__}: {error}")
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return DeliveryError(f"The mail server answered {code} {words}"[:500], permanent=code >= 500)
