"""Problems: each code has one status and one sentence in each language."""

import pytest

from controller.errors import PROBLEMS, Problem
from controller.logs import HIDDEN, configure, logger, redact

FACTS: dict[str, object] = {
    "retry_after": 7,
    "most": 2000,
    "count": 2,
    "written": "HTX",
    "reading": "hợp tác xã",
    "usual": "hợp tác",
    "first_vi": "Dòng 3: thiếu cách viết.",
    "first_en": "line 3: nothing is written",
    "why": "its host is not on the list",
    "name": "Chủ tịch xã nói chuyện",
    "until": "17:30",
    "quiet": "21:00–05:00",
}
"""What the sentences of all problems ask for."""


@pytest.mark.promise("P18")
@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_speaks_both_languages(code: str) -> None:
    problem = Problem(code, **FACTS)
    assert 400 <= problem.status < 600
    assert problem.vi.endswith(".")
    assert problem.en.endswith(".")
    assert problem.vi != problem.en
    assert "{" not in problem.vi + problem.en


def test_facts_fill_the_sentences_and_go_out_beside_them() -> None:
    problem = Problem("E_TOO_MANY", retry_after=8)
    assert "8 giây" in problem.vi
    assert "8 seconds" in problem.en
    assert problem.extra == {"retry_after": 8}


def test_a_leafs_own_refusal_keeps_its_words() -> None:
    problem = Problem("E_QUIET", field="timing.at", vi="Đang giờ yên tĩnh.", en="Quiet hours.")
    assert (problem.status, problem.field, problem.vi) == (422, "timing.at", "Đang giờ yên tĩnh.")
    assert Problem("E_EXPIRED", status=409, vi="a", en="b").status == 409


@pytest.mark.promise("S74")
def test_no_secret_reaches_a_log_line() -> None:
    shown = redact(
        None,
        "info",
        {
            "event": "login.failed",
            "password": "x1",
            "headers": {"Cookie": "x2"},
            "session_token": "x3",
            "user": "an",
        },
    )
    assert shown["password"] == shown["session_token"] == HIDDEN
    assert shown["headers"] == {"Cookie": HIDDEN}
    assert shown["user"] == "an"


@pytest.mark.promise("S61")
def test_a_log_line_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    import json
    import logging

    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        configure("info")
        logger("loa.test").info("title.seen", title="một\r\ndòng \x1b[31m", token="hush")
        logging.getLogger("other").warning("from a library\nwith two lines")
        lines = capsys.readouterr().err.splitlines()
    finally:
        root.handlers[:], root.level = before[0], before[1]
    first, second = (json.loads(line) for line in lines)
    assert (first["event"], first["title"], first["token"]) == ("title.seen", "một\r\ndòng \x1b[31m", HIDDEN)
    assert first["level"] == "info"
    assert second["event"] == "from a library\nwith two lines"
    assert "\x1b" not in "".join(lines)
