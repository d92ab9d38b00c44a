"""Statements that staff wrote: at the door, on the page, and on the desk, each in the words that were answered."""

import json
from dataclasses import asdict, replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import drafts, services
from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.rulesets import Signal
from intake.models import Submission
from tests.factories import enquiry_fields, make_submission
from tests.intake.door import BROWSER, NOTHING, ONE_ENQUIRY, post, problem, stored
from tests.intake.lives import page_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]

OURS = Signal(
    key="data_is_ready",
    side="ai",
    weight=0.4,
    text="Our data is in order & <b>ready</b>.",
    affirmed="Your data is in order.",
    denied="Your data is not in order.",
    help="Think of what a newcomer would find.",
)


def publish(signals: list[Signal]) -> QuestionnaireVersion:
    """As staff do it: open, save, publish."""
    questionnaire = Questionnaire.objects.get()
    draft, _ = drafts.open_draft(questionnaire)
    draft = drafts.save_draft(questionnaire, signals, seen=drafts.fingerprint(draft))
    return drafts.publish_draft(questionnaire, seen=drafts.fingerprint(draft), now=timezone.now())


def published() -> list[Signal]:
    version = services.published()
    assert version is not None
    return services.signals_of(version)


def publish_ours(**over: object) -> QuestionnaireVersion:
    """With a statement of our own, without one of the program's."""
    kept = [signal for signal in published() if signal.key not in {"siloed_ai_tools", OURS.key}]
    return publish([*kept, replace(OURS, **over)])


# --- at the door ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "form"])
def test_statement_that_staff_added_is_accepted_and_judged(client, kind):
    version = publish_ours()

    response = post(client, enquiry_fields(answers={"data_is_ready": "yes"}), kind)

    body = json.loads(response.content)
    assessment = Submission.objects.get().assessment
    assert (response.status_code, stored()) == (201, ONE_ENQUIRY)
    assert [(reason["signal"], reason["text"]) for reason in body["assessment"]["reasons"]] == [
        ("data_is_ready", OURS.affirmed)
    ]
    assert (assessment.questionnaire_version, assessment.answers) == (version, {"data_is_ready": "yes"})


def test_statement_that_staff_removed_is_refused_by_its_key(client):
    publish_ours()

    response = post(client, enquiry_fields(answers={"siloed_ai_tools": "yes", "data_is_ready": "maybe"}))

    errors = problem(response, 400)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("/answers/siloed_ai_tools", "unknown_statement"),
        ("/answers/data_is_ready", "unknown_answer"),
    ]
    assert stored() == NOTHING


def test_statement_of_a_draft_is_not_there_yet(client):
    drafts.open_draft(Questionnaire.objects.get())

    response = post(client, enquiry_fields(answers={"data_is_ready": "yes"}))

    assert [error["pointer"] for error in problem(response, 400)["errors"]] == ["/answers/data_is_ready"]


def test_answers_belong_to_the_questionnaire_that_is_named(client):
    other = Questionnaire.objects.create(slug="data-check", title="Is your data ready?")
    statements = [asdict(OURS)]
    version = other.versions.create(number=1, statements=statements, is_shipped=False, published_at=timezone.now())

    named = post(client, enquiry_fields(questionnaire="data-check", answers={"data_is_ready": "yes"}))
    unnamed = post(client, enquiry_fields(answers={"data_is_ready": "yes"}))
    crossed = post(client, enquiry_fields(questionnaire="data-check", answers={"core_systems_work": "yes"}))

    assert named.status_code == 201
    assert Submission.objects.get().assessment.questionnaire_version == version
    for refused, key in ((unnamed, "data_is_ready"), (crossed, "core_systems_work")):
        assert [error["pointer"] for error in problem(refused, 400)["errors"]] == [f"/answers/{key}"]


@pytest.mark.parametrize("slug", ["astrology", "FRACTIONAL-LEADERSHIP", "../x", "x"])
def test_unknown_questionnaire_is_named_and_nothing_is_said_of_its_answers(client, slug):
    response = post(client, enquiry_fields(questionnaire=slug, answers={"anything": "yes"}))

    (error,) = problem(response, 400)["errors"]
    assert (error["pointer"], error["code"]) == ("/questionnaire", "unknown_questionnaire")
    assert error["detail"] == "There is no such questionnaire."
    assert stored() == NOTHING


@pytest.mark.parametrize("slug", [7, ["x"], {"x": 1}, None, "x" * 51])
def test_questionnaire_that_is_no_slug_is_named(client, slug):
    response = post(client, enquiry_fields(questionnaire=slug))

    assert [error["pointer"] for error in problem(response, 400)["errors"]] == ["/questionnaire"]
    assert stored() == NOTHING


@pytest.mark.parametrize("slug", ["", " fractional-leadership "])
def test_questionnaire_is_read_as_its_field_is(client, slug):
    assert post(client, enquiry_fields(questionnaire=slug)).status_code == 201


def test_verdict_of_before_stays_when_a_new_version_is_published(client):
    first = json.loads(post(client, enquiry_fields(), idempotency_key="k").content)
    publish_ours()

    again = post(client, enquiry_fields(), idempotency_key="k2")
    link = client.get(first["links"]["self"].removeprefix("http://testserver"))

    assert problem(again, 400)["errors"][0]["pointer"] == "/answers/siloed_ai_tools"
    assert link.json()["assessment"] == first["assessment"]


# --- on the page ----------------------------------------------------------------------------------------


def test_page_asks_what_is_published(client):
    publish_ours(quick=True)
    Questionnaire.objects.update(title="Who should lead?")

    page = client.get("/").content.decode()

    assert "Our data is in order &amp; &lt;b&gt;ready&lt;/b&gt;." in page
    assert "Think of what a newcomer would find." in page
    assert 'name="answers.data_is_ready"' in page
    assert "siloed_ai_tools" not in page
    assert "<h1>Who should lead?</h1>" in page


def test_page_without_a_quick_check_asks_everything_at_once(client):
    publish([replace(signal, quick=False) for signal in published()])

    page = client.get("/").content.decode()

    assert page.count('<fieldset class="statement">') == 16
    assert "<details" not in page
    assert "More about your situation" not in page


def test_page_that_comes_back_keeps_the_answer_to_a_statement_of_staff(client):
    publish_ours()

    page = post(client, {"answers": {"data_is_ready": "no"}}, "form", **BROWSER).content.decode()

    (row,) = [line for line in page.splitlines() if 'name="answers.data_is_ready"' in line and "checked" in line]
    assert 'value="no"' in row


@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_browser_that_answered_a_statement_of_before_is_told_that_the_questions_changed(client, kind):
    publish_ours()
    answers = {"siloed_ai_tools": "yes", "core_systems_work": "no"}
    typed = enquiry_fields(answers=answers, company="R&D", message="Help.")

    response = post(client, typed, kind, **BROWSER)

    page = response.content.decode()
    (kept,) = [line for line in page.splitlines() if 'name="answers.core_systems_work"' in line and "checked" in line]
    assert (response.status_code, stored()) == (400, NOTHING)
    assert '<a href="#statements">The questions have changed since you opened the page.' in page
    assert "There is no such statement." not in page
    assert "siloed_ai_tools" not in page
    assert ('value="no"' in kept, 'value="R&amp;D"' in page, "Help.</textarea>" in page) == (True, True, True)


# --- on the desk ----------------------------------------------------------------------------------------


def test_desk_tells_statements_in_the_words_that_were_answered(admin_client):
    publish_ours(text="As we put it first.")
    submission = make_submission(answers={"data_is_ready": "unsure", "asks_how_to_use_ai": "unsure"})
    publish_ours(text="As we put it later.")

    page = admin_client.get(page_url(submission)).content.decode()

    assert "As we put it first." in page
    assert "As we put it later." not in page


def test_desk_asks_once_for_the_words(admin_client):
    publish_ours()
    submissions = [make_submission(email=f"a{n}@example.com", answers={"data_is_ready": "yes"}) for n in range(2)]
    urls = [page_url(submission) for submission in submissions]
    admin_client.get(urls[0])

    with CaptureQueriesContext(connection) as captured:
        admin_client.get(urls[1])

    asked = [query["sql"] for query in captured if "assessments_questionnaireversion" in query["sql"]]
    assert len(asked) == 1
