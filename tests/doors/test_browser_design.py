"""The living page and the groups of nodes in a real browser: by day, by night, on paper, on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import DESKTOP, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.doors import ADMINISTRATOR, PASSWORD, TECHNICIAN, Served, home, served

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Browser]]:
    folder = tmp_path_factory.mktemp("design")
    with chromium() as browser, served(lambda port: home(folder, port=port)) as found:
        yield found, browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_living_page_is_open_to_everybody_by_day_and_by_night(
    house: tuple[Served, Browser], scheme: str
) -> None:
    found, browser = house
    for screen in (PHONE, DESKTOP):
        with person_at(
            browser, found.base, TECHNICIAN, PASSWORD, screen, color_scheme=scheme, reduced_motion="reduce"
        ) as page:
            page.goto("/mau-thiet-ke")
            is_open_to_everybody(page)
            small = page.evaluate(
                "[...document.querySelectorAll('main .button, main button, main input:not([type=hidden]):not("
                "[type=radio]):not([type=checkbox]), main select, main .choice')]"
                ".filter(one => one.offsetParent && one.getBoundingClientRect().height < 48)"
                ".map(one => one.outerHTML)"
            )
            assert small == [], "everything that is touched is 48 px high"


def test_on_paper_only_what_says_something_is_left(house: tuple[Served, Browser]) -> None:
    found, browser = house
    with person_at(browser, found.base, ADMINISTRATOR, PASSWORD, DESKTOP) as page:
        page.goto("/mau-thiet-ke")
        page.emulate_media(media="print")
        expect(page.locator("header.bar")).to_be_hidden()
        expect(page.locator(".stopbar").first).to_be_hidden()
        expect(page.locator("main .actions").first).to_be_hidden()
        expect(page.locator("main .state").first).to_be_visible()


def test_a_group_is_made_filled_renamed_deleted_and_brought_back_on_a_phone(
    house: tuple[Served, Browser],
) -> None:
    found, browser = house
    with person_at(browser, found.base, ADMINISTRATOR, PASSWORD, PHONE) as page:
        page.goto("/cum-loa")
        page.get_by_role("link", name="Nhóm loa").click()
        is_open_to_everybody(page)
        page.get_by_label("Tên nhóm").fill("Loa chợ")
        page.get_by_role("button", name="Lập nhóm").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Loa chợ")
        page.get_by_role("checkbox", name="Mọi cụm loa của Thôn An Gia").check()
        page.get_by_role("checkbox", name="Nhà văn hóa thôn Thủ Lễ").check()
        page.get_by_role("button", name="Thêm vào nhóm").click()
        expect(page.locator(".lead")).to_contain_text("5 cụm loa ở 2 thôn")
        is_open_to_everybody(page)
        page.locator("#trong-h ~ form").get_by_role("checkbox", name="Chợ Sịa").check()
        page.get_by_role("button", name="Đưa các cụm đã chọn ra khỏi nhóm").click()
        expect(page.locator(".lead")).to_contain_text("4 cụm loa ở 2 thôn")
        page.get_by_role("button", name="Hoàn tác").click()
        expect(page.locator(".lead")).to_contain_text("5 cụm loa ở 2 thôn")
        page.get_by_role("textbox", name="Tên nhóm").fill("Loa chợ Sịa")
        page.get_by_role("button", name="Lưu tên mới").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Loa chợ Sịa")
        page.get_by_role("button", name="Xóa nhóm này").click()
        expect(page.get_by_role("status").first).to_contain_text("Đã xóa nhóm “Loa chợ Sịa”")
        with page.expect_navigation():
            page.get_by_role("button", name="Hoàn tác").click()
        page.goto("/nhom-loa?tim=cho+sia")
        page.get_by_role("link", name="Loa chợ Sịa").click()
        expect(page.locator(".lead")).to_contain_text("5 cụm loa ở 2 thôn")
