"""Compact JWS over our messages: keys, signing, a strict envelope parser, verification (Ed25519, RFC 9864).

The parser and the verification are our own on ``cryptography`` (docs/decisions/0030); joserfc judges them in
tests.
"""

import hashlib
import re
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from devices import codec
from devices.errors import FormatError, KeyUnreadable, SizeError, UnsignedError, WeakKey
from devices.messages import TYP, KeyId, Message
from devices.topics import NAME

ALGORITHM = "Ed25519"
ROOT_KID = KeyId("root")
MAX_HEADER = 256
ENVELOPE_LIMIT = 65_536

_PRIME = 2**255 - 19
_CURVE_D = -121665 * pow(121666, -1, _PRIME) % _PRIME
_EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _EIGHTH, _PRIME - _EIGHTH})
"""The y of the eight points whose order divides eight: with such a key one signature fits every message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key and its name."""

    kid: KeyId
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    @property
    def public_text(self) -> str:
        """The raw 32 octets in base64url, as a delegation carries them."""
        return public_text(self.public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A compact JWS taken apart. Nothing in it is believed before ``verify``."""

    kid: KeyId
    typ: str
    payload: bytes
    signature: bytes
    signing_input: bytes


def generate_key(kid: str) -> SigningKey:
    """A new key from the system's randomness."""
    return SigningKey(kid=_kid(kid), private=Ed25519PrivateKey.generate())


def load_key(pem: bytes, kid: str, password: bytes | None = None) -> SigningKey:
    """A private key from PKCS #8 PEM; raises KeyUnreadable."""
    try:
        private = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnreadable(str(error)) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnreadable("not an Ed25519 key")
    return SigningKey(kid=_kid(kid), private=private)


def key_from_bytes(raw: bytes, kid: str) -> SigningKey:
    """A private key from its 32 octets; raises KeyUnreadable."""
    try:
        return SigningKey(kid=_kid(kid), private=Ed25519PrivateKey.from_private_bytes(raw))
    except ValueError as error:
        raise KeyUnreadable(str(error)) from error


def to_pem(key: SigningKey, password: bytes | None = None) -> bytes:
    """PKCS #8 PEM, encrypted where a password is given."""
    locking: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        locking = serialization.BestAvailableEncryption(password)
    return key.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locking)


def public_text(public: Ed25519PublicKey) -> str:
    """The raw 32 octets in base64url without padding."""
    return _to_text(public.public_bytes_raw()).decode()


def load_public(text: str) -> Ed25519PublicKey:
    """A public key from base64url; raises KeyUnreadable, and WeakKey where anybody could sign for it.

    OpenSSL checks neither small order nor canonical form [RFC 8032, 5.1.3], so we do.
    """
    try:
        raw = _from_text(text.encode("ascii"))
    except (FormatError, UnicodeEncodeError) as error:
        raise KeyUnreadable("not base64url") from error
    if len(raw) != 32:
        raise KeyUnreadable("not 32 octets")
    number = int.from_bytes(raw, "little") & (2**255 - 1)
    if number >= _PRIME:
        raise WeakKey("not canonical")
    if number in _SMALL_ORDER:
        raise WeakKey("small order")
    if not _on_curve(number):
        raise WeakKey("not on the curve")
    return Ed25519PublicKey.from_public_bytes(raw)


def fingerprint(public: Ed25519PublicKey) -> str:
    """Sixteen hex digits in four groups, for two people to compare by eye."""
    digest = hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]
    return "-".join(digest[start : start + 4] for start in range(0, 16, 4))


def sign(message: Message, key: SigningKey) -> bytes:
    """The message as compact JWS; raises FormatError for what no node would read."""
    return sign_payload(codec.encode(message), TYP[type(message)], key)


def sign_payload(payload: bytes, typ: str, key: SigningKey) -> bytes:
    """Any octets under any ``typ``: for tools and for tests that forge."""
    header = f'{{"alg":"{ALGORITHM}","kid":"{key.kid}","typ":"{typ}"}}'.encode()
    signing_input = _to_text(header) + b"." + _to_text(payload)
    return signing_input + b"." + _to_text(key.private.sign(signing_input))


def open_envelope(raw: bytes, *, limit: int = ENVELOPE_LIMIT) -> Envelope:
    """The parts of a compact JWS, with no cryptography yet.

    Raises SizeError before anything is looked at, UnsignedError for plain JSON or an empty signature,
    FormatError for all else that is not exactly our form: other header members, other ``alg``, loose
    base64url.
    """
    if len(raw) > limit:
        raise SizeError(len(raw), limit)
    parts = raw.split(b".")
    if raw[:1] in (b"{", b"[") or (len(parts) in (2, 3) and not parts[-1]):
        raise UnsignedError("no signature")
    if len(parts) != 3 or len(parts[0]) > MAX_HEADER or len(parts[2]) != 86:
        raise FormatError("not a compact JWS")
    kid, typ = _header(_from_text(parts[0]))
    return Envelope(
        kid=kid,
        typ=typ,
        payload=_from_text(parts[1]),
        signature=_from_text(parts[2]),
        signing_input=raw[: len(parts[0]) + 1 + len(parts[1])],
    )


def verify(envelope: Envelope, public: Ed25519PublicKey) -> bool:
    """Whether this key made this signature over these very octets."""
    try:
        public.verify(envelope.signature, envelope.signing_input)
    except InvalidSignature:
        return False
    return True


def _header(octets: bytes) -> tuple[KeyId, str]:
    usual = _USUAL_HEADER.fullmatch(octets)
    if usual is not None and (typ := usual["typ"].decode()) in _KNOWN_TYPES:
        return KeyId(usual["kid"].decode()), typ
    return _unusual_header(octets)


def _unusual_header(octets: bytes) -> tuple[KeyId, str]:
    """Members in another order, or blanks: as strict, only slower."""
    header = codec.parse(octets)
    if header.keys() != {"alg", "kid", "typ"}:
        raise FormatError("header members are exactly alg, kid, typ")
    kid, typ = header["kid"], header["typ"]
    if header["alg"] != ALGORITHM:
        raise FormatError("alg is exactly Ed25519")
    if not isinstance(kid, str) or not NAME.fullmatch(kid):
        raise FormatError("kid")
    if not isinstance(typ, str) or typ not in _KNOWN_TYPES:
        raise FormatError("typ")
    return KeyId(kid), typ


_USUAL_HEADER = re.compile(
    rb'\{"alg":"Ed25519","kid":"(?P<kid>%b)","typ":"(?P<typ>[a-z+-]{1,40})"\}' % NAME.pattern.encode()
)
_KNOWN_TYPES = frozenset(TYP.values())
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def _kid(kid: str) -> KeyId:
    if not NAME.fullmatch(kid):
        raise KeyUnreadable("a key id is letters, digits and ._:-")
    return KeyId(kid)


def _to_text(octets: bytes) -> bytes:
    return b2a_base64(octets, newline=False).translate(_TO_URL).rstrip(b"=")


def _from_text(text: bytes) -> bytes:
    """Strict base64url: one spelling only, else two envelopes could carry one signature."""
    try:
        octets = a2b_base64(text.translate(_FROM_URL) + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise FormatError("not base64url") from error
    if _to_text(octets) != text:
        raise FormatError("not base64url")
    return octets


def _on_curve(y: int) -> bool:
    numerator = (y * y - 1) % _PRIME
    denominator = (_CURVE_D * y * y + 1) % _PRIME
    square = numerator * pow(denominator, -1, _PRIME) % _PRIME
    return pow(square, (_PRIME - 1) // 2, _PRIME) == 1
