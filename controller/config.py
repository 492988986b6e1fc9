"""One table of settings: name, type, default, help. A TOML file first, then the environment (LOA_…)."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from controller.errors import SettingsRefused

PREFIX = "LOA_"
_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"


class Settings(BaseSettings):
    """Everything that may differ between two installations. Frozen; an unknown name is refused."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, validate_default=True)

    data_dir: Path = Field(Path("data"), description="Where the database, clips and keys lie.")
    host: str = Field("127.0.0.1", description="Address on which the pages are served.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the pages; 0 takes a free one.")
    public_base: str = Field(
        "", description="Address under which nodes and people reach this server; empty: http://host:port."
    )
    hosts: tuple[str, ...] = Field(
        (), description="Further names accepted in the Host header, besides host and public_base."
    )
    tenant: str = Field(
        "loa", pattern=r"^[a-z0-9-]{1,40}$", description="Name of the root of trust, normally the province."
    )
    broker_host: str = Field("127.0.0.1", description="Address of the MQTT broker.")
    broker_port: int = Field(1883, ge=0, le=65535, description="Port of the MQTT broker.")
    broker_protocol: Literal["5", "3.1.1"] = Field("5", description="MQTT version spoken to the broker.")
    broker_prefer: Literal["auto", "mosquitto", "iotcore", "none"] = Field(
        "auto", description="Which broker to start along; none: one is already running at broker_host."
    )
    broker_username: str = Field("", description="Account at the broker; empty: none.")
    broker_password: SecretStr = Field(SecretStr(""), description="Password of that account.")
    zone: str = Field("Asia/Ho_Chi_Minh", description="Time zone of the wall clock.")
    quiet_from: str = Field("21:00", pattern=_CLOCK, description="Start of the quiet hours, local time.")
    quiet_to: str = Field("05:00", pattern=_CLOCK, description="End of the quiet hours, local time.")
    engines: tuple[str, ...] = Field(
        ("kokoro_vn", "espeak"), description="Voices in the order in which they are asked."
    )
    speech_threads: int = Field(2, ge=1, le=64, description="Threads of the speech process.")
    speech_deadline_s: float = Field(
        180.0, gt=0, description="Longest time for one reading before the speech process is started anew."
    )
    speech_idle_s: float = Field(
        0.0,
        ge=0,
        le=604800,
        description="Seconds without a sentence after which the embedded voice leaves memory; 0 keeps it.",
    )
    speech_cache_mb: int = Field(
        512, ge=16, le=1048576, description="Bound of the cache of spoken sentences; pinned ones stay."
    )
    speech_listener: str = Field(
        "auto",
        description="Whether a recogniser listens back: auto (where `loa[qa]` is installed), off, or the "
        "path of a Python that has it.",
    )
    alarm_pack: bool = Field(
        True, description="Speak what all alarms have in common beforehand, when nothing else is to be read."
    )
    piper_packs: str = Field(
        "", description="Folder of imported voice packs (engine `piper/NAME`); empty: voices/ in data_dir."
    )
    http_voice_url: str = Field(
        "", description="Server of the engine `http` (`POST /v1/audio/speech`); https unless on this machine."
    )
    http_voice_key: SecretStr = Field(SecretStr(""), description="Key for that server.")
    http_voice_name: str = Field("vi", description="Voice asked for there.")
    http_voice_model: str = Field("tts-1", description="Model asked for there.")
    http_voice_authorities: str = Field(
        "", description="File of the authorities trusted for that server; empty: those of the system."
    )
    aid_url: str = Field(
        "",
        description="Server of a language model (`POST /v1/chat/completions`) that may propose shorter texts "
        "and hints; https unless on this machine; empty: off.",
    )
    aid_key: SecretStr = Field(SecretStr(""), description="Key for that server.")
    aid_model: str = Field("", description="Model asked for there.")
    aid_deadline_s: float = Field(60.0, gt=0, le=300, description="Longest wait for one of its answers.")
    aid_authorities: str = Field(
        "", description="File of the authorities trusted for that server; empty: those of the system."
    )
    session_idle_min: int = Field(30, ge=1, le=720, description="Minutes without use that end a login.")
    session_absolute_h: int = Field(
        12, ge=1, le=24, description="Hours after which a login ends in any case."
    )
    cookie_secure: bool = Field(True, description="Send the login cookie over TLS only.")
    wide_people: int = Field(
        20000, ge=1, description="An emergency for more people than this needs a second person."
    )
    plan_days: int = Field(7, ge=1, le=14, description="Days of programme that nodes hold beforehand.")
    volume: int = Field(80, ge=1, le=100, description="Volume of ordinary items before a node's own ceiling.")
    recordings_mb: int = Field(
        4096, ge=1, le=1048576, description="Room for the originals of recordings, of all places together."
    )
    recordings_of_area: int = Field(
        1000, ge=1, le=1000000, description="Recordings that are kept for one commune at most."
    )
    relay_hosts: tuple[str, ...] = Field(
        ("vov.vn", "*.vov.vn", "*.gov.vn"),
        description="Stations that may be relayed, by https; `*.vov.vn` stands for everything under it.",
    )
    relay_own_hosts: tuple[str, ...] = Field(
        (),
        description="Machines of the own network that may be relayed, as `host:port`; also by plain http.",
    )
    relay_check_min: int = Field(
        10, ge=1, le=120, description="Minutes before a relay at which its sources are tried."
    )
    relay_tapes_days: int = Field(
        14, ge=1, le=365, description="Days for which recorded relays are kept after their slot."
    )
    readers: int = Field(2, ge=1, le=16, description="Connections that read the database side by side.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    demo: bool = Field(False, description="Say on every page that this is a demonstration.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given counts; ``load`` alone looks at files and the environment."""
        return (init_settings,)

    @field_validator("engines", "hosts", "relay_hosts", "relay_own_hosts", mode="before")
    @classmethod
    def _from_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def database(self) -> Path:
        """The database file."""
        return self.data_dir / "loa.db"

    @property
    def clips_dir(self) -> Path:
        """Clips by their hash."""
        return self.data_dir / "clips"

    @property
    def recordings_dir(self) -> Path:
        """Originals of recordings by their hash."""
        return self.data_dir / "recordings"

    @property
    def incoming_dir(self) -> Path:
        """Uploads that are still coming."""
        return self.recordings_dir / "incoming"

    @property
    def tapes_dir(self) -> Path:
        """Relays that are being recorded; what is done lies among the clips."""
        return self.data_dir / "tapes"

    @property
    def speech_cache_dir(self) -> Path:
        """Sentences already spoken."""
        return self.data_dir / "speech"

    @property
    def keys_dir(self) -> Path:
        """The signing keys of this controller."""
        return self.data_dir / "keys"


def load(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the TOML file, overridden by ``LOA_NAME`` (secrets also by ``LOA_NAME_FILE``).

    Raises SettingsRefused for a name that is not in the table (with the nearest one that is) and for a value
    that does not fit. ``environ`` defaults to the process environment.
    """
    values: dict[str, object] = {}
    if file is not None:
        values.update(_from_toml(file))
    values.update(_from_environ(os.environ if environ is None else environ))
    return settle(values)


def settle(values: Mapping[str, object]) -> Settings:
    """The settings with these values; raises SettingsRefused as ``load`` does."""
    for key in values:
        if key not in Settings.model_fields:
            raise SettingsRefused(key, f"unknown setting {key!r}{_nearest(key)}")
    try:
        return Settings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        raise SettingsRefused(key, f"setting {key!r}: {first['msg']}") from None


def table() -> tuple[tuple[str, str, str, str], ...]:
    """(name, type, default, help) of every setting, for ``loa doctor`` and the documentation."""
    return tuple(
        (name, _type_name(field.annotation), _shown(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    )


def _from_toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsRefused("", f"settings file {file} does not exist") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused("", f"settings file {file} is not TOML: {error}") from None


def _from_environ(environ: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        key = variable.removeprefix(PREFIX).lower()
        secret = key.removesuffix("_file")
        if key not in Settings.model_fields and secret != key and secret in _secrets():
            values[secret] = Path(text).read_text(encoding="utf-8").strip()
        else:
            values[key] = text
    return values


def _secrets() -> frozenset[str]:
    return frozenset(name for name, field in Settings.model_fields.items() if field.annotation is SecretStr)


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, Settings.model_fields, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _type_name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _shown(default: object) -> str:
    if isinstance(default, SecretStr):
        return ""
    if isinstance(default, tuple):
        return ", ".join(str(part) for part in default)
    return str(default)
