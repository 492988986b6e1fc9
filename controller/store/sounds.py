"""Where the sound of a text stands: the columns that announcements and alerts share."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from controller.store.database import Row


class RenderState(StrEnum):
    """Where the sound of a text stands."""

    NONE = "none"
    WAITING = "waiting"
    RENDERING = "rendering"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The sound of an announcement: ``wanted`` is the caller's hash of what was to be read."""

    state: RenderState = RenderState.NONE
    wanted: str = ""
    clip: str | None = None
    duration_ms: int | None = None
    spoken: str = ""
    guesses: tuple[Mapping[str, Any], ...] = ()
    code: str = ""
    vi: str = ""
    en: str = ""


def sound_row(sound: Sound) -> Row:
    """The columns of a sound."""
    return {
        "render": sound.state.value,
        "render_hash": sound.wanted,
        "clip": sound.clip,
        "duration_ms": sound.duration_ms,
        "spoken": sound.spoken,
        "guesses": json.dumps(list(sound.guesses), ensure_ascii=False),
        "render_code": sound.code,
        "render_vi": sound.vi,
        "render_en": sound.en,
    }


def sound_from(row: Row) -> Sound:
    """The sound in a row that carries those columns."""
    return Sound(
        state=RenderState(row["render"]),
        wanted=row["render_hash"],
        clip=row["clip"],
        duration_ms=row["duration_ms"],
        spoken=row["spoken"],
        guesses=tuple(json.loads(row["guesses"])),
        code=row["render_code"],
        vi=row["render_vi"],
        en=row["render_en"],
    )
