"""A local day of an area: what is heard when, how it went on each node, and what collides."""

from dataclasses import dataclass
from datetime import date, datetime

from devices.messages import AlertId, Heard, NodeId, OccurrenceId
from schedules.announcement import AnnouncementId, AreaCode, BulletinClass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One delivery: one occurrence (or alert round) on one node, with the newest verdict and the hearing."""

    delivery: str
    node: NodeId
    area: AreaCode
    occurrence: OccurrenceId | None
    alert: AlertId | None
    round: int
    announcement: AnnouncementId | None
    title: str
    due_at: datetime
    state: str
    verdict: str | None
    code: str | None
    reason: str | None
    heard: Heard
    late_ms: int
    played_ms: int
    duration_ms: int
    cached_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Deliveries of one thing, counted: every node is in exactly one of the verdicts or open."""

    total: int
    open: int
    cached: int
    verdicts: dict[str, int]
    heard: int
    unheard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceLine:
    """One planned time in the day's strip."""

    occurrence: OccurrenceId
    announcement: AnnouncementId | None
    title: str
    bulletin_class: BulletinClass
    due_at: datetime
    duration_ms: int
    session: str | None
    targets: tuple[AreaCode, ...]
    tally: Tally
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """A collision or a refusal of the plan, in words."""

    kind: str
    at: datetime | None
    announcement: AnnouncementId | None
    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """A local day of one area: ``nodes`` have something to play in its rest, ``holding`` of them hold it."""

    area: AreaCode
    date: date
    occurrences: tuple[OccurrenceLine, ...]
    conflicts: tuple[ConflictLine, ...]
    waiting_approval: int
    nodes: int
    holding: int
