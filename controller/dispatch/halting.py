"""The signed stop: what sounds in an area falls silent there, all of it or only what is named."""

import secrets
from datetime import datetime, timedelta

from controller.dispatch.room import Room
from controller.store import meta
from controller.store.database import Conn
from controller.store.outbox import Letter, OutboxLane
from devices import topics
from devices.messages import AreaCode, Command, CommandId, CommandKind, GroupId, Mode, TenantId
from schedules.announcement import AreaCode as PlaceCode
from schedules.reach import Listed

STOP_LIFE = timedelta(seconds=60)


def stop_letter(
    conn: Conn,
    room: Room,
    area: PlaceCode,
    now: datetime,
    references: tuple[str, ...] = (),
    group: Listed | None = None,
) -> Letter:
    """On the fast lane, in the transaction of the deed; without ``references`` everything ordinary stops.

    With a ``group`` it is for its nodes alone, and ``area`` is the ground that the group lies in.
    """
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
        group=GroupId(group.id) if group is not None else None,
        group_version=group.version if group is not None else 0,
    )
    return Letter(
        id=command.id,
        topic=topics.group_command(command.group) if command.group else topics.command(AreaCode(area)),
        payload=room.keyring.sign(command),
        created_at=now,
        expires_at=command.expires_at,
        lane=OutboxLane.EMERGENCY,
    )
