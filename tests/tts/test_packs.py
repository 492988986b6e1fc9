"""Voice packs in Piper's format: what is brought in, what is refused, and how one speaks."""

import json
import os
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.tts import tiny_onnx
from tts.cli import app
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Style
from tts.engines.piper import clauses, numbers_of
from tts.errors import EngineAbsent, EngineError, PackRefused, SentenceUnfit
from tts.packs import Config, import_pack, open_pack, packs_in, read_config, remove_pack
from tts.registry import open_engine

run = CliRunner().invoke
SIGNS = {"_": [0], "^": [1], "$": [2], " ": [3], "a": [14], "b": [15], "n": [26], "̉": [30], ".": [10]}


def words(**changes: Any) -> dict[str, Any]:
    return {
        "audio": {"sample_rate": 22_050},
        "espeak": {"voice": "vi"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "text",
        "phoneme_id_map": SIGNS,
        "num_speakers": 1,
        "language": {"code": "vi_VN"},
        **changes,
    }


def files(directory: Path, *, card: str = "", **changes: Any) -> list[Path]:
    """A pack as it is passed on: two files, and perhaps a MODEL_CARD."""
    directory.mkdir(exist_ok=True)
    model, config = directory / "vi-test.onnx", directory / "vi-test.onnx.json"
    model.write_bytes(tiny_onnx.model())
    config.write_text(json.dumps(words(**changes)), encoding="utf-8")
    if not card:
        return [model, config]
    (directory / "MODEL_CARD").write_text(card, encoding="utf-8")
    return [directory / "MODEL_CARD", config, model]


def engine_settings(packs: Path) -> dict[str, dict[str, str]]:
    return {"piper": {"packs": os.fspath(packs)}}


class TestImport:
    def test_the_licence_is_read_from_the_model_card(self, tmp_path: Path) -> None:
        card = "# Model card\n* Language: vi_VN\n* License: CC BY 4.0\n"
        pack = import_pack(files(tmp_path / "in", card=card), tmp_path / "packs")
        assert (pack.name, pack.licence, pack.language) == ("vi-test", "CC BY 4.0", "vi_VN")
        assert packs_in(tmp_path / "packs") == (pack,)

    def test_what_has_no_licence_is_not_brought_in(self, tmp_path: Path) -> None:
        with pytest.raises(PackRefused, match="licence"):
            import_pack(files(tmp_path / "in", card="A fine voice."), tmp_path / "packs")
        assert not (tmp_path / "packs").exists()

    @pytest.mark.parametrize(
        "changes",
        [
            {"audio": {}},
            {"audio": {"sample_rate": 7}},
            {"audio": []},
            {"phoneme_type": "pinyin"},
            {"phoneme_id_map": {"a": [1]}},
            {"phoneme_id_map": [1]},
            {"phoneme_type": "espeak", "espeak": {"voice": "../../vi; rm"}},
            {"phoneme_type": "espeak", "espeak": {"voice": "-w/etc/passwd"}},
            {"inference": {"length_scale": 1e9}},
            {"num_speakers": "many"},
        ],
    )
    def test_a_json_that_is_no_voices_is_refused(self, tmp_path: Path, changes: dict[str, Any]) -> None:
        with pytest.raises(PackRefused):
            import_pack(files(tmp_path / "in", **changes), tmp_path / "packs", licence="x")

    @pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 9000, b"{}"])
    def test_what_is_no_json_is_refused(self, data: bytes) -> None:
        with pytest.raises(PackRefused):
            read_config(data)

    @pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "x" * 65, "tên"])
    def test_a_name_never_leads_out_of_the_directory(self, tmp_path: Path, name: str) -> None:
        given = files(tmp_path / "in")
        with pytest.raises(PackRefused):
            import_pack(given, tmp_path / "packs", licence="x", name=name)
        for use in (open_pack, remove_pack):
            with pytest.raises(PackRefused):
                use(tmp_path / "packs", name)

    def test_one_file_alone_is_no_pack(self, tmp_path: Path) -> None:
        model, config = files(tmp_path / "in")
        for some in ([model], [config], [model, model, config], []):
            with pytest.raises(PackRefused):
                import_pack(some, tmp_path / "packs", licence="x")

    def test_a_pack_whose_file_was_changed_is_not_opened(self, tmp_path: Path) -> None:
        import_pack(files(tmp_path / "in"), tmp_path, licence="x")
        with (tmp_path / "vi-test" / "voice.onnx").open("ab") as model:
            model.write(b"\0")
        with pytest.raises(PackRefused, match="not the one"):
            open_pack(tmp_path, "vi-test")
        with pytest.raises(EngineAbsent):
            open_engine("piper/vi-test", settings=engine_settings(tmp_path))

    def test_a_removed_pack_is_gone(self, tmp_path: Path) -> None:
        import_pack(files(tmp_path / "in"), tmp_path / "packs", licence="x")
        remove_pack(tmp_path / "packs", "vi-test")
        assert packs_in(tmp_path / "packs") == ()
        with pytest.raises(PackRefused):
            remove_pack(tmp_path / "packs", "vi-test")

    def test_a_damaged_card_hides_only_its_own_pack(self, tmp_path: Path) -> None:
        import_pack(files(tmp_path / "in"), tmp_path / "packs", licence="x")
        kept = import_pack(files(tmp_path / "in"), tmp_path / "packs", licence="x", name="other")
        (tmp_path / "packs" / "vi-test" / "pack.json").write_text("{}")
        assert packs_in(tmp_path / "packs") == (kept,)


class TestVoice:
    def test_each_sign_is_followed_by_a_pad_between_begin_and_end(self) -> None:
        config = read_config(json.dumps(words()).encode())
        assert numbers_of("an?", config) == ([1, 0, 14, 0, 26, 0, 2], "?")

    def test_clauses_keep_the_sign_that_ends_them(self) -> None:
        assert clauses("Xin chào, bà con! Hết…") == (("Xin chào", ","), ("bà con", "!"), ("Hết", "…"))

    def test_a_pack_of_letters_speaks_by_its_numbers(self, tmp_path: Path) -> None:
        import_pack(files(tmp_path / "in"), tmp_path, licence="CC0-1.0")
        voice = open_engine("piper/vi-test", settings=engine_settings(tmp_path))
        assert (voice.name, voice.licence, voice.online) == ("piper/vi-test", "CC0-1.0", False)
        numbers, _ = numbers_of(unicodedata.normalize("NFD", "bản"), config_of(tmp_path))
        pcm = voice.speak("Bản", Style.BULLETIN)
        each = tiny_onnx.SAMPLES_A_SIGN * SAMPLE_RATE / 22_050
        assert len(pcm) == pytest.approx(len(numbers) * each, abs=2)
        heard = [float(pcm[round((place + 0.5) * each)]) for place in range(len(numbers))]
        assert heard == pytest.approx([number * tiny_onnx.LEVEL for number in numbers], abs=0.01)
        assert np.array_equal(pcm, voice.speak("bản", Style.BULLETIN))
        assert voice.speak("bản", Style.EMERGENCY).max() > 1.1 * pcm.max()  # the model's length_scale
        voice.close()
        voice.close()

    def test_a_sentence_without_a_known_sign_is_unfit(self, tmp_path: Path) -> None:
        import_pack(files(tmp_path / "in"), tmp_path, licence="x")
        voice = open_engine("piper/vi-test", settings=engine_settings(tmp_path))
        with pytest.raises(SentenceUnfit):
            voice.speak("ёж", Style.BULLETIN)

    @pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed here")
    def test_a_pack_of_phonemes_asks_espeak_for_them(self, tmp_path: Path) -> None:
        import_pack(files(tmp_path / "in", phoneme_type="espeak"), tmp_path, licence="x")
        voice = open_engine("piper/vi-test", settings=engine_settings(tmp_path))
        assert len(voice.speak("ban ngày, ban đêm.", Style.BULLETIN)) > 5 * tiny_onnx.SAMPLES_A_SIGN

    def test_a_model_that_is_none_is_the_engines_failure(self, tmp_path: Path) -> None:
        given = files(tmp_path / "in")
        given[0].write_bytes(b"not a model")
        import_pack(given, tmp_path, licence="x")
        with pytest.raises(EngineError) as failure:
            open_engine("piper/vi-test", settings=engine_settings(tmp_path)).speak("ba", Style.BULLETIN)
        assert failure.value.code == "E_ENGINE_MODEL"

    @pytest.mark.parametrize(
        ("name", "settings"), [("piper", {}), ("piper/none", {"packs": "."}), ("piper", {"packs": "."})]
    )
    def test_without_a_pack_the_engine_is_absent(self, name: str, settings: dict[str, str]) -> None:
        with pytest.raises(EngineAbsent):
            open_engine(name, settings={"piper": settings})


def config_of(packs: Path) -> Config:
    return open_pack(packs, "vi-test")[1]


class TestCommands:
    def test_a_voice_is_imported_listed_and_removed(self, tmp_path: Path) -> None:
        packs = os.fspath(tmp_path / "packs")
        given = [os.fspath(file) for file in files(tmp_path / "in")]
        bare = run(app, ["voice", "import", *given, "--packs", packs])
        assert bare.exit_code == 1
        assert "licence" in bare.output
        imported = run(app, ["voice", "import", *given, "--packs", packs, "--licence", "CC BY 4.0"])
        assert imported.exit_code == 0, imported.output
        assert "licence: CC BY 4.0" in imported.output
        assert "vi-test" in run(app, ["voice", "list", "--packs", packs]).output
        assert run(app, ["voice", "remove", "vi-test", "--packs", packs]).exit_code == 0
        assert run(app, ["voice", "remove", "vi-test", "--packs", packs]).exit_code == 1
