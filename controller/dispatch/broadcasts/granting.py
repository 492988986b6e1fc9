"""The signed command that opens a stream on the ground, renewed while it lasts, never beyond its end."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.dispatch.broadcasts.ground import ground_of
from controller.dispatch.halting import stop_letter
from controller.dispatch.room import Room
from controller.store import meta
from controller.store.broadcasts import Broadcast, BroadcastKind
from controller.store.database import Conn
from controller.store.outbox import Letter
from devices import topics
from devices.grants import Grant, StreamKind
from devices.messages import AreaCode, Command, CommandId, CommandKind, GroupId, Mode, TenantId
from schedules.announcement import AreaCode as PlaceCode
from schedules.reach import Listed

TERM = timedelta(minutes=4)
RENEW_AFTER = timedelta(minutes=2)


def grant_letters(
    conn: Conn, room: Room, broadcast: Broadcast, now: datetime, *, opening: bool
) -> tuple[Letter, ...]:
    """One command for each area and each group; those that open it have the grant's own name.

    A group's carries the version of its list as it stands now: who has joined hears it from then on.
    """
    ground = ground_of(conn, room, broadcast.targets, broadcast.groups)
    areas = (_letter(conn, room, broadcast, area, None, now, opening=opening) for area in broadcast.targets)
    named = (_letter(conn, room, broadcast, one.area, one, now, opening=opening) for one in ground.groups)
    return (*areas, *named)


def stop_letters(conn: Conn, room: Room, broadcast: Broadcast, now: datetime) -> Iterable[Letter]:
    """Ends this one stream and nothing else, where its last chunks may have been lost."""
    ground, about = ground_of(conn, room, broadcast.targets, broadcast.groups), (broadcast.id,)
    areas = (stop_letter(conn, room, area, now, about) for area in broadcast.targets)
    return (*areas, *(stop_letter(conn, room, one.area, now, about, one) for one in ground.groups))


def _letter(
    conn: Conn,
    room: Room,
    broadcast: Broadcast,
    area: PlaceCode,
    group: Listed | None,
    now: datetime,
    *,
    opening: bool,
) -> Letter:
    assert broadcast.ends_at is not None
    command = Command(
        tenant=TenantId(room.tenant),
        id=CommandId(broadcast.id if opening else f"c-{secrets.token_hex(8)}"),
        kind=CommandKind.LIVE,
        seq=meta.next_command_seq(conn, room.keyring.online.kid),
        epoch=room.epoch,
        mode=Mode.ACTUAL,
        issued_at=now,
        expires_at=min(now + TERM, broadcast.ends_at),
        area=AreaCode(area),
        bulletin_class=broadcast.bulletin_class,
        grant=broadcast.id,
        live=Grant(
            ends_at=broadcast.ends_at,
            volume=room.settings.volume,
            kind=StreamKind.RELAY if broadcast.kind is BroadcastKind.RELAY else StreamKind.LIVE,
            title=broadcast.title,
        ),
        group=GroupId(group.id) if group is not None else None,
        group_version=group.version if group is not None else 0,
    )
    return Letter(
        id=f"{command.id}@{command.group or area}",
        topic=topics.group_command(command.group) if command.group else topics.command(AreaCode(area)),
        payload=room.keyring.sign(command),
        created_at=now,
        expires_at=command.expires_at,
    )
