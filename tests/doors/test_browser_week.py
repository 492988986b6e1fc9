"""A commune's week in a real browser: made from templates in a minute, ordered by keyboard and by thumb."""

import asyncio
import re
import time as clock
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from controller.deploy.commune_data import QUANG_DIEN
from controller.store import sessions
from schedules.recurrence import NextSession
from tests.support.browser import DESKTOP, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.doors import AUTHOR, PASSWORD, Home, Served, home, served

pytestmark = pytest.mark.browser

NEXT_DAY = "2026-11-24"
TITLES = ("Lịch gieo cấy", "Lịch tiêm chủng", "Họp tổ vay vốn")
A_MINUTE = 60.0


@dataclass
class Stage:
    """The running house."""

    house: Served
    browser: Browser

    def at(self, screen: ViewportSize, **options: object) -> AbstractContextManager[Page]:
        return person_at(self.browser, self.house.base, AUTHOR, PASSWORD, screen, **options)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("week")
    with chromium() as browser, served(lambda port: home(folder, port=port)) as house:
        yield Stage(house=house, browser=browser)


async def three_items(house: Home) -> None:
    """Three items wait for the next session."""
    for title in TITLES:
        await house.on_air(title, timing=NextSession(), targets=(QUANG_DIEN,))


async def clean(house: Home) -> None:
    """No session is left of the other stories."""
    for one in await house.loa.db.read(sessions.everything):
        await house.loa.db.write(sessions.remove, one.id)
    await asyncio.sleep(0)


def order(page: Page) -> list[str]:
    return page.locator("ol.rundown li:not(.frame) .line a").all_inner_texts()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_normal_week_is_made_from_templates_within_a_minute(stage: Stage, screen: ViewportSize) -> None:
    stage.house.run(clean(stage.house.up))
    with stage.at(screen) as page:
        page.goto("/")
        began = clock.monotonic()
        page.goto("/lich-tuan")
        for times in ("05:00 hằng ngày, tiếp âm", "17:00 thứ Hai đến thứ Bảy", "06:00 thứ Bảy, Chủ nhật"):
            with page.expect_navigation():
                page.get_by_role("button", name=re.compile(f"^{times}")).click()
            expect(page.get_by_role("status")).to_contain_text("Đã thêm buổi phát.")
        took_s = clock.monotonic() - began
        # made on Monday after six: six mornings, six afternoons, Saturday and Sunday
        expect(page.locator(".week article h3 a")).to_have_count(14)
        assert took_s <= A_MINUTE, took_s
        is_open_to_everybody(page)
        page.get_by_role("button", name="Hoàn tác").click()
        expect(page.locator(".week article h3 a")).to_have_count(12)


def test_the_day_is_ordered_by_keyboard_alone_and_by_thumb(stage: Stage) -> None:
    house = stage.house
    house.run(clean(house.up))
    house.run(three_items(house.up))
    with stage.at(PHONE) as page:
        page.goto("/lich-tuan")
        page.get_by_role("button", name=re.compile("^05:00 hằng ngày, tiếp âm")).click()
        page.locator(".week li", has_text="24/11").locator("h3 a").first.click()
        page.wait_for_url(f"**/ngay/{NEXT_DAY}")
        expect(page.locator("ol.rundown")).to_contain_text("Tiếp âm 05:0")
        assert order(page) == list(TITLES)
        is_open_to_everybody(page)
        page.get_by_role("button", name=f"Đưa xuống sau: {TITLES[0]}").click()
        expect(page.get_by_role("status")).to_contain_text("Đã đưa bài xuống sau.")
        assert order(page) == [TITLES[1], TITLES[0], TITLES[2]]
        small = page.evaluate(
            "[...document.querySelectorAll('main button, main summary')]"
            ".map(one => one.getBoundingClientRect().height).filter(high => high && high < 48).length"
        )
        assert small == 0
    with stage.at(DESKTOP) as page:
        page.goto("/lich-tuan")
        page.locator(".week li", has_text="24/11").locator("h3 a").first.click()
        up = page.get_by_role("button", name=f"Đưa lên trước: {TITLES[2]}")
        up.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Đã đưa bài lên trước.")
        assert order(page) == [TITLES[1], TITLES[2], TITLES[0]]
        with page.expect_navigation():
            page.get_by_role("button", name="Hoàn tác").click()
        expect(page.locator("ol.rundown")).to_be_visible()
        assert order(page) == [TITLES[1], TITLES[0], TITLES[2]]
        page.get_by_role("button", name="Nghỉ buổi này").click()
        expect(page.locator("main")).to_contain_text("Ngày này nghỉ")
        with page.expect_navigation():
            page.get_by_role("button", name="Phát như thường lúc 05:00").click()
        is_open_to_everybody(page)
