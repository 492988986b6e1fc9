"""The blind listening test: drawn by a seed, rated in a browser from a file, counted against the key."""

import csv
import io
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.listening import SENTENCES, VOICES, Soft, made, run
from tests.support.stub_voice import StubVoice
from tests.tts.voices import Broken, Recording
from tts.cli import app
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Style
from tts.errors import ListeningRefused, NoEngineLeft
from tts.listening_page import levelled, make, usual_sentences
from tts.loudness import lufs
from tts.opinions import count, estimate, read_sheet, t_95
from tts.trials import Ear, Plan, draw, from_json, to_json

STUB = "tests.support.stub_voice:open_engine"


def open_soft(*, threads: int = 1) -> Soft:
    return Soft()


def sheet(plan: Plan, listener: str, marks: dict[str, int], *, native: str = "yes", skip: int = 0) -> bytes:
    """Rated by the voice: its mark twice, and the better mark preferred."""
    rows = [["test", "listener", "native", "clip", "understood", "natural", "preferred", "comment"]]
    voices = {one.token: one.voice for one in plan.samples}
    for trial in plan.trials[skip:]:
        sides = (("a", trial.a), ("b", trial.b))
        names = {side: plan.voices[voices[token]].name for side, token in sides}
        better = (
            "same" if marks[names["a"]] == marks[names["b"]] else max("ab", key=lambda s: marks[names[s]])
        )
        for side, token in sides:
            mark = str(marks[names[side]])
            rows.append([plan.test, listener, native, token, mark, mark, better, '"hay, "\r\nrõ'])
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


# ── The plan ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_draws_the_same_test_and_another_draws_another() -> None:
    assert draw(SENTENCES, VOICES, 3) == draw(SENTENCES, VOICES, 3)
    assert draw(SENTENCES, VOICES, 3).trials != draw(SENTENCES, VOICES, 4).trials
    assert draw(SENTENCES, VOICES, 3).test != draw(SENTENCES, VOICES, 4).test
    assert from_json(to_json(draw(SENTENCES, VOICES, 3))) == draw(SENTENCES, VOICES, 3)


@pytest.mark.parametrize("seed", range(20))
def test_every_pair_and_side_is_drawn_equally_often_and_the_horn_comes_first(seed: int) -> None:
    plan = draw([f"Câu số {n}." for n in range(12)], VOICES, seed)
    by_token = {one.token: one for one in plan.samples}
    assert len(by_token) == len(plan.samples) == 48
    pairs = Counter(frozenset((by_token[t.a].voice, by_token[t.b].voice)) for t in plan.trials)
    assert set(pairs.values()) == {8}
    left = Counter(by_token[trial.a].voice for trial in plan.trials)
    assert set(left.values()) == {8}
    begun: set[int] = set()
    for trial in plan.trials:
        one, other = by_token[trial.a], by_token[trial.b]
        assert (one.sentence, one.ear) == (other.sentence, other.ear)
        assert one.ear is (Ear.CLEAN if one.sentence in begun else Ear.HORN)
        begun.add(one.sentence)


def test_a_test_of_one_voice_is_refused() -> None:
    with pytest.raises(ListeningRefused):
        draw(SENTENCES, VOICES[:1], 1)
    with pytest.raises(ListeningRefused):
        from_json('{"test": "x"}')


def test_our_own_sentences_are_held_out_ones() -> None:
    data = Path(__file__).parent / "data"
    held_out, tuned = (
        {line.partition("\t")[2] for line in (data / f"sentences_{name}.tsv").read_text("utf-8").splitlines()}
        for name in ("heldout", "tuning")
    )
    own = usual_sentences()
    assert len(own) == len(set(own)) == 24
    assert set(own) <= held_out
    assert not set(own) & tuned


# ── The folder ────────────────────────────────────────────────────────────────────────────────────────────


def test_loudness_decides_nothing(tmp_path: Path) -> None:
    plan = made(tmp_path / "t")
    for trial in plan.trials:
        loud = []
        for token in (trial.a, trial.b):
            pcm, rate = soundfile.read(tmp_path / f"t/nghe/am/{token}.wav", dtype="float32")
            loud.append(lufs(pcm, rate))
        assert abs(loud[0] - loud[1]) < 0.1
        assert -16.5 < loud[0] < -15.5
    softly = np.zeros(SAMPLE_RATE, np.float32)
    softly[::2400] = 1.0  # clicks: they can't be made as loud as a voice without clipping
    both = levelled([softly, StubVoice().speak("xin chào bà con", Style.BULLETIN)])
    assert abs(lufs(both[0], SAMPLE_RATE) - lufs(both[1], SAMPLE_RATE)) < 0.1
    assert max(np.abs(pcm).max() for pcm in both) <= 1.0


def test_what_is_handed_out_names_no_voice(tmp_path: Path) -> None:
    plan = made(tmp_path / "t")
    handed = tmp_path / "t/nghe"
    page = (handed / "nghe.html").read_text("utf-8")
    for secret in ("stub", "alto", "horn", *SENTENCES):
        assert secret not in page
    assert sorted(path.name for path in tmp_path.joinpath("t").iterdir()) == ["khoa.json", "nghe"]
    assert len(list(handed.rglob("*.wav"))) == len(plan.samples)
    assert not re.search(r"https?://", page)
    for path in handed.rglob("*.wav"):
        assert path.stem in page
        assert b"LIST" not in path.read_bytes()[:200]


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    made(tmp_path / "a")
    made(tmp_path / "b")
    one, other = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in "ab"
    )
    assert one == other


def test_a_folder_in_use_or_a_voice_that_fails_makes_no_test(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t/ghi-chu.txt").write_text("của tôi")
    with pytest.raises(ListeningRefused, match="not empty"):
        made(tmp_path / "t")
    with pytest.raises(NoEngineLeft):
        make(
            tmp_path / "u",
            (StubVoice(), Broken()),
            SENTENCES,
            seed=1,
            deadlines_s={},
            on_sound=lambda one, all_: None,
        )
    assert not (tmp_path / "u").exists()


# ── The commands ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_commands_make_a_test_and_count_it(tmp_path: Path) -> None:
    out = tmp_path / "buoi-nghe"
    soft = f"{__name__}:open_soft"
    result = run(
        app, ["listening", "--out", str(out), "--engines", f"{STUB},{soft}", "--count", "3", "--seed", "5"]
    )
    assert result.exit_code == 0, result.output
    assert "6 pairs" in result.output
    plan = from_json((out / "khoa.json").read_text("utf-8"))
    for number, mark in enumerate((5, 4, 4)):
        marks = {"stub": mark, "alto": 2}
        (tmp_path / f"{number}.csv").write_bytes(sheet(plan, f"n{number}", marks))
    (tmp_path / "khach.csv").write_bytes(sheet(plan, "khach", {"stub": 1, "alto": 5}, native="no"))
    sheets = [str(path) for path in sorted(tmp_path.glob("*.csv"))]
    told = run(app, ["listening-score", str(out), *sheets], env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    assert "3 listeners; 1 not native, set aside" in told.output
    # t(2) = 4.303, spread 0.577: 4.303 * 0.577 / sqrt(3) = 1.43
    assert "4.33 ± 1.43" in told.output
    assert "2.00 ± 0.00" in told.output
    assert "100 ± 0 %" in told.output
    everybody = run(app, ["listening-score", str(out), *sheets, "--everybody"], env={"COLUMNS": "200"})
    assert "4 listeners\n" in everybody.output


def test_own_sentences_are_taken_and_one_voice_is_too_few(tmp_path: Path) -> None:
    own = tmp_path / "cau.txt"
    own.write_text("# ghi chú\nBà con chú ý.\n\nBà con chú ý.\nHọp lúc 7h30.\n", "utf-8")
    soft = f"{__name__}:open_soft"
    done = run(
        app,
        ["listening", "--out", str(tmp_path / "t"), "--engines", f"{STUB},{soft}", "--sentences", str(own)],
    )
    assert done.exit_code == 0, done.output
    plan = from_json((tmp_path / "t/khoa.json").read_text("utf-8"))
    assert sorted(plan.sentences) == ["Bà con chú ý.", "Họp lúc 7h30."]
    few = run(app, ["listening", "--out", str(tmp_path / "u"), "--engines", f"{STUB},nobody"])
    assert few.exit_code == 1
    assert "E_LISTENING" in few.output
    assert not (tmp_path / "u").exists()


def test_an_online_voice_says_that_the_sentences_leave(tmp_path: Path) -> None:
    online = f"{__name__}:open_online"
    done = run(
        app, ["listening", "--out", str(tmp_path / "t"), "--engines", f"{STUB},{online}", "--count", "1"]
    )
    assert done.exit_code == 0, done.output
    assert "gửi ra ngoài máy này" in done.output


def open_online(*, threads: int = 1) -> Recording:
    return Recording(name="xa", identity="xa/1", online=True)


# ── Counting ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_listener_counts_once_however_many_sentences_they_rated() -> None:
    many = [("a", 5.0)] * 30 + [("b", 1.0)]
    found = estimate(many)
    assert found is not None
    assert (found.mean, found.listeners, found.votes) == (3.0, 2, 31)
    assert found.margin == pytest.approx(12.706 * 8**0.5 / 2**0.5)
    alone = estimate([("a", 4.0)])
    assert alone is not None
    assert alone.margin is None
    assert estimate([("a", None)]) is None


@pytest.mark.parametrize(("freedom", "t"), [(1, 12.706), (30, 2.042), (35, 2.042), (100, 2.0), (5000, 1.98)])
def test_the_interval_is_never_too_narrow(freedom: int, t: float) -> None:
    assert t_95(freedom) == t


def test_preferences_are_counted_once_for_each_comparison() -> None:
    plan = draw(SENTENCES, VOICES[:2], 2)
    ratings = [
        *read_sheet(sheet(plan, "n1", {"một": 5, "hai": 3}), plan),
        *read_sheet(sheet(plan, "n2", {"một": 2, "hai": 3}, skip=2), plan),
        *read_sheet(sheet(plan, "n3", {"một": 3, "hai": 3}), plan),
    ]
    score = count(plan, ratings)
    assert score.listeners == 3
    by_ear = {duel.ear: (duel.won, duel.alike, duel.lost) for duel in score.duels}
    assert sum(won for won, _, _ in by_ear.values()) == 6
    assert sum(alike for _, alike, _ in by_ear.values()) == 6
    assert sum(lost for _, _, lost in by_ear.values()) == 4
    again = count(plan, [*ratings, *ratings])
    assert again == score, "a sheet given twice counts once"


def test_a_sheet_saved_by_a_spreadsheet_is_read_too() -> None:
    plan = draw(SENTENCES, VOICES[:2], 2)
    saved = sheet(plan, "n1", {"một": 5, "hai": 3}).decode("utf-8-sig").replace('"hay, ""', '"hay ""')
    lines = list(csv.reader(io.StringIO(sheet(plan, "n1", {"một": 5, "hai": 3}).decode("utf-8-sig"))))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(lines)
    assert read_sheet(out.getvalue().encode(), plan) == read_sheet(saved.encode(), plan)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{test}", "tkhac", "another listening test"),
        (",yes,", ",có,", "who listened"),
        (",5,5,", ",6,5,", "outside 1 to 5"),
        (",a,", ",c,", "a version that isn't there"),
        ("understood", "hieu", "lacks columns"),
    ],
)
def test_a_sheet_that_can_t_be_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    plan = draw(SENTENCES, VOICES[:2], 2)
    text = sheet(plan, "n1", {"một": 5, "hai": 3}).decode()
    broken = text.replace(old.format(test=plan.test), new)
    assert broken != text
    with pytest.raises(ListeningRefused, match=said):
        read_sheet(broken.encode(), plan)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b"\x00" * 100, b"PK\x03\x04", b"a" * (4 * 1024 * 1024 + 1)]
)
def test_what_is_no_sheet_is_refused(data: bytes) -> None:
    with pytest.raises(ListeningRefused):
        read_sheet(data, draw(SENTENCES, VOICES[:2], 2))
