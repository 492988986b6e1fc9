"""One airing moved in a real browser: from the week's page by an approver, looked at, done and undone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from controller.deploy.commune_data import QUANG_DIEN
from schedules.calendar import instant_of
from schedules.recurrence import Once, Weekly
from tests.support.browser import DESKTOP, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.doors import APPROVER, PASSWORD, Home, Served, home, served

pytestmark = pytest.mark.browser

NOON = Weekly(
    at=time(12), days=frozenset(range(7)), first=date(2026, 11, 23), last=date(2026, 11, 29)
)  # fmt: skip
MEETING = Once(at=instant_of(date(2026, 11, 25), time(9, 30)))


@dataclass
class Stage:
    """The running house."""

    house: Served
    browser: Browser


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("moving")
    with chromium() as browser, served(lambda port: home(folder, port=port)) as house:
        yield Stage(house=house, browser=browser)


async def two_items(house: Home, title: str) -> None:
    end = datetime(2026, 11, 30, tzinfo=house.loa.clock.now().tzinfo)
    await house.on_air(title, timing=NOON, targets=(QUANG_DIEN,), expires_at=end)
    await house.on_air(f"Họp, {title}", timing=MEETING, targets=(QUANG_DIEN,), expires_at=end)


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_approver_moves_one_airing_looks_first_and_takes_it_back(
    stage: Stage, screen: ViewportSize
) -> None:
    title = f"Nhắc đeo khẩu trang {screen['width']}"
    stage.house.run(two_items(stage.house.up, title))
    with person_at(stage.browser, stage.house.base, APPROVER, PASSWORD, screen) as page:
        block = page.locator("article.block", has_text=re.compile(f"^\\s*12:00\\s+{title}")).nth(1)
        for _ in range(40):
            page.goto("/lich-tuan")
            if block.get_by_role("link", name="Dời lượt phát này").count():
                break
        is_open_to_everybody(page)
        block.get_by_role("link", name="Dời lượt phát này").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        when = page.input_value("#ngay")
        typed(page, when, "03:15")
        expect(page.get_by_role("status")).to_contain_text("giờ yên tĩnh")
        assert page.get_by_role("button", name="Dời lượt phát", exact=True).count() == 0
        typed(page, "2026-11-25", "09:30")
        expect(page.get_by_role("status")).to_contain_text("vì trùng giờ với")
        is_open_to_everybody(page)
        page.get_by_role("button", name="Dời lượt phát", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("Đã dời lượt phát.")
        is_open_to_everybody(page)
        page.get_by_role("button", name="Hoàn tác, trả về giờ thường lệ").click()
        expect(page.get_by_role("status")).to_contain_text("đúng giờ thường lệ")


def typed(page: Page, day: str, clock: str) -> None:
    page.fill("#ngay", day)
    page.fill("#gio", clock)
    page.get_by_role("button", name="Xem trước").click()
