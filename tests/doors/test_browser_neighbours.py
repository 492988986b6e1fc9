"""The staff of commune B at the screen: nothing of commune A is there, not even by its address."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from controller.deploy.commune_data import AREAS, QUANG_DIEN, SITES
from tests.support.browser import DESKTOP, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.doors import AUTHOR, PASSWORD, STRANGER, Served, home, served

pytestmark = pytest.mark.browser

TITLE = "Chuyện riêng của Quảng Điền"
PAGES = ("/", "/lich-tuan", "/lich-ngay", "/cum-loa", "/nhat-ky", "/tu-dien", "/nhom-loa", "/hop-tin")
NAMES = frozenset(
    {TITLE}
    | {area.name for area in AREAS if area.parent == QUANG_DIEN}
    | {site.place for site in SITES if site.village.startswith(f"{QUANG_DIEN}-")}
)


@dataclass
class Stage:
    """The running house, and the address of a bài of commune A."""

    house: Served
    browser: Browser
    item: str


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("neighbours")
    with chromium() as browser, served(lambda port: home(folder, port=port)) as house:
        up = house.up
        made = house.run(up.loa.desk.write_announcement(up.cast[AUTHOR], up.draft(title=TITLE)))
        house.run(up.loa.desk.submit(up.cast[AUTHOR], made.announcement.id))
        yield Stage(house=house, browser=browser, item=made.announcement.id)


def _read(page: Page) -> str:
    """Every word of the page, also those that are folded away."""
    return page.locator("body").evaluate("body => body.textContent")


@pytest.mark.promise("P19")
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_staff_of_commune_b_see_nothing_of_commune_a(stage: Stage, screen: dict[str, int]) -> None:
    with person_at(stage.browser, stage.house.base, STRANGER, PASSWORD, screen) as page:
        for path in PAGES:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            said = _read(page)
            assert "Đan Điền" in said, path
            assert [name for name in NAMES if name in said] == [], path
        page.goto("/?q=Chuyện riêng")
        assert TITLE not in _read(page)


@pytest.mark.promise("P19")
def test_the_address_of_a_neighbours_bai_leads_nowhere_and_the_page_says_what_to_do(stage: Stage) -> None:
    # the browser itself writes a line about a 404, so this visitor comes without the check of the console
    context = stage.browser.new_context(viewport=PHONE, locale="vi-VN", base_url=stage.house.base)
    page = context.new_page()
    try:
        page.goto("/dang-nhap")
        page.fill("#username", STRANGER)
        page.fill("#password", PASSWORD)
        page.click("button.main")
        page.wait_for_url(stage.house.base + "/")
        for path in (f"/bai/{stage.item}", f"/viet-bai/{stage.item}", f"/duyet/{stage.item}"):
            answer = page.goto(path)
            assert answer is not None
            assert answer.status in (403, 404), path
            assert TITLE not in _read(page)
            expect(page.locator("main a, header a").first).to_be_visible()
        is_open_to_everybody(page)
    finally:
        context.close()


def test_the_author_of_commune_a_sees_it_all(stage: Stage) -> None:
    with person_at(stage.browser, stage.house.base, AUTHOR, PASSWORD, DESKTOP) as page:
        page.goto(f"/bai/{stage.item}")
        expect(page.locator("main")).to_contain_text(TITLE)
        page.goto("/cum-loa")
        assert [name for name in NAMES if name in _read(page)]
