"""Sends one mail: the row first, then the mail server, then the row again.

Comes after the services that decide what to say (`notifications.replies`, `notifications.notes`). A mail that
was accepted once is not sent again; between the server's yes and our own note of it lies the only window in
which a crash can make two copies, and both carry the same Message-ID.
"""

import smtplib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from uuid6 import uuid7

from intake import brand
from intake.models import Firm, Lead
from notifications import bounces, suppressions
from notifications.models import Mail, Sequence
from notifications.providers import PROVIDERS
from outbox.models import Delivery
from outbox.retry import DeliveryError
from scheduling import invitations

# The law of the contract: the reply is the only mail before a person acts, and strangers can type anybody's address.
REPLIES_A_DAY = 1
REPLIES_A_MONTH = 3
MAILS_AN_HOUR = 6
LONGEST_LINE = 998  # RFC 5322
# What follow-ups keep their distance from: one of these a day and address.
UNASKED = (Mail.Kind.REPLY, Mail.Kind.SEQUENCE)


@dataclass(frozen=True)
class Letter:
    """What a mail says and to whom; `html` is the body without its frame, empty for text alone.

    `headers` are those beyond the usual; `sequence` and `unsubscribe_url` are a follow-up's.
    """

    kind: Mail.Kind
    to: str
    subject: str
    text: str
    html: str = ""
    reply_to: str = ""
    lead: Lead | None = None
    calendar: str = ""  # an invitation, as iCalendar with its METHOD
    headers: Mapping[str, str] = field(default_factory=dict)
    sequence: Sequence | None = None
    unsubscribe_url: str = ""

    @property
    def to_prospect(self) -> bool:
        return self.lead is not None and self.to == self.lead.email


def send(letter: Letter, *, delivery: Delivery, now: datetime) -> Mail:
    """Sends the letter unless this delivery has sent it already, or a cap or a suppression withholds it.

    Raises DeliveryError: permanent where the server refused the address or the mail itself, temporary where
    it may take it later or a limit per hour is reached.
    """
    mail = _row(letter, delivery=delivery, now=now)
    if mail.status in {Mail.Status.SENT, Mail.Status.WITHHELD}:
        return mail
    if mail.status == Mail.Status.FAILED and delivery.attempt_count > 1 and not delivery.attempts_forgiven:
        raise DeliveryError(mail.reason, permanent=True)  # refused for good already, while others were tried again
    if not mail.to.rpartition("@")[0].isascii():
        # Django would send to an encoded form of it, which is another address.
        raise _failed(mail, DeliveryError("Letters before the @ that mail servers do not take.", permanent=True))
    if full := _hour_is_full(mail, now=now):
        raise DeliveryError(full, retry_after_seconds=3600)
    if suppressed := _suppressed(mail, letter):
        _note(mail, status=Mail.Status.WITHHELD, reason=suppressed)
        return mail
    try:
        _message(mail).send()
    except (smtplib.SMTPException, OSError) as error:
        _note_bounce(mail, error, now=now)
        raise _failed(mail, _failure(error)) from error
    _note(mail, status=Mail.Status.SENT, sent_at=now)
    return mail


def send_all(letters: Iterable[Letter], *, delivery: Delivery, now: datetime) -> None:
    """Sends each letter, whatever becomes of the others: one refused address must not silence the rest.

    Raises DeliveryError at the end: temporary as long as one of them may still succeed.
    """
    failures = []
    for letter in letters:
        try:
            send(letter, delivery=delivery, now=now)
        except DeliveryError as error:
            failures.append(error)
    if failures:
        worst = next((error for error in failures if not error.permanent), failures[0])
        raise worst


def _note(mail: Mail, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(mail, name, value)
    mail.save(update_fields=list(changes))


def _failed(mail: Mail, failure: DeliveryError) -> DeliveryError:
    """What failed for good is no mail that the person had, so it must not count against their caps."""
    if failure.permanent:
        _note(mail, status=Mail.Status.FAILED, reason=str(failure)[:300])
    return failure


def _row(letter: Letter, *, delivery: Delivery, now: datetime) -> Mail:
    """The row of this delivery and address, with the words as they are now."""
    with transaction.atomic():
        _one_at_a_time(letter.to)
        mail = Mail.objects.filter(delivery=delivery, to=letter.to).first()
        if mail is None:
            _refuse_second_today(letter, now=now)
            mail = _new(letter, delivery=delivery, now=now)
        if mail.status != Mail.Status.SENT:
            _write(mail, letter)
        return mail


def _new(letter: Letter, *, delivery: Delivery, now: datetime) -> Mail:
    mail_id = uuid7()
    reason = _withheld(letter, now=now)
    return Mail(
        id=mail_id,
        message_id=f"<{mail_id}@{domain()}>",
        delivery=delivery,
        to=letter.to,
        domain=letter.to.rpartition("@")[2].lower(),
        status=Mail.Status.WITHHELD if reason else Mail.Status.PENDING,
        reason=reason,
        created_at=now,
    )


def _write(mail: Mail, letter: Letter) -> None:
    firm = Firm.get()
    mail.kind, mail.lead, mail.reply_to = letter.kind, letter.lead, letter.reply_to or firm.reply_to
    mail.subject, mail.headers, mail.calendar = letter.subject[:300], dict(letter.headers), letter.calendar
    mail.text, mail.html = framed(letter, firm=firm)
    mail.save()


def framed(letter: Letter, *, firm: Firm) -> tuple[str, str]:
    """The text and the HTML as they go out, with the firm's frame around the words; no HTML where there is none."""
    frame = {"letter": letter, "firm": firm, "brand": brand.palette(firm.accent)}
    html = render_to_string("notifications/mail.html", frame) if letter.html else ""
    return render_to_string("notifications/mail.txt", frame), html


def _one_at_a_time(address: str) -> None:
    """Two submissions of one address must not both find the cap unused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mail:{address.lower()}"])


def _withheld(letter: Letter, *, now: datetime) -> str:
    if letter.kind != Mail.Kind.REPLY:
        return ""
    had = Mail.objects.filter(to__iexact=letter.to, kind=Mail.Kind.REPLY, status__in=["pending", "sent"])
    if had.filter(created_at__gt=now - timedelta(days=1)).count() >= REPLIES_A_DAY:
        return "One reply a day and address: there was one within the last 24 hours."
    if had.filter(created_at__gt=now - timedelta(days=30)).count() >= REPLIES_A_MONTH:
        return "Three replies a month and address: there were three within the last 30 days."
    return ""


def unasked(address: str) -> QuerySet[Mail]:
    """The replies and follow-ups that an address had, or is about to have."""
    return Mail.objects.filter(to__iexact=address, kind__in=UNASKED, status__in=["pending", "sent"])


def _refuse_second_today(letter: Letter, *, now: datetime) -> None:
    """Of two follow-ups at the same moment one was faster. The other asks again, and is told when."""
    if letter.kind != Mail.Kind.SEQUENCE:
        return
    if unasked(letter.to).filter(created_at__gt=now - timedelta(days=1)).exists():
        raise DeliveryError("One mail a day and address: another one has just been made.")


def _is_to_prospect(mail: Mail) -> bool:
    """The house's own people asked for theirs."""
    return mail.lead is not None and mail.to == mail.lead.email


def _suppressed(mail: Mail, letter: Letter) -> str:
    """Why nothing may go there, looked up as late as can be."""
    if not _is_to_prospect(mail):
        return ""
    return suppressions.against(mail.to, sequence=letter.sequence)


def _note_bounce(mail: Mail, error: Exception, *, now: datetime) -> None:
    code = bounces.dead_address(error)
    if code and _is_to_prospect(mail):
        reason, scope = suppressions.Reason.BOUNCED, suppressions.Scope.ALL
        suppressions.add(mail.to, reason, scope, now=now, note=f"The mail server answered {code}.")


def _hour_is_full(mail: Mail, *, now: datetime) -> str:
    """Why this mail has to wait: whoever types a stranger's address could else have them mailed at each click."""
    if not _is_to_prospect(mail):
        return ""
    rate = settings.MAIL_DOMAIN_RATE
    sent = Mail.objects.filter(domain=mail.domain, status=Mail.Status.SENT)
    lately = sent.filter(sent_at__gt=now - timedelta(hours=1))
    if lately.filter(to__iexact=mail.to).count() >= MAILS_AN_HOUR:
        return f"{MAILS_AN_HOUR} mails an hour and address: this one waits."
    if rate is None or mail.domain in PROVIDERS:
        return ""
    if sent.filter(sent_at__gt=now - timedelta(seconds=rate.seconds)).count() >= rate.count:
        return f"MAIL_DOMAIN_RATE: {mail.domain} had {rate.count} mails lately, this one waits."
    return ""


class Message(EmailMultiAlternatives):
    """A mail whose headers are not folded: an address broken over two lines is none, and voids a signature over it."""

    def message(self, **options: Any) -> Any:
        message = super().message(**options)
        message.policy = message.policy.clone(max_line_length=LONGEST_LINE)
        return message


def _message(mail: Mail) -> EmailMultiAlternatives:
    message = Message(
        subject=mail.subject,
        body=mail.text,
        from_email=Firm.get().from_address,
        to=[mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated", **mail.headers},
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    if mail.calendar:
        # The parameter has to equal the METHOD inside; the character set is added by Django.
        method = invitations.method_of(mail.calendar)
        message.attach_alternative(mail.calendar, f"text/calendar; method={method}")
    return message


def domain() -> str:
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
