"""Forms with a file, as browsers and strangers send them: read while they come, refused without a trace."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.doors.streams import LONGEST_READ, LONGEST_UPLOAD, Metered, is_stream
from controller.errors import Problem
from tests.support.asked import written
from tests.support.doors import AUTHOR, STRANGER, TEXT, Home, door, play
from tests.support.pages import form_token
from tests.support.recordings import VOICE, left

BOUNDARY = "xoo"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, value: bytes | str, filename: str | None = None) -> bytes:
    """One part as a browser writes it."""
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + (value.encode() if isinstance(value, str) else value) + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def words(token: str, **more: str) -> bytes:
    fields = {"token": token, "title": "Họp thôn", "text": TEXT, "class": "normal", **more}
    return b"".join(part(name, value) for name, value in fields.items())


async def posted(client: httpx.AsyncClient, body: Any, path: str = "/viet-bai/ban-thu") -> httpx.Response:
    return await client.post(path, content=body, headers=MULTIPART)


def test_words_and_voice_come_in_one_form(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            token = await form_token(client)
            body = words(token) + part("file", VOICE, "lời mời.wav") + END
            answer = await posted(client, body)
            assert answer.status_code == 303, answer.text
            bai = answer.headers["location"].split("/")[2].split("?")[0]
            told = (await client.get(f"/api/announcements/{bai}")).json()
            assert (told["title"], told["recording"]["name"]) == ("Họp thôn", "lời mời.wav")
            page = await client.get(answer.headers["location"])
            assert "lời mời.wav" in page.text
            # another one over it: what was there can be put back
            other = words(token, seen=told["content_hash"]) + part("file", VOICE[:-4800], "hai.wav") + END
            answer = await posted(client, other, f"/viet-bai/{bai}/ban-thu")
            assert f"bo={told['recording']['id']}" in answer.headers["location"]
            assert "Lấy lại bản thu trước" in (await client.get(answer.headers["location"])).text

    play(tmp_path, story)


def test_what_was_typed_stays_whatever_is_wrong_with_the_file(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            token = await form_token(client)
            for number, (file, status, said) in enumerate(
                (
                    (part("file", b"<html>", "a.mp3"), 415, "không phải là âm thanh"),
                    (part("file", b"", ""), 422, "chưa gửi"),
                    (b"", 422, "chưa gửi"),
                )
            ):
                title = f"Bài số {number}"
                answer = await posted(client, words(token, title=title) + file + END)
                assert answer.status_code == status
                assert said in answer.text
                assert title in answer.text
                assert TEXT in answer.text
                # the words are stored, so that pressing on does not make a second bài
                assert 'action="/viet-bai/b-' in answer.text
            empty = words(token, title="Bài không lời", text=" ") + part("file", VOICE, "a.wav") + END
            answer = await posted(client, empty)
            assert answer.status_code == 422
            assert "Bài không lời" in answer.text
            assert left(house) == []

    play(tmp_path, story)


def test_two_who_edit_the_same_see_each_other_also_with_a_voice(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            token = await form_token(client)
            bai = (await written(client)).json()["id"]
            body = words(token, seen="0" * 64, title="Bản chậm") + part("file", VOICE, "a.wav") + END
            answer = await posted(client, body, f"/viet-bai/{bai}/ban-thu")
            assert answer.status_code == 412
            assert "Bản chậm" in answer.text
            assert (await client.get(f"/api/announcements/{bai}")).json()["recording"] is None
            assert left(house) == []

    play(tmp_path, story)


@pytest.mark.promise("S36", "S40")
def test_a_form_that_is_not_this_login_s_writes_not_a_byte(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, STRANGER) as stranger:
            foreign = await form_token(stranger)
            async with door(house, AUTHOR) as client:
                bai = (await written(client)).json()["id"]
                for body in (
                    words(foreign) + part("file", VOICE, "a.wav") + END,
                    part("title", "x") + part("file", VOICE, "a.wav") + END,
                    part("file", VOICE, "a.wav") + words(await form_token(client)) + END,
                ):
                    answer = await posted(client, body, f"/viet-bai/{bai}/ban-thu")
                    assert answer.status_code == 403
                    assert left(house) == []
            body = words(foreign) + part("file", VOICE, "a.wav") + END
            assert (await posted(stranger, body, f"/viet-bai/{bai}/ban-thu")).status_code == 404
        async with door(house) as nobody:
            assert (await posted(nobody, words("") + END)).status_code == 401
        assert left(house) == []

    play(tmp_path, story)


@pytest.mark.promise("S52")
def test_a_form_of_a_hundred_thousand_parts_or_none_that_is_whole_costs_little(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            token = await form_token(client)
            many = words(token) + part("x", "") * 100_000 + END
            began = time.process_time()
            assert (await posted(client, many)).status_code == 400
            assert time.process_time() - began < 1
            for body in (
                words(token) + part("file", VOICE),
                words(token) + part("file", VOICE) + END,
                words(token) + part("file", VOICE, "a.wav"),
                words(token) + part("file", VOICE, "a.wav") + part("file", VOICE, "b.wav") + END,
                words(token) + part("title", b"\xff\xfe") + END,
                b"--other\r\n\r\n",
                b"",
            ):
                assert (await posted(client, body)).status_code == 400
            headers = {"Content-Type": "multipart/form-data"}
            bare = await client.post("/viet-bai/ban-thu", content=words(token) + END, headers=headers)
            assert bare.status_code == 415
            assert left(house) == []

    play(tmp_path, story)


@pytest.mark.promise("S50")
def test_a_file_that_is_too_large_is_read_to_its_end_and_answered_on_the_page(tmp_path: Path) -> None:
    async def large(token: str) -> AsyncIterator[bytes]:
        yield words(token, title="Bài có tệp lớn") + part("file", b"", "a.wav")[:-2]
        for _ in range(LONGEST_UPLOAD // 2**20 + 1):
            yield bytes(2**20)
        yield b"\r\n" + END

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            answer = await posted(client, large(await form_token(client)))
            assert answer.status_code == 413
            assert "lớn quá 100 MB" in answer.text
            assert "Bài có tệp lớn" in answer.text
            assert left(house) == []

    play(tmp_path, story)


class TestMeter:
    """The pace of a body, by a clock of the test's own."""

    def read(self, pieces: list[tuple[float, int]]) -> int:
        """How many pieces come through; each is (at this second, so many octets)."""
        now = 0.0
        waiting = list(pieces)

        async def receive() -> dict[str, Any]:
            nonlocal now
            now, size = waiting.pop(0)
            return {"type": "http.request", "body": bytes(size), "more_body": bool(waiting)}

        async def all_of_it() -> int:
            metered = Metered(receive, clock=lambda: now)
            for _ in pieces:
                await metered()
            return len(pieces)

        return asyncio.run(all_of_it())

    def test_a_thin_link_is_let_through(self) -> None:
        assert self.read([(second, 1500) for second in range(600)]) == 600

    @pytest.mark.promise("S50")
    def test_one_octet_a_second_is_not(self) -> None:
        with pytest.raises(Problem, match="E_SLOW"):
            self.read([(second, 1) for second in range(40)])

    @pytest.mark.promise("S50")
    def test_nor_a_body_without_end(self) -> None:
        piece = LONGEST_READ // 8
        with pytest.raises(Problem, match="E_TOO_LARGE"):
            self.read([(0.0, piece)] * 10)

    def test_only_two_roads_are_streams(self) -> None:
        def road(method: str, path: str) -> bool:
            return is_stream({"method": method, "path": path})

        assert road("POST", "/viet-bai/ban-thu")
        assert road("POST", "/viet-bai/b-1/ban-thu")
        assert road("POST", "/api/announcements/b-1/recording")
        assert not road("PUT", "/api/announcements/b-1/recording")
        assert not road("POST", "/viet-bai/b-1")
        assert not road("POST", "/viet-bai/b-1/ban-thu/bo")
        assert not road("POST", "/api/announcements/b-1/recording/x")
