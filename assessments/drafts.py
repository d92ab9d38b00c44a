"""The next version of a questionnaire: opened as a copy, edited, thrown away or published.

Used by the admin. Every step locks the questionnaire's row, so two people, or two clicks, come one after the other.
A version is judged under the thresholds that were current when it was published.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import datetime

from django.db import transaction

from assessments import publishing, rulesets, services
from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.rulesets import Signal


class NoDraft(Exception):
    """There is no draft: it was published or thrown away."""


class StaleDraft(Exception):
    """The draft, or what is published, has changed since it was looked at."""


class UnableToPublish(Exception):
    """The statements have problems."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def draft_of(questionnaire: Questionnaire) -> QuestionnaireVersion | None:
    """The draft of the next version, if there is one."""
    return questionnaire.versions.filter(published_at__isnull=True).select_related("questionnaire").first()


def open_draft(questionnaire: Questionnaire) -> tuple[QuestionnaireVersion, bool]:
    """The draft, and whether it is new: then it is a copy of what is published."""
    with transaction.atomic():
        _lock(questionnaire)
        draft = draft_of(questionnaire)
        if draft is not None:
            return draft, False
        newest = services.newest_of(questionnaire)
        statements = newest.statements if newest else [asdict(signal) for signal in rulesets.current().signals]
        number = newest.number + 1 if newest else 1
        return questionnaire.versions.create(number=number, statements=statements, is_shipped=False), True


def save_draft(questionnaire: Questionnaire, signals: Sequence[Signal], *, seen: str) -> QuestionnaireVersion:
    """Replaces the statements of the draft. Raises NoDraft, or StaleDraft where another one saved it meanwhile."""
    with _seen_draft(questionnaire, seen) as draft:
        draft.statements = [asdict(signal) for signal in signals]
        draft.save(update_fields=["statements"])
        return draft


def discard_draft(questionnaire: Questionnaire, *, seen: str) -> int:
    """Throws the draft away and returns its number. Raises NoDraft, or StaleDraft as saving does."""
    with _seen_draft(questionnaire, seen) as draft:
        draft.delete()
        return draft.number


def publish_draft(questionnaire: Questionnaire, *, seen: str, now: datetime) -> QuestionnaireVersion:
    """Makes the draft the version that is shown and judged by, for ever as it stands.

    Raises NoDraft, StaleDraft or UnableToPublish, with nothing changed.
    """
    checked = draft_of(questionnaire)
    if checked is None:
        raise NoDraft
    problems = publishing.problems(services.ruleset_of(checked))  # up to three seconds: not under the lock
    if problems:
        raise UnableToPublish(problems)
    with _seen_draft(questionnaire, seen) as draft:
        if draft.statements != checked.statements:
            raise StaleDraft
        draft.is_shipped, draft.ruleset, draft.published_at = False, rulesets.CURRENT, now
        draft.save(update_fields=["is_shipped", "ruleset", "published_at"])
        return draft


@contextmanager
def _seen_draft(questionnaire: Questionnaire, seen: str) -> Iterator[QuestionnaireVersion]:
    """The draft as it was looked at, under the lock."""
    with transaction.atomic():
        _lock(questionnaire)
        draft = draft_of(questionnaire)
        if draft is None:
            raise NoDraft
        if fingerprint(draft) != seen:
            raise StaleDraft
        yield draft


def _lock(questionnaire: Questionnaire) -> None:
    Questionnaire.objects.select_for_update().get(pk=questionnaire.pk)


def fingerprint(draft: QuestionnaireVersion) -> str:
    """Of what somebody has before them: a draft, and the number that it would be published under."""
    seen = json.dumps([draft.pk, draft.number, rulesets.CURRENT, draft.statements], sort_keys=True)
    return hashlib.sha256(seen.encode()).hexdigest()[:32]


def changes(before: Sequence[Signal], after: Sequence[Signal]) -> list[str]:
    """What differs between two versions, a line for each statement."""
    old, new = {signal.key: signal for signal in before}, {signal.key: signal for signal in after}
    lines = [f"“{key}” is gone." for key in old if key not in new]
    for key, signal in new.items():
        if key not in old:
            lines.append(f"“{key}” is new ({publishing.NAMES[signal.side]}, weight {signal.weight:g}).")
        elif signal != old[key]:
            lines.append(f"“{key}”: {', '.join(_differences(old[key], signal))}.")
    if [key for key in old if key in new] != [key for key in new if key in old]:
        lines.append("The order is another one.")
    return lines


def _differences(before: Signal, after: Signal) -> Iterator[str]:
    for name in (f.name for f in fields(Signal)):
        old, new = getattr(before, name), getattr(after, name)
        if old != new and name in publishing.LONGEST:
            yield f"{name} reworded"
        elif old != new:
            yield f"{name} {_shown(old)} → {_shown(new)}"


def _shown(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
