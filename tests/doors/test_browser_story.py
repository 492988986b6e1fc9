"""A morning in a real browser, with real server, broker and nodes: written, approved, heard, and stopped."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from controller.deploy.broker import start_broker
from controller.deploy.commune_data import SITES, TENANT
from controller.deploy.demo_fleet import Village
from controller.deploy.serving import paho_link
from tests.support.browser import DESKTOP, PHONE, chromium, hand_in, is_open_to_everybody, person_at
from tests.support.doors import (
    APPROVER,
    AUTHOR,
    LEADER,
    LOCAL_OPERATOR,
    PASSWORD,
    TECHNICIAN,
    VILLAGE,
    Home,
    Served,
    home,
    served,
)

pytestmark = [pytest.mark.browser, pytest.mark.broker]

TITLE = "Họp thôn Khuông Phò tối thứ Ba"
WORDS = "Kính mời bà con họp lúc 7h30 ngày 25/11/2026 tại nhà văn hóa thôn."
HEARD_WITHIN_MS = 60_000


@dataclass
class Stage:
    """The running house and its village."""

    house: Served
    browser: Browser

    def at(self, username: str, screen: ViewportSize, **options: Any) -> AbstractContextManager[Page]:
        """Somebody of the cast, logged in at a screen."""
        return person_at(self.browser, self.house.base, username, PASSWORD, screen, **options)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A house on a free port with a real broker and the nodes of one village."""
    folder = tmp_path_factory.mktemp("browser")
    broker = start_broker(folder / "broker")
    try:
        with (
            chromium() as browser,
            served(
                lambda port: home(
                    folder / "house",
                    link=paho_link,
                    port=port,
                    broker_host=broker.host,
                    broker_port=broker.port,
                )
            ) as house,
        ):
            fleet = write_fleet(folder / "fleet.json", house.up, broker.host, broker.port)
            village = house.run(Village.start(fleet, folder / "journal.jsonl", None))
            try:
                yield Stage(house=house, browser=browser)
            finally:
                house.run(village.quit())
    finally:
        broker.stop()


def write_fleet(path: Path, house: Home, host: str, port: int) -> Path:
    """The provisioning file of the village's nodes; their clocks learn the time from the controller."""
    nodes = [
        {
            "id": site.node,
            "private_key": base64.urlsafe_b64encode(
                house.keys[site.node].private.private_bytes_raw()
            ).decode(),
            "rtc": False,
        }
        for site in SITES
        if site.village == VILLAGE
    ]
    tree = {
        "tenant": TENANT,
        "root_public": house.root_public,
        "broker": {"host": host, "port": port, "protocol": "5"},
        "nodes": nodes,
    }
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def write_three_steps(page: Page, title: str) -> None:
    """The first two steps of Viết bài, listened to on the way."""
    page.click("text=Viết bài mới")
    page.fill("#title", title)
    page.fill("#text", WORDS)
    if page.evaluate("typeof htmx") != "undefined":
        expect(page.locator("#reading")).to_contain_text("bảy giờ ba mươi")
        page.click("text=Nghe thử >> nth=-1")
        expect(page.locator("#sound audio").first).to_be_visible()
        is_open_to_everybody(page)
    page.click("text=Tiếp: phát ở đâu, khi nào")
    page.check("input[name=where][value=some]")
    page.check(f"input[name=targets][value='{VILLAGE}']")
    page.check("input[name=when][value=after_approval]")
    page.fill("#until_date", "2026-11-25")
    page.fill("#until_time", "08:00")


@pytest.mark.promise("P18")
def test_the_author_writes_the_approver_approves_on_a_phone_and_the_village_hears_it(stage: Stage) -> None:
    with stage.at(AUTHOR, DESKTOP) as author:
        is_open_to_everybody(author)
        write_three_steps(author, TITLE)
        is_open_to_everybody(author)
        author.click("text=Tiếp: xem lại và gửi duyệt")
        expect(author.locator("dl.summary")).to_contain_text("Ngay sau khi duyệt")
        is_open_to_everybody(author)
        hand_in(author)
        expect(author.locator("main [role=status]").first).to_contain_text("Đã gửi duyệt")
        is_open_to_everybody(author)
    with stage.at(APPROVER, PHONE) as approver:
        approver.click("summary:has-text('Mục')")
        is_open_to_everybody(approver)
        approver.click(".menu a:has-text('Duyệt')")
        is_open_to_everybody(approver)
        approver.click(f"a:has-text('{TITLE}')")
        sound = approver.locator("audio").first.get_attribute("src")
        assert re.fullmatch(r"/clips/[0-9a-f]{64}", sound or "")
        played = approver.evaluate(
            "() => new Promise((done) => { const a = document.querySelector('audio');"
            " a.onloadedmetadata = () => done(a.duration); a.onerror = () => done(-1); a.load(); })"
        )
        assert played > 1
        is_open_to_everybody(approver)
        approver.click("button:has-text('Duyệt phát')")
        expect(approver.locator("main [role=status]").first).to_contain_text("Đã duyệt")
        approver.goto("/")
        row = approver.locator("#strip li", has_text=TITLE)
        expect(row).to_contain_text(re.compile("Đã nghe thấy 4/4 cụm"), timeout=HEARD_WITHIN_MS)
        is_open_to_everybody(approver)
    with stage.at(TECHNICIAN, DESKTOP) as technician:
        technician.goto("/cum-loa")
        expect(technician.locator("#tally")).to_contain_text("4 tốt")
        is_open_to_everybody(technician)
        technician.goto(f"/nhat-ky?ngay=2026-11-23&noi={VILLAGE}&tim=hop+thon+khuong")
        lines = technician.locator("tbody tr")
        expect(lines).to_have_count(4)
        for k in range(4):
            expect(lines.nth(k)).to_contain_text("Đã nghe thấy")
        is_open_to_everybody(technician)
    with stage.at(AUTHOR, DESKTOP) as author:
        expect(author.locator(f"main li:has-text('{TITLE}'):has-text('Đã phát xong')")).to_be_visible()
        author.goto("/nhat-ky?ngay=2026-11-23")
        expect(author.locator("details.airing summary")).to_contain_text("4 × đã nghe thấy")


def test_an_emergency_is_fired_watched_and_stopped_on_a_phone(stage: Stage) -> None:
    with stage.at(LOCAL_OPERATOR, PHONE) as operator:
        operator.goto("/khan-cap")
        is_open_to_everybody(operator)
        operator.check("input[name=hazard][value=flood]")
        operator.check("input[name=level][value='2']")
        operator.check("input[name=where][value=some]")
        operator.check(f"input[name=targets][value='{VILLAGE}']")
        operator.fill("#text", "Nước sông Bồ đang lên nhanh. Bà con lên chỗ cao ngay.")
        operator.click("text=Xem trước khi phát")
        expect(operator.locator("main")).to_contain_text("Phát tới 4 cụm loa ở 1 thôn")
        is_open_to_everybody(operator)
        name = re.search("“(.+)”", operator.locator("label[for=typed_name]").inner_text())
        assert name is not None
        operator.fill("#typed_name", name[1])
        operator.click("button:has-text('PHÁT CÒI VÀ THÔNG BÁO')")
        operator.wait_for_url("**/canh-bao/*")
        expect(operator.locator("#reach .figure", has_text="Đang kêu")).to_contain_text("4")
        is_open_to_everybody(operator)
        # stopping is two touches away
        operator.click("summary:has-text('DỪNG TẤT CẢ')")
        is_open_to_everybody(operator)
        operator.click("button:has-text('Dừng ngay')")
        expect(operator.locator("h1")).to_have_text("Đã dừng")
        is_open_to_everybody(operator)
        operator.click("text=Xem cảnh báo")
        expect(operator.locator("#reach")).to_contain_text("Đã dừng")
        is_open_to_everybody(operator)


def test_the_same_morning_without_javascript(stage: Stage) -> None:
    title = "Bài viết không cần JavaScript"
    with stage.at(AUTHOR, DESKTOP, java_script_enabled=False) as author:
        author.click("text=Viết bài mới")
        author.fill("#title", title)
        author.fill("#text", WORDS)
        author.click("text=Tiếp: phát ở đâu, khi nào")
        author.check("input[name=where][value=some]")
        author.check(f"input[name=targets][value='{VILLAGE}']")
        author.check("input[name=when][value=next_session]")
        author.click("text=Tiếp: xem lại và gửi duyệt")
        hand_in(author)
        expect(author.locator("main [role=status]").first).to_contain_text("Đã gửi duyệt")
        author.click("button:has-text('Hoàn tác')")
        expect(author.locator("main [role=status]").first).to_contain_text("Đã hoàn tác")
        identity = author.url.split("/")[4].split("?")[0]
        author.goto(f"/viet-bai/{identity}/gui")
        hand_in(author)
        expect(author.locator("main [role=status]").first).to_contain_text("Đã gửi duyệt")
    with stage.at(APPROVER, PHONE, java_script_enabled=False) as approver:
        approver.click("summary:has-text('Mục')")
        approver.click(".menu a:has-text('Duyệt')")
        approver.click(f"a:has-text('{title}')")
        approver.click("summary:has-text('Trả lại')")
        approver.fill("#reason", "Xin ghi rõ họp về việc gì.")
        approver.click("button:has-text('Trả lại cho người viết')")
        expect(approver.locator("main [role=status]").first).to_contain_text("Đã trả lại")
        approver.click("summary:has-text('DỪNG TẤT CẢ')")
        approver.click("button:has-text('Dừng ngay')")
        expect(approver.locator("h1")).to_have_text("Đã dừng")
    with stage.at(LEADER, DESKTOP, java_script_enabled=False) as leader:
        for path in ("/", "/cum-loa", "/nhat-ky"):
            leader.goto(path)
            expect(leader.locator("h1")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_open_to_everybody_at_night_too(stage: Stage, scheme: str) -> None:
    for username, screen, paths in (
        (AUTHOR, DESKTOP, ("/", "/viet-bai", "/nhat-ky")),
        (LOCAL_OPERATOR, PHONE, ("/", "/khan-cap", "/cum-loa", "/cum-loa?loc=attention", "/dung-tat-ca")),
    ):
        with stage.at(username, screen, color_scheme=scheme) as page:
            for path in paths:
                page.goto(path)
                is_open_to_everybody(page)
