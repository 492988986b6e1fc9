"""The voices that the settings name: what they are told, what is wrong with them, where text goes."""

import json
from dataclasses import dataclass
from pathlib import Path

from controller.config import Settings
from controller.errors import SettingsRefused
from tts.engines.address import address_of
from tts.engines.kokoro_vn.timbre import TIMBRES
from tts.packs import packs_in
from tts.registry import known_engines

GOOGLE = "translate.google.com"
HTTP, PIPER, KOKORO, GTTS = "http", "piper", "kokoro_vn", "gtts"
EngineSettings = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """An engine to which sentences leave the house, and the host that gets them."""

    engine: str
    host: str


def engine_settings(settings: Settings) -> EngineSettings:
    """What the engines are told beside their threads, as the speech process takes it."""
    told: EngineSettings = {PIPER: {"packs": str(packs_dir(settings))}}
    if settings.speech_idle_s:
        told[KOKORO] = {"idle_s": f"{settings.speech_idle_s:g}"}
    if settings.http_voice_url:
        told[HTTP] = {
            "base_url": settings.http_voice_url,
            "model": settings.http_voice_model,
            "voice": settings.http_voice_name,
        }
        if key := settings.http_voice_key.get_secret_value():
            told[HTTP]["key"] = key
        if settings.http_voice_authorities:
            told[HTTP]["authorities"] = str(Path(settings.http_voice_authorities).absolute())
    return told


def packs_dir(settings: Settings) -> Path:
    """Where imported Piper packs lie."""
    return Path(settings.piper_packs) if settings.piper_packs else settings.data_dir / "voices"


def abroad(settings: Settings) -> tuple[Abroad, ...]:
    """Those of the engines by which the text of a bài leaves the house; emergencies never go there."""
    found = []
    for name in settings.engines:
        if name == GTTS:
            found.append(Abroad(engine=name, host=GOOGLE))
        elif name == HTTP and not (address := address_of(settings.http_voice_url)).local:
            found.append(Abroad(engine=name, host=address.host))
    return tuple(found)


def check_voices(settings: Settings) -> None:
    """Raises SettingsRefused, whose sentence says which setting is wrong and what is wanted.

    Looks at names, addresses and files only: an engine that this machine lacks is left out when the speech
    process starts, with a line in the log.
    """
    if not settings.engines:
        raise SettingsRefused("engines", "setting 'engines': name at least one voice, for example kokoro_vn")
    known = known_engines()
    for name in settings.engines:
        family, _, voice = name.partition("/")
        if ":" not in name and family not in known:
            raise SettingsRefused(
                "engines", f"setting 'engines': no voice is called {name!r}; there are {', '.join(known)}"
            )
        if family == HTTP:
            _check_server(settings)
        if family == KOKORO and voice not in TIMBRES:
            there = ", ".join(f"{KOKORO}/{timbre}" for timbre in TIMBRES if timbre)
            raise SettingsRefused(
                "engines", f"setting 'engines': no timbre is called {voice!r}; there are {KOKORO}, {there}"
            )
        if family == PIPER:
            _check_pack(settings, voice)
    _check_someone_stays(settings)


def dump(told: EngineSettings) -> bytes:
    """As JSON for the speech process."""
    return json.dumps(told, ensure_ascii=False).encode()


def _check_server(settings: Settings) -> None:
    if not settings.http_voice_url:
        raise SettingsRefused(
            "http_voice_url", "setting 'http_voice_url': the voice 'http' needs the address of its server"
        )
    try:
        address_of(settings.http_voice_url)
    except ValueError as refusal:
        raise SettingsRefused("http_voice_url", f"setting 'http_voice_url': wanted is {refusal}") from refusal
    authorities = settings.http_voice_authorities
    if authorities and not Path(authorities).is_file():
        raise SettingsRefused(
            "http_voice_authorities", f"setting 'http_voice_authorities': there is no file {authorities}"
        )


def _check_pack(settings: Settings, voice: str) -> None:
    directory = packs_dir(settings)
    names = tuple(pack.name for pack in packs_in(directory))
    if voice not in names:
        there = f"there are {', '.join(names)}" if names else "`loa speech voice import` brings one in"
        raise SettingsRefused(
            "engines", f"setting 'engines': {directory} has no voice pack {voice!r} (piper/NAME); {there}"
        )


def _check_someone_stays(settings: Settings) -> None:
    """Emergencies never go out, so one voice must be able to speak them here."""
    gone = {one.engine for one in abroad(settings)}
    if all(name in gone for name in settings.engines):
        raise SettingsRefused(
            "engines",
            "setting 'engines': every voice named sends text out of the house, and emergencies never do; "
            "add kokoro_vn or espeak behind them",
        )
