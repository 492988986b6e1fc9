"""The codec: what comes back, and all that is refused."""

import dataclasses
import json
import tracemalloc
import types
import typing
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import bounds, codec
from devices.errors import FormatError
from devices.messages import (
    TYP,
    Alerts,
    Answer,
    Beacon,
    Command,
    Desired,
    Hello,
    KeyList,
    Message,
    Mode,
    Programme,
    Receipt,
    Report,
)
from tests.devices.cast import (
    CLIP,
    DELEGATIONS,
    NODE,
    NOW,
    WORDS,
    alert,
    alerts,
    beacon,
    command,
    delegation,
    desired,
    entry,
    key_list,
    programme,
)

NAMES = st.text("abcXYZ019._:-", min_size=1, max_size=12).filter(lambda name: name[0].isalnum())
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
LINES = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=40).filter(
    lambda text: not bounds._CONTROL.search(text)
)


def build(hint: Any) -> st.SearchStrategy[Any]:
    """A strategy from a type; ``PROPER`` has those whose bounds a blind one would hardly meet."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return st.one_of(*(build(part) for part in typing.get_args(hint)))
    if isinstance(hint, typing.NewType):
        return NAMES
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    plain = {
        str: LINES,
        int: st.integers(0, 100),
        float: st.floats(0, 1).map(lambda number: round(number, 6)),
        bool: st.booleans(),
        datetime: INSTANTS,
        type(None): st.none(),
    }
    return plain[hint]


def whole(kind: Any, **fixed: Any) -> st.SearchStrategy[Any]:
    hints = {name: hint for name, hint in typing.get_type_hints(kind).items() if name not in {"v", *fixed}}
    return st.builds(kind, **{name: build(hint) for name, hint in hints.items()}, **fixed)


NONCES = st.text("abcXYZ019_-", min_size=16, max_size=64)
HASHES = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
PROPER: dict[type[Message], st.SearchStrategy[Any]] = {
    Programme: st.builds(
        lambda titles, volume, mode, version: programme(
            *(
                entry(title=title, occurrence=f"o-{number}", volume=volume)
                for number, title in enumerate(titles)
            ),
            mode=mode,
            version=version,
        ),
        st.lists(LINES, min_size=1, max_size=4),
        st.integers(0, 100),
        st.sampled_from(list(Mode)),
        st.integers(0, 2**63),
    ),
    Alerts: st.builds(
        lambda headline, level, rounds, sha: alerts(
            alert(headline=headline, level=level, rounds=rounds, every_ms=60_000, words=sha),
            clips=(dataclasses.replace(WORDS, sha256=sha),),
        ),
        LINES,
        st.integers(1, 5),
        st.integers(1, 100),
        HASHES,
    ),
    Command: st.builds(
        lambda name, seq, references: command(id=name, seq=seq, references=tuple(references)),
        NAMES,
        st.integers(1, 2**63),
        st.lists(NAMES, max_size=4),
    ),
    KeyList: st.builds(lambda revoked: key_list(delegation(revoked=revoked)), st.booleans()),
    Desired: st.builds(
        lambda areas, ceiling: desired(areas=tuple(areas), volume_ceiling=ceiling),
        st.lists(NAMES, min_size=1, max_size=4, unique=True),
        st.integers(0, 100),
    ),
    Answer: whole(Answer, boot_nonce=NONCES),
    Hello: whole(
        Hello,
        boot_nonce=NONCES,
        protocol=st.sampled_from(("5", "3.1.1")),
        documents=st.dictionaries(LINES, st.integers(0, 2**63), max_size=4),
    ),
    Report: whole(
        Report,
        receipts=st.lists(
            st.one_of(
                whole(Receipt, clip=HASHES | st.none(), alert=st.none(), command=st.none(), occurrence=NAMES),
                whole(Receipt, clip=st.none(), alert=NAMES, command=st.none(), occurrence=st.none()),
            ),
            max_size=4,
        ).map(tuple),
    ),
}


@pytest.mark.parametrize("kind", list(TYP), ids=lambda kind: kind.__name__)
def test_what_is_encoded_comes_back_equal_and_canonical(kind: type[Message]) -> None:
    strategy = PROPER[kind] if kind in PROPER else whole(kind)

    @settings(max_examples=60, deadline=None)
    @given(strategy)
    def round_trip(message: Message) -> None:
        payload = codec.encode(message)
        assert codec.decode(payload, kind) == message
        assert codec.encode(codec.decode(payload, kind)) == payload
        tree = json.loads(payload)
        assert set(tree) == {
            field.name
            for field in dataclasses.fields(message)
            if not field.metadata or getattr(message, field.name) is not None
        }
        assert payload == json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    round_trip()


def test_an_instant_of_any_zone_travels_as_utc_with_three_decimals() -> None:
    hanoi = datetime(2026, 11, 22, 12, 30, 0, 123_999, tzinfo=timezone(timedelta(hours=7)))
    payload = codec.encode(beacon(now=hanoi))
    assert json.loads(payload)["now"] == "2026-11-22T05:30:00.123Z"


def bent(message: Message, **changes: Any) -> bytes:
    return json.dumps({**json.loads(codec.encode(message)), **changes}).encode()


def refused(payload: bytes, kind: type[Message]) -> str:
    with pytest.raises(FormatError) as caught:
        codec.decode(payload, kind)
    return caught.value.detail


GOOD = codec.encode(beacon())


@pytest.mark.promise("S17")
@pytest.mark.parametrize(
    "payload",
    [
        GOOD.replace(b'{"', b'{"epoch":2,"', 1),
        GOOD.replace(b'{"', b'{"more":1,"', 1),
        GOOD.replace(b'"audit_n":0', b'"audit_n":NaN'),
        GOOD.replace(b'"audit_n":0', b'"audit_n":Infinity'),
        GOOD.replace(b'"audit_n":0', b'"audit_n":1e999'),
        GOOD.replace(b'"audit_n":0', b'"audit_n":' + b"9" * 21),
        GOOD.replace(b'"audit_n":0', b'"audit_n":' + b"9" * 5_000),
        GOOD.replace(b'"audit_n":0', b'"audit_n":0.0'),
        GOOD.replace(b'"audit_n":0', b'"audit_n":"0"'),
        GOOD.replace(b'"audit_n":0', b'"audit_n":true'),
        GOOD.replace(b'"audit_n":0', b'"audit_n":null'),
        GOOD.replace(b'"audit_n":0', b'"audit_n":-1'),
        GOOD.replace(b'"audit_n":0', b'"audit_n":00'),
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b'"tenant":"46",', b""),
        GOOD.replace(b".000Z", b"Z"),
        GOOD.replace(b".000Z", b".000+00:00"),
        GOOD.replace(b".000Z", b".000"),
        GOOD.replace(b"2026-11-22T", b"2026-11-22 "),
        GOOD.replace(b"2026-11-22T", b"2026-02-30T"),
        GOOD.replace(b"05:30:00", b"05:30:60"),
        GOOD.replace(b'"audit_head":""', b'"audit_head":"\\ud800"'),
        GOOD.replace(b'"audit_head":""', b'"audit_head":"\xff"'),
        GOOD.replace(b'"audit_head":""', b'"audit_head":"a\nb"'),
        GOOD.replace(b'"audit_head":""', b'"audit_head":"\\u0000"'),
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        GOOD + b" x",
        GOOD[:-1],
        b"[" + GOOD + b"]",
        b"null",
        b"",
        b"{}",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
)
def test_a_bent_payload_is_refused(payload: bytes) -> None:
    assert payload != GOOD
    assert refused(payload, Beacon)


def test_blanks_and_another_order_are_still_the_same_message() -> None:
    loose = json.dumps(dict(reversed(json.loads(GOOD).items())), indent=2).encode()
    assert loose != GOOD
    assert codec.decode(loose, Beacon) == beacon()


@pytest.mark.promise("S17")
def test_depth_six_is_read_and_depth_seven_is_not() -> None:
    assert codec.parse(b'{"a":' * 6 + b"1" + b"}" * 6)
    with pytest.raises(FormatError):
        codec.parse(b'{"a":' * 7 + b"1" + b"}" * 7)
    with pytest.raises(FormatError):
        codec.parse(b'{"a":' + b"[" * 6 + b"]" * 6 + b"}")


@pytest.mark.promise("S17")
def test_a_bomb_costs_less_than_a_megabyte() -> None:
    bomb = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    tracemalloc.start()
    try:
        refused(bomb, Beacon)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.promise("S15")
@pytest.mark.parametrize("volume", [200, 101, -1, 80.5, "80", None, True])
def test_a_volume_that_is_none_is_refused(volume: object) -> None:
    tree = json.loads(codec.encode(programme()))
    tree["entries"][0]["volume"] = volume
    assert refused(json.dumps(tree).encode(), Programme)
    tree = json.loads(codec.encode(alerts()))
    tree["alerts"][0]["volume"] = volume
    assert refused(json.dumps(tree).encode(), Alerts)
    nan = codec.encode(alerts()).replace(b'"volume":100', b'"volume":NaN')
    assert refused(nan, Alerts)


@pytest.mark.promise("S13")
def test_there_is_no_place_for_a_stream_address() -> None:
    for name in ("url", "stream", "href", "source"):
        assert "unknown" in refused(bent(command(), **{name: "http://evil.example/x"}), Command)
    assert refused(bent(command(), grant="http://evil.example/x", kind="live", pattern=None), Command)
    for bad in (
        "ftp://x/",
        "file:///etc/passwd",
        "http://a b/",
        "javascript:1",
        "http://x/?q=1",
        "http://x@y/",
    ):
        assert refused(bent(desired(), clip_base=bad), Desired)


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (programme(), {"clips": [json.loads(codec.encode(programme()))["clips"][0]] * 2}),
        (programme(), {"clips": []}),
        (programme(), {"area": "a/b"}),
        (programme(), {"area": "+"}),
        (programme(), {"group": "g-1"}),
        (programme(), {"date": "2026-13-01"}),
        (programme(), {"date": "20261122"}),
        (programme(), {"expires_at": "2026-11-22T04:30:00.000Z"}),
        (programme(), {"mode": "live"}),
        (command(), {"node": NODE}),
        (command(), {"area": None}),
        (command(), {"seq": 0}),
        (command(), {"pattern": None}),
        (command(), {"pattern": "siren"}),
        (command(), {"kind": "emergency"}),
        (command(), {"kind": "live"}),
        (command(), {"boot_nonce": "short"}),
        (command(), {"id": "#"}),
        (command(), {"id": "x" * 65}),
        (command(), {"references": ["a b"]}),
        (desired(), {"areas": []}),
        (desired(), {"areas": ["46", "46"]}),
        (desired(), {"zone": "../../etc/passwd"}),
        (desired(), {"zone": "Mars/Olympus"}),
        (desired(), {"quiet_from": "24:00"}),
        (desired(), {"quiet_to": "5:00"}),
        (desired(), {"groups": {"a/b": 1}}),
        (desired(), {"groups": {"a": "1"}}),
        (alerts(), {"alerts": json.loads(codec.encode(alerts()))["alerts"] * 2}),
    ],
)
def test_a_rule_of_the_wire_is_kept(message: Message, changes: dict[str, Any]) -> None:
    assert refused(bent(message, **changes), type(message))


@pytest.mark.parametrize(
    "changes",
    [
        {"level": 0},
        {"level": 6},
        {"issuer_level": "galaxy"},
        {"rounds": 0},
        {"rounds": 2, "every_ms": 999},
        {"rounds": 2, "offsets_ms": (0,)},
        {"rounds": 2, "offsets_ms": (1, 60_000)},
        {"rounds": 3, "offsets_ms": (0, 60_000, 60_999)},
        {"rounds": 1, "offsets_ms": (0, 60_000)},
        {"rounds": 3, "offsets_ms": (0, 60_000)},
        {"rounds": 2, "offsets_ms": (0, 86_400_001)},
        {"rounds": 25, "offsets_ms": tuple(range(0, 25_000, 1000))},
        {"ends_at": NOW - timedelta(seconds=1)},
        {"ends_at": NOW + timedelta(days=32)},
        {"headline": "x" * 301},
        {"headline": "đảo \u202e chữ"},
        {"tone": "a b"},
        {"words": "3c" * 32},
    ],
)
def test_encoding_refuses_what_no_node_would_read(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        codec.encode(alerts(alert(**changes)))


def test_an_alert_without_offsets_has_the_octets_of_ever() -> None:
    assert b"offsets_ms" not in codec.encode(alerts())
    with_them = alerts(alert(rounds=2, offsets_ms=(0, 300_000)))
    assert b'"offsets_ms":[0,300000]' in codec.encode(with_them)
    assert codec.decode(codec.encode(with_them), Alerts) == with_them


@pytest.mark.promise("P11")
def test_no_key_is_for_drill_and_for_real() -> None:
    with pytest.raises(FormatError):
        codec.encode(key_list(delegation(modes=(Mode.ACTUAL, Mode.EXERCISE))))
    with pytest.raises(FormatError):
        codec.encode(key_list(dataclasses.replace(DELEGATIONS[0], kid="root")))
    with pytest.raises(FormatError):
        codec.encode(key_list(DELEGATIONS[0], DELEGATIONS[0]))


def test_a_naive_instant_does_not_leave() -> None:
    with pytest.raises(FormatError):
        codec.encode(beacon(now=NOW.replace(tzinfo=None)))


def test_a_clip_has_a_hash_and_a_measure() -> None:
    for changes in ({"sha256": "AB" * 32}, {"bytes": 0}, {"duration_ms": 0}, {"duration_ms": 14_400_001}):
        with pytest.raises(FormatError):
            codec.encode(programme(clips=(dataclasses.replace(CLIP, **changes),), entries=()))
