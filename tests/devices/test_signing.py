"""Keys, envelopes and signatures, judged by vectors of others and by joserfc."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.jwk import OKPKey

from devices import signing
from devices.errors import FormatError, KeyUnreadable, SizeError, UnsignedError, WeakKey
from tests.devices.cast import ONLINE, STRANGER, alerts, beacon, command

PRIME = 2**255 - 19
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "wycheproof_ed25519_test.json"
REGISTRY = jws.JWSRegistry(algorithms=["Ed25519"])


def text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value: int) -> str:
    return text(value.to_bytes(32, "little"))


def envelope(header: object, payload: bytes = b"{}", signature: bytes = b"\0" * 64) -> bytes:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return f"{text(head)}.{text(payload)}.{text(signature)}".encode()


PROPER = {"alg": "Ed25519", "kid": "online", "typ": "loa-time+jws"}


@pytest.mark.promise("S03", "P8")
def test_every_wycheproof_vector_is_judged_as_it_says() -> None:
    if not VECTORS.exists():
        pytest.skip("the Wycheproof vectors lie beside the project, not in it: absent here")
    judged = 0
    for group in json.loads(VECTORS.read_text())["testGroups"]:
        public = signing.load_public(text(bytes.fromhex(group["publicKey"]["pk"])))
        for case in group["tests"]:
            opened = signing.Envelope(
                kid=ONLINE.kid,
                typ="",
                payload=b"",
                signature=bytes.fromhex(case["sig"]),
                signing_input=bytes.fromhex(case["msg"]),
            )
            assert signing.verify(opened, public) == (case["result"] == "valid"), case
            judged += 1
    assert judged >= 150


@pytest.mark.promise("S03")
def test_every_weak_public_key_is_refused() -> None:
    eighth = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
    small = [0, 1, PRIME - 1, eighth, PRIME - eighth]
    sign_bit = 1 << 255
    beyond = [PRIME + extra for extra in range(19)]
    for value in [*small, *beyond]:
        for encoding in (value, value | sign_bit):
            with pytest.raises(WeakKey):
                signing.load_public(number(encoding))


@pytest.mark.promise("S03")
def test_the_library_alone_would_believe_a_small_order_key() -> None:
    """Why we check: with the identity as key, one signature fits any message."""
    identity = Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    forged = (1).to_bytes(32, "little") + bytes(32)
    identity.verify(forged, b"any message")
    identity.verify(forged, b"any other message")


def test_a_point_off_the_curve_is_refused_and_a_true_key_is_not() -> None:
    with pytest.raises(WeakKey):
        signing.load_public(number(2))
    for seed in range(40):
        key = signing.key_from_bytes(bytes([seed]) * 32, "k")
        assert signing.public_text(signing.load_public(key.public_text)) == key.public_text


@pytest.mark.parametrize("given", ["", "AAAA", "é" * 43, "!" * 43, "A" * 43 + "=", "A" * 42 + "B", "A" * 44])
def test_what_is_no_key_is_unreadable(given: str) -> None:
    with pytest.raises(KeyUnreadable):
        signing.load_public(given)


def test_a_key_survives_its_pem_with_and_without_password() -> None:
    for password in (None, b"mat khau"):
        pem = signing.to_pem(ONLINE, password)
        assert signing.load_key(pem, "online", password).public_text == ONLINE.public_text
    with pytest.raises(KeyUnreadable):
        signing.load_key(signing.to_pem(ONLINE, b"x1234567"), "online", b"wrong")
    with pytest.raises(KeyUnreadable):
        signing.load_key(b"nonsense", "online")
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyUnreadable):
        signing.load_key(other, "online")
    with pytest.raises(KeyUnreadable):
        signing.key_from_bytes(b"short", "online")
    for name in ("a/b", "", "x" * 65, "a b"):
        with pytest.raises(KeyUnreadable):
            signing.generate_key(name)


def test_two_new_keys_differ_and_no_private_part_is_printed() -> None:
    one, two = signing.generate_key("a"), signing.generate_key("a")
    assert one.public_text != two.public_text
    assert "private" not in repr(one)


def test_a_fingerprint_is_four_groups_that_follow_the_key() -> None:
    shown = signing.fingerprint(ONLINE.public)
    assert [len(part) for part in shown.split("-")] == [4, 4, 4, 4]
    assert shown == signing.fingerprint(signing.load_public(ONLINE.public_text))
    assert shown != signing.fingerprint(STRANGER.public)


def test_joserfc_reads_what_we_sign() -> None:
    raw = signing.sign(alerts(), ONLINE)
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": ONLINE.public_text})
    read = jws.deserialize_compact(raw, key, registry=REGISTRY)
    assert read.payload == signing.open_envelope(raw).payload
    assert read.protected == {"alg": "Ed25519", "kid": "online", "typ": "loa-alerts+jws"}


def test_we_read_what_joserfc_signs_in_any_member_order() -> None:
    seed = bytes([2]) * 32
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": ONLINE.public_text, "d": text(seed)})
    for header in (PROPER, dict(reversed(PROPER.items()))):
        raw = jws.serialize_compact(header, b"{}", key, registry=REGISTRY)
        opened = signing.open_envelope(raw.encode())
        assert (opened.kid, opened.typ, opened.payload) == ("online", "loa-time+jws", b"{}")
        assert signing.verify(opened, ONLINE.public)


@pytest.mark.promise("S01", "S02")
@pytest.mark.parametrize(
    "header",
    [
        {**PROPER, "alg": "EdDSA"},
        {**PROPER, "alg": "none"},
        {**PROPER, "alg": "ed25519"},
        {**PROPER, "alg": "HS256"},
        {**PROPER, "crit": ["exp"]},
        {**PROPER, "jwk": {"kty": "OKP"}},
        {**PROPER, "x5c": []},
        {**PROPER, "b64": False},
        {**PROPER, "kid": "a/b"},
        {**PROPER, "kid": 7},
        {**PROPER, "typ": "JWT"},
        {**PROPER, "typ": ["loa-time+jws"]},
        {"alg": "Ed25519", "kid": "online"},
        b'{"alg":"Ed25519","kid":"a","kid":"online","typ":"loa-time+jws"}',
        b'{"alg":"Ed25519","kid":"online","typ":"loa-time+jws"}x',
        b"[]",
        b"\xff",
    ],
)
def test_any_other_header_is_malformed(header: object) -> None:
    with pytest.raises(FormatError):
        signing.open_envelope(envelope(header))
    signing.open_envelope(envelope(PROPER))


def test_an_envelope_has_exactly_three_full_parts() -> None:
    raw = signing.sign(beacon(), ONLINE)
    head, payload, signature = raw.split(b".")
    for bad in (
        b"x",
        raw + b".",
        raw + b"." + signature,
        b"." + raw,
        head + b"." + payload + b"." + signature[:-1],
        head + b"." + payload + b"." + signature + b"A",
        b"A" * 300 + b"." + payload + b"." + signature,
        head + b"=." + payload + b"." + signature,
        head + b"." + payload + b"\n." + signature,
        raw + b"\n",
        raw.replace(b".", b"\xff.", 1),
    ):
        with pytest.raises(FormatError):
            signing.open_envelope(bad)


def test_plain_json_and_a_missing_signature_are_called_unsigned() -> None:
    raw = signing.sign(beacon(), ONLINE)
    for bare in (b"{}", b"[]", raw.rpartition(b".")[0] + b".", b"a.b.", b"a."):
        with pytest.raises(UnsignedError):
            signing.open_envelope(bare)


@pytest.mark.promise("S02")
def test_one_envelope_has_one_spelling() -> None:
    """The unused bits of the last letter are no room for a second copy of a signed message."""
    raw = signing.sign(command(), ONLINE)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(raw[-1])
    assert last % 16 == 0
    for spare in range(1, 16):
        with pytest.raises(FormatError):
            signing.open_envelope(raw[:-1] + bytes([alphabet[last + spare]]))


@pytest.mark.promise("S17", "S18")
def test_the_size_is_judged_before_anything_is_looked_at() -> None:
    class Untouchable(bytes):
        def split(self, *_: Any) -> Any:
            raise AssertionError("looked at")

    with pytest.raises(SizeError):
        signing.open_envelope(Untouchable(64_000_000), limit=8_192)
