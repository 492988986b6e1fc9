"""``loa wire``: captured messages in words, and whether a key signed them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from devices.cli import app
from devices.errors import SENTENCES, Code

GOLDEN = Path(__file__).parents[1] / "wire"
KEYS = json.loads((GOLDEN / "keys_of_the_cast.json").read_text())["keys"]
FILES = sorted(path for path in GOLDEN.glob("*.json") if path.stem != "keys_of_the_cast")
runner = CliRunner()


def captured(name: str, tmp_path: Path) -> Path:
    file = tmp_path / "captured"
    file.write_text(json.loads((GOLDEN / f"{name}.json").read_text())["jws"] + "\n")
    return file


@pytest.mark.parametrize("name", [path.stem for path in FILES if not path.stem.startswith("refused")])
def test_every_kind_is_told_in_words(name: str, tmp_path: Path) -> None:
    result = runner.invoke(app, ["show", str(captured(name, tmp_path))])
    assert result.exit_code == 0, result.output
    assert "not verified" in result.output
    assert len(result.output.splitlines()) >= 2


def test_a_flood_alert_is_told_with_its_words_from_standard_input() -> None:
    jws = json.loads((GOLDEN / "alerts.json").read_text())["jws"]
    result = runner.invoke(app, ["show"], input=jws)
    assert "Lũ trên báo động III" in result.output
    assert "area 19774" in result.output


def test_a_signature_is_checked_under_the_key_that_is_given(tmp_path: Path) -> None:
    file = str(captured("alerts", tmp_path))
    good = runner.invoke(app, ["verify", file, "--key", KEYS["online"]["public"]])
    assert good.exit_code == 0
    bad = runner.invoke(app, ["verify", file, "--key", KEYS["stranger"]["public"]])
    assert bad.exit_code == 1
    assert "NOT signed" in bad.output
    assert runner.invoke(app, ["verify", file, "--key", "nonsense"]).exit_code == 2
    altered = str(captured("refused_altered", tmp_path))
    assert runner.invoke(app, ["verify", altered, "--key", KEYS["online"]["public"]]).exit_code == 1


def test_what_cannot_be_read_is_named_and_not_a_traceback(tmp_path: Path) -> None:
    for result in (
        runner.invoke(app, ["show", str(tmp_path / "absent")]),
        runner.invoke(app, ["show"], input="nonsense"),
        runner.invoke(app, ["show"], input="{}"),
        runner.invoke(app, ["show", str(captured("refused_volume", tmp_path))]),
    ):
        assert result.exit_code == 2
        assert "Traceback" not in result.output


def test_every_refusal_code_has_a_sentence_in_both_languages() -> None:
    assert set(SENTENCES) == set(Code)
    assert all(one.vi.endswith(".") and one.en.endswith(".") for one in SENTENCES.values())


def test_a_chunk_of_a_stream_is_told_and_its_signature_checked(tmp_path: Path) -> None:
    golden = json.loads((GOLDEN / "streams" / "chunk.json").read_text())
    file = tmp_path / "chunk"
    file.write_bytes(bytes.fromhex(golden["octets"]))
    told = runner.invoke(app, ["show", str(file)])
    assert told.exit_code == 0
    assert "200 ms of sound from 1000 ms on" in told.output
    rest = ["--key", KEYS["online"]["public"], "--tenant", golden["tenant"]]
    assert runner.invoke(app, ["verify", str(file), *rest, "--grant", golden["grant"]]).exit_code == 0
    other = runner.invoke(app, ["verify", str(file), *rest, "--grant", "another"])
    assert other.exit_code == 1
    assert "NOT signed" in other.output
    file.write_bytes(b"LC" + bytes(20))
    assert runner.invoke(app, ["show", str(file)]).exit_code == 2
