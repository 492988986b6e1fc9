"""Under which names this server answers, and whether the way to the browser is safe."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from controller.config import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Scope = Mapping[str, Any]


def header(scope: Scope, name: bytes) -> str | None:
    """The one value of a header, or None; a header sent twice with two values counts as broken (empty)."""
    values = {value for key, value in scope["headers"] if key == name}
    if not values:
        return None
    return next(iter(values)).decode("latin-1") if len(values) == 1 else ""


def host_name(host: str) -> str:
    """The name in a Host header, without its port, in lower case; empty where it can't be read."""
    try:
        parts = urlsplit(f"//{host}")
        return "" if parts.path or parts.username or parts.query else (parts.hostname or "")
    except ValueError:
        return ""


def is_ours(scope: Scope, settings: Settings) -> bool:
    """Whether the Host header names this server: its own address, its public base or one of ``hosts``."""
    name = host_name(header(scope, b"host") or "")
    base = urlsplit(settings.public_base).hostname
    return bool(name) and name in {*LOOPBACK, settings.host.lower(), base, *map(str.lower, settings.hosts)}


def origin(scope: Scope, settings: Settings) -> str:
    """The origin that our own pages have: scheme and host as the browser sees them."""
    host = header(scope, b"host") or ""
    base = urlsplit(settings.public_base)
    scheme = base.scheme if base.hostname and host_name(host) == base.hostname else scope["scheme"]
    return f"{scheme}://{host}".lower()


def is_secure(scope: Scope, settings: Settings) -> bool:
    """Whether the login cookie may travel over TLS only: yes, but for loopback or by the settings."""
    if origin(scope, settings).startswith("https:"):
        return True
    return settings.cookie_secure and host_name(header(scope, b"host") or "") not in LOOPBACK
