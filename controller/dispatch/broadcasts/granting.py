"""The signed command that opens a stream on the ground, renewed while it lasts, never beyond its end."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.dispatch.halting import stop_letter
from controller.dispatch.room import Room
from controller.store import meta
from controller.store.broadcasts import Broadcast, BroadcastKind
from controller.store.database import Conn
from controller.store.outbox import Letter
from devices import topics
from devices.grants import Grant, StreamKind
from devices.messages import AreaCode, Command, CommandId, CommandKind, Mode, TenantId

TERM = timedelta(minutes=4)
RENEW_AFTER = timedelta(minutes=2)


def grant_letters(
    conn: Conn, room: Room, broadcast: Broadcast, now: datetime, *, opening: bool
) -> tuple[Letter, ...]:
    """One command for each area; the one that opens it has the grant's own name."""
    assert broadcast.ends_at is not None
    return tuple(_letter(conn, room, broadcast, area, now, opening=opening) for area in broadcast.targets)


def stop_letters(conn: Conn, room: Room, broadcast: Broadcast, now: datetime) -> Iterable[Letter]:
    """Ends this one stream and nothing else, where its last chunks may have been lost."""
    return tuple(stop_letter(conn, room, area, now, (broadcast.id,)) for area in broadcast.targets)


def _letter(
    conn: Conn, room: Room, broadcast: Broadcast, area: str, now: datetime, *, opening: bool
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
    )
    return _carried(room, command, AreaCode(area), now)


def _carried(room: Room, command: Command, area: AreaCode, now: datetime) -> Letter:
    return Letter(
        id=f"{command.id}@{area}",
        topic=topics.command(area),
        payload=room.keyring.sign(command),
        created_at=now,
        expires_at=command.expires_at,
    )
