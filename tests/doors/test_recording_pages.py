"""A voice instead of the reading, in a real browser: recorded with its microphone, sent, approved, heard."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from controller.deploy.broker import start_broker
from controller.deploy.demo_fleet import Village
from controller.deploy.serving import paho_link
from controller.dispatch.announcements import recording as deeds_of_recordings
from controller.web import recorded as page_of_recordings
from tests.doors.test_browser_story import HEARD_WITHIN_MS, WORDS, write_fleet
from tests.support.browser import DESKTOP, PHONE, chromium, hand_in, is_open_to_everybody, person_at
from tests.support.doors import APPROVER, AUTHOR, PASSWORD, VILLAGE, Served, home, served
from tests.tts import uploads
from tts.clip import SAMPLE_RATE
from tts.recording import Kind, kind_of

pytestmark = [pytest.mark.browser, pytest.mark.broker]


@dataclass
class Stage:
    """The running house, its village, a browser with a microphone, and one without leave to use it."""

    house: Served
    browser: Browser
    folder: Path

    def at(self, username: str, screen: ViewportSize, **options: Any) -> AbstractContextManager[Page]:
        return person_at(self.browser, self.house.base, username, PASSWORD, screen, **options)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("recording")
    microphone = folder / "microphone.wav"
    microphone.write_bytes(uploads.encoded(uploads.speech(8), rate=48_000))
    quiet = np.pad(uploads.speech(6) * 0.1, (2 * SAMPLE_RATE, 2 * SAMPLE_RATE)).astype(np.float32)
    (folder / "Họp thôn.mp3").write_bytes(uploads.encoded(quiet, "MP3"))
    (folder / "trang.mp3").write_bytes(uploads.no_sounds(9)["html"])
    broker = start_broker(folder / "broker")
    switches = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
    )
    try:
        with (
            chromium(*switches) as browser,
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
                yield Stage(house=house, browser=browser, folder=folder)
            finally:
                house.run(village.quit())
    finally:
        broker.stop()


def begin(page: Page, title: str) -> None:
    page.goto("/viet-bai")
    page.fill("#title", title)
    page.fill("#text", WORDS)


def to_the_village(page: Page) -> None:
    page.click("text=Tiếp: phát ở đâu, khi nào")
    page.check("input[name=where][value=some]")
    page.check(f"input[name=targets][value='{VILLAGE}']")
    page.check("input[name=when][value=after_approval]")
    page.fill("#until_date", "2026-11-25")
    page.fill("#until_time", "08:00")
    page.click("text=Tiếp: xem lại và gửi duyệt")


def length_of(page: Page, which: str) -> float:
    """How long a player's sound is, as the browser decodes it; below nought where it can't."""
    played = page.locator(which).first.evaluate(
        "(a) => new Promise((done) => { a.onloadedmetadata = () => done(a.duration);"
        " a.onerror = () => done(-1); a.load(); })"
    )
    return float(played)


@pytest.mark.promise("P18")
def test_a_voice_is_recorded_at_the_page_approved_on_a_phone_and_heard_in_the_village(stage: Stage) -> None:
    title = "Lời mời họp bằng giọng trưởng thôn"
    with stage.at(AUTHOR, DESKTOP) as author:
        begin(author, title)
        author.click("text=Bắt đầu thu")
        expect(author.locator(".recorder-say")).to_contain_text("Đang thu")
        expect(author.locator(".recorder-clock")).to_have_text("0:02")
        # The browser's false microphone beeps once a second and is silent between.
        meter = author.locator(".recorder meter")
        for _ in range(100):
            if (level := meter.evaluate("(meter) => meter.value")) > 20:
                break
            author.wait_for_timeout(50)
        assert level > 20
        is_open_to_everybody(author)
        author.wait_for_timeout(3_000)
        author.click("text=Dừng thu")
        expect(author.locator("[data-record=heard]")).to_be_visible()
        assert 2 < length_of(author, "[data-record=heard] audio") < 8
        is_open_to_everybody(author)
        author.click("text=Thu lại")
        author.wait_for_timeout(3_000)
        author.click("text=Dừng thu")
        author.click("text=Dùng bản này")
        author.wait_for_url("**/viet-bai/b-*")
        expect(author.locator("#recorded")).to_contain_text("Bản sẽ phát")
        assert length_of(author, "#sound audio") > 3
        is_open_to_everybody(author)
        to_the_village(author)
        expect(author.locator("#recorded")).to_contain_text(".wav")
        hand_in(author)
        expect(author.locator("main [role=status]").first).to_contain_text("Đã gửi duyệt")
    with stage.at(APPROVER, PHONE) as approver:
        approver.goto("/duyet")
        approver.click(f"a:has-text('{title}')")
        assert length_of(approver, "#sound audio") > 3
        approver.click("summary:has-text('Nghe bản gốc')")
        assert 2 < length_of(approver, ".recorded audio") < 8
        is_open_to_everybody(approver)
        approver.click("button:has-text('Duyệt phát')")
        expect(approver.locator("main [role=status]").first).to_contain_text("Đã duyệt")
        approver.goto("/")
        row = approver.locator("#strip li", has_text=title)
        expect(row).to_contain_text(re.compile("Đã nghe thấy 4/4 cụm"), timeout=HEARD_WITHIN_MS)


def test_a_file_is_sent_without_javascript_taken_away_and_put_back(stage: Stage) -> None:
    with stage.at(AUTHOR, PHONE, java_script_enabled=False) as author:
        begin(author, "Bản thu gửi bằng tệp")
        assert not author.locator("#recorder").is_visible()
        author.set_input_files("#file", stage.folder / "Họp thôn.mp3")
        author.click("text=Gửi bản thu")
        card = author.locator("#recorded")
        expect(card).to_contain_text("Họp thôn.mp3")
        expect(card).to_contain_text("Đã cắt 4 giây lặng")
        expect(card).to_contain_text("Đã làm to lên")
        author.click("text=Bỏ bản thu")
        expect(author.locator("#ban-thu")).to_contain_text("Đã bỏ bản thu")
        assert card.count() == 0
        author.fill("#title", "Bản thu gửi bằng tệp, lấy lại")
        author.click("text=Lấy lại bản thu trước")
        expect(card).to_contain_text("Họp thôn.mp3")
        assert author.input_value("#title") == "Bản thu gửi bằng tệp, lấy lại"
        # a file that was chosen and left behind is not passed over in silence
        author.click("summary:has-text('Thay bản thu khác')")
        author.set_input_files("#file", stage.folder / "trang.mp3")
        author.click(".finish button:has-text('Lưu nháp')")
        expect(author.locator("#ban-thu")).to_contain_text("chưa gửi")


def test_with_javascript_a_chosen_file_goes_first_whatever_button_is_pressed(stage: Stage) -> None:
    with stage.at(AUTHOR, DESKTOP) as author:
        begin(author, "Tệp đi trước")
        author.set_input_files("#file", stage.folder / "Họp thôn.mp3")
        author.click("text=Tiếp: phát ở đâu, khi nào")
        expect(author.locator("#recorded")).to_contain_text("Họp thôn.mp3")


RECORDED_BY_A_PHONE = """
async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream, { mimeType: 'audio/webm' });
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  await new Promise((done) => setTimeout(done, 3000));
  recorder.stop();
  await stopped;
  stream.getTracks().forEach((track) => track.stop());
  return Array.from(new Uint8Array(await new Blob(pieces).arrayBuffer()));
}
"""


def test_a_phone_s_file_that_needs_ffmpeg_is_turned_into_wav_by_the_browser(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # where the server can't read it itself
    for room in (page_of_recordings, deeds_of_recordings):
        monkeypatch.setattr(room, "ffmpeg_here", lambda: False)
    with stage.at(AUTHOR, DESKTOP) as author:
        begin(author, "Tệp từ điện thoại")
        phone = stage.folder / "điện thoại.webm"
        phone.write_bytes(bytes(author.evaluate(RECORDED_BY_A_PHONE)))
        assert kind_of(phone.read_bytes()[:64]) is Kind.WEBM
        author.set_input_files("#file", phone)
        expect(author.locator(".recorder-say")).to_contain_text("đã đổi sang WAV")
        author.click("text=Gửi bản thu")
        expect(author.locator("#recorded")).to_contain_text("điện thoại.wav")


def test_without_leave_for_the_microphone_the_page_says_what_to_do(stage: Stage) -> None:
    with stage.at(AUTHOR, PHONE) as author:
        author.add_init_script(
            "navigator.mediaDevices.getUserMedia ="
            " () => Promise.reject(new DOMException('no', 'NotAllowedError'));"
        )
        begin(author, "Không được dùng micrô")
        author.click("text=Bắt đầu thu")
        expect(author.locator(".recorder-say")).to_contain_text("chưa được phép dùng micrô")
        expect(author.locator("#file")).to_be_visible()
        is_open_to_everybody(author)
    with stage.at(AUTHOR, PHONE) as author:
        author.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined });")
        begin(author, "Trang mở bằng http")
        author.click("text=Bắt đầu thu")
        expect(author.locator(".recorder-say")).to_contain_text("https")


def test_only_the_page_of_writing_may_ask_for_the_microphone(stage: Stage) -> None:
    with stage.at(AUTHOR, DESKTOP) as author:
        policies = {}
        for path in ("/", "/viet-bai", "/cum-loa"):
            answer = author.goto(path)
            assert answer is not None
            policies[path] = answer.header_value("permissions-policy") or ""
            assert "unsafe" not in (answer.header_value("content-security-policy") or "")
        assert [path for path, policy in policies.items() if "microphone=(self)" in policy] == ["/viet-bai"]
