"""PATCH /api/v1/submissions/TOKEN/: what a prospect corrects is merged and judged again, and the old verdict stays."""

import json
import threading
from dataclasses import asdict, replace
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from assessments import rulesets
from assessments import services as assessments
from assessments.evidence import Evidence, Reading
from assessments.models import Assessment, QuestionnaireVersion
from intake.models import Lead, Submission
from intake.reassess import reassess
from outbox.models import Event
from tests.factories import AI_ANSWERS, CTO_ANSWERS, enquiry_fields, make_submission, published
from tests.intake.door import body_of, post, problem

pytestmark = pytest.mark.django_db

TO_CTO = {**dict.fromkeys(AI_ANSWERS), **CTO_ANSWERS}
RECEIVED = {"lead.created": 1, "lead.assessed": 1}


def url(submission: Submission) -> str:
    return f"/api/v1/submissions/{submission.token}/"


def patch(client: Client, submission: Submission, fields: Any, kind: str = "json") -> HttpResponse:
    body, content_type = body_of(fields, kind)
    return client.generic("PATCH", url(submission), body, content_type=content_type)


def verdict(response: HttpResponse) -> dict[str, Any]:
    assert response.status_code == 200, response.content
    return json.loads(response.content)["assessment"]


# --- judged again ---------------------------------------------------------------------------------------


def test_answers_are_merged_and_judged_again_and_the_old_verdict_stays(house, client):
    submission = make_submission(company_size="11-50")

    response = patch(client, submission, {"answers": {"siloed_ai_tools": None, "core_systems_work": "no"}})

    first, second = Assessment.objects.order_by("created_at")
    submission.refresh_from_db()
    assert verdict(response)["gap"] == second.decision["gap"] == "cto"
    assert response.json() == client.get(url(submission)).json()
    assert second.answers == {"core_systems_work": "no", "asks_how_to_use_ai": "yes"}
    assert (second.previous, first.decision["gap"], first.answers) == (first, "ai", AI_ANSWERS)
    assert (second.company_size, second.asked_for) == ("11-50", "cto")
    assert (submission.assessment, submission.first_assessment) == (second, first)
    assert response.headers["Cache-Control"] == "no-store"


def test_it_is_told_once_with_the_new_verdict_and_the_lead_has_it(house, client):
    submission = make_submission()

    patch(client, submission, {"answers": TO_CTO})

    event = Event.objects.get(type="lead.reassessed")
    lead = Lead.objects.get()
    assert (lead.gap, lead.primary, lead.engagement) == ("cto", "cto", "fractional_cto")
    assert published() == RECEIVED | {"lead.reassessed": 1}
    assert (event.subject, event.data["sequence"], event.data["assessment"]["gap"]) == (lead.id, 3, "cto")
    assert (event.data["lead"]["gap"], event.data["lead"]["engagement"]) == ("cto", "fractional_cto")
    assert set(event.deliveries.values_list("task", flat=True)) == {"scheduling.review_call", "notifications.fan_out"}


def test_first_reply_is_replayed_as_it_was(house, client):
    first = post(client, enquiry_fields(), idempotency_key="k")
    submission = Submission.objects.get()

    patch(client, submission, {"answers": TO_CTO, "message": "We build everything anew.", "timezone": "Asia/Kolkata"})
    again = post(client, enquiry_fields(), idempotency_key="k")

    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content == first.content


def test_other_fields_of_the_lead_stay(house, client):
    submission = make_submission(company_size="11-50", timezone="Europe/Berlin")

    patch(client, submission, {"company_size": "1000+", "timezone": "Asia/Kolkata", "answers": TO_CTO,
                               "name": "Somebody else", "email": "else@example.com"})  # fmt: skip

    lead, stored = Lead.objects.get(), Submission.objects.get()
    assert (lead.company_size, lead.timezone, lead.name) == ("11-50", "Europe/Berlin", "Ada Lovelace")
    assert (stored.company_size, stored.timezone) == ("1000+", "Asia/Kolkata")
    assert stored.payload["company_size"] == "11-50"


def test_company_size_decides_one_person_or_two(house, client):
    submission = make_submission(answers={**AI_ANSWERS, "needs_ai_governance": "yes", **CTO_ANSWERS,
                                          "core_systems_work": "no"})  # fmt: skip
    before = verdict(client.get(url(submission)))

    after = verdict(patch(client, submission, {"company_size": "1000+"}))

    assert [v["gap"] for v in (before, after)] == ["both", "both"]
    assert [v["engagement"] for v in (before, after)] == ["one_leader_for_both", "cto_and_ai_officer"]


@pytest.mark.parametrize("kind", ["json", "form", "multipart"])
def test_three_ways_of_sending_it_do_the_same(house, client, kind):
    submission = make_submission()

    response = patch(
        client, submission, {"answers": {"core_systems_work": "no", "siloed_ai_tools": "no"}, "asked_for": "ai"}, kind
    )

    assert (verdict(response)["gap"], verdict(response)["asked_for"]) == ("cto", "ai")


@pytest.mark.parametrize("nothing", [None, ""])
def test_null_and_nothing_take_a_field_back(house, client, nothing):
    submission = make_submission(message="We want AI.", company_size="11-50")

    response = patch(client, submission, dict.fromkeys(("message", "company_size", "asked_for", "timezone"), nothing))

    stored = Submission.objects.select_related("assessment").get()
    assert verdict(response)["asked_for"] is None
    assert [stored.message, stored.company_size, stored.asked_for, stored.timezone] == [""] * 4
    assert (stored.assessment.company_size, stored.assessment.asked_for) == ("", "")


# --- nothing to judge -----------------------------------------------------------------------------------


SAME = [
    ("an empty object", {}),
    ("what is there already", {"answers": {"siloed_ai_tools": "yes"}, "asked_for": "cto", "message": ""}),
    ("taking back what was never said", {"answers": {"no_core_systems": None}}),
    ("fields that there are none of", {"gap": "cto", "intent": "vendor", "stage": "won"}),
    ("another time zone", {"timezone": "Asia/Kolkata"}),
]


@pytest.mark.parametrize("fields", [row[1] for row in SAME], ids=[row[0] for row in SAME])
def test_what_changes_nothing_judged_is_answered_and_not_told(house, client, fields):
    submission = make_submission()
    before = client.get(url(submission)).json()

    response = patch(client, submission, fields)

    assert (response.status_code, response.json()) == (200, before)
    assert Assessment.objects.count() == 1
    assert published() == RECEIVED
    assert Submission.objects.get().timezone == fields.get("timezone", "Europe/Berlin")


def test_without_a_body_nothing_changes(house, client):
    submission = make_submission()

    response = client.patch(url(submission))

    assert (response.status_code, Assessment.objects.count()) == (200, 1)


@pytest.mark.parametrize("message", ["", "  \n", None])
def test_last_answer_without_a_message_cannot_be_taken_back(house, client, message):
    submission = make_submission(message="Something")

    response = patch(client, submission, {"answers": dict.fromkeys(AI_ANSWERS), "message": message})

    assert problem(response, 400)["errors"] == [
        {"pointer": "", "code": "nothing_to_judge", "detail": "Answer at least one statement, or write a message."}
    ]
    assert (Assessment.objects.count(), published()) == (1, RECEIVED)
    assert Submission.objects.get().message == "Something"


def test_message_alone_is_enough(house, client):
    submission = make_submission()

    response = patch(client, submission, {"answers": dict.fromkeys(AI_ANSWERS), "message": "Call me."})

    assert response.status_code == 200
    assert Submission.objects.get().assessment.answers == {}


# --- refused --------------------------------------------------------------------------------------------


WRONG = [
    ({"answers": {"no_such": "yes"}}, "/answers/no_such", "unknown_statement"),
    ({"answers": {"no_such": None}}, "/answers/no_such", "unknown_statement"),
    ({"answers": {"siloed_ai_tools": "maybe"}}, "/answers/siloed_ai_tools", "unknown_answer"),
    ({"answers": {"siloed_ai_tools": ["yes"]}}, "/answers/siloed_ai_tools", "unknown_answer"),
    ({"answers": ["yes"]}, "/answers", "not_an_object"),
    ({"answers": None}, "/answers", "null"),
    ({"message": 7}, "/message", "invalid"),
    ({"message": "x" * 5001}, "/message", "max_length"),
    ({"asked_for": "cfo"}, "/asked_for", "invalid_choice"),
    ({"company_size": "12"}, "/company_size", "invalid_choice"),
    ({"timezone": "Mars/Base"}, "/timezone", "timezone"),
]


@pytest.mark.parametrize(("fields", "pointer", "code"), WRONG, ids=[f"{row[1]} {row[2]}" for row in WRONG])
def test_wrong_field_is_named_and_nothing_changes(house, client, fields, pointer, code):
    submission = make_submission()

    response = patch(client, submission, {"answers": TO_CTO, **fields})

    errors = problem(response, 400)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]
    assert (Assessment.objects.count(), published()) == (1, RECEIVED)


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"a":1,"a":2}', b'{"message":"\\u0000"}', b"\xff"])
def test_body_that_cannot_be_read_is_refused_as_at_the_door(house, client, body):
    submission = make_submission()

    response = client.generic("PATCH", url(submission), body, content_type="application/json")

    assert problem(response, 400)["status"] == 400
    assert Assessment.objects.count() == 1


def test_foreign_token_is_not_found(house, client):
    submission = make_submission()

    response = client.patch(f"/api/v1/submissions/{submission.id.hex}.x/", {}, content_type="application/json")

    assert problem(response, 404)["code"] == "not_found"


def test_answers_are_judged_by_the_version_that_was_answered(house, client):
    """A version of their own, retired since: the program does not know its statement, and it lacks one of ours."""
    shipped = assessments.published()
    gone, *others = rulesets.current().signals
    own = replace(gone, key="brand_new")
    versions = shipped.questionnaire.versions
    rows = {"ruleset": shipped.ruleset, "published_at": timezone.now(), "is_shipped": False}
    mine = versions.create(number=2, statements=[asdict(s) for s in (own, *others)], **rows)
    submission = make_submission()
    versions.create(number=3, statements=shipped.statements, **rows)

    known = patch(client, submission, {"answers": {"brand_new": "yes", "core_systems_work": None}})
    unknown = patch(client, submission, {"answers": {gone.key: "yes"}})

    assert known.status_code == 200
    assert problem(unknown, 400)["errors"][0]["pointer"] == f"/answers/{gone.key}"
    newest = Submission.objects.get().assessment
    assert (newest.questionnaire_version, newest.answers["brand_new"]) == (mine, "yes")
    assert QuestionnaireVersion.objects.count() == 3
    assert json.dumps(assessments.judge_again(newest).as_dict(), sort_keys=True) == json.dumps(
        newest.decision, sort_keys=True
    )


def test_message_that_did_not_change_keeps_what_was_read_of_it(house, client):
    gaps = {"cto": 0.05, "ai": 0.9, "both": 0.04, "unclear": 0.01}
    reading = Reading(reader="an earlier one", gaps=gaps, evidence=(Evidence("siloed_ai_tools", "supports", 0.9, "Q"),))
    submission = make_submission(message="We bought tools.")
    Assessment.objects.update(evidence=reading.as_dict())

    patch(client, submission, {"asked_for": "ai"})
    kept = Submission.objects.get().assessment
    patch(client, submission, {"message": "Something else."})
    changed = Submission.objects.get().assessment

    assert kept.evidence == reading.as_dict()
    assert changed.evidence.get("reader") != "an earlier one"


# --- tests, quarantine, corrections ---------------------------------------------------------------------


def test_test_is_judged_again_and_marked_and_leaves_the_lead_alone(house, client):
    make_submission()
    test = make_submission(answers={"asks_how_to_use_ai": "yes"}, test=True)

    patch(client, test, {"answers": {**TO_CTO}})

    event = Event.objects.get(type="lead.reassessed")
    assert event.data["is_test"] is True
    assert (Lead.objects.get().gap, event.data["assessment"]["gap"]) == ("ai", "cto")


def test_quarantined_one_is_judged_again_and_nobody_is_told(house, client):
    submission = make_submission(contact_fax_ext="555")

    response = patch(client, submission, {"answers": TO_CTO})

    assert verdict(response)["gap"] == "cto"
    assert Lead.objects.count() == 0
    assert published() == {"submission.quarantined": 1}


def test_gap_that_staff_corrected_is_what_people_go_on_seeing(house, client):
    submission = make_submission()
    Lead.objects.update(corrected_gap="both")

    patch(client, submission, {"answers": TO_CTO})

    lead = Lead.objects.get()
    data = Event.objects.get(type="lead.reassessed").data
    assert (lead.gap, lead.corrected_gap, lead.believed_gap) == ("cto", "both", "both")
    assert data["lead"]["gap"] == "both"
    assert (data["lead"]["primary"], data["lead"]["engagement"]) == (None, "one_leader_for_both")
    assert data["assessment"]["gap"] == "cto"


# --- at once --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_are_judged_one_after_the_other(transactional_db):
    assessments.publish_default(now=timezone.now())
    submission = make_submission()
    keys = ["no_core_systems", "asks_what_technology", "between_ctos", "needs_ai_governance"]
    barrier, results = threading.Barrier(len(keys)), []

    def change(key: str) -> None:
        client = Client(raise_request_exception=False)
        barrier.wait(20)
        results.append(patch(client, submission, {"answers": {key: "yes"}}).status_code)
        connections.close_all()

    threads = [threading.Thread(target=change, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    submission.refresh_from_db()
    chain = [submission.assessment]
    while chain[-1].previous:
        chain.append(chain[-1].previous)
    assert results == [200] * len(keys)
    assert submission.assessment.answers == {**AI_ANSWERS, **dict.fromkeys(keys, "yes")}
    assert [len(assessment.answers) for assessment in chain] == [7, 6, 5, 4, 3]
    assert published() == RECEIVED | {"lead.reassessed": 4}
    sequences = Event.objects.values_list("data__sequence", flat=True)
    assert sorted(sequences) == [1, 2, 3, 4, 5, 6]


def test_submission_that_was_erased_meanwhile_is_not_found(house):
    submission = make_submission()
    Submission.objects.all().delete()

    with pytest.raises(Submission.DoesNotExist):
        reassess(submission, {"answers": TO_CTO}, now=timezone.now())


@pytest.mark.parametrize(("before", "after"), [("", "   "), ("   ", ""), (" ", "\r\n\t"), ("   ", None)])
def test_blank_message_is_no_message_however_it_is_typed(house, client, before, after):
    submission = make_submission(message=before)

    response = patch(client, submission, {"message": after})

    assert verdict(response)["gap"] == "ai"
    assert (Assessment.objects.count(), published()) == (1, RECEIVED)
