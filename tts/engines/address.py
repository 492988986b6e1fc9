"""Where a server of one's own is asked, and whether that leaves this machine."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

_PATH = "/v1/audio/speech"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`url` of the one question; `host` as people know it; `local`: nothing leaves this machine."""

    url: str
    host: str
    local: bool


def address_of(base_url: str, question: str = _PATH) -> Address:
    """`base_url` with or without its `/v1`, and the path of the `question`.

    Raises ValueError, which says what is wanted instead.
    """
    parts = urlsplit(base_url)
    host, _ = parts.hostname or "", parts.port
    if parts.username or parts.password or parts.query or parts.fragment or not host:
        raise ValueError("a base_url of scheme, host and path alone")
    local = _is_loopback(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("a base_url with https (plain http is for this machine only)")
    path = parts.path.rstrip("/").removesuffix("/v1")
    return Address(url=f"{parts.scheme}://{parts.netloc}{path}{question}", host=host, local=local)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
