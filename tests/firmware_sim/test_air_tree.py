"""The tree of topics matches as MQTT 5 section 4.7 says, and forgets without leaving branches."""

import pytest

from firmware_sim.air_tree import TopicTree

# The standard's own examples, and the broker's own topics.
CASES = [
    ("sport/tennis/player1/#", "sport/tennis/player1", True),
    ("sport/tennis/player1/#", "sport/tennis/player1/ranking", True),
    ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
    ("sport/#", "sport", True),
    ("#", "sport/tennis", True),
    ("sport/tennis/+", "sport/tennis/player1", True),
    ("sport/tennis/+", "sport/tennis/player1/ranking", False),
    ("sport/+", "sport", False),
    ("sport/+", "sport/", True),
    ("+/+", "/finance", True),
    ("/+", "/finance", True),
    ("+", "/finance", False),
    ("+/tennis/#", "sport/tennis/a", True),
    ("a/b", "a/b/c", False),
    ("a/b/c", "a/b", False),
    ("#", "$SYS/uptime", False),
    ("+/uptime", "$SYS/uptime", False),
    ("$SYS/#", "$SYS/uptime", True),
]


@pytest.mark.parametrize(("one", "topic", "matches"), CASES)
def test_a_filter_finds_its_topics_and_a_topic_its_filters(one: str, topic: str, matches: bool) -> None:
    filters: TopicTree[int] = TopicTree()
    filters.put(one, "who", 1)
    assert list(filters.for_topic(topic)) == ([("who", 1)] if matches else [])
    topics: TopicTree[bytes] = TopicTree()
    topics.put(topic, None, b"kept")
    assert list(topics.for_filter(one)) == ([(None, b"kept")] if matches else [])


def test_what_is_taken_away_is_gone_and_the_rest_stays() -> None:
    tree: TopicTree[int] = TopicTree()
    tree.put("a/b", "x", 1)
    tree.put("a/b", "y", 2)
    tree.put("a/b/c", "x", 3)
    tree.take("a/b", "x")
    tree.take("a/nothing", "x")
    tree.take("a/b", "nobody")
    assert list(tree.for_topic("a/b")) == [("y", 2)]
    assert list(tree.for_topic("a/b/c")) == [("x", 3)]
    tree.take("a/b/c", "x")
    tree.take("a/b", "y")
    assert list(tree.for_filter("#")) == []
