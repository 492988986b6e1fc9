"""Voice packs in Piper's format: brought in from files, with their licence, and pinned by their hashes."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tts.errors import PackRefused
from tts.files import write_whole

LARGEST_MODEL = 256 * 1024 * 1024
LARGEST_TEXT = 1024 * 1024
PHONEME_TYPES = ("espeak", "text")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LICENCE = re.compile(r"^\W*licen[cs]e\W*:\s*(\S.*?)\W*$", re.IGNORECASE | re.MULTILINE)
_MODEL, _CONFIG, _CARD = "voice.onnx", "voice.onnx.json", "pack.json"
_RATES = (8_000, 48_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One voice as it was brought in; the hashes are SHA-256 of its two files."""

    name: str
    licence: str
    language: str
    sample_rate: int
    phoneme_type: str
    model_sha256: str
    config_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the engine needs of a pack's JSON. `signs` gives the model's numbers for each sign."""

    sample_rate: int
    phoneme_type: str
    espeak_voice: str
    language: str
    length_scale: float
    speakers: int
    signs: Mapping[str, tuple[int, ...]]


def import_pack(files: Sequence[Path], into: Path, *, licence: str = "", name: str = "") -> Pack:
    """Copy `X.onnx` and `X.onnx.json` from among `files` into the directory `into`; the pack that came of it.

    The licence is named by the caller or by a line "License: …" in another of the files (a MODEL_CARD).
    Raises PackRefused.
    """
    model, config = _pair(files)
    named = name or model.stem
    if not _NAME.fullmatch(named):
        raise PackRefused("its name holds other characters than letters, digits, - and _")
    model_data, config_data = _read(model, LARGEST_MODEL), _read(config, LARGEST_TEXT)
    read = read_config(config_data)
    found = licence.strip() or _licence_in(file for file in files if file not in (model, config))
    if not found:
        raise PackRefused("no licence is named, in a MODEL_CARD or by whoever imports it")
    pack = Pack(
        name=named,
        licence=found,
        language=read.language,
        sample_rate=read.sample_rate,
        phoneme_type=read.phoneme_type,
        model_sha256=hashlib.sha256(model_data).hexdigest(),
        config_sha256=hashlib.sha256(config_data).hexdigest(),
    )
    folder = into / named
    write_whole(folder / _MODEL, model_data)
    write_whole(folder / _CONFIG, config_data)
    # Last, so that a pack which is listed is whole.
    write_whole(folder / _CARD, json.dumps(asdict(pack), ensure_ascii=False, indent=1).encode())
    return pack


def packs_in(directory: Path) -> tuple[Pack, ...]:
    """The packs that were brought in, by name; folders that are none are passed over."""
    found = []
    for card in sorted(directory.glob(f"*/{_CARD}")):
        try:
            found.append(_card(card))
        except PackRefused:
            continue
    return tuple(found)


def open_pack(directory: Path, name: str) -> tuple[Pack, Config, bytes]:
    """The pack, its settings, its model; raises PackRefused where it is absent or not what was imported."""
    if not _NAME.fullmatch(name):
        raise PackRefused("there is no pack of such a name")
    folder = directory / name
    pack = _card(folder / _CARD)
    model, config = _read(folder / _MODEL, LARGEST_MODEL), _read(folder / _CONFIG, LARGEST_TEXT)
    for data, wanted in ((model, pack.model_sha256), (config, pack.config_sha256)):
        if hashlib.sha256(data).hexdigest() != wanted:
            raise PackRefused("a file is not the one that was imported")
    return pack, read_config(config), model


def remove_pack(directory: Path, name: str) -> None:
    """Raises PackRefused where there is none."""
    if not _NAME.fullmatch(name) or not (directory / name / _CARD).is_file():
        raise PackRefused("there is no pack of such a name")
    (directory / name / _CARD).unlink()
    shutil.rmtree(directory / name)


def read_config(data: bytes) -> Config:
    """A pack's JSON; raises PackRefused, which says what is missing."""
    try:
        words = json.loads(data)
        signs = {
            str(sign): tuple(int(number) for number in numbers)
            for sign, numbers in words["phoneme_id_map"].items()
        }
        config = Config(
            sample_rate=int(words["audio"]["sample_rate"]),
            phoneme_type=str(words.get("phoneme_type", "espeak")),
            espeak_voice=str(words.get("espeak", {}).get("voice", "")),
            language=str(words.get("language", {}).get("code", "")),
            length_scale=float(words.get("inference", {}).get("length_scale", 1.0)),
            speakers=int(words.get("num_speakers", 1)),
            signs=signs,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as refusal:
        raise PackRefused(
            f"its JSON is not a Piper voice's ({type(refusal).__name__}: {refusal})"
        ) from refusal
    if config.phoneme_type not in PHONEME_TYPES:
        raise PackRefused(f"its phoneme_type is none of {', '.join(PHONEME_TYPES)}")
    if not _RATES[0] <= config.sample_rate <= _RATES[1] or not 0.1 <= config.length_scale <= 10:
        raise PackRefused("its sample rate or length_scale is out of bounds")
    if not all(signs.get(sign) for sign in ("^", "$", "_")):
        raise PackRefused("its phoneme_id_map lacks ^, $ or _")
    if config.phoneme_type == "espeak" and not re.fullmatch(
        r"[A-Za-z][A-Za-z0-9-]{0,31}", config.espeak_voice
    ):
        raise PackRefused("its espeak voice is not named")
    return config


def _pair(files: Sequence[Path]) -> tuple[Path, Path]:
    models = [file for file in files if file.suffix == ".onnx"]
    if len(models) != 1:
        raise PackRefused("exactly one .onnx file is wanted")
    config = next((file for file in files if file.name == f"{models[0].name}.json"), None)
    if config is None:
        raise PackRefused(f"{models[0].name}.json is wanted beside it")
    return models[0], config


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as source:
            data = source.read(most + 1)
    except OSError as failure:
        raise PackRefused(f"{path.name} cannot be read ({failure.strerror})") from failure
    if len(data) > most:
        raise PackRefused(f"{path.name} is larger than {most // 1024 // 1024} MB")
    return data


def _licence_in(files: Iterable[Path]) -> str:
    for file in files:
        found = _LICENCE.search(_read(file, LARGEST_TEXT).decode("utf-8", errors="replace"))
        if found:
            return found[1]
    return ""


def _card(path: Path) -> Pack:
    try:
        return Pack(**json.loads(_read(path, LARGEST_TEXT)))
    except (ValueError, TypeError) as refusal:
        raise PackRefused(f"its {_CARD} is damaged") from refusal
