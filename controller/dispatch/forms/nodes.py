"""The nodes in a list and on the board."""

from dataclasses import dataclass
from datetime import datetime

from devices.messages import AlertId, NodeId
from schedules.announcement import AreaCode


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLine:
    """One cụm loa in a list; ``health`` is well, uneasy, silent or retired."""

    node: NodeId
    name: str
    area: AreaCode
    area_name: str
    health: str
    reasons: tuple[str, ...]
    since: datetime | None
    sounding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """The board of nodes. ``as_of`` is the age of the data: the page has its own dead-man."""

    area: AreaCode
    as_of: datetime
    link_up: bool
    nodes: tuple[NodeLine, ...]
    counts: dict[str, int]
    alerts: tuple[AlertId, ...]
