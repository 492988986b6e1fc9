"""Engines found by name: entry points, or a dotted `module:factory`.

`loa.engines` names factories that need no settings, `loa.engines.configured` those that do. Of the latter one
engine for each voice may be opened: `piper/vi-vais` is the factory `piper` with the setting voice = vi-vais.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from importlib import import_module, metadata
from pathlib import Path
from types import MappingProxyType
from typing import cast

from tts.engines.engine import ConfiguredEngine, Engine, OpenEngine
from tts.errors import EngineAbsent, RequestRefused

GROUP = "loa.engines"
CONFIGURED = "loa.engines.configured"
Settings = Mapping[str, Mapping[str, str]]
NO_SETTINGS: Settings = MappingProxyType({})
_VOICE = "voice"
_log = logging.getLogger("loa.speech")


def known_engines() -> tuple[str, ...]:
    """The names that installed packages offer, in alphabetical order."""
    points = (*metadata.entry_points(group=GROUP), *metadata.entry_points(group=CONFIGURED))
    return tuple(sorted({point.name for point in points}))


def open_engine(name: str, *, threads: int = 2, settings: Settings = NO_SETTINGS) -> Engine:
    """Open one engine; raises EngineAbsent where it, or what it needs, is not installed or not set."""
    if ":" in name:
        return _dotted(name)(threads=threads)
    for point in metadata.entry_points(group=GROUP, name=name):
        return cast(OpenEngine, point.load())(threads=threads)
    family, _, voice = name.partition("/")
    for point in metadata.entry_points(group=CONFIGURED, name=family):
        own = {**settings.get(family, {}), **({_VOICE: voice} if voice else {})}
        return cast(ConfiguredEngine, point.load())(settings=own, threads=threads)
    raise EngineAbsent(name, f"an entry point in {GROUP}")


def open_engines(
    names: Sequence[str], *, threads: int = 2, settings: Settings = NO_SETTINGS
) -> tuple[Engine, ...]:
    """Those of the named engines that are there, in the order given; absent ones are logged and left out."""
    engines = []
    for name in names:
        try:
            engines.append(open_engine(name, threads=threads, settings=settings))
        except EngineAbsent as absence:
            _log.warning("engine.found_absent name=%s reason=%s", name, absence)
    return tuple(engines)


def read_settings(file: Path | None) -> Settings:
    """The engines' settings: JSON of `{engine: {setting: text}}`; a file, since all see a command line.

    Raises RequestRefused.
    """
    if file is None:
        return NO_SETTINGS
    try:
        words = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as failure:
        raise RequestRefused(f"the engines' settings cannot be read ({type(failure).__name__})") from failure
    if not isinstance(words, dict) or not all(
        isinstance(own, dict) and all(isinstance(value, str) for value in own.values())
        for own in words.values()
    ):
        raise RequestRefused("the engines' settings are not texts by engine")
    return words


def _dotted(name: str) -> OpenEngine:
    module, _, attribute = name.partition(":")
    try:
        return cast(OpenEngine, getattr(import_module(module), attribute))
    except (ImportError, AttributeError) as failure:
        raise EngineAbsent(name, str(failure)) from failure
