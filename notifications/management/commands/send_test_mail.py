"""Sends one mail by the settings as they are, and says what the mail server answered."""

import smtplib
from email.utils import make_msgid, parseaddr
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.management.base import BaseCommand, CommandError, CommandParser

from intake import addresses
from intake.models import Firm
from notifications import mails

TEXT = "This is a test. Somebody ran “manage.py send_test_mail” to see whether mails arrive; nothing needs to be done."


class Command(BaseCommand):
    help = "Sends one mail to ADDRESS by the settings as they are, and says what the mail server answered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        try:
            recipient = addresses.normalise(address)[0]
        except ValueError as error:
            raise CommandError(f"{address}: {error}") from error
        firm = Firm.get()
        message = EmailMessage(f"Test mail of {firm.name}", TEXT, firm.from_address, [recipient])
        message.extra_headers = {"Message-ID": make_msgid(domain=mails.domain()), "Auto-Submitted": "auto-generated"}
        if not settings.EMAIL_URL:
            message.send()
            self.stdout.write(f"No mail server: EMAIL_URL is not set. Written to {Path(settings.MAIL_DIR)}.")
            return
        self.stdout.write(self._sent(message, recipient))

    def _sent(self, message: EmailMessage, recipient: str) -> str:
        where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        backend: Any = get_connection()
        try:
            backend.open()
            code, words = _say(backend.connection, message, recipient)
        except smtplib.SMTPResponseException as error:
            raise CommandError(f"{where} answered {error.smtp_code} {_text(error.smtp_error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise CommandError(f"{where} cannot be used (EMAIL_URL): {type(error).__name__}: {error}") from error
        finally:
            backend.close()
        if code >= 400:
            raise CommandError(f"{where} answered {code} {_text(words)}")
        return f"{where} answered {code} {_text(words)}: it has taken the mail to {recipient}."


def _say(smtp: smtplib.SMTP, message: EmailMessage, recipient: str) -> tuple[int, bytes]:
    """The conversation itself, up to the first refusal: Django's own sending keeps the last answer to itself."""
    smtp.ehlo_or_helo_if_needed()
    for answer in (smtp.mail(parseaddr(message.from_email)[1]), smtp.rcpt(recipient)):
        if answer[0] >= 400:
            return answer
    return smtp.data(message.message().as_bytes())


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
