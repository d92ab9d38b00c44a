"""`<truegap-assessment>` on a page of another website: another origin, and a strict policy of its own."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from intake import form_tokens
from intake.models import Site, Submission, UsedChallenge
from tests.browser.elsewhere import Elsewhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def elsewhere(site, settings) -> Iterator[Elsewhere]:
    policy = f"default-src 'none'; script-src {site.url}; connect-src {site.url}"
    with Elsewhere(policy) as website:
        settings.CORS_ALLOWED_ORIGINS = [website.origin]
        website.page = (
            "<!doctype html><html lang=en><title>Engines Ltd</title>"
            f'<truegap-assessment></truegap-assessment><script src="{site.url}/embed/v1.js" async></script>'
        )
        yield website


@pytest.fixture
def page(site, elsewhere):
    page = site.page()
    page.goto(f"{elsewhere.origin}/contact?utm_source=newsletter")
    page.get_by_role("button", name="Show me the result").wait_for()
    return page


def test_somebody_on_another_website_gets_a_verdict_there(site, elsewhere, page):
    page.get_by_role("radio", name="Yes").nth(0).check(force=True)
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Mail address").fill("ada@example.com")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Show me the result").click()
    page.get_by_role("link", name="See everything and choose a time").wait_for()

    submission = Submission.objects.get()
    assert page.get_by_role("link").get_attribute("href") == submission.page_url
    assert submission.consent_follow_up
    assert submission.attribution["utm_source"] == "newsletter"
    assert submission.attribution["landing_page"].startswith(f"{elsewhere.origin}/contact")
    assert submission.idempotency_key
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert site.complaints == []


def test_element_solves_the_task_of_a_site_that_asks_for_one(site, elsewhere):
    shop = Site.objects.create(name="Shop", proof_of_work=True)
    element = f'<truegap-assessment proof-of-work site="{shop.key}">'
    elsewhere.page = elsewhere.page.replace("<truegap-assessment>", element)
    page = site.page()
    page.goto(f"{elsewhere.origin}/contact")
    page.get_by_role("radio", name="Yes").nth(0).check(force=True)
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Mail address").fill("ada@example.com")
    page.get_by_role("button", name="Show me the result").click()
    page.get_by_role("link", name="See everything and choose a time").wait_for()

    submission = Submission.objects.get()
    assert submission.quarantine_reasons == []
    assert UsedChallenge.objects.count() == 1
    assert form_tokens.read(submission.payload["form_token"], now=timezone.now()).seconds is not None
    assert site.complaints == []


def test_what_is_missing_is_said_beside_what_was_typed(site, page):
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_role("button", name="Show me the result").click()
    said = page.get_by_role("alert")
    said.wait_for()

    assert "Tell us the mail address for the answer." in said.inner_text()
    assert page.get_by_label("Your name").input_value() == "Ada Lovelace"
    assert page.get_by_label("Mail address").get_attribute("aria-invalid") == "true"
    assert Submission.objects.count() == 0


def test_a_lost_answer_is_asked_for_again_and_stored_once(site, page):
    lost = []

    def lose_the_first(route):
        answer = route.fetch()
        if lost:
            route.fulfill(response=answer)
        else:
            lost.append(answer.status)
            route.abort()

    page.route("**/api/v1/submissions/", lose_the_first)
    page.get_by_role("radio", name="Yes").nth(0).check(force=True)
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Mail address").fill("ada@example.com")
    page.get_by_role("button", name="Show me the result").click()
    page.get_by_role("link", name="See everything and choose a time").wait_for()

    assert lost == [201]
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_the_script_is_for_everybody_and_asked_for_by_its_tag():
    first = Client().get("/embed/v1.js")
    again = Client().get("/embed/v1.js", headers={"If-None-Match": first["ETag"]})

    assert first["Content-Type"] == "text/javascript"
    assert first["Access-Control-Allow-Origin"] == "*"
    assert "filled in by the server" not in first.content.decode()
    assert (again.status_code, again.content) == (304, b"")
