"""Từ điển đọc as a person without JavaScript uses it, and the same by /api."""

from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import PROVINCE, QUANG_DIEN
from controller.store.lexicon import Line
from controller.web.lexicon_words import KINDS, decided, marks, sentence_with
from tests.support.doors import (
    APPROVER,
    AUTHOR,
    LEADER,
    LOCAL_OPERATOR,
    OPERATOR,
    STRANGER,
    VILLAGE,
    Home,
    door,
    play,
)
from tests.support.pages import fill
from tts.normalize import normalize

TEXT = "UBND xã mời bà con đến HTX Phò họp lúc 7h30. Mang theo 24 nghìn đồng."
HTX = {"written": "HTX", "reading": "hợp tác xã nhà"}
SECRET = "hợp tác xã bí mật"


async def keep(house: Home, **line: str) -> None:
    async with door(house, AUTHOR) as client:
        page = await client.get("/tu-dien")
        done = await fill(client, page, "/tu-dien", **{**HTX, **line, "do": "save"})
        assert done.status_code == 200, done.text
        assert "Đã ghi" in done.text


def test_a_line_is_tried_kept_changed_removed_and_brought_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            page = await client.get("/tu-dien")
            assert "Chưa có mục nào" in page.text
            tried = await fill(client, page, "/tu-dien", **HTX, sentence="Đến HTX Phò họp.", do="try")
            assert "Đến hợp tác xã <ins>nhà </ins>Phò họp." in tried.text
            assert "Chưa có mục nào" in tried.text

            kept = await fill(client, tried, "/tu-dien", do="save")
            assert "Đã ghi “HTX” đọc là “hợp tác xã nhà”." in kept.text
            twice = await fill(client, tried, "/tu-dien", do="save")
            assert twice.text.count("→ hợp tác xã nhà") == 1

            edit = await client.get("/tu-dien?sua=HTX")
            other = await client.get("/tu-dien?sua=HTX")
            assert "Sửa mục “HTX”" in edit.text
            changed = await fill(
                client, edit, "/tu-dien", reading="hợp tác xã mới", priority="1", note="hỏi bác Ba", do="save"
            )
            assert "→ hợp tác xã mới" in changed.text
            assert "hỏi bác Ba" in changed.text
            late = await fill(client, other, "/tu-dien", reading="hợp tác xã cũ", do="save")
            assert late.status_code == 412

            gone = await fill(client, changed, "/tu-dien/bo")
            assert "Đã bỏ “HTX” khỏi từ điển." in gone.text
            back = await fill(client, gone, "/tu-dien/hoan-tac")
            assert "Đã hoàn tác." in back.text
            assert "→ hợp tác xã mới" in back.text

    play(tmp_path, story)


def test_what_is_refused_stands_at_its_field_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            page = await client.get("/tu-dien")
            wrong = await fill(client, page, "/tu-dien", written="HTX", reading="HTX 2", do="save")
            assert wrong.status_code == 422
            assert 'id="reading-wrong"' in wrong.text
            assert "sẽ nghe thành “hợp tác xã hai”" in wrong.text
            assert 'value="HTX 2"' in wrong.text

            number = await fill(client, page, "/tu-dien", written="114", reading="một một lăm", do="save")
            assert "thường đọc là “một trăm mười bốn”" in number.text
            assert 'name="sure"' in number.text
            vouched = await fill(client, number, "/tu-dien", sure="1", do="save")
            assert "Đã ghi “114” đọc là “một một lăm”." in vouched.text

    play(tmp_path, story)


def test_a_list_is_searched_without_accents(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await keep(house)
        await keep(house, written="Đắc Lộ", reading="đắc lộ")
        async with door(house, AUTHOR) as client:
            found = await client.get("/tu-dien?tim=dac lo")
            assert "<strong>Đắc Lộ</strong>" in found.text
            assert "<strong>HTX</strong>" not in found.text
            nothing = await client.get("/tu-dien?tim=<b>")
            assert "Không có mục nào khớp với “&lt;b&gt;”" in nothing.text

    play(tmp_path, story)


def test_a_guess_in_viet_bai_leads_to_the_lexicon_with_its_word_and_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            sheet = await client.get("/viet-bai")
            assert "Mở từ điển đọc" in sheet.text
            there = await fill(client, sheet, "/viet-bai", title="Họp", text=TEXT, word="HTX")
            assert there.url.path == "/tu-dien"
            assert 'name="written" value="HTX"' in there.text
            assert 'name="reading" value="hợp tác xã"' in there.text
            assert "UBND xã mời bà con đến HTX Phò họp lúc 7h30.</textarea>" in there.text
            back = await fill(client, there, "/tu-dien", reading="hợp tác xã nhà", do="save")
            assert back.url.path.startswith("/viet-bai/b-")
            assert '<span class="heard">hợp tác xã nhà</span>' in back.text
            assert "theo từ điển" in back.text
            elsewhere = await client.get("/tu-dien?tu=A&ve=//evil.example/")
            assert 'name="back" value=""' in elsewhere.text

    play(tmp_path, story)


def test_the_reading_says_how_sure_it_is(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            page = await client.get("/viet-bai")
            token = page.text.partition('name="token" value="')[2].partition('"')[0]
            said = {"token": token, "text": "UBND gọi 113 về việc ĐTM"}
            part = (await client.post("/viet-bai/cach-doc", data=said)).text
            assert '<span class="read sure"><span class="as-written">UBND</span>' in part
            assert '<span class="read guess"><span class="as-written">ĐTM</span>' in part
            assert "đoán" in part
            assert 'name="word" value="ĐTM"' in part
            other = await client.post("/viet-bai/cach-doc", data={**said, "area": "19885"})
            assert other.status_code == 404

    play(tmp_path, story)


def test_a_table_is_looked_at_taken_in_and_taken_home(tmp_path: Path) -> None:
    table = "HTX\thợp tác xã nhà\nmột cột\n114\tmột một lăm\n"

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            page = await client.get("/tu-dien")
            looked = await fill(client, page, "/tu-dien/nhap", table=table, do="check")
            assert "Dòng 2: cần đúng hai cột" in looked.text
            assert "Dòng 3: “114” thường đọc “một trăm mười bốn”" in looked.text
            assert "Chưa có mục nào" in looked.text
            wrong = await fill(client, looked, "/tu-dien/nhap", do="save")
            assert (wrong.status_code, "một cột" in wrong.text) == (422, True)
            done = await fill(client, wrong, "/tu-dien/nhap", do="save", only_good="1", sure="1")
            assert "Đã nhập bảng: 2 mục" in done.text
            taken = await client.get("/tu-dien.tsv")
            assert taken.headers["content-type"].startswith("text/tab-separated-values")
            assert taken.text == "# cách viết\tcách đọc\n114\tmột một lăm\nHTX\thợp tác xã nhà\n"
            undone = await fill(client, done, "/tu-dien/hoan-tac")
            assert "Chưa có mục nào" in undone.text

    play(tmp_path, story)


def test_the_region_is_chosen_with_an_example_of_each(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            page = await client.get("/tu-dien")
            assert "một ngàn một trăm lẻ năm và hai mươi bốn" in page.text
            done = await fill(client, page, "/tu-dien/vung", region="south")
            assert "Đã lưu cách đọc số theo vùng." in done.text
            sheet = await client.get("/viet-bai")
            token = sheet.text.partition('name="token" value="')[2].partition('"')[0]
            part = await client.post("/viet-bai/cach-doc", data={"token": token, "text": "nộp 1105 đồng"})
            assert "một ngàn một trăm lẻ năm" in part.text

    play(tmp_path, story)


@pytest.mark.promise("P19", "S39", "S40")
def test_a_neighbour_sees_nothing_of_it_and_a_reader_can_not_change_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await keep(house, reading=SECRET)
        async with door(house, STRANGER) as client:
            for path in ("/tu-dien", "/tu-dien.tsv", "/api/lexicon", "/api/lexicon/table"):
                own = await client.get(path)
                assert (own.status_code, SECRET in own.text) == (200, False)
            asked = (f"/tu-dien?noi={QUANG_DIEN}", f"/tu-dien.tsv?noi={QUANG_DIEN}")
            for path in (*asked, f"/api/lexicon?area={QUANG_DIEN}", f"/api/lexicon/table?area={QUANG_DIEN}"):
                answer = await client.get(path)
                assert (answer.status_code, SECRET in answer.text) == (404, False)
            page = await client.get("/tu-dien")
            for action in ("/tu-dien", "/tu-dien/vung", "/tu-dien/nhap"):
                answer = await fill(client, page, action, area=QUANG_DIEN, **HTX, table="a\tb")
                assert answer.status_code == 404, action
            tried = {"area": QUANG_DIEN, "text": "HTX"}
            assert (await client.post("/api/lexicon/try", json=tried)).status_code == 404
        async with door(house, LEADER) as client:
            page = await client.get(f"/tu-dien?noi={QUANG_DIEN}")
            assert SECRET in page.text
            assert 'action="/tu-dien/bo"' not in page.text

    play(tmp_path, story)


def test_a_province_looks_after_its_own_lexicon_and_those_of_its_communes(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, OPERATOR) as client:
            page = await client.get("/tu-dien")
            assert f'value="{PROVINCE}"' in page.text
            assert f'value="{QUANG_DIEN}"' in page.text
        line = Line(written="NTM", reading="nông thôn mới ta")
        await house.loa.lexicons.add(house.cast[OPERATOR], PROVINCE, line, "k")
        async with door(house, AUTHOR) as client:
            page = await client.get("/tu-dien")
            assert "Theo cấp trên (1)" in page.text
            assert "nông thôn mới ta" in page.text

    play(tmp_path, story)


def test_the_page_of_an_approved_bai_says_that_it_stays_as_it_was_heard(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        desk, cast = house.loa.desk, house.cast
        view = await desk.write_announcement(cast[AUTHOR], house.draft(text=TEXT))
        name = view.announcement.id
        await desk.submit(cast[AUTHOR], name)
        await house.rendered(name)
        async with door(house, APPROVER) as client:
            page = await client.get(f"/duyet/{name}")
            assert 'name="heard" value=""' not in page.text
            assert "Đã duyệt" in (await fill(client, page, f"/duyet/{name}")).text
        await keep(house)
        async with door(house, AUTHOR) as client:
            assert "vẫn phát bản người duyệt đã nghe" in (await client.get(f"/bai/{name}")).text
            assert f'href="/bai/{name}"' in (await client.get("/tu-dien")).text

    play(tmp_path, story)


def test_the_api_does_the_same_deeds_once_for_each_key(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:

            async def do(method: str, path: str, key: str, **body: Any) -> tuple[int, Any]:
                said = {"area": QUANG_DIEN, **body}
                url = f"/api/lexicon{path}"
                answer = await client.request(method, url, json=said, headers={"Idempotency-Key": key})
                return answer.status_code, answer.json()

            first = await do("POST", "/entries", "k1", **HTX)
            assert first == await do("POST", "/entries", "k1", **HTX)
            assert first[0] == 201
            assert (await do("POST", "/entries", "k2", **HTX))[1]["code"] == "E_LEXICON_EXISTS"
            number = {"written": "114", "reading": "một một lăm"}
            status, problem = await do("POST", "/entries", "k3", **number)
            assert (status, problem["code"], problem["field"]) == (422, "E_LEXICON_NUMBER", "sure")

            tried = await do("POST", "/try", "-", text="HTX 24", line={"written": "24", "reading": "hai bốn"})
            assert tried[1]["before"] == "hợp tác xã nhà hai mươi tư"
            assert tried[1]["after"] == "hợp tác xã nhà hai bốn"
            assert [guess["rule"] for guess in tried[1]["guesses"]] == ["lexicon", "lexicon"]

            await do("PUT", "/entries", "k4", was="HTX", revision=1, written="HTX", reading="hợp tác xã")
            stale = await do("PUT", "/entries", "k5", was="HTX", revision=1, written="HTX", reading="nhà")
            assert stale[1]["code"] == "E_STALE"
            status, lines = await do("POST", "/table", "k6", table="một cột\nTT\ttê tê")
            assert (status, list(lines["lines"])) == (422, ["1"])
            assert (await do("POST", "/table", "k7", table="TT\ttê tê"))[1]["count"] == 1
            assert (await do("PUT", "/region", "k8", region="centre"))[0] == 200
            removed = await do("DELETE", "/entries", "k9", written="HTX")
            assert (await do("POST", "/undo", "k10", deed=removed[1]["deed"]))[0] == 200

            held = (await client.get("/api/lexicon")).json()
            assert {entry["written"]: entry["reading"] for entry in held["entries"]} == {
                "HTX": "hợp tác xã",
                "TT": "tê tê",
            }
            assert (held["region"], held["own_region"]) == ("centre", "centre")
            assert (
                await client.post("/api/lexicon/entries", json={"area": QUANG_DIEN, **HTX})
            ).status_code == 400

    play(tmp_path, story)


def test_every_stretch_of_a_text_is_shown_once_and_in_order() -> None:
    found = marks(normalize(TEXT), TEXT)
    assert "".join(mark.text for mark in found) == TEXT
    unsure, sure = decided((*found, *found))
    assert {mark.text for mark in sure} == {"UBND", "HTX", "7h30", "24 nghìn đồng"}
    assert unsure == ()
    assert set(KINDS.values()) - {"own", "mute"}
    assert sentence_with("Một. Hai HTX!\nBa.", "HTX") == "Hai HTX!"


def test_the_operator_sees_which_emergency_words_the_lexicon_changes(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await keep(house, written="sơ tán", reading="ở yên")
        async with door(house, LOCAL_OPERATOR) as client:
            page = await client.get("/khan-cap")
            preview = await fill(
                client,
                page,
                "/khan-cap/xem-truoc",
                hazard="flood",
                level="2",
                text="Bà con sơ tán ngay.",
                where="some",
                targets=[VILLAGE],
            )
            assert "sơ tán đọc là “ở yên”" in preview.text

    play(tmp_path, story)
