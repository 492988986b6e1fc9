"""What of a node's memory outlives the power, but documents and claims, which have their own rows."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from devices import codec
from devices.errors import FormatError
from devices.memory import AlertStart, CommandStart, HeldGrant, Memory, RememberedStop, Window
from devices.messages import AlertId, Command, CommandId, KeyId, Mode


def to_bytes(memory: Memory) -> bytes:
    """Epochs, sequence windows, stops, starts and the time floor."""
    return json.dumps(
        {
            "floor_at": memory.floor_at.isoformat(),
            "epochs": dict(memory.epochs),
            "windows": {kid: [window.top, window.seen] for kid, window in memory.windows.items()},
            "stops": [
                [stop.command, list(stop.references), stop.mode.value, stop.expires_at.isoformat()]
                for stop in memory.stops
            ],
            "command_starts": [[one.at.isoformat(), one.duration_ms] for one in memory.command_starts],
            "alert_starts": [
                [one.alert, one.mode.value, one.issued_at.isoformat(), one.at.isoformat()]
                for one in memory.alert_starts
            ],
            "grants": [
                [one.kid, one.opened_at.isoformat(), codec.encode(one.command).decode()]
                for one in memory.grants.values()
            ],
        }
    ).encode()


def restore(memory: Memory, data: bytes) -> Memory:
    """The memory with the facts of before the power went; raises ValueError or KeyError where damaged."""
    tree: dict[str, Any] = json.loads(data)
    return replace(
        memory,
        floor_at=max(memory.floor_at, _instant(tree["floor_at"])),
        epochs={KeyId(kid): int(epoch) for kid, epoch in tree["epochs"].items()},
        windows={KeyId(kid): Window(top=top, seen=seen) for kid, (top, seen) in tree["windows"].items()},
        stops=tuple(
            RememberedStop(
                command=CommandId(command),
                references=tuple(references),
                mode=Mode(mode),
                expires_at=_instant(expires_at),
            )
            for command, references, mode, expires_at in tree["stops"]
        ),
        command_starts=tuple(
            CommandStart(at=_instant(at), duration_ms=int(length)) for at, length in tree["command_starts"]
        ),
        alert_starts=tuple(
            AlertStart(alert=AlertId(alert), mode=Mode(mode), issued_at=_instant(issued), at=_instant(at))
            for alert, mode, issued, at in tree["alert_starts"]
        ),
        grants={
            held.command.grant: held
            for held in (_grant(*row) for row in tree.get("grants", ()))
            if held.command.grant is not None
        },
    )


def _grant(kid: str, opened: str, command: str) -> HeldGrant:
    try:
        return HeldGrant(
            kid=KeyId(kid), opened_at=_instant(opened), command=codec.decode(command.encode(), Command)
        )
    except FormatError as error:
        raise ValueError(str(error)) from error


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
