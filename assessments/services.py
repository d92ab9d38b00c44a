"""Finds the published questionnaire and keeps judgements; the decision itself is `assessments.judge`."""

from datetime import datetime
from typing import Any

from assessments import signals
from assessments.judge import Decision
from assessments.models import Assessment, Questionnaire, QuestionnaireVersion

DEFAULT_SLUG = signals.SLUG


def published(slug: str = DEFAULT_SLUG) -> QuestionnaireVersion | None:
    """The newest published version of a questionnaire, or None for an unknown slug."""
    return (
        QuestionnaireVersion.objects.filter(questionnaire__slug=slug, published_at__isnull=False)
        .select_related("questionnaire")
        .order_by("-number")
        .first()
    )


def as_public(version: QuestionnaireVersion) -> dict[str, Any]:
    """The questionnaire as websites read it."""
    return {
        "slug": version.questionnaire.slug,
        "version": version.number,
        "title": version.questionnaire.title,
        "statements": version.statements,
        "options": list(signals.OPTIONS),
        "company_sizes": list(signals.COMPANY_SIZES),
    }


def keep(
    decision: Decision,
    *,
    version: QuestionnaireVersion,
    answers: dict[str, str],
    now: datetime,
    previous: Assessment | None = None,
) -> Assessment:
    """Stores a judgement. Raises IntegrityError where `previous` was already followed by another one."""
    return Assessment.objects.create(
        questionnaire_version=version,
        answers=answers,
        decision=decision.as_dict(),
        ruleset=decision.ruleset,
        previous=previous,
        created_at=now,
    )


def publish_default(*, now: datetime) -> QuestionnaireVersion:
    """Publishes the questionnaire that the code carries, unless just this wording is published already."""
    questionnaire, _ = Questionnaire.objects.get_or_create(slug=signals.SLUG, defaults={"title": signals.TITLE})
    newest = questionnaire.versions.order_by("-number").first()
    statements = signals.questionnaire()
    if newest and newest.statements == statements:
        return newest
    return questionnaire.versions.create(
        number=newest.number + 1 if newest else 1, statements=statements, published_at=now
    )
