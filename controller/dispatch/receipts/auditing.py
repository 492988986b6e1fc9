"""The auditor: no delivery stays without a verdict, also where the node says nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.dispatch.plan.delivery import PATIENCE, Dropped, Waited, step
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.store import deliveries, occurrences
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Kind, Verdict
from controller.store.occurrences import OccurrenceState
from devices.messages import NodeId
from schedules.plan import OccurrenceId

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The subjects that got verdicts, which verdicts, and whether more wait."""

    subjects: tuple[str, ...]
    verdicts: Mapping[Verdict, int]
    more: bool


class Auditor:
    """Closes what should have ended 120 s ago."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def turn(self) -> datetime | None:
        room = self._room
        while await room.db.read(deliveries.overdue, room.clock.now() - PATIENCE, 1):
            silent = frozenset(node for node in room.registry.nodes if room.monitor.is_silent(node))
            closed = await room.db.write(_close, silent, room.clock.now())
            for verdict, count in closed.verdicts.items():
                room.metrics.deliveries.labels(verdict.value).inc(count)
            for subject in closed.subjects:
                room.signals.tell(Topic.DELIVERY, subject)
            room.signals.wake(Wake.CORRECTOR)
            if not closed.more:
                break
        next_end = await room.db.read(deliveries.next_end)
        return None if next_end is None else next_end + PATIENCE


def _close(conn: Conn, silent: frozenset[NodeId], now: datetime) -> Closed:
    rows = deliveries.overdue(conn, now - PATIENCE, BATCH)
    withdrawn = {row.subject: _is_withdrawn(conn, row) for row in {row.subject: row for row in rows}.values()}
    closed = []
    for row in rows:
        waited = Waited(silent=row.node in silent)
        after = step(row, Dropped(reason="withdrawn") if withdrawn[row.subject] else waited, now).delivery
        if after.ruling is None:
            # it had begun before it was withdrawn: then it is judged by what was reported
            after = step(row, waited, now).delivery
        closed.append(after)
    deliveries.save(conn, closed)
    return Closed(
        subjects=tuple(dict.fromkeys(row.subject for row in rows)),
        verdicts=Counter(one.ruling.verdict for one in closed if one.ruling is not None),
        more=len(rows) == BATCH,
    )


def _is_withdrawn(conn: Conn, row: Delivery) -> bool:
    if row.kind is Kind.ALERT:
        return False
    planned = occurrences.get(conn, OccurrenceId(row.subject))
    return planned is not None and planned.state is OccurrenceState.WITHDRAWN
