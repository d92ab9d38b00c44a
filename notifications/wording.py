"""The words of a reply: which ones are sent now, and how staff get to the next version.

Used by `notifications.replies` at the moment of sending and by the desk. A draft may be as wrong as it likes: nobody is
sent a word of it. What was published stays as it was, and can be brought back as a draft.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from notifications import compose, reply_words
from notifications.models import Template, TemplateVersion
from notifications.reply_words import ReplyWords


class StaleDraft(Exception):
    """The draft was saved, published or discarded since it was looked at."""


class UnableToPublish(Exception):
    """The words have problems, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def words_for(engagement: str) -> ReplyWords:
    """What is sent now: the newest published version, else the words that the program brings.

    A version that cannot be filled any more (its placeholder went with an update) is passed over: half a mail is worse
    than an older one.
    """
    published = TemplateVersion.objects.filter(template__engagement=engagement, published_at__isnull=False)
    for version in published.order_by("-number")[:3]:
        if not problems(version.subject, version.body):
            return ReplyWords(version.subject, version.body)
    return reply_words.BY_ENGAGEMENT[engagement]


def problems(subject: str, body: str) -> list[str]:
    """Everything that stands in the way of sending these words, with the line where it stands."""
    empty = [f"The {name} is empty." for name, text in (("subject", subject), ("body", body)) if not text.strip()]
    in_subject = [f"Subject: {problem}" for problem in compose.complaints(subject, is_line=True)]
    return empty + in_subject + compose.complaints(body, is_line=False)


def draft_of(template: Template) -> TemplateVersion | None:
    return template.versions.filter(published_at__isnull=True).first()


def newest_of(template: Template) -> TemplateVersion | None:
    """The published version with the highest number."""
    return template.versions.filter(published_at__isnull=False).order_by("-number").first()


def save_draft(template: Template, words: ReplyWords, *, seen: str, by: Any, now: datetime) -> TemplateVersion:
    """Keeps the words as the draft, whatever is wrong with them. Raises StaleDraft."""
    with _seen(template, seen) as draft:
        newest = newest_of(template)
        draft = draft or TemplateVersion(template=template, number=newest.number + 1 if newest else 1)
        draft.subject, draft.body, draft.saved_at, draft.saved_by = words.subject, words.body, now, by
        draft.save()
        return draft


def discard_draft(template: Template, *, seen: str) -> None:
    """Throws the draft away; what is published stays. Raises StaleDraft."""
    with _seen(template, seen) as draft:
        if draft is not None:
            draft.delete()


def publish_draft(template: Template, *, seen: str, now: datetime) -> TemplateVersion:
    """Makes the draft what is sent from now on. Raises StaleDraft, or UnableToPublish with every problem."""
    with _seen(template, seen) as draft:
        if draft is None:
            raise StaleDraft
        found = problems(draft.subject, draft.body)
        if found:
            raise UnableToPublish(found)
        draft.published_at = now
        draft.save(update_fields=["published_at"])
        return draft


@contextmanager
def _seen(template: Template, seen: str) -> Iterator[TemplateVersion | None]:
    """The draft as it was looked at, under the lock of its template."""
    with transaction.atomic():
        Template.objects.select_for_update().get(pk=template.pk)
        draft = draft_of(template)
        if mark(template, draft) != seen:
            raise StaleDraft
        yield draft


def mark(template: Template, draft: TemplateVersion | None) -> str:
    """What somebody who looks at the draft, or at there being none, has seen."""
    newest = newest_of(template)
    number = newest.number if newest else 0
    return f"{number}-{draft.pk}-{draft.saved_at.isoformat()}" if draft else f"{number}"
