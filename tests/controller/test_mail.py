"""What comes from nodes: only what the node of that topic has signed is believed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.dispatch.receipts.mail import Letter, Letterbox, Opened, Thrown, open_letter
from devices import topics
from devices.link import Arrival
from devices.messages import BootId, NodeId, Report, State
from devices.signing import generate_key, sign

NOW = datetime(2026, 11, 22, tzinfo=UTC)
NODE, OTHER = NodeId("n-1"), NodeId("n-2")
KEY, OTHERS = generate_key("n-1"), generate_key("n-2")
KEYS = {NODE: KEY.public, OTHER: OTHERS.public}
REPORT = Report(node=NODE, boot=BootId("b1"), receipts=())


def letter(topic: str, payload: bytes) -> Letter:
    return Letter(arrival=Arrival(topic=topic, payload=payload), at=NOW)


def test_what_the_node_signed_is_opened() -> None:
    opened = open_letter(letter(topics.report(NODE), sign(REPORT, KEY)), KEYS)

    assert isinstance(opened, Opened)
    assert opened.words == REPORT


@pytest.mark.promise("S30")
@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (topics.report(NODE), sign(REPORT, generate_key("n-1"))),
        (topics.report(OTHER), sign(REPORT, KEY)),
        (topics.report(OTHER), sign(REPORT, OTHERS)),
        (topics.report(NODE), sign(replace(REPORT, node=OTHER), KEY)),
        (topics.report(NODE), sign(State(node=NODE, boot=BootId("b1"), online=True), KEY)),
        (topics.report(NODE), b'{"node":"n-1","boot":"b1","receipts":[],"v":1}'),
        (topics.report(NODE), b""),
        (topics.report(NODE), sign(REPORT, KEY)[:-2] + b"AA"),
        (topics.report(NodeId("n-9")), sign(replace(REPORT, node=NodeId("n-9")), generate_key("n-9"))),
    ],
)
def test_a_report_that_another_made_is_thrown_away_as_forged(topic: str, payload: bytes) -> None:
    thrown = open_letter(letter(topic, payload), KEYS)

    assert isinstance(thrown, Thrown)
    assert thrown.forged


@pytest.mark.promise("F28")
def test_garbage_on_other_topics_is_passed_over_without_an_alarm() -> None:
    for topic in ("loa/1/keys", "loa/1/node/n-1/command", "something/else", ""):
        thrown = open_letter(letter(topic, b"x" * 100), KEYS)
        assert isinstance(thrown, Thrown)
        assert not thrown.forged


def test_the_box_only_appends_and_tells_once() -> None:
    told: list[None] = []
    box = Letterbox(lambda: NOW, lambda: told.append(None), lambda up: None)

    for number in range(5):
        box.heard(Arrival(topic="t", payload=str(number).encode()))

    assert len(told) == 1
    assert [one.arrival.payload for one in box.take(3)] == [b"0", b"1", b"2"]
    assert len(box) == 2
