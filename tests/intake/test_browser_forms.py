"""A plain HTML form, posted by a browser without JavaScript: on to the page, or back to the form as it was typed."""

from html.parser import HTMLParser

import pytest

from intake.models import Submission
from tests.factories import enquiry_fields
from tests.intake.door import BROWSER, NOTHING, ONE_ENQUIRY, URL, post, send, stored

pytestmark = pytest.mark.django_db


class Form(HTMLParser):
    """What the fields of a page hold, as a browser would post them again."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._textarea = self._select = ""
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and (given["type"] not in {"radio", "checkbox"} or "checked" in given):
            self.values[given["name"] or ""] = given.get("value") or ""
        elif tag == "option" and "selected" in given:
            self.values[self._select] = given["value"] or ""
        elif tag == "select":
            self._select = given["name"] or ""
        elif tag == "textarea":
            self._textarea = given["name"] or ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] = data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        self._textarea = ""


@pytest.mark.parametrize("kind", ["form", "multipart"])
@pytest.mark.parametrize("accept", [BROWSER["Accept"], "text/html", "text/html, application/json;q=0.5"])
def test_browser_is_sent_on_to_the_page(house, client, kind, accept):
    response = post(client, enquiry_fields(), kind, accept=accept)

    submission = Submission.objects.get()
    assert response.status_code == 303
    assert response.headers["Location"] == f"/r/{submission.token}/"
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies
    assert client.get(response.headers["Location"]).status_code == 200
    assert stored() == ONE_ENQUIRY


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html;q=0.9", "application/*"])
def test_everybody_else_gets_json(house, client, accept):
    response = post(client, enquiry_fields(), "form", accept=accept)

    assert (response.status_code, response.headers["Content-Type"]) == (201, "application/json")


def test_trap_sends_the_browser_on_as_well(house, client):
    response = post(client, enquiry_fields(contact_fax_ext="x"), "form", **BROWSER)

    assert response.status_code == 303
    assert client.get(response.headers["Location"]).status_code == 200
    assert Submission.objects.get().lead is None


@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_wrong_form_comes_back_with_what_was_typed(house, client, kind):
    typed = enquiry_fields(
        email="ada@", name='Ada "the" <b>', company="R&D", role="CEO", company_size="11-50", message="One.\nTwo <i>"
    )

    response = post(client, typed, kind, **BROWSER)

    values = Form(response.content).values
    assert (response.status_code, response.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    for name in ("name", "email", "company", "role", "company_size", "message", "asked_for", "timezone"):
        assert values[name] == typed[name]
    assert {name: value for name, value in values.items() if name.startswith("answers.")} == {
        f"answers.{key}": answer for key, answer in typed["answers"].items()
    }
    assert b"@-sign" in response.content
    assert not response.cookies
    assert stored() == NOTHING


def test_corrected_form_goes_through(house, client):
    wrong = post(client, enquiry_fields(email="ada@"), "form", **BROWSER)

    response = post(client, Form(wrong.content).values | {"email": "ada@example.com"}, "form", **BROWSER)

    assert response.status_code == 303
    assert stored() == ONE_ENQUIRY


def test_time_zone_off_the_list_is_kept_in_the_wrong_form(house, client):
    response = post(client, enquiry_fields(email="ada@", timezone="Asia/Kathmandu"), "form", **BROWSER)

    assert Form(response.content).values["timezone"] == "Asia/Kathmandu"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "name=&email=&message=",
        "name=Ada&email=ada@example.com",
        "name=%00&email=ada@example.com&message=hi",
        "name.x=1&email.y=2&company.z=3&message.x=1&timezone.x=1&company_size.x=1&consent=x&answers=x&asked_for.x=1",
        "answers.no_such_thing=yes&name=Ada&email=ada@example.com",
        "preferred_start=tomorrow&name=Ada&email=ada@example.com&message=hi",
        "non_field_errors=x&name=Ada&email=ada@example.com",
        "items=x&keys.x=1&fields=1&name=Ada&email=ada@",
    ],
)
def test_whatever_is_wrong_with_a_form_the_answer_is_the_form(house, client, body):
    response = send(client, body.encode(), "application/x-www-form-urlencoded", **BROWSER)

    assert (response.status_code, response.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert b"contact_fax_ext" in response.content
    assert stored() == NOTHING


def test_wrong_form_has_the_same_shields_as_every_page(house, client):
    response = post(client, {}, "form", **BROWSER)

    page = client.get("/")
    assert response.headers["Content-Security-Policy"] == page.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_door_reads_no_cookie_and_asks_for_no_token(house, admin_client):
    admin_client.handler.enforce_csrf_checks = True

    response = admin_client.post(URL, enquiry_fields(), content_type="application/json")

    assert response.status_code == 201
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")
