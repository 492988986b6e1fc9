"""A link that is lost while a form is handed in: the page stays, and says what became of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from controller.store import audit
from tests.support.browser import DESKTOP, PATIENCE_MS, PHONE, chromium
from tests.support.doors import AUTHOR, LOCAL_OPERATOR, PASSWORD, Served, home, served

pytestmark = pytest.mark.browser

TITLE = "Cắt điện xóm Chợ sáng thứ Năm"
WORDS = "Cắt điện từ 7h đến 11h30 ngày 26/11/2026 tại xóm Chợ."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("lost")
    with served(lambda port: home(folder, port=port)) as up:
        yield up


def at(browser: Browser, house: Served, username: str, screen: dict[str, int]) -> Page:
    """Somebody logged in; the browser's own complaints about the lost link are expected here."""
    context = browser.new_context(viewport=screen, locale="vi-VN", base_url=house.base)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/dang-nhap")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("button.main")
    page.wait_for_url(house.base + "/")
    return page


def stops(house: Served) -> int:
    rows = house.run(house.up.loa.db.read(audit.newest))
    return sum(row.deed == "stop.pressed" for row in rows)


def test_a_draft_handed_in_without_a_link_goes_by_itself_when_the_link_is_back(
    browser: Browser, house: Served
) -> None:
    page = at(browser, house, AUTHOR, PHONE)
    page.click("text=Viết bài mới")
    page.fill("#title", TITLE)
    page.fill("#text", WORDS)
    page.context.set_offline(True)
    page.click("text=Tiếp: phát ở đâu, khi nào")
    expect(page.locator(".kept-line")).to_have_text("Đã lưu trên máy này, sẽ gửi khi có mạng.")
    expect(page.locator("#link-lost")).to_be_visible()
    expect(page.locator("#title")).to_have_value(TITLE)
    page.context.set_offline(False)
    page.wait_for_url("**/phat?**")
    expect(page.locator("main")).to_contain_text(TITLE)
    page.context.close()


@pytest.mark.promise("F70")
def test_a_stop_pressed_without_a_link_says_so_and_waits_for_another_press(
    browser: Browser, house: Served
) -> None:
    before = stops(house)
    page = at(browser, house, LOCAL_OPERATOR, DESKTOP)
    page.click("summary:has-text('DỪNG TẤT CẢ')")
    page.context.set_offline(True)
    page.click("button:has-text('Dừng ngay')")
    said = page.locator(".stopbar .kept-line")
    expect(said).to_contain_text("Chưa gửi được vì mất kết nối")
    page.context.set_offline(False)
    expect(said).to_have_count(0)
    expect(page.locator("#link-lost")).to_be_hidden()
    assert stops(house) == before, "nothing goes by itself minutes later"
    page.dblclick("button:has-text('Dừng ngay')")
    expect(page.locator("main")).to_contain_text("Đã dừng")
    assert stops(house) == before + 1
    page.context.close()


def test_an_alert_half_written_is_still_there_when_the_server_did_not_answer(
    browser: Browser, house: Served
) -> None:
    page = at(browser, house, LOCAL_OPERATOR, PHONE)
    page.goto("/khan-cap")
    words = "Nước sông Bồ lên nhanh."
    page.check("input[name=hazard][value=flood]")
    page.check("input[name=level][value='2']")
    page.check("input[name=where][value=all]")
    page.fill("textarea[name=text]", words)
    page.route("**/healthz", lambda route: route.abort())
    page.click("text=Xem trước khi phát")
    expect(page.locator(".kept-line")).to_contain_text("Chưa gửi được vì mất kết nối")
    expect(page.locator("textarea[name=text]")).to_have_value(words)
    page.unroute("**/healthz")
    expect(page.locator("#link-lost")).to_be_hidden()
    page.context.close()


def test_an_old_browser_hands_its_forms_in_as_they_are(browser: Browser, house: Served) -> None:
    before = stops(house)
    page = at(browser, house, LOCAL_OPERATOR, PHONE)
    page.add_init_script("delete HTMLFormElement.prototype.requestSubmit; delete AbortSignal.timeout;")
    page.goto("/")
    page.click("summary:has-text('DỪNG TẤT CẢ')")
    page.click("button:has-text('Dừng ngay')")
    expect(page.locator("h1")).to_have_text("Đã dừng")
    assert stops(house) == before + 1
    page.context.close()
