"""The recipes of docs/websites.md, taken out of the page and run: in a browser from another origin, or as a program."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake import keys
from intake.models import Site, Submission
from tests.browser.elsewhere import Elsewhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXT = (Path(__file__).resolve().parents[2] / "docs" / "websites.md").read_text()
KEY = "site_0123456789abcdef"


def recipe(heading: str, language: str = "html") -> str:
    """The code under a heading, as somebody copies it."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)[1]


@pytest.fixture
def website(site) -> Iterator[Elsewhere]:
    with Elsewhere() as website:
        Site.objects.create(name="Engines", key=KEY, origins=[website.origin])
        yield website


@pytest.fixture
def opened(site, website):
    def open_(heading: str, more: str = ""):
        code = recipe(heading).replace("https://truegap.example", site.url).replace("</form>", f"{more}</form>", 1)
        website.page = f"<!doctype html><html lang=en><meta charset=utf-8><title>Contact</title>{code}"
        page = site.page()
        page.goto(f"{website.origin}/contact")
        return page

    return open_


def arrived(page, site) -> Submission:
    page.wait_for_url(f"{site.url}/r/**")
    submission = Submission.objects.get()
    assert page.url == submission.page_url
    assert submission.site.key == KEY
    return submission


def test_plain_html(site, opened):
    page = opened("Plain HTML")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Mail").fill("ada@example.com")
    page.get_by_label("Departments bought AI tools").check()
    page.get_by_label("You may write to me again").check()
    page.get_by_role("button", name="Send").click()

    submission = arrived(page, site)
    assert submission.assessment.answers == {"siloed_ai_tools": "yes"}
    assert (submission.consent_follow_up, submission.consent_text) == (True, "You may write to me again")
    assert not submission.is_quarantined


def test_plain_html_leads_on_to_the_websites_own_page(site, website, opened):
    page = opened("Plain HTML", f'<input type="hidden" name="next" value="{website.origin}/thanks">')
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Mail").fill("ada@example.com")
    page.get_by_label("What made you look").fill("Our tools do not connect.")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(f"{website.origin}/thanks")

    assert Submission.objects.count() == 1


def test_plain_html_with_a_mistake_comes_back_with_everything(site, website, opened):
    page = opened("Plain HTML", f'<input type="hidden" name="next" value="{website.origin}/thanks">')
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Mail").fill("ada@localhost")
    page.get_by_label("What made you look").fill("Our tools do not connect.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("Mail address").fill("ada@example.com")
    page.get_by_role("button", name="Show me the result").click()
    page.wait_for_url(f"{website.origin}/thanks")

    submission = Submission.objects.get()
    assert (submission.site.key, submission.message) == (KEY, "Our tools do not connect.")
    assert Site.objects.get().last_refusal == "/email: invalid"


def test_a_double_click_is_one_enquiry(site, opened):
    page = opened("Plain HTML")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Mail").fill("ada@example.com")
    page.get_by_label("Departments bought AI tools").check()
    page.get_by_role("button", name="Send").dblclick()

    arrived(page, site)


def test_a_script(site, opened):
    page = opened("A script")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Mail").fill("ada@example.com")
    page.get_by_label("Message").fill("Our AI tools do not connect.")
    page.get_by_role("button", name="Send").click()

    assert len(arrived(page, site).idempotency_key) >= 16


def test_a_script_reads_what_was_wrong(site, opened):
    page = opened("A script")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Mail").fill("ada@localhost")
    page.get_by_label("Message").fill("Our AI tools do not connect.")
    page.get_by_role("button", name="Send").click()
    said = page.get_by_role("status")
    said.filter(has_text=re.compile(".")).wait_for()

    assert "@-sign" in said.inner_text()
    assert Submission.objects.count() == 0


@pytest.mark.parametrize("heading", ["The element", "WordPress"])
def test_the_element(site, opened, heading):
    page = opened(heading)
    page.get_by_role("radio", name="Yes").nth(0).check(force=True)
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Mail address").fill("ada@example.com")
    page.get_by_role("button", name="Show me the result").click()
    page.get_by_role("link", name="See everything and choose a time").click()

    arrived(page, site)


def test_webflow(site, opened):
    page = opened("Webflow")
    page.locator("[name=name]").fill("Ada Lovelace")
    page.locator("[name=email]").fill("ada@example.com")
    page.locator("[name=message]").fill("Our AI tools do not connect.")
    page.get_by_role("button", name="Send").click()

    arrived(page, site)


def test_from_a_server(site, live_server, tmp_path):
    _, key = keys.create("website", ["leads:write"])
    environment = {**os.environ, "TRUEGAP_KEY": key}
    for number, (language, command) in enumerate((("sh", ["sh"]), ("python", [sys.executable]))):
        program = tmp_path / f"program{number}"
        program.write_text(recipe("From a server", language).replace("https://truegap.example", live_server.url))
        done = subprocess.run([*command, str(program)], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout

    assert sorted(Submission.objects.values_list("idempotency_key", flat=True)) == ["order-4711", "order-4712"]
    assert Submission.objects.filter(client_network="203.0.113.0/24").count() == 1
