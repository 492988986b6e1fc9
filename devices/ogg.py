"""Opus packets into an Ogg file and out of one (RFC 3533, RFC 7845): as little as streams need."""

import struct
from collections.abc import Iterable

from devices.chunks import packet_ms

_SERIAL = 1
_HEAD, _TAGS = b"OpusHead", b"OpusTags"
_PAGE = struct.Struct("<4sBBqIII B")
_BEGINS, _ENDS, _CONTINUED = 2, 4, 1


def wrap(packets: Iterable[bytes], *, pre_skip: int = 0) -> bytes:
    """An Ogg Opus file of these mono packets, one page each."""
    head = _HEAD + struct.pack("<BBHIhB", 1, 1, pre_skip, 48_000, 0, 0)
    tags = _TAGS + struct.pack("<I", 3) + b"loa" + struct.pack("<I", 0)
    pages = [_page(head, 0, 0, _BEGINS), _page(tags, 0, 1, 0)]
    granule, given = 0, tuple(packets)
    for number, packet in enumerate(given):
        granule += packet_ms(packet) * 48
        pages.append(_page(packet, granule, number + 2, _ENDS if number == len(given) - 1 else 0))
    return b"".join(pages)


def unwrap(data: bytes) -> tuple[bytes, ...]:
    """The sound packets of the first Opus stream in an Ogg file; broken or foreign pages end it."""
    packets: list[bytes] = []
    begun, at = b"", 0
    while at + _PAGE.size <= len(data):
        mark, version, flags, _, _, _, _, count = _PAGE.unpack_from(data, at)
        if mark != b"OggS" or version:
            break
        table = data[at + _PAGE.size : at + _PAGE.size + count]
        at += _PAGE.size + len(table)
        begun = begun if flags & _CONTINUED else b""
        for size in table:
            begun += data[at : at + size]
            at += size
            if size < 255:
                packets.append(begun)
                begun = b""
    return tuple(packet for packet in packets if packet and packet[:8] not in (_HEAD, _TAGS))


def _page(packet: bytes, granule: int, number: int, flags: int) -> bytes:
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = _PAGE.pack(b"OggS", 0, flags, granule, _SERIAL, number, 0, len(lacing))
    page = bytearray(head + lacing + packet)
    struct.pack_into("<I", page, 22, _checksum(page))
    return bytes(page)


def _table() -> tuple[int, ...]:
    rows = []
    for octet in range(256):
        row = octet << 24
        for _ in range(8):
            row = (row << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if row & 0x80000000 else row << 1
        rows.append(row)
    return tuple(rows)


_CRC = _table()


def _checksum(page: bytes | bytearray) -> int:
    crc = 0
    for octet in page:
        crc = (crc << 8 & 0xFFFFFFFF) ^ _CRC[crc >> 24 ^ octet]
    return crc
