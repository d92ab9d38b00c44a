"""The questionnaire: published once a wording, never changed afterwards, read by websites with an ETag."""

from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from assessments import rulesets, services
from assessments.models import Questionnaire, QuestionnaireVersion

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
URL = "/api/v1/questionnaires/fractional-leadership/"

pytestmark = pytest.mark.django_db


def test_publishing_the_same_wording_again_changes_nothing() -> None:
    first = services.publish_default(now=NOW)

    second = services.publish_default(now=NOW)

    assert (second.pk, second.number) == (first.pk, 1)
    assert Questionnaire.objects.count() == 1
    assert QuestionnaireVersion.objects.count() == 1


def test_new_wording_makes_a_new_version_and_keeps_the_old_one() -> None:
    rules = rulesets.current()
    wording = [asdict(signal) for signal in rules.signals]
    older = [{**wording[0], "text": "As the release before put it."}, *wording[1:]]
    questionnaire = Questionnaire.objects.create(slug=rules.slug, title=rules.title)
    questionnaire.versions.create(number=1, statements=older, published_at=NOW)

    version = services.publish_default(now=NOW)

    assert (version.number, version.statements) == (2, wording)
    assert QuestionnaireVersion.objects.get(number=1).statements == older
    assert services.published() == version


def test_a_version_without_a_date_is_not_published() -> None:
    first = services.publish_default(now=NOW)

    first.questionnaire.versions.create(number=2, statements=[], published_at=None)

    assert services.published() == first
    assert services.published("unknown") is None


def test_the_database_refuses_a_second_version_of_the_same_number_and_one_numbered_zero() -> None:
    first = services.publish_default(now=NOW)

    for number, constraint in ((1, "questionnaire_version_once"), (0, "questionnaire_version_from_one")):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            first.questionnaire.versions.create(number=number, statements=[], published_at=NOW)

    assert QuestionnaireVersion.objects.count() == 1


def test_a_website_reads_the_statements_in_order(client: Client) -> None:
    services.publish_default(now=NOW)

    reply = client.get(URL)

    body = reply.json()
    assert reply.status_code == 200
    assert list(body) == ["slug", "version", "title", "statements", "options", "company_sizes"]
    assert (body["slug"], body["version"]) == ("fractional-leadership", 1)
    assert body["options"] == ["yes", "no", "unsure"]
    assert body["company_sizes"] == ["1-10", "11-50", "51-200", "201-1000", "1000+"]
    assert all(set(s) == {"key", "group", "order", "text", "help", "side"} for s in body["statements"])
    assert [statement["order"] for statement in body["statements"]] == list(range(1, 17))


def test_the_statements_are_those_of_the_domain_with_the_quick_check_first(client: Client) -> None:
    services.publish_default(now=NOW)

    statements = client.get(URL).json()["statements"]

    sides = {side: {s["key"] for s in statements if s["side"] == side} for side in ("cto", "ai")}
    assert sides["cto"] == {
        "no_technical_leadership", "no_core_systems", "building_from_scratch", "engineering_team_needs_structure",
        "funding_or_acquisition_ahead", "technology_transformation", "between_ctos", "asks_what_technology",
    }  # fmt: skip
    assert sides["ai"] == {
        "core_systems_work", "ai_is_the_priority", "needs_ai_governance", "siloed_ai_tools",
        "ai_across_departments", "wants_strategic_ai", "needs_ai_training_or_roi", "asks_how_to_use_ai",
    }  # fmt: skip
    assert {s["key"] for s in statements[:8]} == {
        "no_core_systems", "engineering_team_needs_structure", "asks_what_technology", "funding_or_acquisition_ahead",
        "core_systems_work", "asks_how_to_use_ai", "siloed_ai_tools", "needs_ai_governance",
    }  # fmt: skip
    assert [s["group"] for s in statements] == ["quick"] * 8 + ["more"] * 8


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_known_etag_gets_a_304_without_a_body(client: Client, form: str) -> None:
    services.publish_default(now=NOW)
    etag = client.get(URL).headers["ETag"]

    reply = client.get(URL, headers={"if-none-match": form.format(etag)})

    assert (reply.status_code, reply.content) == (304, b"")
    assert reply.headers["ETag"] == etag


def test_the_etag_changes_with_the_wording(client: Client) -> None:
    version = services.publish_default(now=NOW)
    etag = client.get(URL).headers["ETag"]

    version.questionnaire.versions.create(number=2, statements=version.statements, published_at=NOW)
    reply = client.get(URL, headers={"if-none-match": etag})

    assert reply.status_code == 200
    assert reply.json()["version"] == 2
    assert reply.headers["ETag"] != etag


@pytest.mark.parametrize("slug", ["unknown", "fractional.leadership", "FRACTIONAL-LEADERSHIP"])
def test_an_unknown_slug_is_a_problem(client: Client, slug: str) -> None:
    services.publish_default(now=NOW)

    reply = client.get(f"/api/v1/questionnaires/{slug}/")

    assert reply.status_code == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["status"] == 404


def test_nothing_is_published_before_the_first_start(client: Client) -> None:
    reply = client.get(URL)

    assert reply.status_code == 404
    assert QuestionnaireVersion.objects.count() == 0


def test_reading_it_asks_the_database_once(client: Client, django_assert_num_queries) -> None:
    services.publish_default(now=NOW)

    with django_assert_num_queries(1):
        client.get(URL)
