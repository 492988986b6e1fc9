"""Bad input at the doors: each gets its own clear answer in RFC 9457's shape, and never a 5xx."""

import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import QUANG_DIEN
from tests.support.asked import GOOD, is_problem, written
from tests.support.doors import AUTHOR, LOCAL_OPERATOR, VILLAGE, Home, door, play

JSON = {"Content-Type": "application/json"}


@pytest.mark.promise("S54", "P18")
def test_json_that_is_no_json_is_refused_before_anything_reads_it(tmp_path: Path) -> None:
    good = json.dumps(GOOD, ensure_ascii=False)
    bad = {
        "depth": "[" * 10_000 + "]" * 10_000,
        "depth in a field": good[:-1] + ', "x": ' + "[" * 500 + "]" * 500 + "}",
        "doubled key": good[:-1] + ', "title": "b"}',
        "doubled key below": good.replace(
            '"kind": "after_approval"', '"kind": "once", "kind": "after_approval"'
        ),
        "too large a number": good[:-1] + ', "repeat": 1e999}',
        "NaN": good[:-1] + ', "repeat": NaN}',
        "infinity": good[:-1] + ', "repeat": -Infinity}',
        "huge integer": good[:-1] + ', "repeat": ' + "9" * 5000 + "}",
        "byte order mark": "\ufeff" + good,
        "half a character": good.replace("Họp", "\\ud800"),
        "cut": good[:40],
        "empty": "",
        "two values": good + good,
    }

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            for name, body in bad.items():
                answer = await client.post("/api/announcements", content=body.encode(), headers=JSON)
                assert answer.status_code in (400, 422), (name, answer.text)
                is_problem(answer, (400, 422))
            for raw in (good.encode("utf-16"), good.encode("latin-1", "replace").replace(b"?", b"\xff")):
                is_problem(await client.post("/api/announcements", content=raw, headers=JSON), 400, "E_BODY")
            for kind in ("application/json; charset=latin-1", "application/json;charset=utf-16"):
                headers = {"Content-Type": kind}
                answer = await client.post("/api/announcements", content=good.encode(), headers=headers)
                is_problem(answer, 415, "E_MEDIA_TYPE")
            found = await client.get("/api/announcements")
            assert found.json() == []

    play(tmp_path, story)


@pytest.mark.promise("S41", "P18")
def test_a_field_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    extras = {
        "role": "admin",
        "tenant": "other",
        "approved": True,
        "state": "approved",
        "id": "b-1",
        "author": "x",
    }

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            for name, value in extras.items():
                problem = is_problem(await written(client, **{name: value}), 422, "E_FIELD")
                assert problem["field"] == name
            answer = await written(client, timing={"kind": "once", "at": "2026-11-25T09:00:00Z", "role": "x"})
            assert is_problem(answer, 422, "E_FIELD")["field"] == "timing.role"
            for name, value in (("repeat", "2"), ("repeat", True), ("targets", VILLAGE), ("title", 5)):
                assert is_problem(await written(client, **{name: value}), 422, "E_FIELD")["field"] == name
            for name in GOOD:
                short = {key: value for key, value in GOOD.items() if key != name}
                answer = await client.post("/api/announcements", json=short)
                assert is_problem(answer, 422, "E_FIELD")["field"] == name
            answer = await written(client, bulletin_class="emergency")
            assert is_problem(answer, 422, "E_FIELD")["field"] == "bulletin_class"

    play(tmp_path, story)


@pytest.mark.promise("S55", "P18")
def test_impossible_times_are_refused_with_their_field(tmp_path: Path) -> None:
    def once(at: object) -> dict[str, Any]:
        return {"timing": {"kind": "once", "at": at}}

    def weekly(**changes: object) -> dict[str, Any]:
        rule = {"kind": "weekly", "at": "06:00", "days": [0], "first": "2026-11-23", "last": "2026-11-25"}
        return {"timing": {**rule, **changes}}

    bad: tuple[tuple[dict[str, Any], str], ...] = (
        (once("2026-11-24T25:00:00Z"), "timing.at"),
        (once("2027-02-31T05:00:00Z"), "timing.at"),
        (once("9999-12-31T23:59:59Z"), "timing.at"),
        (once("0001-01-01T00:00:00+14:00"), "timing.at"),
        (once("2026-11-24"), "timing.at"),
        (once(1_764_000_000), "timing.at"),
        (once("2026-11-20T05:00:00Z"), "timing.at"),
        (once("2026-11-23T20:15:00Z"), "timing.at"),
        (weekly(at="25:00"), "timing.at"),
        (weekly(first="2026-02-31"), "timing.first"),
        (weekly(last="9999-01-01"), "timing.last"),
        (weekly(first="2026-11-25", last="2026-11-23"), "timing.last"),
        (weekly(last="2036-11-23"), "timing.last"),
        (weekly(days=[]), "timing.days"),
        (weekly(days=[7]), "timing.days"),
        (weekly(days=[0, 0]), "timing.days"),
        ({"timing": {"kind": "every_second"}}, "timing.kind"),
        ({"expires_at": "2026-11-20T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2036-11-25T00:00:00Z"}, "expires_at"),
        ({"expires_at": "31/02/2027"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "expires_at"),
        ({"valid_from": "2026-11-26T00:00:00Z"}, "expires_at"),
        ({"valid_from": "2026-11-25T10:00:00Z"}, "expires_at"),
        ({"valid_from": "2026-13-01T00:00:00Z"}, "valid_from"),
    )

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            for changes, field in bad:
                problem = is_problem(await written(client, **changes), 422)
                assert problem["field"] == field, (changes, problem)
            for day in ("2026-02-31", "9999-01-01", "0001-01-01", "1", "2026-1-1", "20261123", "hôm nay"):
                answer = await client.get("/api/day", params={"date": day})
                assert is_problem(answer, 422, "E_TIME")["field"] == "date"

    play(tmp_path, story)


@pytest.mark.promise("S45", "P18")
def test_hidden_characters_are_refused_and_two_ways_of_writing_become_one(tmp_path: Path) -> None:
    hidden = {
        "bidi override": "Họp \u202ethôn",
        "zero width": "Họp\u200b thôn",
        "NUL": "Họp\x00 thôn",
        "escape": "Họp \x1b[31mthôn",
        "private": "Họp \ue000 thôn",
    }

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            for field in ("title", "text"):
                for name, value in hidden.items():
                    problem = is_problem(await written(client, **{field: value}), 422, "E_TEXT")
                    assert problem["field"] == field, name
                problem = is_problem(await written(client, **{field: "x" * 1_000_000}), 422)
                assert problem["field"] == field
            answer = await written(
                client, title="Ho\u0323p tho\u0302n 🐃", text="Ti\u0302m bo\u0300 la\u0323c."
            )
            assert answer.status_code == 201
            assert answer.json()["title"] == "Họp thôn 🐃"
            assert answer.json()["text"] == "Tîm bò lạc."

    play(tmp_path, story)


@pytest.mark.promise("S50")
def test_a_body_that_is_too_large_is_refused_while_it_comes(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * 1024 * 1024:
            sent += 64 * 1024
            yield b" " * 64 * 1024

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            body = b" " * (2 * 1024 * 1024 + 1)
            is_problem(
                await client.post("/api/announcements", content=body, headers=JSON), 413, "E_TOO_LARGE"
            )
            is_problem(
                await client.post("/api/announcements", content=endless(), headers=JSON), 413, "E_TOO_LARGE"
            )
            assert sent < 3 * 1024 * 1024
            page = await client.post("/viet-bai", content=body)
            assert page.status_code == 413
            assert "quá lớn" in page.text

    play(tmp_path, story)


@pytest.mark.promise("P12", "S63")
def test_nothing_chosen_is_never_everyone(tmp_path: Path) -> None:
    form = {"area": QUANG_DIEN, "hazard": "flood", "level": 3, "text": "Nước đang lên nhanh."}
    empty = "19867-99"

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            assert is_problem(await written(client, targets=[]), 422, "E_TARGET_EMPTY")["field"] == "targets"
        async with door(house, LOCAL_OPERATOR) as client:
            answer = await client.post("/api/emergencies/preview", json={**form, "targets": []})
            is_problem(answer, 422, "E_TARGET_EMPTY")
            answer = await client.post("/api/emergencies/preview", json={**form, "targets": [empty]})
            is_problem(answer, (404, 422))
            # every node of this house is silent: it may be sent, but the page says so first
            answer = await client.post("/api/emergencies/preview", json={**form, "targets": [VILLAGE]})
            assert answer.status_code == 200
            preview = answer.json()
            assert preview["only_offline"] is True
            assert len(preview["unreachable"]) == preview["nodes"] > 0

    play(tmp_path, story)


@pytest.mark.promise("F70")
def test_five_presses_are_one_alert(tmp_path: Path) -> None:
    form = {
        "area": QUANG_DIEN,
        "hazard": "flood",
        "level": 2,
        "text": "Nước đang lên nhanh.",
        "targets": [VILLAGE],
    }

    async def story(house: Home) -> None:
        async with door(house, LOCAL_OPERATOR) as client:
            preview = (await client.post("/api/emergencies/preview", json=form)).json()
            body = {"preview": preview["id"], "typed_name": preview["typed_name"]}
            is_problem(await client.post("/api/emergencies", json=body), 400, "E_IDEMPOTENCY_KEY")
            alerts = set()
            for _ in range(5):
                answer = await client.post(
                    "/api/emergencies", json=body, headers={"Idempotency-Key": "press"}
                )
                assert answer.status_code == 201, answer.text
                alerts.add(answer.json()["id"])
            assert len(alerts) == 1
            other = {**body, "typed_name": preview["typed_name"] + " "}
            answer = await client.post("/api/emergencies", json=other, headers={"Idempotency-Key": "press"})
            assert answer.status_code in (201, 409)
            wrong = {**body, "typed_name": "Đan Điền"}
            answer = await client.post("/api/emergencies", json=wrong, headers={"Idempotency-Key": "again"})
            is_problem(answer, (409, 422))
            listed = (await client.get("/api/alerts")).json()
            assert [alert["id"] for alert in listed] == list(alerts)

    play(tmp_path, story)


@pytest.mark.promise("F68")
def test_the_slower_of_two_editors_sees_both_versions(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as one, door(house, AUTHOR) as two:
            made = await written(one)
            path, tag = f"/api/announcements/{made.json()['id']}", made.headers["etag"]
            first = {**GOOD, "title": "Bản của người thứ nhất"}
            second = {**GOOD, "title": "Bản của người thứ hai"}
            assert (await one.put(path, json=first, headers={"If-Match": tag})).status_code == 200
            problem = is_problem(await two.put(path, json=second, headers={"If-Match": tag}), 412, "E_STALE")
            assert problem["stored"]["title"] == "Bản của người thứ nhất"
            assert (await one.get(path)).json()["title"] == "Bản của người thứ nhất"
            is_problem(await two.put(path, json=second), 428, "E_IF_MATCH")
            newer = (await two.get(path)).headers["etag"]
            assert (await two.put(path, json=second, headers={"If-Match": newer})).status_code == 200

    play(tmp_path, story)


@pytest.mark.promise("P18")
def test_what_does_not_exist_is_told_in_the_asker_s_form(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            is_problem(await client.get("/api/nothing"), 404, "E_NOT_FOUND")
            is_problem(await client.delete("/api/announcements"), 405, "E_METHOD")
            is_problem(await client.get("/clips/" + "0" * 64), 404, "E_NOT_FOUND")
            page = await client.get("/khong-co-trang-nay")
            assert page.status_code == 404
            assert page.headers["content-type"].startswith("text/html")
            assert "Không tìm thấy trang" in page.text

    play(tmp_path, story)


@pytest.mark.promise("S75")
def test_who_has_not_logged_in_learns_nothing_of_how_the_house_is_built(tmp_path: Path) -> None:
    paths = ("/docs", "/redoc", "/openapi.json", "/api/openapi.json", "/.git/config", "/.env", "/metrics")
    more = ("/static/../app.py", "/static/%2e%2e/app.py", "/debug", "/clips/", "/api/")

    async def story(house: Home) -> None:
        async with door(house) as nobody:
            for path in (*paths, *more):
                answer = await nobody.get(path)
                assert answer.status_code in (401, 403, 404), path
                assert not any(sign in answer.text for sign in ('"paths"', "loa_", "def ")), path

    play(tmp_path, story)


def ranges() -> Iterable[tuple[str, int]]:
    yield "bytes=0-9", 206
    yield "bytes=10-", 206
    yield "bytes=-5", 206
    yield "bytes=0-999999999", 206
    yield "bytes=999999999-", 416
    yield "bytes=-0", 416
    yield "bytes=9-3", 416
    yield "bytes=-", 416
    yield "bytes=a-b", 416
    yield "lines=1-2", 416
    yield "bytes=0-1,4-5", 416
    yield "bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), 416


@pytest.mark.promise("S52")
def test_a_clip_is_given_whole_in_one_part_or_not_at_all(tmp_path: Path) -> None:
    sound = bytes(range(256)) * 4
    name = "c" * 64

    async def story(house: Home) -> None:
        (house.loa.clips / name).write_bytes(sound)
        async with door(house) as client:
            whole = await client.get(f"/clips/{name}")
            assert (whole.status_code, whole.content) == (200, sound)
            assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert whole.headers["content-type"] == "audio/ogg"
            tag = whole.headers["etag"]
            assert tag == f'"{name}"'
            for header in (tag, f'"x", {tag}', "*"):
                again = await client.get(f"/clips/{name}", headers={"If-None-Match": header})
                assert (again.status_code, again.content) == (304, b"")
            for wanted, status in ranges():
                answer = await client.get(f"/clips/{name}", headers={"Range": wanted})
                assert answer.status_code == status, wanted
                if status == 416:
                    assert answer.headers["content-range"] == f"bytes */{len(sound)}"
                    is_problem(answer, 416, "E_RANGE")
                    continue
                first, last = map(int, answer.headers["content-range"][6:].split("/")[0].split("-"))
                assert answer.content == sound[first : last + 1]
            stale = {"Range": "bytes=0-9", "If-Range": '"other"'}
            assert (await client.get(f"/clips/{name}", headers=stale)).status_code == 200
            head = await client.head(f"/clips/{name}")
            assert (head.headers["content-length"], head.content) == (str(len(sound)), b"")
            for path in ("/clips/../loa.db", "/clips/%2e%2e%2floa.db", f"/clips/{name.upper()}", "/clips/x"):
                assert (await client.get(path)).status_code == 404

    play(tmp_path, story)
