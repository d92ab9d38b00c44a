"""A real Chromium against the live server, with the demo house loaded: what a visitor sees, nothing faked."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.factories import load_house

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_ONE = "No Chromium was found. Get one with `apt-get install chromium`, or name it in CHROMIUM."
SWITCHES = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Site:
    """The pages under test, and everything that the browser complained about while it showed them."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.complaints: list[str] = []

    def page(self, *, width: int = 375, javascript: bool = True) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=javascript, base_url=self.url
        )
        context.set_default_timeout(5000)
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(f"{request.url}: {request.failure}"))
        return page


def find_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the module, closed after it: Playwright's loop in this thread must not meet other tests."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(HOW_TO_GET_ONE)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, and Django would take every query here for one inside it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture
def site(browser, live_server, settings) -> Iterator[Site]:
    settings.PUBLIC_BASE_URL = live_server.url
    load_house()
    site = Site(browser, live_server.url)
    yield site
    for context in browser.contexts:
        context.close()
