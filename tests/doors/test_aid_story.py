"""Viết bài helped, in a real browser: hints while typing, a shorter version compared, taken by one press."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.support.browser import DESKTOP, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.doors import AUTHOR, PASSWORD, Served, home, served
from tests.support.language_model import Model, language_model

pytestmark = pytest.mark.browser

OLD = (
    "Thực hiện kế hoạch của xã về làm đường, kính mời đại diện các hộ thôn Khuông Phò đi họp lúc 7h30 ngày "
    "10/11/2026 để bàn việc góp công, góp của làm 350 m đường bê tông. Đề nghị bà con đi đủ, đúng giờ."
)
NEW = "Kính mời đại diện các hộ thôn Khuông Phò họp lúc 7 giờ 30, ngày 10/11, bàn làm 350 m đường bê tông."


@dataclass
class Stage:
    """A house with a writing aid."""

    house: Served
    browser: Browser
    model: Model

    def author(self, screen: ViewportSize) -> AbstractContextManager[Page]:
        return person_at(self.browser, self.house.base, AUTHOR, PASSWORD, screen)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("aid")
    model = Model(by_task={"shorten": {"text": NEW}, "check": {"hints": []}}, hold_s=0.4)
    with (
        language_model(model),
        chromium() as browser,
        served(lambda port: home(folder, port=port, aid_url=model.base, aid_model="qwen")) as house,
    ):
        yield Stage(house=house, browser=browser, model=model)


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_hints_come_while_typing_and_a_shorter_version_is_taken_by_one_press(
    stage: Stage, screen: ViewportSize
) -> None:
    with stage.author(screen) as page:
        page.goto("/viet-bai")
        page.fill("#text", OLD)
        expect(page.locator("#hints")).to_contain_text("ngày đã qua")
        expect(page.locator("#hints")).to_contain_text("chưa nói ở đâu")
        page.get_by_role("button", name="Rút gọn thành 60 giây").click()
        expect(page.locator("#aid-wait")).to_be_visible()
        expect(page.locator("#proposal")).to_contain_text("Bài chưa thay đổi gì")
        expect(page.locator("#aid-wait")).to_be_hidden()
        assert page.locator("#proposal ins").count() > 0
        assert page.locator("#proposal del").count() > 0
        assert page.input_value("#text") == OLD
        is_open_to_everybody(page)
        page.get_by_role("button", name="Nhờ trợ giúp soát thêm").click()
        expect(page.locator("#hints")).to_contain_text("không thấy gì thêm")
        page.get_by_role("button", name="Lấy bản này").click()
        expect(page.locator("#text")).to_have_value(NEW)
        expect(page.locator("[role=status]", has_text="chưa lưu")).to_be_visible()
        assert page.url.endswith("/viet-bai/chon-ban")
        page.get_by_role("button", name="Lấy lại bản gõ dở").click()
        expect(page.locator("#text")).to_have_value(OLD)


def test_a_shortened_bai_is_saved_by_its_author_and_by_nobody_else(stage: Stage) -> None:
    with stage.author(DESKTOP) as page:
        page.goto("/viet-bai")
        page.fill("#title", "Họp làm đường")
        page.fill("#text", OLD)
        page.get_by_role("button", name="Rút gọn thành 60 giây").click()
        page.get_by_role("button", name="Lấy bản này").click()
        expect(page.locator("#text")).to_have_value(NEW)
        assert page.input_value("#title") == "Họp làm đường"
        page.get_by_role("button", name=re.compile("Tiếp")).first.click()
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_url(re.compile(r"/viet-bai/b-\w+/phat"))


def test_a_model_that_fails_is_said_beside_the_text(stage: Stage) -> None:
    stage.model.by_task = {"shorten": {"words": "không đúng khuôn"}}
    with stage.author(PHONE) as page:
        page.goto("/viet-bai")
        page.fill("#text", OLD)
        page.get_by_role("button", name="Rút gọn thành 60 giây").click()
        expect(page.locator("#proposal")).to_contain_text("không đúng khuôn")
        assert page.get_by_role("button", name="Lấy bản này").count() == 0
        assert page.input_value("#text") == OLD
