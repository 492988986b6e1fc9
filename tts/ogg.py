"""Ogg pages (RFC 3533): packets taken out of a stream, and laid into one whose bytes are always the same."""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SERIAL = 0x4C6F61  # "Loa"
BEGINS, ENDS = 2, 4
MOST_LACING = 255
_CAPTURE = b"OggS"
_HEAD = struct.Struct("<4sBBqIIIB")
_SERIAL_AT = 14
_CHECKSUM_AT = 22
_SEGMENTS_AT = 26
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Whole packets; `granule` counts the samples that end with them, `flags` marks first and last page."""

    packets: tuple[bytes, ...]
    granule: int
    flags: int = 0


def with_fixed_serial(stream: bytes) -> bytes:
    """The same Ogg stream with SERIAL in every page and the checksums made right again.

    The encoder draws a serial number by lot; only that keeps two encodings of one sound apart.
    Raises ValueError where the bytes are not whole Ogg pages.
    """
    pages = bytearray(stream)
    at = 0
    while at < len(pages):
        end = _page_end(pages, at)
        pages[at + _SERIAL_AT : at + _SERIAL_AT + 4] = struct.pack("<I", SERIAL)
        _sign(pages, at, end)
        at = end
    return bytes(pages)


def packets_of(stream: bytes) -> tuple[bytes, ...]:
    """The packets of a stream in order; raises ValueError where the bytes are not whole Ogg pages."""
    packets: list[bytes] = []
    open_packet = bytearray()
    at = 0
    while at < len(stream):
        end = _page_end(stream, at)
        count = stream[at + _SEGMENTS_AT]
        body_at = at + _SEGMENTS_AT + 1 + count
        for size in stream[at + _SEGMENTS_AT + 1 : body_at]:
            open_packet += stream[body_at : body_at + size]
            body_at += size
            if size < MOST_LACING:
                packets.append(bytes(open_packet))
                open_packet.clear()
        at = end
    return tuple(packets)


def stream_of(pages: Iterable[Page]) -> bytes:
    """The pages as bytes, numbered from nought, with SERIAL; equal pages give equal bytes."""
    stream = bytearray()
    for number, page in enumerate(pages):
        at = len(stream)
        lacing = _lacing(page.packets)
        head = _HEAD.pack(_CAPTURE, 0, page.flags, page.granule, SERIAL, number, 0, len(lacing))
        stream += head + lacing + b"".join(page.packets)
        _sign(stream, at, len(stream))
    return bytes(stream)


def _lacing(packets: Sequence[bytes]) -> bytes:
    lacing = b"".join(
        bytes([MOST_LACING]) * (len(packet) // MOST_LACING) + bytes([len(packet) % MOST_LACING])
        for packet in packets
    )
    if len(lacing) > MOST_LACING:
        raise ValueError("too much for one Ogg page")
    return lacing


def _page_end(pages: bytes | bytearray, at: int) -> int:
    if pages[at : at + 4] != _CAPTURE or len(pages) < at + _SEGMENTS_AT + 1:
        raise ValueError(f"no Ogg page at byte {at}")
    segments = pages[at + _SEGMENTS_AT]
    body_at = at + _SEGMENTS_AT + 1 + segments
    end = body_at + sum(pages[at + _SEGMENTS_AT + 1 : body_at])
    if end > len(pages):
        raise ValueError(f"the Ogg page at byte {at} is cut short")
    return end


def _sign(stream: bytearray, at: int, end: int) -> None:
    stream[at + _CHECKSUM_AT : at + _CHECKSUM_AT + 4] = bytes(4)
    checksum = _checksum(bytes(stream[at:end]))
    stream[at + _CHECKSUM_AT : at + _CHECKSUM_AT + 4] = struct.pack("<I", checksum)


def _checksum(page: bytes) -> int:
    # Ogg's CRC is zlib's read backwards, begun and ended with nought: much quicker than byte by byte.
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")
