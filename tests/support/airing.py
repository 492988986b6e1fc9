"""Receipts without nodes: for pages that show what became of a bài, where no village runs."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from controller.dispatch.receipts.intake import keep_receipts
from controller.dispatch.signals import Wake
from controller.store import deliveries, occurrences
from controller.store.database import Conn
from controller.store.occurrences import Planned
from devices.messages import Heard, NodeId, OccurrenceId, Receipt, ReceiptKind
from schedules.announcement import AnnouncementId
from tests.support.doors import Home


async def planned(house: Home, item: str) -> Planned:
    """Wait until the planner (or the corrector) has given it a time."""
    for _ in range(400):
        found = await house.loa.db.read(occurrences.of_item, AnnouncementId(item))
        if found:
            return found[-1]
        await asyncio.sleep(0.02)
    raise AssertionError("nothing was planned")


async def let_air(
    house: Home, item: str, heard: Mapping[str, Heard], *, ended: bool = True
) -> tuple[str, ...]:
    """These nodes say that they have played it whole (or, not ``ended``, that they have begun)."""
    one = (await planned(house, item)).occurrence
    length_ms = one.duration // timedelta(milliseconds=1)

    def told(conn: Conn) -> tuple[str, ...]:
        rows = []
        for node, sense in heard.items():
            began = Receipt(seq=1, kind=ReceiptKind.STARTED, at=one.due_at, occurrence=OccurrenceId(one.id))
            done = Receipt(
                seq=2,
                kind=ReceiptKind.FINISHED,
                at=one.due_at + one.duration,
                occurrence=OccurrenceId(one.id),
                heard=sense,
                played_ms=length_ms,
                duration_ms=length_ms,
            )
            rows += [(NodeId(node), began), *([(NodeId(node), done)] if ended else [])]
        keep_receipts(conn, house.loa.room, rows, house.loa.clock.now())
        return tuple(row.node for row in deliveries.of_subject(conn, one.id))

    nodes = await house.loa.db.write(told)
    house.loa.signals.wake(Wake.CORRECTOR)
    return nodes
