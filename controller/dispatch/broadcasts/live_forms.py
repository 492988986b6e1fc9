"""What pages and the desk of broadcasts say to each other."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.dispatch.forms.alerts import CutLine
from controller.dispatch.forms.nodes import NodeLine
from controller.store.broadcasts import BroadcastKind, End
from devices.messages import BulletinClass
from schedules.announcement import AnnouncementId, AreaCode

LENGTHS_MIN = (5, 10, 15, 30, 60, 120)
DELAYS_S = (0, 3, 5, 10)
LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastForm:
    """What somebody wants to say at once. ``longest`` is compulsory; ``item`` belongs to a recording.

    ``groups`` are named sets of nodes that hear it beside the areas of ``targets``; one of the two is given.
    """

    kind: BroadcastKind
    area: AreaCode
    targets: tuple[AreaCode, ...]
    bulletin_class: BulletinClass
    title: str
    longest: timedelta
    delay: timedelta = timedelta()
    item: AnnouncementId | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Octets that each node takes: as a stream, and as a clip that it fetches."""

    stream: int
    clip: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastPreview:
    """What one looks at before beginning: who hears it, who can't be reached, what is cut, what it costs."""

    form: BroadcastForm
    area_names: tuple[str, ...]
    people: int
    nodes: int
    villages: int
    unreachable: tuple[NodeLine, ...]
    cuts: tuple[CutLine, ...]
    cost: Cost
    sources: tuple[str, ...] = ()
    group_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastView:
    """One broadcast as people see it; ``opened_at`` None: nothing has gone out yet."""

    id: str
    kind: BroadcastKind
    title: str
    bulletin_class: BulletinClass
    area: AreaCode
    area_name: str
    targets: tuple[AreaCode, ...]
    target_names: tuple[str, ...]
    group_names: tuple[str, ...]
    speaker_name: str
    made_at: datetime
    delay: timedelta
    longest: timedelta
    opened_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    reason: End | None
    ended_by_name: str
    sound: timedelta
    nodes: int
    sounding: int
    heard: int
    refused: int
    mine: bool
    may_end: bool

    @property
    def runs(self) -> bool:
        return self.ended_at is None
