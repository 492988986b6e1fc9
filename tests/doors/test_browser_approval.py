"""Duyệt on the phone: what changed since last time, heard, approved; a forged approval is refused."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from controller.deploy.commune_data import SITES
from devices.messages import Heard
from schedules.announcement import AnnouncementId, State
from tests.support.airing import let_air
from tests.support.browser import DESKTOP, PHONE, chromium, is_open_to_everybody, person_at
from tests.support.browser import hand_in as press_hand_in
from tests.support.doors import APPROVER, AUTHOR, PASSWORD, VILLAGE, Served, home, served

pytestmark = pytest.mark.browser

TITLE = "Họp thôn An Gia"
FIRST = "Kính mời bà con thôn An Gia họp lúc 7 giờ ngày 25/11/2026 tại nhà văn hóa thôn."
SECOND = "Kính mời bà con thôn An Gia họp lúc 8 giờ ngày 25/11/2026 tại nhà văn hóa thôn."
NODES = tuple(site.node for site in SITES if site.village == VILLAGE)


@dataclass
class Stage:
    """The running house."""

    house: Served
    browser: Browser

    def at(self, username: str, screen: ViewportSize, **options: Any) -> AbstractContextManager[Page]:
        return person_at(self.browser, self.house.base, username, PASSWORD, screen, **options)

    def state(self, item: str) -> State:
        loa, cast = self.house.up.loa, self.house.up.cast
        view = self.house.run(loa.views.announcement(cast[AUTHOR], AnnouncementId(item)))
        return view.announcement.state

    def rendered(self, item: str) -> None:
        self.house.run(self.house.up.rendered(item))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("approval")
    with chromium() as browser, served(lambda port: home(folder, port=port)) as house:
        yield Stage(house=house, browser=browser)


def hand_in(page: Page, title: str, text: str) -> str:
    """The three steps at a desk; the id of the bài."""
    page.goto("/viet-bai")
    page.fill("#title", title)
    page.fill("#text", text)
    page.click("text=Tiếp: phát ở đâu, khi nào")
    page.check("input[name=where][value=some]")
    page.check(f"input[name=targets][value='{VILLAGE}']")
    page.check("input[name=when][value=after_approval]")
    page.fill("#until_date", "2026-11-25")
    page.fill("#until_time", "08:00")
    page.click("text=Tiếp: xem lại và gửi duyệt")
    send(page)
    return page.url.split("/")[4].split("?")[0]


def send(page: Page) -> None:
    """Hand it in, and see that it was."""
    press_hand_in(page)
    expect(page.locator("main [role=status]").first).to_contain_text("Đã gửi duyệt")


def forged(page: Page, item: str, content_hash: str) -> tuple[int, str]:
    """The approval's own form, sent by somebody who was never shown it."""
    token = page.locator("input[name=token]").first.get_attribute("value") or ""
    answer = page.request.post(
        f"/duyet/{item}",
        form={"token": token, "content_hash": content_hash},
        headers={"Origin": page.url.split("/bai/")[0]},
        max_redirects=0,
    )
    return answer.status, answer.text()


@pytest.mark.promise("S38", "F69")
def test_the_approver_sees_on_the_phone_what_changed_listens_and_approves(stage: Stage) -> None:
    with stage.at(AUTHOR, DESKTOP) as author:
        item = hand_in(author, TITLE, FIRST)
    with stage.at(APPROVER, PHONE) as approver:
        approver.goto(f"/duyet/{item}")
        expect(approver.locator("del")).to_have_count(0)
        approver.click("summary:has-text('Trả lại')")
        approver.fill("#reason", "Họp lúc 8 giờ, không phải 7 giờ.")
        approver.click("button:has-text('Trả lại cho người viết')")
        expect(approver.locator("main [role=status]").first).to_be_visible()
    with stage.at(AUTHOR, DESKTOP) as author:
        author.goto(f"/bai/{item}")
        expect(author.locator("main")).to_contain_text("Họp lúc 8 giờ, không phải 7 giờ.")
        author.goto(f"/viet-bai/{item}")
        author.fill("#text", SECOND)
        author.click("text=Tiếp: phát ở đâu, khi nào")
        author.click("text=Tiếp: xem lại và gửi duyệt")
        send(author)
    stage.rendered(item)
    with stage.at(APPROVER, PHONE) as approver:
        approver.goto("/duyet")
        approver.click(f"a:has-text('{TITLE}')")
        expect(approver.locator(".changes del").first).to_have_text(re.compile(r"\s*7\s*"))
        expect(approver.locator(".changes ins").first).to_have_text(re.compile(r"\s*8\s*"))
        sound = approver.locator("#sound audio").first
        expect(sound).to_be_visible()
        heard = sound.evaluate(
            "async (audio) => { audio.muted = true; await audio.play();"
            " await new Promise((done) => setTimeout(done, 600)); audio.pause(); return audio.currentTime; }"
        )
        assert heard > 0.2, "what is approved can be listened to on the same page"
        is_open_to_everybody(approver)
        approver.click("button:has-text('Duyệt phát')")
        expect(approver.locator("main [role=status]").first).to_contain_text("Đã duyệt")
        strip = approver.locator(".life")
        expect(strip).to_contain_text("Trần Đình Quang")
        expect(strip).to_contain_text("Mã nội dung")
        is_open_to_everybody(approver)
    assert stage.state(item) is State.APPROVED


@pytest.mark.promise("S38")
def test_nobody_approves_their_own_by_forging_the_form(stage: Stage) -> None:
    """The author has no right to approve at all; an approver who wrote it is refused as its author."""
    for username, why in ((AUTHOR, "không có quyền"), (APPROVER, "Người viết không được tự duyệt")):
        with stage.at(username, DESKTOP) as page:
            item = hand_in(page, f"Bài của {username}", SECOND)
            loa, cast = stage.house.up.loa, stage.house.up.cast
            view = stage.house.run(loa.views.announcement(cast[username], AnnouncementId(item)))
            page.goto(f"/bai/{item}")
            expect(page.locator("a:has-text('Xem để duyệt')")).to_have_count(0)
            status, said = forged(page, item, view.content_hash)
            assert status == 403
            assert why in said
        assert stage.state(item) is State.SUBMITTED


def test_a_wrong_bai_is_taken_back_and_put_right_on_the_phone(stage: Stage) -> None:
    with stage.at(AUTHOR, DESKTOP) as author:
        item = hand_in(author, "Lịch cắt điện", "Điện lực cắt điện thôn An Gia từ 7 giờ ngày 25/11/2026.")
    stage.rendered(item)
    with stage.at(APPROVER, PHONE) as approver:
        approver.goto(f"/duyet/{item}")
        approver.click("button:has-text('Duyệt phát')")
        expect(approver.locator("main [role=status]").first).to_contain_text("Đã duyệt")
    stage.house.run(let_air(stage.house.up, item, dict.fromkeys(NODES[:3], Heard.YES)))
    with stage.at(AUTHOR, PHONE) as author:
        author.goto(f"/bai/{item}")
        is_open_to_everybody(author)
        author.click("summary:has-text('Thu hồi bài')")
        author.fill("#reason", "Ghi sai giờ cắt điện.")
        author.click("button:has-text('Thu hồi bài này')")
        expect(author.locator(".life")).to_contain_text("Lý do: Ghi sai giờ cắt điện.")
        author.click("button:has-text('Viết đính chính')")
        opening = author.locator("#text").input_value()
        assert opening.startswith("Đính chính bản tin “Lịch cắt điện” phát lúc 06:")
        author.fill("#text", f"{opening} Nội dung đúng: cắt điện từ 8 giờ ngày 25/11/2026.")
        author.click("text=Tiếp: đọc lại và gửi duyệt")
        expect(author.locator("main")).to_contain_text("Đúng 3 cụm loa đã phát bài sai")
        is_open_to_everybody(author)
        send(author)
        other = author.url.split("/")[4].split("?")[0]
    stage.rendered(other)
    with stage.at(APPROVER, PHONE) as approver:
        approver.goto(f"/duyet/{other}")
        approver.click("button:has-text('Duyệt phát')")
        expect(approver.locator("main [role=status]").first).to_contain_text("Đã duyệt")
        stage.house.run(let_air(stage.house.up, other, dict.fromkeys(NODES[:3], Heard.YES)))
        approver.goto(f"/bai/{item}")
        expect(approver.locator(".life")).to_contain_text("3/3 cụm loa đã phát đính chính")
        is_open_to_everybody(approver)
