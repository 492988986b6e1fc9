"""Who comes in, how long they stay, and that nobody rides on their login."""

import time
from pathlib import Path

import httpx
import pytest

from controller.access import Role
from controller.deploy.commune_data import QUANG_DIEN
from controller.store import audit, people
from tests.support.doors import AUTHOR, LEADER, LOCAL_OPERATOR, PASSWORD, VILLAGE, Home, door, play
from tests.support.pages import form_token

LOGIN = {"username": AUTHOR, "password": PASSWORD}


def cookie(answer: httpx.Response) -> str:
    found: str = answer.headers["set-cookie"]
    return found


@pytest.mark.promise("S34")
def test_a_cookie_from_before_the_login_is_worth_nothing_after_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house) as client:
            client.cookies.set("loa", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
            await client.post("/api/sessions", json=LOGIN)
            first = client.cookies["loa"]
            assert first != "chosen-by-somebody-else"
            answer = await client.post("/dang-nhap", data=LOGIN)
            assert answer.status_code == 303
            second = client.cookies["loa"]
            assert second not in (first, "chosen-by-somebody-else")
        async with door(house) as stale:
            for old in (first, "chosen-by-somebody-else"):
                answer = await stale.get("/api/me", headers={"Cookie": f"loa={old}"})
                assert answer.status_code == 401
            answer = await stale.get("/api/me", headers={"Cookie": f"loa={second}"})
            assert answer.status_code == 200

    play(tmp_path, story)


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house) as client:
            plain = cookie(await client.post("/api/sessions", json=LOGIN))
            assert plain.startswith("loa=")
            assert "HttpOnly" in plain
            assert "SameSite=strict" in plain
            assert "Path=/" in plain
            assert "Domain" not in plain
        transport = httpx.ASGITransport(house.app)
        base = "https://loa.example"
        async with httpx.AsyncClient(transport=transport, base_url=base, headers={"Origin": base}) as client:
            bound = cookie(await client.post("/api/sessions", json=LOGIN))
            assert bound.startswith("__Host-loa=")
            assert "Secure" in bound

    play(tmp_path, story, hosts=("loa.example",))


@pytest.mark.promise("S35")
def test_a_login_ends_at_once_when_its_person_may_not_come_in_any_more(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        person = house.cast[AUTHOR]
        db = house.loa.db
        async with door(house, AUTHOR) as client:
            token = client.cookies["loa"]
            assert (await client.delete("/api/sessions")).status_code == 204
            answer = await client.get("/api/me", headers={"Cookie": f"loa={token}"})
            assert answer.status_code == 401
        async with door(house, AUTHOR) as client:
            await db.write(people.change_role, person.id, Role.VIEWER, QUANG_DIEN)
            assert (await client.get("/api/me")).status_code == 401
        async with door(house, AUTHOR) as client:
            assert (await client.get("/api/me")).json()["role"] == "viewer"
            await db.write(people.disable, person.id)
            answer = await client.get("/api/me")
            assert (answer.status_code, answer.json()["code"]) == (401, "E_SESSION")
            page = await client.get("/nhat-ky?ngay=2026-11-23")
            assert page.headers["location"].startswith("/dang-nhap?next=%2Fnhat-ky%3Fngay%3D2026-11-23")
            refused = await client.post("/api/sessions", json=LOGIN)
            assert (refused.status_code, refused.json()["code"]) == (401, "E_LOGIN")

    play(tmp_path, story)


@pytest.mark.parametrize("column", ["seen_at", "created_at"])
def test_an_idle_login_and_an_old_one_end(tmp_path: Path, column: str) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            sql = f"UPDATE login_session SET {column} = ?"
            before = {"seen_at": "2026-11-22T22:31:00.000Z", "created_at": "2026-11-22T11:01:00.000Z"}[column]
            after = {"seen_at": "2026-11-22T22:29:00.000Z", "created_at": "2026-11-22T10:59:00.000Z"}[column]
            await house.loa.db.write(lambda conn: conn.execute(sql, [before]))
            assert (await client.get("/api/me")).status_code == 200
            await house.loa.db.write(lambda conn: conn.execute(sql, [after]))
            assert (await client.get("/api/me")).status_code == 401

    play(tmp_path, story)


def test_guessing_is_slowed_down_in_the_same_words(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house) as client:
            answers = [
                await client.post("/api/sessions", json={"username": name, "password": "sai-mat-khau-roi"})
                for name in (AUTHOR, "khong-co-nguoi-nay")
            ]
            assert {answer.json()["detail"] for answer in answers} == {
                "Tên đăng nhập hoặc mật khẩu không đúng."
            }
            for _ in range(4):
                await client.post("/dang-nhap", data={"username": AUTHOR, "password": "sai-mat-khau-roi"})
            page = await client.post("/dang-nhap", data=LOGIN)
            assert page.status_code == 429
            assert int(page.headers["retry-after"]) >= 1
            assert f'value="{AUTHOR}"' in page.text

    play(tmp_path, story)


@pytest.mark.promise("S36")
def test_nothing_changes_for_a_request_that_our_own_page_did_not_send(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            base = house.loa.settings.public_base
            body = {"area": QUANG_DIEN}
            token = await form_token(client)
            good = {"token": token, "title": "Họp", "text": "Họp thôn.", "do": "save"}
            strangers = ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": base + "1"})
            for headers in strangers:
                answer = await client.post(
                    "/api/stop", json=body, headers={**headers, "Idempotency-Key": "1"}
                )
                assert (answer.status_code, answer.json()["code"]) == (403, "E_ORIGIN")
                assert (await client.post("/viet-bai", data=good, headers=headers)).status_code == 403
            del client.headers["Origin"]
            answer = await client.post("/api/stop", json=body, headers={"Idempotency-Key": "1"})
            assert (answer.status_code, answer.json()["code"]) == (403, "E_ORIGIN")
            assert (await client.post("/viet-bai", data=good)).status_code == 403
            client.headers["Origin"] = base
            # a page of another site can send a form, or text that looks like JSON, but not our type
            for kind in (
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
            ):
                headers = {"Content-Type": kind, "Idempotency-Key": "1"}
                answer = await client.post("/api/stop", content=b'{"area": "19867"}', headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (403, "E_ORIGIN"), kind
            for wrong in ("", "0" * 64, token[:-1]):
                answer = await client.post("/viet-bai", data={**good, "token": wrong})
                assert answer.status_code == 403
                assert "Họp thôn." in answer.text, "what was typed is kept"
            assert (await client.get("/api/announcements")).json() == []
            assert (await client.post("/viet-bai", data=good)).status_code == 303

    play(tmp_path, story)


@pytest.mark.promise("S42")
def test_a_foreign_host_is_refused_and_forwarded_headers_are_not_believed(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house) as client:
            for host in (
                "evil.example",
                "evil.example:8080",
                "127.0.0.1.evil.example",
                "",
                "a@127.0.0.1",
                "[::",
            ):
                answer = await client.get("/healthz", headers={"Host": host})
                assert (answer.status_code, answer.json()["code"]) == (400, "E_HOST"), host
                assert (await client.get("/", headers={"Host": host})).status_code == 400
            forwarded = {
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-For": "10.1.2.3",
                "Forwarded": "host=evil.example;proto=https",
            }
            answer = await client.get("/", headers=forwarded)
            assert answer.headers["location"].startswith("/dang-nhap")
            assert cookie(await client.post("/api/sessions", json=LOGIN, headers=forwarded)).startswith(
                "loa="
            )

    play(tmp_path, story)


@pytest.mark.promise("S43")
def test_after_the_login_one_stays_on_this_site(tmp_path: Path) -> None:
    outside = (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
    )

    async def story(house: Home) -> None:
        for next_page in outside:
            async with door(house) as client:
                page = await client.get("/dang-nhap", params={"next": next_page})
                assert 'name="next" value="/"' in page.text, next_page
                answer = await client.post("/dang-nhap", data={**LOGIN, "next": next_page})
                assert answer.headers["location"] == "/", next_page
                answer = await client.get("/dang-nhap", params={"next": next_page})
                assert answer.headers["location"] == "/"
        async with door(house) as client:
            answer = await client.post("/dang-nhap", data={**LOGIN, "next": "/nhat-ky?ngay=2026-11-23"})
            assert answer.headers["location"] == "/nhat-ky?ngay=2026-11-23"

    play(tmp_path, story)


@pytest.mark.promise("S66")
def test_who_only_watches_can_t_stop_and_a_lapsed_login_finds_the_way(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, LEADER) as client:
            token = await form_token(client)
            assert "DỪNG TẤT CẢ" not in (await client.get("/")).text
            answer = await client.post("/dung-tat-ca", data={"token": token, "key": "k"})
            assert answer.status_code == 403
            answer = await client.post("/api/stop", json={"area": "46"}, headers={"Idempotency-Key": "k"})
            assert (answer.status_code, answer.json()["code"]) == (403, "E_RIGHT")
        async with door(house, LOCAL_OPERATOR) as client:
            token = await form_token(client)
            await client.delete("/api/sessions")
            answer = await client.post("/dung-tat-ca", data={"token": token, "key": "k"})
            assert answer.status_code == 401
            assert "/dang-nhap?next=%2Fdung-tat-ca" in answer.text
            login = {"username": LOCAL_OPERATOR, "password": PASSWORD, "next": "/dung-tat-ca"}
            answer = await client.post("/dang-nhap", data=login)
            assert answer.headers["location"] == "/dung-tat-ca"
            page = await client.get("/dung-tat-ca")
            assert "Dừng ngay" in page.text
            begun = time.monotonic()
            answer = await client.post("/dung-tat-ca", data={"token": await form_token(client), "key": "k2"})
            assert answer.status_code == 200
            assert time.monotonic() - begun < 3
            rows = await house.loa.db.read(audit.newest)
            assert [row.who for row in rows if row.deed == "stop.pressed"] == [LOCAL_OPERATOR]

    play(tmp_path, story)


def test_every_page_carries_the_safe_headers(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            for path in ("/", "/viet-bai", "/api/me", "/khong-co", "/static/loa.css", "/api/nothing"):
                headers = (await client.get(path)).headers
                assert "default-src 'self'" in headers["content-security-policy"]
                assert "unsafe" not in headers["content-security-policy"]
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["referrer-policy"] == "same-origin"
            page = (await client.get("/")).text
            for inline in ("<script>", " style=", "<style", " onclick=", "javascript:"):
                assert inline not in page

    play(tmp_path, story)


def test_only_villages_of_the_own_commune_can_be_named(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, LOCAL_OPERATOR) as client:
            body = {
                "area": QUANG_DIEN,
                "targets": [VILLAGE, "19885-01"],
                "hazard": "flood",
                "level": 2,
                "text": "Lũ.",
            }
            answer = await client.post("/api/emergencies/preview", json=body)
            assert answer.status_code in (404, 422)

    play(tmp_path, story)
