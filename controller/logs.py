"""Logs: JSON lines on stderr, an event name and facts, never a secret."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

SECRET_PARTS = ("password", "token", "secret", "cookie", "authorization", "private", "csrf")
HIDDEN = "***"

Event = MutableMapping[str, Any]
Logger = structlog.stdlib.BoundLogger


def configure(level: str = "info", sink: TextIO | None = None) -> None:
    """Send everything, also what libraries log, to ``sink`` (stderr) as one JSON object a line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        redact,
    ]
    handler = logging.StreamHandler(sys.stderr if sink is None else sink)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def logger(name: str) -> Logger:
    """A logger; call it as ``log.info("programme.published", area=..., version=...)``."""
    found: Logger = structlog.stdlib.get_logger(name)
    return found


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Hide the values of facts whose name says that they are secret, at any depth."""
    return {key: _shown(key, value) for key, value in event.items()}


def _shown(key: str, value: object) -> object:
    if any(part in key.lower() for part in SECRET_PARTS):
        return HIDDEN
    if isinstance(value, Mapping):
        return {inner: _shown(str(inner), part) for inner, part in value.items()}
    return value
