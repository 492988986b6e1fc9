"""*DỪNG TẤT CẢ*: what sounds now ends, the presser's own alerts end, a higher issuer's stays and is named."""

from datetime import datetime

from controller.access import Person, Right, within
from controller.dispatch.alerts.emission import Emission
from controller.dispatch.broadcasts.broadcasting import Broadcasting
from controller.dispatch.forms.alerts import Standing, Stopped
from controller.dispatch.halting import stop_letter
from controller.dispatch.refusals import allow
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.store import alerts, audit, idempotency, outbox
from controller.store.alerts import AlertRow
from controller.store.database import Conn
from controller.store.idempotency import body_print
from controller.store.outbox import Letter
from schedules.announcement import AreaCode as PlaceCode


class Stopping:
    """Stopping is always easier than starting: no preview, no second person, no typed name."""

    def __init__(self, room: Room, emission: Emission, broadcasting: Broadcasting) -> None:
        self._room = room
        self._emission = emission
        self._broadcasting = broadcasting

    async def stop_all(self, person: Person, area: PlaceCode, key: str) -> Stopped:
        room = self._room
        allow(person, Right.STOP, area, room.tree)
        body = body_print("stop", area)
        now = room.clock.now()
        there = tuple(
            row for row in await room.db.read(alerts.running) if room.tree.meet(row.targets, (area,))
        )
        own = tuple(row for row in there if within(person, row.area, room.tree))
        higher = tuple(row for row in there if row not in own)
        payloads = await self._emission.clip_bytes(own)
        command, letters = await room.db.write_urgent(self._stop, person, area, own, payloads, key, body, now)
        await room.sender.express(letters)
        await self._broadcasting.stopped(person, area)
        room.signals.tell(Topic.ALERT)
        room.signals.wake(Wake.SENDER, Wake.AUDITOR, Wake.RENEWER)
        return Stopped(
            command=command,
            area=area,
            at=now,
            cancelled=tuple(row.id for row in own),
            standing=tuple(self._standing(row) for row in higher),
        )

    def _stop(
        self,
        conn: Conn,
        person: Person,
        area: PlaceCode,
        own: tuple[AlertRow, ...],
        payloads: dict[str, bytes],
        key: str,
        body: str,
        now: datetime,
    ) -> tuple[str, tuple[Letter, ...]]:
        if (known := idempotency.recall(conn, person.id, key, body)) is not None:
            return str(known.answer["command"]), ()
        letters = [stop_letter(conn, self._room, area, now)]
        command = letters[0].id
        outbox.post(conn, letters[0])
        for row in own:
            self._emission.cancel(conn, row, person, "stopped", now)
        targets = {target for row in own for target in row.targets}
        letters += self._emission.bulletins(conn, targets, payloads, now)
        facts: dict[str, audit.Fact] = {"area": area, "cancelled": [row.id for row in own]}
        audit.append(conn, now, person.id, "stop.pressed", command, facts)
        idempotency.remember(conn, person.id, key, body, status=200, answer={"command": command}, now=now)
        return command, tuple(letters)

    def _standing(self, row: AlertRow) -> Standing:
        return Standing(
            alert=row.id,
            headline=row.headline,
            issuer=row.area,
            issuer_name=self._room.tree.area(row.area).name,
        )
