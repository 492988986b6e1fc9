"""Topic names, built and read back; who subscribes to what."""

import re
from datetime import date

import pytest

from devices import topics
from devices.messages import AreaCode, ClipHash, GroupId, NodeId
from devices.topics import TopicKind
from tests.devices.cast import desired

AREA, GROUP, NODE = AreaCode("19774-01"), GroupId("truong-hoc"), NodeId("node-7f3a")
DAY, SHA = date(2026, 11, 22), ClipHash("ab" * 32)
ALL = {
    topics.keys(): TopicKind.KEYS,
    topics.time(): TopicKind.TIME,
    topics.programme(AREA, DAY): TopicKind.PROGRAMME,
    topics.alerts(AREA): TopicKind.ALERTS,
    topics.command(AREA): TopicKind.COMMAND,
    topics.clip(AREA, SHA): TopicKind.CLIP,
    topics.live(AREA, "grant-1"): TopicKind.LIVE,
    topics.group_programme(GROUP, DAY): TopicKind.PROGRAMME,
    topics.group_alerts(GROUP): TopicKind.ALERTS,
    topics.group_command(GROUP): TopicKind.COMMAND,
    topics.group_clip(GROUP, SHA): TopicKind.CLIP,
    topics.group_live(GROUP, "grant-1"): TopicKind.LIVE,
    topics.desired(NODE): TopicKind.DESIRED,
    topics.node_command(NODE): TopicKind.NODE_COMMAND,
    topics.answer(NODE): TopicKind.ANSWER,
    topics.hello(NODE): TopicKind.HELLO,
    topics.state(NODE): TopicKind.STATE,
    topics.telemetry(NODE): TopicKind.TELEMETRY,
    topics.report(NODE): TopicKind.REPORT,
}


def matches(pattern: str, topic: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\+", "[^/]+").replace(r"\#", ".*"), topic) is not None


@pytest.mark.parametrize(("topic", "kind"), ALL.items())
def test_a_topic_is_read_back_as_it_was_built(topic: str, kind: TopicKind) -> None:
    place = topics.parse(topic)
    assert place is not None
    assert place.kind is kind
    assert place.area in (None, AREA)
    assert place.group in (None, GROUP)
    assert place.node in (None, NODE)
    assert [place.area, place.group, place.node].count(None) >= 2
    assert (place.date == DAY) == ("programme" in topic)
    assert (place.sha256 == SHA) == ("clip" in topic)


def test_all_kinds_of_topic_are_tried() -> None:
    assert set(ALL.values()) == set(TopicKind)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "loa",
        "loa/1",
        "loa/1/",
        "loa/2/keys",
        "loa/1/keys/x",
        "loa/1/area/19774",
        "loa/1/area/+/alerts",
        "loa/1/area//alerts",
        "loa/1/area/19774/programme/2026-13-01",
        "loa/1/area/19774/programme/20261122",
        "loa/1/area/19774/clip/abc",
        "loa/1/area/19774/clip/" + "AB" * 32,
        "loa/1/node/x/secret",
        "loa/1/node/" + "x" * 65 + "/state",
        "loa/1/node/đ/state",
        "loa/1/keys\n",
        "/loa/1/keys",
    ],
)
def test_what_is_not_ours_is_not_read(topic: str) -> None:
    assert topics.parse(topic) is None


def test_a_node_hears_its_own_branches_and_no_others() -> None:
    filters = [
        *topics.subscriptions_before(NODE),
        *topics.subscriptions_after(desired(groups={GROUP: 4})),
    ]
    mine = {topic for topic in ALL if any(matches(one, topic) for one, _ in filters)}
    own_words = {topics.hello(NODE), topics.state(NODE), topics.telemetry(NODE), topics.report(NODE)}
    assert mine == set(ALL) - own_words
    foreign = [
        topics.alerts(AreaCode("19775")),
        topics.command(AreaCode("46-x")),
        topics.desired(NodeId("other")),
        topics.group_alerts(GroupId("other")),
        "$SYS/broker/uptime",
    ]
    assert not any(matches(one, topic) for one, _ in filters for topic in foreign)
    assert all(one.count("+") <= 1 and one.endswith("+") == ("+" in one) for one, _ in filters)


def test_the_controller_hears_all_that_nodes_say_and_nothing_else() -> None:
    filters = topics.controller_subscriptions()
    heard = {topic for topic in ALL if any(matches(one, topic) for one, _ in filters)}
    assert heard == {topics.hello(NODE), topics.state(NODE), topics.telemetry(NODE), topics.report(NODE)}
