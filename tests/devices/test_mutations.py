"""Envelopes bent in every way: not one of them is accepted."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import admission, signing
from tests.devices.cast import NOW, ONLINE, alerts, command, desired, home, programme, settled, stop

NODE = settled()
MESSAGES = (command(), stop(), alerts(), programme(), desired(version=9))
ENVELOPES = tuple((home(message), signing.sign(message, ONLINE)) for message in MESSAGES)
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


def is_accepted(raw: bytes, topic: str) -> bool:
    return isinstance(admission.receive(raw, topic, False, NODE, NOW), admission.Accepted)


def test_unbent_they_are_all_accepted() -> None:
    assert all(is_accepted(raw, topic) for topic, raw in ENVELOPES)


@pytest.mark.promise("S02", "P8")
@pytest.mark.parametrize(("topic", "raw"), ENVELOPES, ids=lambda value: str(value)[:30])
def test_every_single_bit_counts(topic: str, raw: bytes) -> None:
    chosen = range(len(raw) * 8) if len(raw) < 900 else range(0, len(raw) * 8, 3)
    for bit in chosen:
        bent = bytearray(raw)
        bent[bit // 8] ^= 1 << bit % 8
        assert not is_accepted(bytes(bent), topic)


@pytest.mark.promise("S02", "P8")
def test_thousands_of_random_mutations_are_all_refused() -> None:
    dice = random.Random(20_261_122)
    for _ in range(4_000):
        topic, raw = dice.choice(ENVELOPES)
        bent = bytearray(raw)
        for _ in range(dice.choice((1, 1, 2, 8))):
            place = dice.randrange(len(bent))
            match dice.randrange(4):
                case 0:
                    bent[place] = dice.choice(LETTERS)
                case 1:
                    del bent[place : place + dice.randrange(1, 9)]
                case 2:
                    bent[place:place] = bytes(dice.choice(LETTERS) for _ in range(dice.randrange(1, 5)))
                case 3:
                    other = dice.choice(ENVELOPES)[1]
                    bent[place : place + 40] = other[place : place + 40]
        if bytes(bent) not in [one for _, one in ENVELOPES]:
            assert not is_accepted(bytes(bent), topic)


@pytest.mark.promise("S02", "S11", "P8")
def test_parts_of_different_envelopes_never_fit_together() -> None:
    for topic, first in ENVELOPES:
        for _, second in ENVELOPES:
            if first is not second:
                a, b = first.split(b"."), second.split(b".")
                for mixed in ((a[0], a[1], b[2]), (a[0], b[1], a[2]), (b[0], a[1], a[2]), (a[0], b[1], b[2])):
                    joined = b".".join(mixed)
                    assert joined in (first, second) or not is_accepted(joined, topic)


@pytest.mark.promise("S02", "S17", "P8")
@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([topic for topic, _ in ENVELOPES]))
def test_noise_is_never_accepted_and_never_breaks_the_gate(raw: bytes, topic: str) -> None:
    assert not is_accepted(raw, topic)


@pytest.mark.promise("S02", "S17", "P8")
@settings(max_examples=400, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from(sorted(signing._KNOWN_TYPES)),
    st.sampled_from([topic for topic, _ in ENVELOPES]),
)
def test_properly_signed_nonsense_is_never_accepted(tree: object, typ: str, topic: str) -> None:
    raw = signing.sign_payload(json.dumps(tree).encode(), typ, ONLINE)
    assert not is_accepted(raw, topic)
