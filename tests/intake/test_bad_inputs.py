"""Nonsense that no other file of this room sends: NUL in an address, and what came through every layer stays a problem.

The other inputs: bodies in test_guard and test_guard_forms, addresses and names in test_people, fields in test_fields,
keys in test_idempotency, limits in test_limits, statuses in test_problems, origins in test_cors.
"""

import json

import pytest

from tests.factories import enquiry_fields, make_submission
from tests.intake.door import NOTHING, URL, post, problem, send, stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/questionnaires/fractional-leadership/?q=%00", 200),
        (f"{URL}challenge/?site=%00", 200),
        (f"{URL}form-token/?%00=1", 200),
        (f"{URL}x/slots/?from=%00", 404),
    ],
)
def test_nul_in_an_address_of_the_api_is_no_crash(house, client, path, status):
    assert client.get(path).status_code == status


@pytest.mark.parametrize("model", ["intake_lead", "intake_submission", "intake_quarantined", "intake_block"])
@pytest.mark.parametrize("query", ["?q=%00", "?site=%00", "?e=1&o=%00"])
def test_nul_in_a_search_of_the_desk_is_no_crash(house, admin_client, model, query):
    app, _, name = model.partition("_")

    assert admin_client.get(f"/admin/{app}/{name}/{query}").status_code == 400


@pytest.mark.parametrize("looked", ["x", "' OR 1=1", "9" * 5000])
@pytest.mark.parametrize("page", ["lead/?aside=", "submission/?accepted=", "quarantined/?looked="])
def test_filter_that_nobody_knows_is_passed_over(house, admin_client, page, looked):
    assert admin_client.get(f"/admin/intake/{page}{looked}").status_code in {200, 302}


@pytest.mark.parametrize("value", [7, True, ["x"], {"a": "b"}])
def test_form_token_of_another_kind_is_refused_by_name(house, client, value):
    refused = problem(post(client, enquiry_fields(form_token=value)), 400)

    assert [error["pointer"] for error in refused["errors"]] == ["/form_token"]
    assert stored() == NOTHING


@pytest.mark.parametrize("word", ["challenge", "form-token"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_words_beside_the_tokens_take_no_other_method(house, client, word, method):
    problem(getattr(client, method)(f"{URL}{word}/"), 405)


def test_json_in_a_body_of_plain_text_never_gets_in(house, client):
    """What a page of a stranger may send without asking first."""
    problem(send(client, json.dumps(enquiry_fields()).encode(), "text/plain"), 415)
    assert stored() == NOTHING


def test_known_and_unknown_address_leave_the_same_mark_in_a_browser(house, client):
    make_submission()

    known, unknown = (post(client, enquiry_fields(email=email)) for email in ("ada@example.com", "eve@example.com"))

    assert [len(answer.cookies) for answer in (known, unknown)] == [0, 0]
    assert len(known.headers["Location"]) == len(unknown.headers["Location"])
