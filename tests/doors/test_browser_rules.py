"""Quy định giờ phát in a real browser: read on a phone, changed at a desk, open to everybody."""

import asyncio
from collections.abc import Iterator
from datetime import date, time

import pytest
from playwright.sync_api import Browser, expect

from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.browser import DESKTOP, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.doors import ADMINISTRATOR, PASSWORD, Served, home, served

pytestmark = [pytest.mark.browser]
PAPER = "Thông báo số 12/TB ngày 22/11/2026"
SMALL = (
    "[...document.querySelectorAll('main .button, main button, main input:not([type=hidden]):not("
    "[type=radio]):not([type=checkbox]), main select, main .choice')]"
    ".filter(one => one.offsetParent && one.getBoundingClientRect().height < 48)"
    ".map(one => one.outerHTML)"
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Browser]]:
    folder = tmp_path_factory.mktemp("rules")
    with chromium() as browser, served(lambda port: home(folder, port=port)) as found:
        evening = instant_of(date(2026, 11, 23), time(17))
        found.run(found.up.on_air("Mời họp thôn", timing=Once(at=evening)))
        found.run(asyncio.sleep(1))
        yield found, browser


def test_an_administrator_declares_mourning_and_takes_it_back(house: tuple[Served, Browser]) -> None:
    found, browser = house
    for screen in (PHONE, DESKTOP):
        with person_at(browser, found.base, ADMINISTRATOR, PASSWORD, screen, reduced_motion="reduce") as page:
            page.goto("/quy-dinh")
            is_open_to_everybody(page)
            assert page.evaluate(SMALL) == []
            page.get_by_role("link", name="Thêm ngày quốc tang").click()
            page.get_by_label("Số, ngày văn bản").fill(PAPER)
            page.get_by_role("button", name="Xem trước điều sẽ thay đổi").click()
            expect(page.locator(".note.warn")).to_contain_text("Mời họp thôn")
            is_open_to_everybody(page)
            assert page.evaluate(SMALL) == []
            page.get_by_role("button", name="Ghi và áp dụng").click()
            expect(page.locator(".note.warn")).to_contain_text(f"theo {PAPER}")
            is_open_to_everybody(page)
            page.get_by_role("button", name="Hoàn tác").click()
            expect(page.get_by_text("Không có dịp nào")).to_be_visible()


def test_the_years_days_off_are_open_to_everybody(house: tuple[Served, Browser]) -> None:
    found, browser = house
    for screen in (PHONE, DESKTOP):
        with person_at(browser, found.base, "quantri.hue", PASSWORD, screen, reduced_motion="reduce") as page:
            page.goto("/ngay-nghi")
            is_open_to_everybody(page)
            assert page.evaluate(SMALL) == []
