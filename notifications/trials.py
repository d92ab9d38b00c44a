"""Words before they are published: shown on a real enquiry, and mailed to whoever wrote them, and to nobody else.

Used by the desk of templates. A trial is a delivery like every other effect, so no request waits for a mail server; it
is a note to staff, so it counts against nobody's caps.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from intake.models import Firm, Submission
from notifications import compose, made_up, mails, replies
from notifications.mails import Letter
from notifications.models import Mail, TemplateVersion
from notifications.reply_words import ReplyWords
from outbox import outbox
from outbox.models import Delivery
from outbox.outbox import News

TRIED = "template.tried"
CHOICES = 20


def enquiries(engagement: str) -> QuerySet[Submission]:
    """The newest enquiries that such a reply goes to."""
    found = Submission.objects.filter(quarantine_reasons=[], assessment__decision__engagement=engagement)
    return found.select_related("lead", "assessment").order_by("-created_at")[:CHOICES]


def letter(words: ReplyWords, *, engagement: str, submission: Submission | None, now: datetime) -> Letter:
    """The reply in these words, for that enquiry or for a made-up person. The words must have no problems."""
    if submission is not None:
        return replies.letter(submission, words, now=now)
    values = made_up.values(engagement)
    text, html = compose.fill(words.body, values)
    return Letter(Mail.Kind.REPLY, "ada@example.com", compose.fill_line(words.subject, values), text, html)


def shown(made: Letter) -> dict[str, str]:
    """Subject, text and HTML as they would go out."""
    text, html = mails.framed(made, firm=Firm.get())
    return {"subject": made.subject, "text": text, "html": html}


def ask(version: TemplateVersion, *, submission: Submission | None, by: Any, now: datetime) -> None:
    """Has the draft mailed to `by`, filled for that enquiry or for a made-up person."""
    data = {"version": version.pk, "to": by.pk, "enquiry": str(submission.pk) if submission else None}
    with transaction.atomic():
        outbox.publish(News(type=TRIED, data=data), now=now)


def send_trial(delivery: Delivery) -> dict[str, str]:
    """The mail of a trial, as the draft is at this moment."""
    now, data = timezone.now(), delivery.event.data
    version = TemplateVersion.objects.select_related("template").filter(pk=data["version"]).first()
    user = get_user_model().objects.filter(pk=data["to"], is_active=True).exclude(email="").first()
    if version is None or user is None:
        return {"skipped": "The draft, or the account, is gone."}
    submission = Submission.objects.select_related("lead", "assessment").filter(pk=data["enquiry"]).first()
    words = ReplyWords(version.subject, version.body)
    made = letter(words, engagement=version.template.engagement, submission=submission, now=now)
    trial = replace(made, kind=Mail.Kind.STAFF, to=user.email, subject=f"[Test] {made.subject}", lead=None)
    mail = mails.send(trial, delivery=delivery, now=now)
    return {"mail": str(mail.id), "status": str(mail.status)}
