"""The draft of a questionnaire in a real browser: rows are added, moved and removed by the page's script."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from assessments import drafts, services
from assessments.models import Questionnaire

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture
def questionnaire(site) -> Questionnaire:
    User.objects.create_superuser("ada", "ada@example.com", "secret")
    questionnaire = Questionnaire.objects.get()
    drafts.open_draft(questionnaire)
    return questionnaire


def open_draft(page: Page, questionnaire: Questionnaire) -> None:
    page.goto(f"/admin/login/?next=/admin/assessments/questionnaire/{questionnaire.pk}/draft/")
    page.locator("[name=username]").fill("ada")
    page.locator("[name=password]").fill("secret")
    page.locator("[type=submit]").first.click()
    expect(page.get_by_role("heading", name="Draft of version 2")).to_be_visible()


def keys(questionnaire: Questionnaire) -> list[str]:
    draft = drafts.draft_of(questionnaire)
    assert draft is not None
    return [signal.key for signal in services.signals_of(draft)]


def write(row, key: str) -> None:
    row.get_by_label("Key").fill(key)
    row.get_by_label("Side").select_option("ai")
    row.get_by_label("Statement", exact=True).fill(f"Is it {key}?")
    row.get_by_label("Told back after a yes").fill("It is.")
    row.get_by_label("Told back after a no").fill("It is not.")


@pytest.mark.parametrize("width", [375, 1280])
def test_rows_are_added_moved_and_removed(site, questionnaire, width):
    before = keys(questionnaire)
    page = site.page(width=width)
    open_draft(page, questionnaire)
    rows = page.locator("[data-row]")

    rows.nth(0).get_by_role("button", name="Move down").click()
    rows.nth(2).get_by_label("Remove").check()
    page.get_by_role("button", name="Add a statement").click()
    write(rows.last, "data_is_ready")
    rows.last.get_by_role("button", name="Move up").click()
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.get_by_role("button", name="Save, check and replay").click()

    expect(page.get_by_role("button", name="Publish version 2")).to_be_visible()
    assert keys(questionnaire) == [before[1], before[0], *before[3:-1], "data_is_ready", before[-1]]
    assert site.complaints == []


def test_row_with_an_error_is_where_one_lands(site, questionnaire):
    page = site.page(width=1280)
    open_draft(page, questionnaire)

    page.get_by_label("Weight").nth(9).fill("7")
    page.get_by_role("button", name="Save the draft").click()

    expect(page.get_by_label("Weight").nth(9)).to_be_focused()
    expect(page.get_by_label("Weight").nth(9)).to_have_value("7")
    expect(page.get_by_text("Give a weight between 0 and 1")).to_be_visible()
