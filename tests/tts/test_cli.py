"""`loa speech` by hand."""

from pathlib import Path

from typer.testing import CliRunner

from tts.cli import app
from tts.clip import decode

STUB = "tests.support.stub_voice:open_engine"
run = CliRunner().invoke


def test_say_writes_a_clip_that_can_be_played(tmp_path: Path) -> None:
    out = tmp_path / "chao.ogg"
    result = run(app, ["say", "Xin chào bà con.", "--out", str(out), "--engines", STUB, "--no-chime"])
    assert result.exit_code == 0, result.output
    assert len(decode(out.read_bytes())[0]) > 5000


def test_say_counts_sentences_and_hands_out_the_first_one_before_the_rest(tmp_path: Path) -> None:
    out, first = tmp_path / "all.ogg", tmp_path / "first.ogg"
    text = "Một câu. Hai câu. Ba câu."
    places = ["--out", str(out), "--first", str(first)]
    result = run(app, ["say", text, *places, "--engines", STUB, "--no-chime"])
    assert result.exit_code == 0, result.output
    assert len(decode(first.read_bytes())[0]) < len(decode(out.read_bytes())[0])
    assert "câu 3/3" in result.output
    assert result.output.index("first sentence") < result.output.index("LUFS")


def test_say_without_a_voice_says_why(tmp_path: Path) -> None:
    result = run(app, ["say", "Xin chào.", "--out", str(tmp_path / "x.ogg"), "--engines", "nobody"])
    assert result.exit_code == 1
    assert "Không bộ đọc nào" in result.output
    assert list(tmp_path.iterdir()) == []


def test_normalize_reads_lines_and_explains() -> None:
    result = run(app, ["normalize", "--explain"], input="UBND xã\nhọp 7h\n")
    assert result.exit_code == 0
    assert "Ủy ban nhân dân xã\n" in result.output
    assert "'7h' → 'bảy giờ'" in result.output


def test_engines_are_listed_with_their_licences() -> None:
    result = run(app, ["engines"])
    assert result.exit_code == 0
    assert "kokoro_vn" in result.output
