"""A browser for door tests: the machine's own chromium, screens of a phone and a desktop, and axe."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
DESKTOP: ViewportSize = {"width": 1366, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """One browser, with more switches; skipped where Debian's chromium is not installed."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *more],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def person_at(
    browser: Browser, base: str, username: str, password: str, screen: ViewportSize, **options: Any
) -> Iterator[Page]:
    """Somebody logged in at a screen; what the browser complained about fails the test."""
    context: BrowserContext = browser.new_context(viewport=screen, locale="vi-VN", base_url=base, **options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto("/dang-nhap")
        page.fill("#username", username)
        page.fill("#password", password)
        page.click("button.main")
        page.wait_for_url(base + "/")
        yield page
        assert complaints == []
    finally:
        context.close()


def is_open_to_everybody(page: Page) -> None:
    """axe finds no violation on the page as it stands, and nothing needs sideways scrolling."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0, "the page is wider than its screen"


def hand_in(page: Page) -> None:
    """The last press of Viết bài; what looks stale or said twice is ticked as looked at."""
    button = page.locator("button:text-is('Gửi duyệt')")
    button.wait_for()
    if page.locator("#acknowledged").count():
        page.check("#acknowledged")
    with page.expect_navigation():
        button.click()
