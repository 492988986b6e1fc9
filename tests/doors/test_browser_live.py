"""The live page in a real browser with a microphone that is a file: chosen, looked at, spoken, ended."""

import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.browser import DESKTOP, PATIENCE_MS, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.doors import LOCAL_OPERATOR, PASSWORD, Served, home, served

pytestmark = pytest.mark.timeout(180)
Look = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(lambda port: home(tmp_path_factory.mktemp("live"), port=port)) as found:
        yield found


def microphone(folder: Path) -> str:
    """Chromium's switches for a microphone that hears a tone."""
    path = folder / "mic.wav"
    sound = (0.4 * np.sin(2 * np.pi * 300 * np.arange(48_000 * 5) / 48_000) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(sound.tobytes())
    return f"--use-file-for-fake-audio-capture={path}"


def speak(page: Page, look: Look) -> None:
    """The whole story of one who speaks."""
    page.goto("/truc-tiep")
    is_open_to_everybody(page)
    look(page, "choose")
    page.check("input[name=kind][value=live]")
    page.fill("#title", "Chủ tịch UBND xã nói chuyện với bà con")
    page.check("input[name=bulletin_class][value=normal]")
    page.check("input[name=minutes][value='10']")
    page.check("input[name=where][value=all]")
    page.select_option("#delay", "3")
    with page.expect_navigation():
        page.click("button:has-text('Xem trước khi phát')")
    is_open_to_everybody(page)
    look(page, "preview")
    page.click("button.main")
    expect(page.locator("#mic")).to_be_visible()
    is_open_to_everybody(page)
    look(page, "ready")
    page.click("[data-mic=start]")
    expect(page.locator(".mic-say")).to_contain_text("chưa cụm nào báo đã phát", timeout=PATIENCE_MS)
    expect(page.locator("#broadcast")).to_contain_text("Đang phát", timeout=PATIENCE_MS)
    look(page, "speaking")
    page.click("[data-mic=cut]")
    expect(page.locator(".mic-say")).to_contain_text("Đã cắt", timeout=PATIENCE_MS)
    page.click("[data-mic=end]")
    expect(page.locator("#broadcast")).to_contain_text("Đã kết thúc", timeout=PATIENCE_MS)
    expect(page.locator("#mic")).to_have_count(0, timeout=PATIENCE_MS)
    look(page, "ended")


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_an_operator_speaks_live_from_a_page(house: Served, tmp_path: Path, screen: ViewportSize) -> None:
    switches = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        microphone(tmp_path),
    )
    with (
        chromium(*switches) as browser,
        person_at(browser, house.base, LOCAL_OPERATOR, PASSWORD, screen) as page,
    ):
        speak(page, lambda page, name: None)


def test_without_javascript_the_page_says_what_it_needs_and_can_still_be_ended(house: Served) -> None:
    with (
        chromium() as browser,
        person_at(browser, house.base, LOCAL_OPERATOR, PASSWORD, DESKTOP, java_script_enabled=False) as page,
    ):
        page.goto("/truc-tiep")
        page.check("input[name=kind][value=live]")
        page.fill("#title", "Thử máy")
        page.check("input[name=bulletin_class][value=normal]")
        page.check("input[name=minutes][value='5']")
        page.check("input[name=where][value=all]")
        page.click("button:has-text('Xem trước khi phát')")
        page.click("button.main")
        assert "cần JavaScript" in page.content()
        expect(page.locator("#mic")).to_be_hidden()
        page.click("#end-form button")
        expect(page.locator("#broadcast")).to_contain_text("Không phát")
