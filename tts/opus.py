"""Opus in takes: what was encoded once is laid into any bulletin without being encoded again."""

import struct
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm
from tts.ogg import BEGINS, ENDS, Page, packets_of, stream_of

PACKET = SAMPLE_RATE // 50  # samples in the 20 ms of one packet
# Silence before each take: encoder and decoder come to the first syllable with the same (empty) memory.
LEAD = 2 * PACKET
_PACKETS_A_PAGE = 50
_GRANULES = 48_000 // SAMPLE_RATE  # Opus counts in 48 kHz whatever it carries (RFC 7845, 4)
_HEADERS = 2
_PRE_SKIP_AT = 10


def take(pcm: Pcm, pause_ms: int) -> Pcm:
    """The sound between its silences, a whole number of packets long: what follows it can be cut off there.

    Before it LEAD samples, after it the rest of `pause_ms` (never less than a packet) and up to 20 ms.
    """
    after = max(PACKET, round(pause_ms * SAMPLE_RATE / 1000) - LEAD)
    after += -(LEAD + len(pcm) + after) % PACKET
    return np.pad(pcm, (LEAD, after))


def joined(streams: Sequence[bytes], lengths: Sequence[int]) -> bytes:
    """One stream of the takes' streams, whose `lengths` are in samples: as if they were encoded in one go.

    Raises ValueError where there is none, or where one of them is no whole Ogg Opus stream.
    """
    if not streams:
        raise ValueError("no take to join")
    bodies = [packets_of(stream) for stream in streams]
    head, tags = bodies[0][:_HEADERS]
    parts: list[Sequence[bytes]] = [
        body[_HEADERS : _HEADERS + length // PACKET] for body, length in zip(bodies, lengths, strict=True)
    ]
    # Each stream ends with what the encoder's look-ahead still held: silence, wanted at the very end only.
    parts.append(bodies[-1][_HEADERS + lengths[-1] // PACKET :])
    (pre_skip,) = struct.unpack_from("<H", head, _PRE_SKIP_AT)
    packets = tuple(chain.from_iterable(parts))
    pages = (
        Page(packets=(head,), granule=0, flags=BEGINS),
        Page(packets=(tags,), granule=0),
        *_data_pages(packets, pre_skip + sum(lengths) * _GRANULES),
    )
    return stream_of(pages)


def _data_pages(packets: Sequence[bytes], end: int) -> Iterable[Page]:
    for start in range(0, len(packets), _PACKETS_A_PAGE):
        some = tuple(packets[start : start + _PACKETS_A_PAGE])
        last = start + len(some) == len(packets)
        granule = end if last else (start + len(some)) * PACKET * _GRANULES
        yield Page(packets=some, granule=granule, flags=ENDS if last else 0)
