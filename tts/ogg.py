"""Ogg pages with a fixed serial number, so that equal sound is equal bytes (RFC 3533)."""

import struct

SERIAL = 0x4C6F61  # "Loa"
_CAPTURE = b"OggS"
_SERIAL_AT = 14
_CHECKSUM_AT = 22
_SEGMENTS_AT = 26


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        rows.append(value)
    return tuple(rows)


_TABLE = _table()


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
        pages[at + _CHECKSUM_AT : at + _CHECKSUM_AT + 4] = bytes(4)
        checksum = _checksum(bytes(pages[at:end]))
        pages[at + _CHECKSUM_AT : at + _CHECKSUM_AT + 4] = struct.pack("<I", checksum)
        at = end
    return bytes(pages)


def _page_end(pages: bytearray, at: int) -> int:
    if pages[at : at + 4] != _CAPTURE or len(pages) < at + _SEGMENTS_AT + 1:
        raise ValueError(f"no Ogg page at byte {at}")
    segments = pages[at + _SEGMENTS_AT]
    body_at = at + _SEGMENTS_AT + 1 + segments
    end = body_at + sum(pages[at + _SEGMENTS_AT + 1 : body_at])
    if end > len(pages):
        raise ValueError(f"the Ogg page at byte {at} is cut short")
    return end


def _checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ _TABLE[(value >> 24) ^ byte]
    return value
