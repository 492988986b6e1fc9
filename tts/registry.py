"""Engines found by name: entry points of group `loa.engines`, or a dotted `module:factory`."""

import logging
from collections.abc import Sequence
from importlib import import_module, metadata
from typing import cast

from tts.engines.engine import Engine, OpenEngine
from tts.errors import EngineAbsent

GROUP = "loa.engines"
_log = logging.getLogger("loa.speech")


def known_engines() -> tuple[str, ...]:
    """The names that installed packages offer, in alphabetical order."""
    return tuple(sorted(point.name for point in metadata.entry_points(group=GROUP)))


def open_engine(name: str, *, threads: int = 2) -> Engine:
    """Open one engine; raises EngineAbsent where it, or what it needs, is not installed."""
    return _factory(name)(threads=threads)


def open_engines(names: Sequence[str], *, threads: int = 2) -> tuple[Engine, ...]:
    """Those of the named engines that are there, in the order given; absent ones are logged and left out."""
    engines = []
    for name in names:
        try:
            engines.append(open_engine(name, threads=threads))
        except EngineAbsent as absence:
            _log.warning("engine.found_absent name=%s reason=%s", name, absence)
    return tuple(engines)


def _factory(name: str) -> OpenEngine:
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return cast(OpenEngine, getattr(import_module(module), attribute))
        except (ImportError, AttributeError) as failure:
            raise EngineAbsent(name, str(failure)) from failure
    for point in metadata.entry_points(group=GROUP, name=name):
        return cast(OpenEngine, point.load())
    raise EngineAbsent(name, f"an entry point in {GROUP}")
