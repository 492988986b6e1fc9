"""Bodies built to tire the reader: nested without end, in a hundred thousand parts; refused by name."""

import json
import time
from pathlib import Path

import httpx
import pytest

from controller.doors.strict import DEPTH, read_json
from controller.errors import Problem
from tests.support.doors import AUTHOR, PASSWORD, Home, door, play

JSON = {"Content-Type": "application/json"}
PATHS = ("/dang-nhap", "/viet-bai", "/api/announcements", "/api/sessions")
WITHIN_S = 0.1
"""Of processor time for one such body; the machine may be busy with other things."""


def nested(depth: int, inside: str = "") -> str:
    return "[" * depth + inside + "]" * depth


@pytest.mark.promise("S54")
@pytest.mark.parametrize("depth", [DEPTH + 1, 500, 10_000, 900_000])
def test_json_nested_too_deep_is_refused_by_name_before_the_parser_meets_it(depth: int) -> None:
    for text in (nested(depth), '{"title": ' + nested(depth - 1) + "}", nested(depth).replace("]", "")):
        begun = time.process_time()
        with pytest.raises(Problem, match="nested more than") as refused:
            read_json(text.encode())
        assert time.process_time() - begun < WITHIN_S * max(1, depth / 100_000)
        assert (refused.value.code, refused.value.status) == ("E_BODY", 400)


@pytest.mark.promise("S54")
def test_brackets_within_strings_are_text_and_the_limit_itself_is_allowed() -> None:
    assert read_json(json.dumps(nested(500)).encode()) == nested(500)
    assert read_json(b'"\\"' + b"[" * 500 + b'"') == '"' + "[" * 500
    assert read_json(nested(DEPTH, "1").encode()) == json.loads(nested(DEPTH, "1"))


@pytest.mark.promise("S54", "P18")
def test_at_the_door_the_answer_to_a_deep_body_says_that_it_is_too_deep(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            for body in (nested(10_000), '{"title": "Họp thôn", "x": ' + nested(500) + "}"):
                answer = await client.post("/api/announcements", content=body.encode(), headers=JSON)
                problem = answer.json()
                assert (answer.status_code, problem["code"]) == (400, "E_BODY")
                assert f"lồng sâu quá {DEPTH} tầng" in problem["detail"]

    play(tmp_path, story)


def parts(count: int, disposition: str) -> bytes:
    one = f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\na\r\n".encode()
    return one * count + b"--x--\r\n"


@pytest.mark.promise("S52")
def test_a_body_of_a_hundred_thousand_parts_is_refused_without_being_taken_apart(tmp_path: Path) -> None:
    bodies = {
        "too many": parts(100_000, 'name="a"'),
        "many": parts(20_000, 'name="a"'),
        "a file without a name": parts(1, 'name="a"; filename=""'),
        "no name": parts(1, ""),
    }
    kind = {"Content-Type": "multipart/form-data; boundary=x"}

    async def answered(client: httpx.AsyncClient, path: str, body: bytes) -> httpx.Response:
        begun = time.process_time()
        answer = await client.post(path, content=body, headers=kind)
        assert time.process_time() - begun < WITHIN_S, path
        return answer

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            for path in PATHS:
                # The page that says no is compiled at its first showing.
                await client.post(path, content=parts(1, 'name="a"'), headers=kind)
            for name, body in bodies.items():
                for path in PATHS:
                    answer = await answered(client, path, body)
                    wanted = (413,) if name == "too many" else (403, 415)
                    assert answer.status_code in wanted, (name, path)
        async with door(house) as client:
            fields = "&".join(f"a{n}=1" for n in range(100_000))
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await client.post("/dang-nhap", content=fields, headers=form)
            assert answer.status_code == 400
            assert (
                await client.post("/dang-nhap", data={"username": AUTHOR, "password": PASSWORD})
            ).status_code == 303

    play(tmp_path, story)
