"""The speech process as its parent sees it: lines in, lines out, whole clips only."""

import contextlib
import hashlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.clip import decode
from tts.errors import RequestRefused
from tts.wire import LONGEST_TEXT, Render, Spell, Warm, is_urgent, parse

STUB = "tests.support.stub_voice:open_engine"
SLOW = "tests.tts.slow_voice:open_engine"
ROOT = Path(__file__).parents[2]
LONG_TEXT = " ".join(f"Câu thứ {number} của bản tin." for number in range(2, 14))


class Child:
    """The process and its two pipes."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def ask(self, **words: Any) -> None:
        self.send(json.dumps(words, ensure_ascii=False).encode())

    def send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        raw = self.process.stdout.readline()
        assert raw, "the process has ended"
        words: dict[str, Any] = json.loads(raw)
        return words

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        seen = [self.line()]
        while not wanted(seen[-1]):
            seen.append(self.line())
        return seen

    def answer_to(self, demand_id: str) -> dict[str, Any]:
        return self.until(lambda line: line.get("id") == demand_id and line["event"] in ("done", "error"))[-1]


@contextmanager
def child(cache: Path, engines: str = STUB, *more: str) -> Iterator[Child]:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "tts.process",
        "--cache",
        str(cache),
        "--engines",
        engines,
        *more,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            speaking = Child(process)
            assert speaking.line() == {"event": "ready"}
            yield speaking
        finally:
            process.kill()


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with child(tmp_path_factory.mktemp("speech")) as running:
        yield running


def test_a_clip_lies_in_its_place_when_done_is_said(speaking: Child, tmp_path: Path) -> None:
    order = {"text": "Một. Hai.", "style": "bulletin", "repeat": 1, "chime": True, "issued_at": None}
    speaking.ask(id="a", do="render", out=str(tmp_path), **order)
    lines = speaking.until(lambda line: line["event"] == "done")
    assert [(line["sentence"], line["of"]) for line in lines[:-1]] == [(1, 2), (2, 2)]
    clip = lines[-1]["clip"]
    data = (tmp_path / clip["sha256"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == clip["sha256"]
    assert len(data) == clip["bytes"]
    assert clip["engine"] == "stub"
    assert clip["media_type"] == "audio/ogg"
    assert len(decode(data)[0]) / 24 == pytest.approx(clip["duration_ms"], abs=1)
    assert lines[-1]["spoken"] == "Một. Hai."
    assert [path.name for path in tmp_path.iterdir()] == [clip["sha256"]]


def test_the_first_sentence_comes_before_the_rest_where_it_is_wanted(speaking: Child, tmp_path: Path) -> None:
    speaking.ask(id="f", do="render", text="Một câu. Câu hai.", out=str(tmp_path), first=True, chime=False)
    lines = speaking.until(lambda line: line["event"] == "done")
    assert [line["event"] for line in lines] == ["first", "progress", "progress", "done"]
    first, whole = lines[0]["clip"], lines[-1]["clip"]
    assert len(decode((tmp_path / first["sha256"]).read_bytes())[0]) / 24 == first["duration_ms"]
    assert first["duration_ms"] < whole["duration_ms"]


def test_a_box_that_knows_only_wav_gets_wav(speaking: Child, tmp_path: Path) -> None:
    speaking.ask(id="f", do="render", text="Một câu.", out=str(tmp_path), format="wav", within_s=20, pin=True)
    clip = speaking.answer_to("f")["clip"]
    assert clip["media_type"] == "audio/wav"
    assert (tmp_path / clip["sha256"]).read_bytes()[:4] == b"RIFF"


def test_the_answer_says_who_spoke_each_sentence_and_what_sounds_wrong(
    speaking: Child, tmp_path: Path
) -> None:
    speaking.ask(id="s", do="render", text="Một hai ba bốn năm.", out=str(tmp_path))
    answer = speaking.answer_to("s")
    assert answer["said"] == [
        {"sentence": "Một hai ba bốn năm.", "engine": "stub", "cached": False, "causes": []}
    ]
    assert [finding["flaw"] for finding in answer["findings"]] == ["too_fast"]


def test_the_same_text_is_the_same_clip_from_another_process(speaking: Child, tmp_path: Path) -> None:
    order = {"do": "render", "text": "Họp lúc 7h30.", "style": "bulletin", "out": str(tmp_path / "out")}
    speaking.ask(id="b", **order)
    first = speaking.answer_to("b")["clip"]
    with child(tmp_path / "cache") as other:
        other.ask(id="b", **order)
        assert other.answer_to("b")["clip"] == first


def test_normalize_answers_without_a_sound(speaking: Child) -> None:
    speaking.ask(id="n", do="normalize", text="UBND xã họp", lexicon=[["họp", "hội họp"]])
    answer = speaking.answer_to("n")
    assert answer["spoken"] == "Ủy ban nhân dân xã hội họp"
    assert {guess["rule"] for guess in answer["guesses"]} == {"abbreviation", "lexicon"}
    speaking.ask(
        id="s",
        do="normalize",
        text="An Xuân Bắc 24",
        lexicon=[["An Xuân", "an xuân", 0], ["Xuân Bắc", "xuân bắc hai", 1]],
        region="south",
    )
    assert speaking.answer_to("s")["spoken"] == "An xuân bắc hai hai mươi bốn"
    assert "clip" not in answer


def test_warm_names_the_engines_that_are_loaded(speaking: Child) -> None:
    speaking.ask(id="w", do="warm")
    assert speaking.answer_to("w")["engines"] == ["stub"]


@pytest.mark.promise("S46")
@pytest.mark.parametrize(
    "line",
    [
        b"not json", b"[1,2]", b'"text"', b'{"id":"x"}', b'{"id":"x","do":"sing"}', b'{"id":7,"do":"warm"}',
        b'{"id":"x","do":"render","text":"a"}', b'{"id":"x","do":"render","text":7,"out":"/tmp"}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","repeat":4}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","repeat":true}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","style":"song"}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","chime":1}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","format":"flac"}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","within_s":0}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","within_s":true}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","within_s":1e9}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","pin":"yes"}',
        b'{"id":"x","do":"render","text":"a","out":"/tmp","volume":9}',
        b'{"id":"x","do":"normalize","text":"a","lexicon":[["a"]]}',
        b'{"id":"x","do":"normalize","text":"a","lexicon":[["a","b","c"]]}',
        b'{"id":"x","do":"normalize","text":"a","region":"west"}',
        b'{"id":"x","do":"normalize","text":"' + b"a" * (LONGEST_TEXT + 1) + b'"}',
        b"\xff\xfe", b"[" * 5000,
    ],
)  # fmt: skip
def test_a_bad_line_gets_its_answer_and_the_voice_lives_on(speaking: Child, line: bytes) -> None:
    speaking.send(line)
    refusal = speaking.line()
    assert (refusal["event"], refusal["code"]) == ("error", "E_SPEECH_REQUEST")
    assert refusal["vi"]
    assert refusal["en"]
    speaking.ask(id="after", do="normalize", text="còn đây")
    assert speaking.answer_to("after")["spoken"] == "còn đây"


def test_a_text_without_a_word_is_an_error_and_not_a_clip(speaking: Child, tmp_path: Path) -> None:
    speaking.ask(id="e", do="render", text="…", out=str(tmp_path))
    assert speaking.answer_to("e")["code"] == "E_TEXT_UNSPEAKABLE"
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_error_with_a_sentence(speaking: Child, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no directory")
    speaking.ask(id="o", do="render", text="Một.", out=str(blocked))
    assert speaking.answer_to("o")["code"] == "E_SPEECH_STORE"


@pytest.mark.promise("F15")
def test_a_disk_that_is_full_leaves_no_part_and_the_voice_lives_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with child(tmp_path / "cache") as crowded:
        enough = resource.prlimit(crowded.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(crowded.process.pid, resource.RLIMIT_FSIZE, (2000, enough[1]))
        crowded.ask(id="x", do="render", text="Một.", out=str(out))
        assert crowded.answer_to("x")["code"] == "E_SPEECH_STORE"
        assert list(out.iterdir()) == []
        resource.prlimit(crowded.process.pid, resource.RLIMIT_FSIZE, enough)
        crowded.ask(id="y", do="render", text="Một.", out=str(out))
        assert crowded.answer_to("y")["event"] == "done"


def test_without_any_engine_each_render_says_so(tmp_path: Path) -> None:
    with child(tmp_path, engines="nobody") as alone:
        alone.ask(id="x", do="render", text="Một.", out=str(tmp_path / "out"))
        assert alone.answer_to("x")["code"] == "E_ENGINE_NONE"


def test_stdout_carries_the_protocol_alone(tmp_path: Path) -> None:
    with child(tmp_path / "cache", SLOW) as slow:
        slow.ask(id="x", do="render", text="Một.", out=str(tmp_path / "out"))
        assert slow.answer_to("x")["event"] == "done"


def test_an_emergency_goes_between_two_sentences_of_a_bulletin(tmp_path: Path) -> None:
    with child(tmp_path / "cache", SLOW) as slow:
        slow.ask(id="long", do="render", text=LONG_TEXT, out=str(tmp_path / "out"))
        slow.until(lambda line: line["event"] == "progress")
        slow.ask(id="now", do="render", text="Nước lên.", style="emergency", out=str(tmp_path / "out"))
        slow.ask(id="later", do="render", text="Một.", out=str(tmp_path / "out"))
        lines = slow.until(lambda line: line["event"] == "done" and line["id"] == "later")
    assert [line["id"] for line in lines if line["event"] == "done"] == ["now", "long", "later"]


def test_it_ends_by_itself_when_stdin_closes_and_all_is_answered(tmp_path: Path) -> None:
    with child(tmp_path / "cache") as ending:
        ending.ask(id="x", do="render", text="Một.", out=str(tmp_path / "out"))
        assert ending.process.stdin is not None
        ending.process.stdin.close()
        assert ending.answer_to("x")["event"] == "done"
        assert ending.process.wait(10) == 0


def test_it_ends_by_itself_when_nobody_listens_any_more(tmp_path: Path) -> None:
    with child(tmp_path / "cache", SLOW) as orphan:
        orphan.ask(id="long", do="render", text=LONG_TEXT, out=str(tmp_path / "out"))
        orphan.until(lambda line: line["event"] == "progress")
        assert orphan.process.stdout is not None
        orphan.process.stdout.close()
        assert orphan.process.wait(10) == 0


def test_killed_in_the_middle_it_leaves_no_part_of_a_clip(tmp_path: Path) -> None:
    out, cache = tmp_path / "out", tmp_path / "cache"
    with child(cache, SLOW) as victim:
        victim.ask(id="x", do="render", text=LONG_TEXT, out=str(out))
        victim.until(lambda line: line["event"] == "progress" and line["sentence"] == 3)
        victim.process.kill()
        victim.process.wait(10)
    assert not out.exists() or list(out.iterdir()) == []
    with child(cache, SLOW) as successor:
        successor.ask(id="x", do="render", text=LONG_TEXT, out=str(out))
        answer = successor.answer_to("x")
    assert answer["cached_sentences"] >= 3
    assert [path.name for path in out.iterdir()] == [answer["clip"]["sha256"]]


class TestWire:
    def test_defaults_are_those_of_an_ordinary_bulletin(self) -> None:
        demand = parse(b'{"id":"x","do":"render","text":"a","out":"/tmp","issued_at":null}')
        assert isinstance(demand, Render)
        assert (demand.request.repeat, demand.request.chime) == (1, True)
        assert demand.request.issued_at_spoken is None
        assert not is_urgent(demand)

    def test_the_three_demands_are_told_apart(self) -> None:
        assert isinstance(parse(b'{"id":"x","do":"warm"}'), Warm)
        assert isinstance(parse(b'{"do":"normalize","text":"a"}'), Spell)

    @settings(max_examples=200, deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["id", "do", "text", "out", "style", "repeat", "lexicon"]),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=12,
        )
    )
    def test_no_json_makes_it_stumble(self, value: object) -> None:
        line = json.dumps(value).encode()
        with contextlib.suppress(RequestRefused):
            assert isinstance(parse(line), Render | Warm | Spell)
