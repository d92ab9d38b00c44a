"""The pages for prospects in a real browser: the whole way without JavaScript, on a telephone, by keyboard."""

import re

import pytest
from playwright.sync_api import Page, expect

from intake.models import Firm, Submission
from notifications import replies
from notifications.models import Mail
from scheduling import calls, reviews
from scheduling.models import Advisor, Booking
from tests.factories import make_submission, run_delivery

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]

RESULT = re.compile(r"/r/[^/]+/$")
EVIL = '"><script>window.hacked = 1</script>'
LONG = "Donaudampfschifffahrt" * 9


def answer(page: Page, statement: str, word: str) -> None:
    page.get_by_role("group", name=statement).get_by_label(word, exact=True).check()


def fill_in(page: Page, **over: str) -> None:
    page.goto("/")
    answer(page, "Our core systems work", "Yes")
    answer(page, "how do we use AI?", "Yes")
    answer(page, "AI tools that do not connect", "Yes")
    page.get_by_label("Your name").fill(over.get("name", "Ada Lovelace"))
    page.get_by_label("Mail address").fill(over.get("email", "ada@example.com"))


def send(page: Page) -> None:
    page.get_by_role("button", name="Show me the result").click()


def hold_a_time() -> None:
    """What the worker does in the house; here it is called by its name."""
    assert run_delivery("scheduling.book_call", calls.book_call)[0].status == "succeeded"


def is_scrolled_sideways(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_the_whole_way_without_javascript_on_a_telephone(site):
    page = site.page(width=375, javascript=False)

    fill_in(page)
    page.get_by_label("Your time zone").select_option("Europe/Berlin")
    page.get_by_label("A fractional CTO").check()
    send(page)

    expect(page).to_have_url(RESULT)
    expect(page.get_by_role("heading", level=1)).to_have_text("A fractional AI officer fits your situation")
    expect(page.get_by_text("You asked for a fractional CTO.")).to_be_visible()
    expect(page.get_by_role("heading", name="We are looking for a time")).to_be_visible()
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content").startswith("3; url=")

    hold_a_time()
    page.reload()
    expect(page.get_by_role("heading", name="We pencilled in a conversation")).to_be_visible()
    expect(page.get_by_text("Jonas Lindqvist", exact=True)).to_be_visible()
    assert page.locator("meta[http-equiv=refresh]").count() == 0

    page.get_by_role("button", name="Keep this time").click()
    expect(page).to_have_url(RESULT)
    expect(page.get_by_role("heading", name="Your conversation is booked")).to_be_visible()
    expect(page.get_by_role("link", name="Join the call")).to_have_attribute("href", re.compile("/jonas$"))

    cancel = page.get_by_role("button", name="Cancel the conversation")
    expect(cancel).to_be_hidden()
    page.get_by_text("Cancel it").click()
    cancel.click()
    expect(page.get_by_role("heading", name="The time is given back")).to_be_visible()
    assert Booking.objects.get().status == "cancelled"

    page.locator("input[name=start]").first.check()
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name="Your conversation is booked")).to_be_visible()
    assert site.complaints == []


def test_answers_are_corrected_without_javascript_on_a_telephone(site):
    page = site.page(width=375, javascript=False)
    fill_in(page)
    send(page)
    hold_a_time()

    page.reload()
    page.get_by_role("link", name="Correct my answers").click()
    answer(page, "AI tools that do not connect", "Skip")
    answer(page, "how do we use AI?", "Skip")
    answer(page, "Core technology systems", "Yes")
    answer(page, "what technology should we use?", "Yes")
    answer(page, "Our core systems work", "No")
    page.get_by_label("What made you look").fill("We start from nothing.")
    assert not is_scrolled_sideways(page)
    page.get_by_role("button", name="Show me the new result").click()

    expect(page).to_have_url(RESULT)
    expect(page.get_by_role("heading", level=1)).to_have_text("A fractional CTO fits your situation")
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content").startswith("3; url=")
    assert run_delivery("scheduling.review_call", reviews.review_call)[0].status == "succeeded"
    page.reload()
    expect(page.get_by_text("Maya Okafor", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="We pencilled in a conversation")).to_be_visible()
    assert site.complaints == []


def test_two_questions_settle_an_unclear_case_by_keyboard(site):
    page = site.page(width=375)
    page.goto(make_submission(answers={"core_systems_work": "yes"}).page_path)

    expect(page.get_by_role("heading", name="Two answers would settle it")).to_be_visible()
    answer(page, "not in place yet", "No")
    page.get_by_role("group", name="how do we use AI?").get_by_label("No", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("A fractional AI officer fits your situation")
    assert site.complaints == []


def test_follow_up_is_asked_for_and_not_assumed(site):
    page = site.page(javascript=False)

    fill_in(page)
    consent = page.get_by_role("checkbox")
    expect(consent).not_to_be_checked()
    consent.check()
    send(page)

    expect(page).to_have_url(RESULT)
    submission = Submission.objects.get()
    assert submission.consent_follow_up
    assert submission.consent_text == "You may write to me again about this. I can stop that at any time."


def test_wrong_form_comes_back_with_everything_kept_and_errors_beside_the_fields(site):
    page = site.page(javascript=False)

    fill_in(page, name="Ada", email="ada@nowhere")
    page.get_by_text("More about your situation").click()
    answer(page, "Our last CTO has left", "Not sure")
    page.get_by_label("People in the company").select_option("51-200")
    page.get_by_label("Your time zone").select_option("Asia/Kolkata")
    page.get_by_label("What made you look").fill("\nTwo lines\nof text")
    page.get_by_label("A fractional CTO").check()
    send(page)

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    email = page.get_by_label("Mail address")
    expect(email).to_have_value("ada@nowhere")
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"#{email.get_attribute('aria-describedby')}")).to_contain_text("not valid")
    expect(page.get_by_label("Your name")).to_have_value("Ada")
    expect(page.get_by_label("People in the company")).to_have_value("51-200")
    expect(page.get_by_label("Your time zone")).to_have_value("Asia/Kolkata")
    expect(page.get_by_label("What made you look")).to_have_value("\nTwo lines\nof text")
    expect(page.get_by_label("A fractional CTO")).to_be_checked()
    expect(page.get_by_role("group", name="Our core systems work").get_by_label("Yes")).to_be_checked()
    expect(page.get_by_role("group", name="Our last CTO has left").get_by_label("Not sure")).to_be_visible()
    expect(page.get_by_role("group", name="Our last CTO has left").get_by_label("Not sure")).to_be_checked()

    summary.get_by_role("link").click()
    email.fill("ada@example.com")
    send(page)
    expect(page).to_have_url(RESULT)


def test_empty_form_says_what_is_missing(site):
    page = site.page(javascript=False)

    page.goto("/")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Mail address").fill("ada@example.com")
    send(page)

    expect(page.get_by_role("alert").get_by_role("link")).to_have_attribute("href", "#statements")
    expect(page.locator("#statements-error")).to_have_text("Answer at least one statement, or write a message.")


def test_keyboard_alone_is_enough_and_never_meets_the_trap(site):
    page = site.page()
    page.goto("/")
    focused = "[document.activeElement.name || document.activeElement.id, document.activeElement.type]"
    met = []

    while not met or met[-1][1] != "submit":
        page.keyboard.press("Tab")
        name, kind = page.evaluate(focused)
        met.append((name, kind))
        assert len(met) < 40
        if name == "answers.siloed_ai_tools":
            page.keyboard.press("Space")
        elif name == "answers.core_systems_work":
            page.keyboard.press("Space")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowLeft")
        elif name in {"name", "email"}:
            page.keyboard.type({"name": "Ada Lovelace", "email": "ada@example.com"}[name])
    page.keyboard.press("Enter")

    expect(page).to_have_url(RESULT)
    assert "contact_fax_ext" not in {name for name, _ in met}
    assert Submission.objects.get().assessment.answers == {"core_systems_work": "yes", "siloed_ai_tools": "yes"}


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_nothing_scrolls_sideways_whatever_people_are_called(site, width):
    Firm.objects.update(name=LONG, address=LONG)
    Advisor.objects.update(name=LONG, title=LONG, bio=LONG)
    page = site.page(width=width)

    page.goto("/")
    assert not is_scrolled_sideways(page)

    fill_in(page, name=LONG, email="ada@nowhere")
    page.locator("#company").fill(LONG)
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()
    assert not is_scrolled_sideways(page)

    submission = make_submission()
    hold_a_time()
    page.goto(f"/r/{submission.token}/")
    page.get_by_text("Choose another time").click()
    assert not is_scrolled_sideways(page)

    page.goto("/nothing/here")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    assert not is_scrolled_sideways(page)


def test_everything_to_touch_is_large_enough_for_a_thumb(site):
    page = site.page(width=375)
    submission = make_submission()
    hold_a_time()
    measured = """() => [...document.querySelectorAll(
        'button, a.button, select, textarea, summary, .tick, main input:not([type=hidden],[type=checkbox],[tabindex])'
    )].map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])"""

    for path in ("/", f"/r/{submission.token}/"):
        page.goto(path)
        for summary in page.locator("summary").all():
            summary.click()
        sizes = page.evaluate(measured)
        assert sizes
        assert [size for size in sizes if size[1] < 44] == []


def test_markup_that_somebody_typed_stays_text(site):
    Firm.objects.update(name=EVIL, address=EVIL)
    Advisor.objects.update(name=EVIL, title=EVIL, bio=EVIL)
    page = site.page()

    fill_in(page, name=EVIL, email="ada@nowhere")
    page.get_by_label("What made you look").fill(f"</textarea>{EVIL}")
    send(page)
    expect(page.get_by_label("Your name")).to_have_value(EVIL)
    expect(page.get_by_label("What made you look")).to_have_value(f"</textarea>{EVIL}")
    assert page.locator("script").count() == 0

    submission = make_submission(name=EVIL, company=EVIL, message=EVIL)
    hold_a_time()
    page.goto(f"/r/{submission.token}/")
    expect(page.locator(".advisor strong")).to_have_text(EVIL)
    assert page.locator("script").count() == 0
    assert page.evaluate("window.hacked") is None
    assert [text for text in site.complaints if "400" not in text] == []


def test_time_that_somebody_else_took_is_said_kindly(site):
    page = site.page(javascript=False)
    submission = make_submission(hold=False)
    hold_a_time()
    page.goto(f"/r/{submission.token}/")
    chosen = page.locator("input[name=start]").first
    chosen.check()
    rival = make_submission(email="grace@example.com", preferred_start=[chosen.get_attribute("value")])
    run_delivery("scheduling.book_call", calls.book_call, event__data__submission__id=str(rival.id), status="pending")

    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_role("alert")).to_contain_text("taken")
    expect(page.get_by_role("button", name="Book this time")).to_be_visible()


def test_mail_is_readable_on_a_narrow_telephone_and_asks_the_world_for_nothing(site):
    make_submission(asked_for="cto")
    hold_a_time()
    run_delivery("notifications.send_reply", replies.send_reply)
    page = site.page(width=320)
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    page.set_content(Mail.objects.get(kind="reply").html)

    expect(page.get_by_role("link", name="Keep this time")).to_be_visible()
    assert page.get_by_role("link", name="Keep this time").bounding_box()["height"] >= 44
    assert not is_scrolled_sideways(page)
    assert asked == []
