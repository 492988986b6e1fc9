"""The topic tree ``loa/1/…``: names built, read back, and who subscribes to what."""

import re
from dataclasses import dataclass
from datetime import date as Date
from enum import StrEnum

from devices.messages import AreaCode, ClipHash, Desired, GroupId, NodeId

ROOT = "loa/1"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
"""What an area code, node, group, grant, key or id may look like: no wildcard, no slash, no blank."""

_OURS = re.compile(rf"loa/1(?:/{NAME.pattern}){{1,4}}")
_HASH = re.compile(r"[0-9a-f]{64}")


class TopicKind(StrEnum):
    """What a topic carries; area and group branches share their kinds."""

    KEYS = "keys"
    TIME = "time"
    PROGRAMME = "programme"
    ALERTS = "alerts"
    COMMAND = "command"
    CLIP = "clip"
    LIVE = "live"
    DESIRED = "desired"
    NODE_COMMAND = "node_command"
    ANSWER = "answer"
    HELLO = "hello"
    STATE = "state"
    TELEMETRY = "telemetry"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic read back. At most one of ``area``, ``group``, ``node`` is set."""

    kind: TopicKind
    area: AreaCode | None = None
    group: GroupId | None = None
    node: NodeId | None = None
    date: Date | None = None
    sha256: ClipHash | None = None
    grant: str | None = None


def keys() -> str:
    return f"{ROOT}/keys"


def time() -> str:
    return f"{ROOT}/time"


def programme(area: AreaCode, date: Date) -> str:
    return f"{ROOT}/area/{area}/programme/{date.isoformat()}"


def alerts(area: AreaCode) -> str:
    return f"{ROOT}/area/{area}/alerts"


def command(area: AreaCode) -> str:
    return f"{ROOT}/area/{area}/command"


def clip(area: AreaCode, sha256: ClipHash) -> str:
    return f"{ROOT}/area/{area}/clip/{sha256}"


def live(area: AreaCode, grant: str) -> str:
    return f"{ROOT}/area/{area}/live/{grant}"


def group_programme(group: GroupId, date: Date) -> str:
    return f"{ROOT}/group/{group}/programme/{date.isoformat()}"


def group_alerts(group: GroupId) -> str:
    return f"{ROOT}/group/{group}/alerts"


def group_command(group: GroupId) -> str:
    return f"{ROOT}/group/{group}/command"


def group_clip(group: GroupId, sha256: ClipHash) -> str:
    return f"{ROOT}/group/{group}/clip/{sha256}"


def group_live(group: GroupId, grant: str) -> str:
    return f"{ROOT}/group/{group}/live/{grant}"


def desired(node: NodeId) -> str:
    return f"{ROOT}/node/{node}/desired"


def node_command(node: NodeId) -> str:
    return f"{ROOT}/node/{node}/command"


def answer(node: NodeId) -> str:
    return f"{ROOT}/node/{node}/answer"


def hello(node: NodeId) -> str:
    return f"{ROOT}/node/{node}/hello"


def state(node: NodeId) -> str:
    return f"{ROOT}/node/{node}/state"


def telemetry(node: NodeId) -> str:
    return f"{ROOT}/node/{node}/telemetry"


def report(node: NodeId) -> str:
    return f"{ROOT}/node/{node}/report"


def subscriptions_before(node: NodeId) -> tuple[tuple[str, int], ...]:
    """What a node hears before it knows where it stands: (filter, QoS) pairs.

    Not ``node/<id>/#``: with MQTT 3.1.1 its own reports would come back to it.
    """
    return (
        (keys(), 1),
        (time(), 0),
        (desired(node), 1),
        (node_command(node), 1),
        (answer(node), 1),
    )


def subscriptions_after(desired: Desired) -> tuple[tuple[str, int], ...]:
    """What ``desired`` adds: the node's own branches and groups, wildcards only inside them.

    Brokers send what they retain in this order: a week of programmes never comes before an alert (F25).
    """
    branches = [f"area/{area}" for area in desired.areas]
    branches += [f"group/{group}" for group in sorted(desired.groups)]
    return tuple(
        (f"{ROOT}/{branch}/{leaf}", qos)
        for leaf, qos in (("alerts", 1), ("command", 1), ("programme/+", 1), ("clip/+", 1), ("live/+", 0))
        for branch in branches
    )


def controller_subscriptions() -> tuple[tuple[str, int], ...]:
    """Everything that nodes say."""
    return (
        (f"{ROOT}/node/+/hello", 1),
        (f"{ROOT}/node/+/state", 1),
        (f"{ROOT}/node/+/telemetry", 0),
        (f"{ROOT}/node/+/report", 1),
    )


_PLAIN = {"keys": TopicKind.KEYS, "time": TopicKind.TIME}
_NODE = {
    "desired": TopicKind.DESIRED,
    "command": TopicKind.NODE_COMMAND,
    "answer": TopicKind.ANSWER,
    "hello": TopicKind.HELLO,
    "state": TopicKind.STATE,
    "telemetry": TopicKind.TELEMETRY,
    "report": TopicKind.REPORT,
}
_BRANCH = {"alerts": TopicKind.ALERTS, "command": TopicKind.COMMAND}


def parse(topic: str) -> Topic | None:
    """The topic's parts, or None where it is not one of ours."""
    if not _OURS.fullmatch(topic):
        return None
    match topic.split("/")[2:]:
        case [plain] if plain in _PLAIN:
            return Topic(kind=_PLAIN[plain])
        case ["node", node, leaf] if leaf in _NODE:
            return Topic(kind=_NODE[leaf], node=NodeId(node))
        case ["area", area, *rest]:
            return _branch(rest, AreaCode(area), None)
        case ["group", group, *rest]:
            return _branch(rest, None, GroupId(group))
    return None


def _branch(rest: list[str], area: AreaCode | None, group: GroupId | None) -> Topic | None:
    match rest:
        case [leaf] if leaf in _BRANCH:
            return Topic(kind=_BRANCH[leaf], area=area, group=group)
        case ["programme", day]:
            date = _date(day)
            if date is not None:
                return Topic(kind=TopicKind.PROGRAMME, area=area, group=group, date=date)
        case ["clip", sha256] if _HASH.fullmatch(sha256):
            return Topic(kind=TopicKind.CLIP, area=area, group=group, sha256=ClipHash(sha256))
        case ["live", grant]:
            return Topic(kind=TopicKind.LIVE, area=area, group=group, grant=grant)
    return None


def _date(text: str) -> Date | None:
    try:
        date = Date.fromisoformat(text)
    except ValueError:
        return None
    return date if date.isoformat() == text else None
