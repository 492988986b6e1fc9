"""The one packet that comes by the thousand, PUBLISH, read straight out of the buffer; paho reads the others.

paho takes a PUBLISH in three reads and builds a property set and a message around it: several times the work
of what is wanted here (docs/decisions/0095).
"""

from typing import NamedTuple

PUBLISH = 3


class Publication(NamedTuple):
    """One whole PUBLISH without properties; ``end`` is where the next packet begins."""

    topic: str
    payload: bytes
    retained: bool
    qos: int
    mid: int
    end: int


def publication_at(data: bytes, at: int, *, five: bool) -> Publication | None:
    """The PUBLISH that begins there, if it is whole and of the plain kind; None leaves it to paho."""
    size = len(data)
    if at + 4 >= size or data[at] >> 4 != PUBLISH:
        return None
    qos = data[at] >> 1 & 3
    start, length = _length(data, at + 1)
    end = start + length
    if qos > 1 or length < 0 or end > size:
        return None
    name = start + 2
    after = name + int.from_bytes(data[start:name])
    body = after + (2 if qos else 0) + five
    # With properties or a topic alias, or where the lengths do not agree, paho shall judge.
    if after == name or body > end or (five and data[body - 1]):
        return None
    try:
        topic = data[name:after].decode()
    except UnicodeDecodeError:
        return None
    mid = int.from_bytes(data[after : after + 2]) if qos else 0
    return Publication(topic, data[body:end], bool(data[at] & 1), qos, mid, end)


def puback(mid: int) -> bytes:
    """The same four bytes in 3.1.1 and, for success, in 5."""
    return b"\x40\x02" + mid.to_bytes(2)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Where the body begins and how long it is; -1 where that is not (yet) said."""
    length = shift = 0
    for index in range(at, min(at + 4, len(data))):
        length |= (data[index] & 0x7F) << shift
        if not data[index] & 0x80:
            return index + 1, length
        shift += 7
    return at, -1
