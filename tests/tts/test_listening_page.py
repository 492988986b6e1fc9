"""The page of a listening test in a browser: by keyboard, by touch, offline, in two languages."""

import csv
import io
import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PHONE, chromium, is_open_to_everybody
from tests.support.listening import VOICES, made, run
from tts.cli import app
from tts.listening_page import page_of
from tts.opinions import read_sheet
from tts.trials import Plan, draw


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def listener(browser: Browser, tmp_path: Path) -> Iterator[tuple[Page, Path, Plan]]:
    plan = made(tmp_path / "t")
    context = browser.new_context(viewport=PHONE, locale="vi-VN", accept_downloads=True)
    context.set_default_timeout(15_000)
    page = context.new_page()
    elsewhere: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda asked: elsewhere.append(asked.url))
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((tmp_path / "t/nghe/nghe.html").as_uri())
    try:
        yield page, tmp_path / "t", plan
        assert [url for url in elsewhere if not url.startswith(("file:", "blob:"))] == []
        assert [one for one in complaints if "ERR_FILE_NOT_FOUND" not in one] == []
    finally:
        context.close()


def test_both_languages_of_the_page_say_the_same_things() -> None:
    words = json.loads(resources.files("tts").joinpath("data/listening_page.json").read_text("utf-8"))
    assert words["vi"].keys() == words["en"].keys()
    blanks = [{key: set(re.findall(r"{(\w+)}", said)) for key, said in words[one].items()} for one in words]
    assert blanks[0] == blanks[1]


def introduce(page: Page, native: str = "yes") -> None:
    for answer in (f"native-{native}", "region-centre", "age-old", "where-speaker"):
        page.click(f"[data-about={answer}]")
    page.click("#start")
    page.wait_for_selector("#play-a")


def heard(page: Page, side: str) -> None:
    expect(page.locator(f"#play-{side}")).to_contain_text(re.compile("Nghe lại|Đang phát"))


@pytest.mark.browser
def test_a_listener_rates_by_keyboard_offline_and_the_csv_becomes_a_score(
    listener: tuple[Page, Path, Plan], tmp_path: Path
) -> None:
    page, folder, plan = listener
    is_open_to_everybody(page)
    page.click("#start")
    expect(page.locator("#said")).to_contain_text("trả lời đủ")
    introduce(page)
    is_open_to_everybody(page)
    page.keyboard.press("4")
    expect(page.locator("#said")).to_contain_text("nghe bản này trước")
    for number in range(len(plan.trials)):
        expect(page.locator("h1")).to_contain_text(f"Cặp {number + 1} trên 6")
        page.keyboard.press("Space")
        heard(page, "a")
        page.keyboard.press("4")
        page.keyboard.press("3")
        page.keyboard.press("Space")
        heard(page, "b")
        page.keyboard.press("2")
        page.keyboard.press("1")
        page.keyboard.press("1")
        assert page.locator("[aria-pressed=true]").count() == 5
        if number == 2:  # closed in the middle, opened again
            page.reload()
            assert page.locator("[aria-pressed=true]").count() == 5
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowRight")
    page.wait_for_selector("#download")
    page.fill("#comment", '=HYPERLINK("http://x"),\nrõ')
    with page.expect_download() as coming:
        page.click("#download")
    data = Path(coming.value.path()).read_bytes()
    assert data.startswith(b"\xef\xbb\xbftest,listener,native,")
    assert b"\r\n" in data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0]["comment"].startswith("'=")
    assert {row["region"] for row in rows} == {"centre"}
    assert all(int(row["plays"]) >= 1 for row in rows)
    ratings = read_sheet(data, plan)
    assert len(ratings) == 12
    left = {trial.a for trial in plan.trials}
    assert {(one.understood, one.natural, one.preferred) for one in ratings if one.token in left} == {
        (4, 3, 1)
    }
    right = [one for one in ratings if one.token not in left]
    assert {(one.understood, one.natural, one.preferred) for one in right} == {(2, 1, 0)}
    (tmp_path / "mot.csv").write_bytes(data)
    told = run(app, ["listening-score", str(folder), str(tmp_path / "mot.csv")], env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    assert "1 listeners" in told.output
    page.click("#next-listener")
    page.click("#yes-clear")
    assert page.locator("[data-about]").count() == 12
    assert page.locator("[aria-pressed=true]").count() == 0


@pytest.mark.browser
def test_the_page_speaks_english_too_and_works_by_touch(listener: tuple[Page, Path, Plan]) -> None:
    page, _, plan = listener
    page.click("#switch")
    assert page.text_content("h1") == "Listen and rate the voices"
    introduce(page, native="no")
    page.click("#play-b")
    expect(page.locator("#play-b")).to_contain_text("again")
    page.click("[data-mark=bunderstood-5]")
    assert page.get_attribute("[data-mark=bunderstood-5]", "aria-pressed") == "true"
    page.click("[data-mark=preferred-same]")
    expect(page.locator("#said")).to_contain_text("both versions")
    small = page.evaluate("[...document.querySelectorAll('button')].filter(b => b.offsetHeight < 48).length")
    assert small == 0
    for _ in plan.trials:
        page.click("#next")
    expect(page.locator(".said")).to_contain_text("6 pairs are not rated")
    page.click("#unfinished")
    assert page.text_content("h1") == "Pair 1 of 6"


@pytest.mark.browser
def test_sounds_that_were_left_behind_are_said_to_be(listener: tuple[Page, Path, Plan]) -> None:
    page, folder, _ = listener
    introduce(page)
    for path in (folder / "nghe/am").iterdir():
        path.unlink()
    page.click("#play-a")
    expect(page.locator("#said")).to_contain_text("Không phát được")


def test_the_page_is_made_of_its_plan_alone() -> None:
    plan = draw(("</script><b>x</b>",), VOICES[:2], 1)
    assert "</script><b>" not in page_of(plan)
