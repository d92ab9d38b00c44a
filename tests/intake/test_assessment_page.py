"""The self-assessment page as HTML: what comes back when a plain form was wrong, whatever was in it."""

import pytest

from intake.pages import CONSENT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


def post(client, fields):
    return client.post("/api/v1/submissions/", fields, HTTP_ACCEPT="text/html,application/xhtml+xml,*/*;q=0.8")


def test_consent_that_is_sent_is_the_one_that_is_read(client):
    page = client.get("/").content.decode()

    assert f"<span>{CONSENT}</span>" in page
    assert f'name="consent.text" value="{CONSENT}"' in page


def test_eight_statements_are_asked_at_once_and_eight_on_demand(client):
    quick, more = client.get("/").content.decode().split("<details")

    assert quick.count('<fieldset class="statement">') == 8
    assert more.count('<fieldset class="statement">') == 8


def test_missing_fields_are_named_in_plain_words(client):
    response = post(client, {"message": "Hello"})

    page = response.content.decode()
    assert response.status_code == 400
    assert '<a href="#name">Tell us your name.</a>' in page
    assert '<a href="#email">Tell us the mail address for the answer.</a>' in page


def test_zone_that_the_page_does_not_offer_is_kept(client):
    page = post(client, {"timezone": "Pacific/Chatham"}).content.decode()

    assert '<option value="Pacific/Chatham" selected>' in page


@pytest.mark.parametrize("name", ["timezone.x", "answers", "answers.items", "name.x", "consent", "items"])
def test_nonsense_gets_the_page_again(client, name):
    response = post(client, {name: "1"})

    assert response.status_code == 400
    assert "to look at" in response.content.decode()


def test_trap_that_was_filled_comes_back_empty(client):
    page = post(client, {"contact_fax_ext": "555-0100"}).content.decode()

    assert "555-0100" not in page
