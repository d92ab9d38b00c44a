"""Finds the published questionnaire, judges under it and keeps the judgements; the decision itself is pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from django.db import transaction

from assessments import reading as readers
from assessments import rulesets
from assessments.evidence import PROSPECT, Gap, Reading
from assessments.judge import Decision, judge
from assessments.judge import engagement_of as engagement_for
from assessments.models import Assessment, Questionnaire, QuestionnaireVersion
from assessments.rulesets import Ruleset, Signal

DEFAULT_SLUG = rulesets.current().slug


# --- questionnaires -------------------------------------------------------------------------------------


def published(slug: str = DEFAULT_SLUG) -> QuestionnaireVersion | None:
    """The newest published version of a questionnaire, or None for an unknown slug."""
    return (
        QuestionnaireVersion.objects.filter(questionnaire__slug=slug, published_at__isnull=False)
        .select_related("questionnaire")
        .order_by("-number")
        .first()
    )


def as_public(version: QuestionnaireVersion) -> dict[str, Any]:
    """The questionnaire as websites read it: no weights, no texts of the verdict."""
    return {
        "slug": version.questionnaire.slug,
        "version": version.number,
        "title": version.questionnaire.title,
        "statements": [
            {
                "key": signal.key,
                "group": "quick" if signal.quick else "more",
                "order": order,
                "text": signal.text,
                "help": signal.help,
                "side": signal.side,
            }
            for order, signal in enumerate(ruleset_of(version).signals, start=1)
        ],
        "options": list(rulesets.OPTIONS),
        "company_sizes": list(rulesets.COMPANY_SIZES),
    }


def ruleset_of(version: QuestionnaireVersion) -> Ruleset:
    """The ruleset that judges answers to this version: its statements, under the thresholds that it names."""
    return _ruleset(version) if version.is_draft else _ruleset_of_published(version)


@lru_cache(maxsize=64)
def _ruleset_of_published(version: QuestionnaireVersion) -> Ruleset:
    """By primary key, as rows compare: what is published never changes."""
    return _ruleset(version)


def _ruleset(version: QuestionnaireVersion) -> Ruleset:
    base = rulesets.load(version.ruleset or rulesets.CURRENT)
    return base.with_signals(signals_of(version), name=f"{version.questionnaire.slug}@{version.number}")


def signals_of(version: QuestionnaireVersion) -> list[Signal]:
    """The statements of a version, in their order."""
    return [Signal(**row) for row in version.statements]


def wording(version: QuestionnaireVersion) -> dict[str, str]:
    """Key → statement, in the words of this version."""
    return {row["key"]: row["text"] for row in version.statements}


def publish_default(*, now: datetime) -> QuestionnaireVersion:
    """Publishes the questionnaire that the program carries, unless it is published or staff wrote a newer one."""
    rules = rulesets.current()
    statements = [asdict(signal) for signal in rules.signals]
    with transaction.atomic():
        rows = Questionnaire.objects.select_for_update()  # numbers are given one at a time
        questionnaire, _ = rows.get_or_create(slug=rules.slug, defaults={"title": rules.title})
        newest = newest_of(questionnaire)
        if newest and (not newest.is_shipped or (newest.statements, newest.ruleset) == (statements, rules.version)):
            return newest
        number = newest.number + 1 if newest else 1
        questionnaire.versions.filter(published_at__isnull=True).update(number=number + 1)  # a draft comes after it
        return questionnaire.versions.create(
            number=number, statements=statements, ruleset=rules.version, published_at=now
        )


def newest_of(questionnaire: Questionnaire) -> QuestionnaireVersion | None:
    """The version that is shown now."""
    return questionnaire.versions.filter(published_at__isnull=False).order_by("-number").first()


# --- judgements -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """A decision with all that it was made from."""

    decision: Decision
    version: QuestionnaireVersion
    answers: Mapping[str, str]
    reading: Reading | None
    company_size: str
    asked_for: str


def assess(
    version: QuestionnaireVersion,
    *,
    answers: Mapping[str, str],
    message: str = "",
    company_size: str = "",
    asked_for: str = "",
    reading: Reading | None = None,
) -> Judgement:
    """Reads the message and judges it with the answers. Raises KeyError for an answer the version does not know.

    `reading` is what was found in this very message before, where it need not be read again.
    """
    reading = reading or readers.read(message)
    decision = judge(
        answers,
        reading=reading,
        company_size=company_size or None,
        asked_for=asked_for or None,
        ruleset=ruleset_of(version),
    )
    return Judgement(decision, version, answers, reading, company_size, asked_for)


def keep(judgement: Judgement, *, now: datetime, previous: Assessment | None = None) -> Assessment:
    """Stores a judgement. Raises IntegrityError where `previous` was already followed by another one."""
    decision = judgement.decision
    return Assessment.objects.create(
        questionnaire_version=judgement.version,
        answers=dict(judgement.answers),
        company_size=judgement.company_size,
        asked_for=judgement.asked_for,
        evidence=judgement.reading.as_dict() if judgement.reading else {},
        decision=decision.as_dict(),
        ruleset=decision.ruleset,
        previous=previous,
        created_at=now,
    )


def judge_again(assessment: Assessment) -> Decision:
    """The decision from what is stored, without reading the message again: the same bytes as the first time."""
    return judge(
        assessment.answers,
        reading=reading_of(assessment),
        company_size=assessment.company_size or None,
        asked_for=assessment.asked_for or None,
        ruleset=ruleset_of(assessment.questionnaire_version),
    )


def reading_of(assessment: Assessment) -> Reading | None:
    """What was found in the message when it was judged."""
    return Reading.from_dict(assessment.evidence) if assessment.evidence else None


def is_surely_prospect(assessment: Assessment) -> bool:
    """Whether the house may book for whoever wrote this without being asked to."""
    reading = reading_of(assessment)
    if assessment.decision["intent"] != PROSPECT:
        return False
    limits = rulesets.load(assessment.ruleset.partition("/")[0]).thresholds
    return reading is None or reading.stranger < limits.read_unbooked


def engagement_of(gap: str, *, company_size: str) -> str:
    """What the firm offers for a gap that somebody else than the judge has named. Raises KeyError for no gap."""
    return engagement_for(cast(Gap, gap), company_size or None, rulesets.current())
