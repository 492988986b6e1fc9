"""The signed stop: what sounds in an area falls silent there, all of it or only what is named."""

import secrets
from datetime import datetime, timedelta

from controller.dispatch.room import Room
from controller.store import meta
from controller.store.database import Conn
from controller.store.outbox import Letter, OutboxLane
from devices import topics
from devices.messages import AreaCode, Command, CommandId, CommandKind, Mode, TenantId
from schedules.announcement import AreaCode as PlaceCode

STOP_LIFE = timedelta(seconds=60)


def stop_letter(
    conn: Conn, room: Room, area: PlaceCode, now: datetime, references: tuple[str, ...] = ()
) -> Letter:
    """On the fast lane, in the transaction of the deed; without ``references`` everything ordinary stops."""
    command = Command(
        tenant=TenantId(room.tenant),
        id=CommandId(f"c-{secrets.token_hex(8)}"),
        kind=CommandKind.STOP,
        seq=meta.next_command_seq(conn, room.keyring.online.kid),
        epoch=room.epoch,
        mode=Mode.ACTUAL,
        issued_at=now,
        expires_at=now + STOP_LIFE,
        area=AreaCode(area),
        references=references,
    )
    return Letter(
        id=command.id,
        topic=topics.command(AreaCode(area)),
        payload=room.keyring.sign(command),
        created_at=now,
        expires_at=command.expires_at,
        lane=OutboxLane.EMERGENCY,
    )
