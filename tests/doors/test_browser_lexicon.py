"""Từ điển đọc in a real browser: from a guessed word to the lexicon, tried while typing, and back."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.support.browser import DESKTOP, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.doors import AUTHOR, PASSWORD, Served, home, served

pytestmark = pytest.mark.browser

TEXT = "UBND xã mời bà con HTX Khuông Phò họp lúc 7h30 bàn việc ĐTM."


@dataclass
class Stage:
    """The running house."""

    house: Served
    browser: Browser

    def at(self, screen: ViewportSize, **options: object) -> AbstractContextManager[Page]:
        return person_at(self.browser, self.house.base, AUTHOR, PASSWORD, screen, **options)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("lexicon")
    with chromium() as browser, served(lambda port: home(folder, port=port)) as house:
        yield Stage(house=house, browser=browser)


@pytest.mark.parametrize(
    ("screen", "word", "read"), [(DESKTOP, "HTX", "hợp tác xã nhà"), (PHONE, "ĐTM", "đặc tả mới")]
)
def test_a_guess_is_mended_on_the_way(
    screen: ViewportSize, word: str, read: str, stage: Stage, tmp_path: Path
) -> None:
    with stage.at(screen) as page:
        page.goto("/viet-bai")
        page.fill("#title", f"Họp về {word}")
        page.fill("#text", TEXT)
        change = page.get_by_role("button", name=f"Đổi cách đọc: {word}")
        expect(page.locator("#reading")).to_contain_text("bảy giờ ba mươi")
        if not change.is_visible():
            page.locator("#reading summary").click()
        is_open_to_everybody(page)
        change.click()

        expect(page.locator("#written")).to_have_value(word)
        expect(page.locator("#sentence")).to_have_value(TEXT)
        page.fill("#reading", read)
        expect(page.locator("#thu ins")).to_contain_text(read.split()[-1])
        is_open_to_everybody(page)
        page.click("text=Ghi vào từ điển")

        expect(page.locator("#text")).to_have_value(TEXT)
        expect(page.locator("#reading")).to_contain_text(read)
        expect(page.locator("#reading")).to_contain_text("theo từ điển")
        page.goto("/tu-dien")
        expect(page.locator("#cac-muc")).to_contain_text(read)
        page.locator("li", has_text=read).get_by_role("button", name=f"Bỏ {word}").click()
        expect(page.locator("#cac-muc")).not_to_contain_text(read)
        page.click("text=Hoàn tác")
        expect(page.locator("#cac-muc")).to_contain_text(read)
        is_open_to_everybody(page)


def test_enter_in_the_title_saves_and_leads_nowhere_else(stage: Stage) -> None:
    with stage.at(DESKTOP) as page:
        page.goto("/viet-bai")
        page.fill("#text", TEXT)
        expect(page.locator("#reading .guesses").first).to_be_visible()
        page.fill("#title", "Một tên bài")
        page.press("#title", "Enter")
        page.wait_for_url("**/viet-bai/b-*")
        expect(page.locator("#title")).to_have_value("Một tên bài")


def test_a_file_is_put_into_the_field_before_it_is_taken_in(stage: Stage, tmp_path: Path) -> None:
    table = tmp_path / "tu-dien.tsv"
    table.write_text("Đắc Lộ\tđắc lộ\nAn Xuân\tan xuân\n", encoding="utf-8")
    with stage.at(DESKTOP) as page:
        page.goto("/tu-dien")
        page.click("text=Nhập, xuất cả bảng")
        page.set_input_files("#table-file", str(table))
        expect(page.locator("#table")).to_have_value(table.read_text(encoding="utf-8"))
        page.click("text=Kiểm tra")
        expect(page.locator("#bang")).to_contain_text("2 dòng đúng.")
        page.click("text=Nhập vào từ điển")
        expect(page.locator("#cac-muc")).to_contain_text("Đắc Lộ")
        page.fill("#tim", "dac lo")
        expect(page.locator("#cac-muc")).not_to_contain_text("An Xuân")
        with page.expect_download() as taken:
            page.click("text=Nhập, xuất cả bảng")
            page.click("text=Tải từ điển về (TSV)")
        assert "Đắc Lộ\tđắc lộ" in taken.value.path().read_text(encoding="utf-8")


def test_it_all_works_without_javascript(stage: Stage) -> None:
    with stage.at(DESKTOP, java_script_enabled=False) as page:
        page.goto("/tu-dien")
        page.fill("#written", "NTM")
        page.fill("#reading", "nông thôn mới ta")
        page.click("#mot-muc >> text=Thử >> nth=-1")
        expect(page.locator("#thu ins")).to_contain_text("ta")
        page.click("text=Ghi vào từ điển")
        expect(page.locator("#cac-muc")).to_contain_text("nông thôn mới ta")
