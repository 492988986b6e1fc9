"""HLS playlists (RFC 8216), as much of them as a radio stream needs."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

LARGEST = 256 * 1024
MOST_LINES = 5000
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')


class PlaylistBroken(Exception):
    """It can't be read, or holds what we do not play (encrypted pieces)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One piece of sound; ``number`` is its place in the whole stream."""

    number: int
    url: str
    seconds: float
    head: str | None = None
    """The address of what must come before the first piece (EXT-X-MAP)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playlist:
    """A list of segments, or (``variants``) of other lists, the thinnest first."""

    segments: tuple[Segment, ...] = ()
    variants: tuple[str, ...] = ()
    target_s: float = 6.0
    ended: bool = False


def is_playlist(head: bytes) -> bool:
    """By its first bytes, never by its name."""
    return head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"#EXTM3U")


def read(text: str, base: str) -> Playlist:
    """The addresses are made whole by ``base``; raises PlaylistBroken."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U" or len(lines) > MOST_LINES:
        raise PlaylistBroken("no playlist")
    try:
        return _variants(lines, base) or _segments(lines, base)
    except ValueError as error:
        raise PlaylistBroken(str(error)) from None


def _variants(lines: list[str], base: str) -> Playlist | None:
    found: list[tuple[int, str]] = []
    wide: int | None = None
    for line in lines:
        if line.startswith("#EXT-X-STREAM-INF:"):
            wide = int(_attributes(line).get("BANDWIDTH", "0"))
        elif not line.startswith("#") and wide is not None:
            found.append((wide, urljoin(base, line)))
            wide = None
    if not found:
        return None
    return Playlist(variants=tuple(url for _, url in sorted(found)))


def _segments(lines: list[str], base: str) -> Playlist:
    number, seconds, target = 0, 0.0, 6.0
    head: str | None = None
    found: list[Segment] = []
    for line in lines:
        name, _, value = line.partition(":")
        match name:
            case "#EXT-X-TARGETDURATION":
                target = min(max(float(value), 1.0), 30.0)
            case "#EXT-X-MEDIA-SEQUENCE":
                number = int(value)
            case "#EXTINF":
                seconds = float(value.partition(",")[0])
            case "#EXT-X-MAP":
                head = urljoin(base, _attributes(line)["URI"].strip('"')) if "URI" in line else None
            case "#EXT-X-BYTERANGE":
                raise PlaylistBroken("pieces of one file are not taken")
            case "#EXT-X-KEY" if _attributes(line).get("METHOD") != "NONE":
                raise PlaylistBroken("it is encrypted")
            case _ if not line.startswith("#"):
                found.append(
                    Segment(number=number, url=urljoin(base, line), seconds=min(seconds, 60.0), head=head)
                )
                number += 1
    return Playlist(segments=tuple(found), target_s=target, ended="#EXT-X-ENDLIST" in lines)


def _attributes(line: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(line.partition(":")[2]))
