"""Every refusal under /api/ is application/problem+json, whoever made it; pages elsewhere stay HTML."""

import uuid

import pytest
from django.db import connections

from config.errors import field_errors, pointer, problem
from config.local.servers import free_ports
from intake.models import signer
from tests.factories import enquiry_fields, make_submission
from tests.intake import door
from tests.intake.door import NOTHING, URL, post, send, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def crashing(settings):
    settings.ROOT_URLCONF = "tests.intake.crashing"


@pytest.mark.parametrize("view", ["plain", "drf"])
@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("crash", 500, "internal_server_error"),
        ("gone", 404, "not_found"),
        ("forbidden", 403, "permission_denied"),
        ("suspicious", 400, "bad_request"),
        ("too-big", 413, "too_large"),
        ("too-many-fields", 413, "too_large"),
        ("too-many-files", 400, "bad_request"),
        ("database-down", 503, "unavailable"),
        ("connection-closed", 503, "unavailable"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_whatever_a_view_raises_becomes_a_problem(crashing, client, view, what, status, code, method):
    response = getattr(client, method)(f"/api/{view}/{what}/")

    body = door.problem(response, status)
    assert body["code"] == code
    assert "secret words" not in response.content.decode()
    assert response.headers["Content-Length"] == str(len(response.content))
    assert (status == 503) == ("Retry-After" in response.headers)


def test_html_that_a_view_refuses_with_becomes_a_problem_and_keeps_its_headers(crashing, client):
    response = client.get("/api/teapot/")

    door.problem(response, 418)
    assert response.headers["Retry-After"] == "7"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" in response.headers


def test_page_that_says_it_is_one_stays_a_page(crashing, client):
    response = client.get("/api/page/")

    assert (response.status_code, response.content) == (400, b"<h1>Wrong form</h1>")


@pytest.mark.parametrize("path", ["/api/", "/api/nothing/", "/api/v1/", "/api/v1/submissions/x/y/z/", "/api/%00/"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_address_of_nothing_is_a_problem(client, path, method):
    response = getattr(client, method)(path)

    assert door.problem(response, 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", URL, "POST, OPTIONS"),
        ("put", URL, "POST, OPTIONS"),
        ("delete", URL, "POST, OPTIONS"),
        ("head", URL, "POST, OPTIONS"),
        ("post", "/api/v1/questionnaires/fractional-leadership/", "GET, HEAD, OPTIONS"),
        ("put", f"{URL}TOKEN/booking/", "POST, DELETE, OPTIONS"),
    ],
)
def test_method_that_is_not_allowed_names_those_that_are(house, client, method, path, allowed):
    response = getattr(client, method)(path)

    assert response.status_code == 405
    assert response.headers["Content-Type"] == "application/problem+json"
    assert set(allowed.split(", ")) <= set(response.headers["Allow"].split(", "))
    if method != "head":
        assert method.upper() in door.problem(response, 405)["detail"]


@pytest.mark.parametrize("accept", ["application/xml", "image/png", ";;;"])
def test_answer_that_nobody_here_gives_is_refused_with_the_one_there_is(house, client, accept):
    response = post(client, enquiry_fields(), accept=accept)

    assert "application/json" in door.problem(response, 406)["detail"]
    assert stored() == NOTHING


def test_body_of_another_kind_is_refused_with_those_there_are(house, client):
    response = send(client, b"<name>Ada</name>", "application/xml")

    body = door.problem(response, 415)
    assert body["detail"] == (
        "The body must be application/json or application/x-www-form-urlencoded or multipart/form-data."
    )


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "x" * 300])
@pytest.mark.parametrize(("method", "path"), [("get", f"{URL}x/"), ("post", URL)])
def test_foreign_host_is_a_problem(house, client, settings, host, method, path):
    settings.ALLOWED_HOSTS = ["testserver"]

    response = getattr(client, method)(path, headers={"Host": host})

    assert door.problem(response, 400)["detail"] == "The request could not be read."
    assert stored() == NOTHING


@pytest.mark.parametrize("path", ["/page/crash/", "/page/suspicious/", "/page/gone/", "/page/too-big/", "/nothing/"])
def test_page_outside_stays_html(crashing, client, path):
    response = client.get(path)

    assert response.status_code in {400, 404, 500}
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("what", ["database-down", "connection-closed"])
def test_page_outside_without_a_database_is_a_page_that_says_so(crashing, client, what):
    response = client.get(f"/page/{what}/")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Content-Type"].startswith("text/html")
    assert b"secret words" not in response.content


def test_forgotten_slash_keeps_the_post_a_post(house, client):
    response = client.post(URL.removesuffix("/"), enquiry_fields(), content_type="application/json", follow=True)

    assert response.redirect_chain == [(URL, 308)]
    assert response.status_code == 201


def test_forgotten_slash_of_a_look_stays_a_plain_redirect(house, client):
    response = client.get("/api/v1/questionnaires/fractional-leadership")

    assert response.status_code == 301


# --- the database is down -------------------------------------------------------------------------------


def test_query_that_runs_into_its_limit_is_an_outage(crashing, client):
    response = client.get("/api/slow/")

    assert door.problem(response, 503)["code"] == "unavailable"
    assert response.headers["Retry-After"] == "5"


@pytest.fixture
def unreachable(house):
    """The connection of this thread, broken off, with nobody at the port where a new one would go."""
    connection = connections["default"]
    port = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = free_ports(1)[0]
    yield
    connection.settings_dict["PORT"] = port


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}])
def test_enquiry_without_a_database_is_told_to_come_back(unreachable, client, headers):
    connections["default"].close()

    response = post(client, enquiry_fields(), **headers)

    body = door.problem(response, 503)
    assert body["code"] == "unavailable"
    assert "Try again" in body["detail"]
    assert response.headers["Retry-After"] == "5"


@pytest.mark.django_db(transaction=True)
def test_browser_whose_enquiry_finds_no_database_gets_a_page(unreachable, client):
    connections["default"].close()

    page = post(client, enquiry_fields(), accept="text/html")

    assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert page.headers["Retry-After"] == "5"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/questionnaires/fractional-leadership/", "TOKEN"])
def test_look_without_a_database_is_an_outage_and_not_a_wrong_address(unreachable, client, path):
    connections["default"].close()

    response = client.get(f"{URL}{signer().sign(uuid.uuid4().hex)}/" if path == "TOKEN" else path)

    door.problem(response, 503)
    assert response.headers["Retry-After"] == "5"


# --- the pieces -----------------------------------------------------------------------------------------


def test_problem_has_the_members_of_the_standard():
    assert problem(409, detail="Taken.", code="slot_taken", alternatives=[]) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Taken.",
        "code": "slot_taken",
        "alternatives": [],
    }


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 415, 422, 429, 500, 503])
def test_every_status_has_words_of_its_own(status):
    assert problem(status)["detail"].endswith(".")
    assert problem(status)["code"].replace("_", "").isalpha()


@pytest.mark.parametrize(
    ("path", "expected"), [((), ""), (("a",), "/a"), (("a", "0"), "/a/0"), (("a/b", "c~d", ""), "/a~1b/c~0d/")]
)
def test_pointer_escapes_what_the_standard_wants(path, expected):
    assert pointer(path) == expected


def test_nested_errors_become_a_flat_list():
    detail = {"a": ["one", "two"], "b": {"c": ["three"]}, "d": {1: ["four"]}, "non_field_errors": ["five"]}

    assert [(error["pointer"], error["detail"]) for error in field_errors(detail)] == [
        ("/a", "one"), ("/a", "two"), ("/b/c", "three"), ("/d/1", "four"), ("", "five"),
    ]  # fmt: skip


def test_several_errors_are_told_in_one_line(house, client):
    body = door.problem(post(client, {}), 400)

    assert body["code"] == "invalid"
    assert body["detail"] == "/name: This field is required. (and 1 more)"
    assert body["errors"] == [
        {"pointer": "/name", "code": "required", "detail": "This field is required."},
        {"pointer": "/email", "code": "required", "detail": "This field is required."},
    ]


def test_crash_is_told_to_the_operator(crashing, client, caplog):
    client.get("/api/plain/crash/")

    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]


def test_conflict_offers_other_times(house, client):
    submission = make_submission()

    response = client.post(f"{URL}{submission.token}/booking/confirm/")

    assert door.problem(response, 409)["alternatives"] == []
