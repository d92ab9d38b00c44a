"""Proof of work: given out, solved as the widget does, spent once; only where the site asks for it."""

import base64
import json
from datetime import timedelta

import altcha
import pytest
from django.utils import timezone

from intake import challenges
from intake.models import Lead, Site, Submission, UsedChallenge
from tests.factories import enquiry_fields
from tests.intake.door import KINDS, NOTHING, URL, post, problem, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(house) -> Site:
    return Site.objects.create(name="Shop", proof_of_work=True)


def solved(challenge: dict) -> str:
    task = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(task)
    assert solution is not None
    return altcha.Payload(task, solution).to_base64()


def edited(proof: str, change) -> str:
    data = json.loads(base64.b64decode(proof))
    change(data)
    return base64.b64encode(json.dumps(data).encode()).decode()


def reasons() -> list[str]:
    return Submission.objects.latest("created_at").quarantine_reasons


@pytest.mark.parametrize("kind", KINDS)
def test_task_from_the_address_for_scripts_is_solved_and_accepted(site, client, kind):
    challenge = client.get(f"{URL}challenge/?site={site.key}")

    response = post(client, enquiry_fields(site=site.key, altcha=solved(challenge.json())), kind)

    assert challenge.headers["Cache-Control"] == "no-store"
    assert response.status_code == 201
    assert reasons() == []
    assert UsedChallenge.objects.count() == 1


def test_task_that_was_handed_in_before_is_set_aside_with_the_same_answer(site, client):
    proof = solved(challenges.issue(now=timezone.now()))
    first = post(client, enquiry_fields(site=site.key, altcha=proof))

    second = post(client, enquiry_fields(site=site.key, altcha=proof, email="grace@example.com"))

    assert (second.status_code, len(second.content)) == (first.status_code, len(first.content))
    assert reasons() == ["proof_used"]
    assert Lead.objects.count() == 1


def test_retry_with_the_same_key_is_a_replay_and_no_second_use(site, client):
    fields = enquiry_fields(site=site.key, altcha=solved(challenges.issue(now=timezone.now())))

    answers = [post(client, fields, idempotency_key="k").content for _ in range(2)]

    assert answers[0] == answers[1]
    assert stored()["Submission"] == 1
    assert reasons() == []


def later(data):
    data["challenge"]["parameters"]["expiresAt"] += 3600


def other_counter(data):
    data["solution"]["counter"] += 1


def cheaper(data):
    data["challenge"]["parameters"]["cost"] = 1


def no_signature_of_ours(data):
    data["challenge"]["signature"] = "0" * 64


@pytest.mark.parametrize("change", [later, other_counter, cheaper, no_signature_of_ours])
def test_wrong_proof_is_set_aside_quietly_and_remembered_by_nobody(site, client, change):
    proof = edited(solved(challenges.issue(now=timezone.now())), change)

    assert post(client, enquiry_fields(site=site.key, altcha=proof)).status_code == 201
    assert reasons() == ["proof_wrong"]
    assert UsedChallenge.objects.count() == 0


def test_expired_task_is_set_aside(site, client):
    proof = solved(challenges.issue(now=timezone.now() - challenges.LIFE - timedelta(seconds=2)))

    post(client, enquiry_fields(site=site.key, altcha=proof))

    assert reasons() == ["proof_wrong"]


@pytest.mark.parametrize("none", [{}, {"altcha": ""}, {"altcha": None}])
def test_site_that_asks_gets_nothing_at_the_desk_without_one(site, client, none):
    post(client, enquiry_fields(site=site.key, **none))

    assert reasons() == ["proof_missing"]


@pytest.mark.parametrize("given", ["x", "e30=", "bnVsbA==", "W10=", 7, {"a": 1}, "=" * 100, "é"])
def test_malformed_proof_is_refused_by_name(site, client, given):
    refused = problem(post(client, enquiry_fields(site=site.key, altcha=given)), 400)

    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [("/altcha", "malformed")]
    assert stored() == NOTHING


@pytest.mark.parametrize("over", [{"proof_of_work": False}, {"active": False}])
def test_site_that_does_not_ask_needs_none(site, client, over):
    Site.objects.update(**over)

    post(client, enquiry_fields(site=site.key))

    assert reasons() == []


@pytest.mark.parametrize("key", ["", "nobody", 7, ["x"], None])
def test_nobody_asks_where_no_site_is_named(site, client, key):
    post(client, enquiry_fields(site=key))

    assert reasons() == []


def test_what_has_expired_is_forgotten(site, client):
    now = timezone.now()
    UsedChallenge.objects.create(signature="old", expires_at=now - timedelta(seconds=1))
    UsedChallenge.objects.create(signature="young", expires_at=now + timedelta(hours=1))

    post(client, enquiry_fields(site=site.key, altcha=solved(challenges.issue(now=now))))

    assert UsedChallenge.objects.filter(signature__in=["old", "young"]).get().signature == "young"
    assert UsedChallenge.objects.count() == 2
