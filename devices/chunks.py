"""Signed chunks of a stream: at most one second of Opus packets in a form of their own, cheaper than a JWS.

    "LC" version flags | kid | sequence position_ms sent_at | count, lengths | packets | signature

Numbers are big-endian. The signature (Ed25519, 64 octets) is over a domain line, the tenant, the grant and
everything before it: the grant travels in the topic only, and a chunk fits no other. The domain line holds a
line feed, which no JWS does, so neither can ever be taken for the other (docs/decisions/0145).
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from devices.errors import FormatError, SizeError
from devices.messages import KeyId, TenantId
from devices.signing import SigningKey
from devices.topics import NAME

CHUNK_LIMIT = 8_192
LONGEST_MS = 1_000
DOMAIN = b"loa-chunk/1\n"
MAGIC = b"LC"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_START = struct.Struct(">2sBBB")
_FACTS = struct.Struct(">IIQB")
_VERSION, _LAST = 1, 1
_SIGNATURE = 64
_MOST_MS = 253_402_300_799_999
_MILLISECOND = timedelta(milliseconds=1)
_SILK, _HYBRID, _CELT = (10, 20, 40, 60), (10, 20), (0, 5, 10, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """``position_ms`` is media time since the grant's beginning; ``sequence`` grows by one from 0.

    ``last``: nothing follows; such a chunk may be empty.
    """

    kid: KeyId
    sequence: int
    position_ms: int
    sent_at: datetime
    packets: tuple[bytes, ...]
    last: bool = False

    @property
    def length_ms(self) -> int:
        """Of its sound."""
        return sum(packet_ms(packet) for packet in self.packets)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedChunk:
    """A chunk taken apart. Nothing in it is believed before ``verify``."""

    chunk: Chunk
    body: bytes
    signature: bytes


def packet_ms(packet: bytes) -> int:
    """How long one Opus packet sounds, by its first octets (RFC 6716, 3.1); 0 for what we don't carry.

    Carried: mono, whole milliseconds from 5 to 60.
    """
    if not packet or packet[0] & 0b100:
        return 0
    config, code = packet[0] >> 3, packet[0] & 0b11
    if config < 12:
        frame = _SILK[config % 4]
    elif config < 16:
        frame = _HYBRID[config % 2]
    else:
        frame = _CELT[config % 4]
    if code == 3:
        count = packet[1] & 0b11_1111 if len(packet) > 1 else 0
    else:
        count = 1 if code == 0 else 2
    return frame * count if frame * count <= 60 else 0


def seal(chunk: Chunk, key: SigningKey, tenant: TenantId, grant: str) -> bytes:
    """The chunk as it travels; raises FormatError for what no node would read. ``key`` must be ``kid``'s."""
    try:
        body = _body(chunk)
    except (struct.error, OverflowError) as error:
        raise FormatError(str(error)) from error
    if open_chunk(body + bytes(_SIGNATURE)).chunk != chunk or key.kid != chunk.kid:
        raise FormatError("the chunk would not be read as it was written")
    return body + key.private.sign(_signing_input(body, tenant, grant))


def open_chunk(raw: bytes) -> SealedChunk:
    """The chunk in these octets, with no cryptography yet; raises SizeError or FormatError."""
    if len(raw) > CHUNK_LIMIT:
        raise SizeError(len(raw), CHUNK_LIMIT)
    body, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    try:
        magic, version, flags, named = _START.unpack_from(body)
        at = _START.size + named
        kid = body[_START.size : at].decode("ascii")
        sequence, position_ms, sent_ms, count = _FACTS.unpack_from(body, at)
        at += _FACTS.size
        lengths = struct.unpack_from(f">{count}H", body, at)
    except (struct.error, UnicodeDecodeError) as error:
        raise FormatError("not a chunk") from error
    at += 2 * count
    if magic != MAGIC or version != _VERSION or flags & ~_LAST or not NAME.fullmatch(kid):
        raise FormatError("not a chunk")
    if at + sum(lengths) != len(body) or sent_ms > _MOST_MS:
        raise FormatError("the lengths don't agree")
    packets = []
    for length in lengths:
        packets.append(body[at : at + length])
        at += length
    total_ms = sum(packet_ms(packet) for packet in packets)
    if any(not packet_ms(packet) for packet in packets) or total_ms > LONGEST_MS:
        raise FormatError("not the packets that we carry")
    if not packets and not flags & _LAST:
        raise FormatError("an empty chunk")
    chunk = Chunk(
        kid=KeyId(kid),
        sequence=sequence,
        position_ms=position_ms,
        sent_at=EPOCH + sent_ms * _MILLISECOND,
        packets=tuple(packets),
        last=bool(flags & _LAST),
    )
    return SealedChunk(chunk=chunk, body=body, signature=signature)


def verify(sealed: SealedChunk, public: Ed25519PublicKey, tenant: TenantId, grant: str) -> bool:
    """Whether this key signed these very octets for this grant of this tenant."""
    try:
        public.verify(sealed.signature, _signing_input(sealed.body, tenant, grant))
    except InvalidSignature:
        return False
    return True


def _body(chunk: Chunk) -> bytes:
    kid = chunk.kid.encode()
    sent_ms = (chunk.sent_at - EPOCH) // _MILLISECOND
    count = len(chunk.packets)
    return b"".join(
        (
            _START.pack(MAGIC, _VERSION, _LAST if chunk.last else 0, len(kid)),
            kid,
            _FACTS.pack(chunk.sequence, chunk.position_ms, sent_ms, count),
            struct.pack(f">{count}H", *(len(packet) for packet in chunk.packets)),
            *chunk.packets,
        )
    )


def _signing_input(body: bytes, tenant: TenantId, grant: str) -> bytes:
    return b"".join((DOMAIN, tenant.encode(), b"\n", grant.encode(), b"\n", body))
