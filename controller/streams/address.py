"""Which addresses may be pulled from, and to which machine a name leads: the guard against SSRF (S57)."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from controller.errors import Problem

LONGEST_URL = 500
PORTS = {"https": 443, "http": 80}
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""All numeric addresses of a name; raises OSError where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """``hosts`` may be pulled by https; ``*.vov.vn`` stands for everything under it.

    ``own`` are machines of the house's own network, written ``host:port``: they may also speak plain http and
    may have a private address. Only what stands there word for word counts.
    """

    hosts: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A checked URL; ``own`` is a machine of the house's own network."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    own: bool

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"

    def at(self, numeric: str) -> str:
        """The same place by its number, so that nobody is asked for the name a second time."""
        number = f"[{numeric}]" if ":" in numeric else numeric
        return f"{self.scheme}://{number}:{self.port}{self.path}"


def check(url: str, allowed: Allowed) -> Address:
    """Problem ``E_URL`` for everything but a plain address of a host that is allowed."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url or len(url) > LONGEST_URL:
        raise refused(url, "it holds characters that an address can't have")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused(url, "it can't be read as an address") from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in PORTS:
        raise refused(url, "only https is taken")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise refused(url, "it carries a name, a password or a fragment")
    if not _NAME.fullmatch(host):
        raise refused(url, "its host is no plain name")
    number = PORTS[parts.scheme] if port is None else port
    own = f"{host}:{number}" in allowed.own
    if not own and parts.scheme != "https":
        raise refused(url, "only https is taken")
    if not own and (_is_number(host) or not any(_fits(host, pattern) for pattern in allowed.hosts)):
        raise refused(url, "its host is not on the list")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(url=url, scheme=parts.scheme, host=host, port=number, path=path, own=own)


async def locate(address: Address, resolve: Resolve) -> str:
    """The one numeric address to connect to. Problem ``E_URL`` where any of the name's is out of bounds."""
    try:
        numbers = await resolve(address.host, address.port)
    except OSError:
        raise refused(address.url, "its name is not known") from None
    if not numbers:
        raise refused(address.url, "its name is not known")
    for numeric in numbers:
        if not _is_within_bounds(numeric, own=address.own):
            raise refused(address.url, "its name leads into a network that is closed")
    return numbers[0]


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """By the machine's own resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(info[4][0]) for info in found))


def refused(url: str, why: str) -> Problem:
    """The one answer to an address that is not taken."""
    return Problem("E_URL", field="url", url=url[:120], why=why)


def _fits(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _is_number(host: str) -> bool:
    # 2130706433, 0x7f000001 and 127.1 are all 127.0.0.1 to a resolver
    return re.fullmatch(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+))*", host) is not None


def _is_within_bounds(numeric: str, *, own: bool) -> bool:
    try:
        address = ipaddress.ip_address(numeric.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return False
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if own:
        return address.is_private or address.is_loopback or address.is_global
    return address.is_global and not address.is_reserved
