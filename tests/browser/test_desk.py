"""The pages of staff in a real browser: what is wide scrolls in its own box, never the page."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.factories import make_submission
from tests.intake.lives import page_url

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


def test_wide_tables_scroll_in_their_box_on_a_telephone(site):
    User.objects.create_superuser("ada", "ada@example.com", "secret")
    submission = make_submission(message="We have systems that nobody leads. " * 9)
    page = site.page(width=375)
    page.goto("/admin/login/?next=/admin/intake/lead/")
    page.locator("[name=username]").fill("ada")
    page.locator("[name=password]").fill("secret")
    page.locator("[type=submit]").first.click()

    for row in (submission.lead, submission):
        page.goto(page_url(row))
        expect(page.locator("table").first).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") == 375

    page.goto(page_url(submission.lead))
    box = page.get_by_role("region", name="Sent (UTC), Verdict")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    assert site.complaints == []
