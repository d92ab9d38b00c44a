"""The next version of a questionnaire: one draft at a time, published once, and never changed afterwards."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from assessments import drafts, rulesets, services
from assessments.drafts import NoDraft, StaleDraft, UnableToPublish
from assessments.models import Assessment, Questionnaire, QuestionnaireVersion
from assessments.rulesets import Signal

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
URL = "/api/v1/questionnaires/fractional-leadership/"
OURS = Signal(
    key="data_is_ready",
    side="ai",
    weight=0.3,
    text="Our data is in order.",
    affirmed="Your data is in order, so AI has something to stand on.",
    denied="Your data is not in order yet.",
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def questionnaire(db) -> Questionnaire:
    return services.publish_default(now=NOW).questionnaire


def with_ours(questionnaire: Questionnaire) -> str:
    """A draft with one statement more and one less; what somebody who looks at it has seen."""
    draft, _ = drafts.open_draft(questionnaire)
    kept = [signal for signal in services.signals_of(draft) if signal.key != "siloed_ai_tools"]
    return drafts.fingerprint(drafts.save_draft(questionnaire, [*kept, OURS], seen=drafts.fingerprint(draft)))


# --- opening, saving, discarding ------------------------------------------------------------------------


def test_draft_is_a_copy_of_what_is_published_and_there_is_one(questionnaire):
    first, is_new = drafts.open_draft(questionnaire)
    again, is_new_again = drafts.open_draft(questionnaire)

    published = services.published()
    assert (is_new, is_new_again, again.pk) == (True, False, first.pk)
    assert (first.number, first.published_at, first.is_shipped) == (2, None, False)
    assert first.statements == published.statements
    assert published.number == 1


def test_database_refuses_a_second_draft(questionnaire):
    drafts.open_draft(questionnaire)

    with pytest.raises(IntegrityError, match="questionnaire_one_draft"), transaction.atomic():
        questionnaire.versions.create(number=3, statements=[])


def test_saving_replaces_the_statements_and_shows_nobody(questionnaire, client: Client):
    with_ours(questionnaire)

    keys = [signal.key for signal in services.signals_of(drafts.draft_of(questionnaire))]
    assert (keys[-1], "siloed_ai_tools" in keys, len(keys)) == ("data_is_ready", False, 16)
    assert client.get(URL).json()["version"] == 1


def test_saving_over_what_another_one_saved_is_refused(questionnaire):
    seen = drafts.fingerprint(drafts.open_draft(questionnaire)[0])
    with_ours(questionnaire)

    with pytest.raises(StaleDraft):
        drafts.save_draft(questionnaire, [OURS], seen=seen)

    assert len(drafts.draft_of(questionnaire).statements) == 16


def test_discarding_leaves_what_is_published(questionnaire):
    seen = with_ours(questionnaire)

    assert drafts.discard_draft(questionnaire, seen=seen) == 2

    assert list(QuestionnaireVersion.objects.values_list("number", flat=True)) == [1]
    with pytest.raises(NoDraft):
        drafts.discard_draft(questionnaire, seen=seen)
    with pytest.raises(NoDraft):
        drafts.save_draft(questionnaire, [OURS], seen="")


def test_discarding_what_another_one_saved_is_refused(questionnaire):
    seen = drafts.fingerprint(drafts.open_draft(questionnaire)[0])
    with_ours(questionnaire)

    with pytest.raises(StaleDraft):
        drafts.discard_draft(questionnaire, seen=seen)

    assert len(drafts.draft_of(questionnaire).statements) == 16


# --- publishing -----------------------------------------------------------------------------------------


def test_published_draft_is_shown_and_judges(questionnaire, client: Client):
    before = client.get(URL)

    version = drafts.publish_draft(questionnaire, seen=with_ours(questionnaire), now=LATER)

    after = client.get(URL, headers={"if-none-match": before.headers["ETag"]})
    decision = services.assess(services.published(), answers={"data_is_ready": "yes"}).decision
    assert (version.number, version.published_at, version.is_shipped) == (2, LATER, False)
    assert version.ruleset == rulesets.CURRENT
    assert (after.status_code, after.json()["version"]) == (200, 2)
    assert after.json()["statements"][-1]["key"] == "data_is_ready"
    assert after.headers["ETag"] != before.headers["ETag"]
    assert decision.ruleset == f"{rulesets.CURRENT}/fractional-leadership@2"
    assert decision.reasons[0].text == OURS.affirmed


def test_judgement_under_a_published_draft_can_be_stored(questionnaire):
    """The name of its ruleset is longer than that of the program's own."""
    version = drafts.publish_draft(questionnaire, seen=with_ours(questionnaire), now=LATER)

    kept = services.keep(services.assess(version, answers={"data_is_ready": "yes"}), now=LATER)

    kept = Assessment.objects.get(pk=kept.pk)
    assert kept.ruleset.endswith("/fractional-leadership@2")
    assert services.judge_again(kept).as_dict() == kept.decision


def test_publishing_with_problems_is_refused_with_each_of_them(questionnaire):
    draft, _ = drafts.open_draft(questionnaire)
    heavy = [replace(signal, weight=1.5) for signal in services.signals_of(draft)]
    seen = drafts.fingerprint(drafts.save_draft(questionnaire, heavy, seen=drafts.fingerprint(draft)))

    with pytest.raises(UnableToPublish) as refused:
        drafts.publish_draft(questionnaire, seen=seen, now=LATER)

    assert len(refused.value.problems) == 16
    assert services.published().number == 1
    assert drafts.draft_of(questionnaire) is not None


def test_publishing_something_else_than_was_checked_is_refused(questionnaire):
    seen = drafts.fingerprint(drafts.open_draft(questionnaire)[0])
    with_ours(questionnaire)

    with pytest.raises(StaleDraft):
        drafts.publish_draft(questionnaire, seen=seen, now=LATER)

    assert services.published().number == 1


def test_publishing_twice_publishes_once(questionnaire):
    seen = with_ours(questionnaire)
    drafts.publish_draft(questionnaire, seen=seen, now=LATER)

    with pytest.raises(NoDraft):
        drafts.publish_draft(questionnaire, seen=seen, now=LATER)

    assert QuestionnaireVersion.objects.count() == 2


def waiting() -> int:
    """How many connections to this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else it tells the same within a transaction
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_publish_once(questionnaire):
    seen = with_ours(questionnaire)
    outcomes = []

    def click() -> None:
        try:
            outcomes.append(str(drafts.publish_draft(questionnaire, seen=seen, now=LATER).number))
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    with transaction.atomic():
        # Holds both back until both have seen the same draft.
        QuestionnaireVersion.objects.select_for_update().get(number=2)
        for thread in threads:
            thread.start()
        deadline = monotonic() + 20
        while waiting() < 2 and monotonic() < deadline:
            threads[0].join(0.02)
    for thread in threads:
        thread.join(20)

    assert sorted(outcomes) == ["2", "NoDraft"]
    assert QuestionnaireVersion.objects.filter(published_at__isnull=False).count() == 2


# --- the program's own wording --------------------------------------------------------------------------


def test_start_of_the_program_never_replaces_what_staff_published(questionnaire):
    ours = drafts.publish_draft(questionnaire, seen=with_ours(questionnaire), now=LATER)

    assert services.publish_default(now=LATER) == ours
    assert services.published() == ours
    assert QuestionnaireVersion.objects.count() == 2


def test_new_wording_of_the_program_goes_before_an_open_draft(db):
    rules = rulesets.current()
    questionnaire = Questionnaire.objects.create(slug=rules.slug, title=rules.title)
    questionnaire.versions.create(number=1, statements=[], published_at=NOW)
    draft, _ = drafts.open_draft(questionnaire)
    seen = drafts.fingerprint(draft)

    shipped = services.publish_default(now=LATER)

    draft.refresh_from_db()
    assert (shipped.number, draft.number, services.published()) == (2, 3, shipped)
    with pytest.raises(StaleDraft):
        drafts.save_draft(questionnaire, [OURS], seen=seen)


# --- what is published stays ----------------------------------------------------------------------------

TABLE = "assessments_questionnaireversion"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {TABLE} SET statements = '[]'",
        f"UPDATE {TABLE} SET published_at = NULL",
        f"UPDATE {TABLE} SET number = number + 1",
        f"DELETE FROM {TABLE}",
    ],
)
def test_database_refuses_to_change_or_delete_a_published_version(questionnaire, statement):
    with pytest.raises(IntegrityError, match="is published and stays as it is"), transaction.atomic():
        connection.cursor().execute(statement)

    assert services.published().statements == services.publish_default(now=LATER).statements
    assert QuestionnaireVersion.objects.count() == 1


def test_a_published_version_is_not_saved_or_deleted_through_django_either(questionnaire):
    version = services.published()

    for act in (version.save, version.delete):
        with pytest.raises(IntegrityError, match="Edit it as a new draft"), transaction.atomic():
            act()


# --- what differs ---------------------------------------------------------------------------------------


def test_changes_are_told_by_statement():
    shipped = list(rulesets.current().signals)
    first, second, third, *rest = shipped
    after = [second, replace(first, weight=0.6, text="Other."), replace(third, quick=False, side="ai"), *rest[1:], OURS]

    assert drafts.changes(shipped, after) == [
        f"“{rest[0].key}” is gone.",
        f"“{first.key}”: weight 0.5 → 0.6, text reworded.",
        f"“{third.key}”: side cto → ai, quick on → off.",
        "“data_is_ready” is new (AI, weight 0.3).",
        "The order is another one.",
    ]
    assert drafts.changes(shipped, shipped) == []
