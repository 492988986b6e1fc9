"""Any message in plain words, for people who look at the wire."""

from collections.abc import Iterable
from datetime import datetime

from devices.chunks import Chunk
from devices.messages import (
    Alert,
    Alerts,
    Answer,
    Beacon,
    Command,
    Desired,
    Hello,
    KeyList,
    Message,
    Programme,
    Receipt,
    Report,
    State,
    Telemetry,
)


def describe(message: Message) -> tuple[str, ...]:
    """Lines of English: what it says, to whom, from when until when."""
    match message:
        case KeyList():
            return tuple(_key_list(message))
        case Beacon():
            return (f"It is at least {_at(message.now)}; audit record {message.audit_n}.",)
        case Programme():
            return tuple(_programme(message))
        case Alerts():
            return tuple(_alerts(message))
        case Command():
            return tuple(_command(message))
        case Desired():
            return tuple(_desired(message))
        case Answer():
            return (
                f"To node {message.node} in boot {message.boot_nonce}: it is {_at(message.now)};"
                f" receipts are durable through {message.through}.",
            )
        case _:
            return tuple(_upward(message))


def describe_chunk(chunk: Chunk, octets: int) -> tuple[str, ...]:
    """The same for a chunk of a stream, which is no message."""
    end = ", the last" if chunk.last else ""
    return (
        f"Chunk {chunk.sequence}{end}: {chunk.length_ms} ms of sound from {chunk.position_ms} ms on,"
        f" {len(chunk.packets)} Opus packets, {octets} octets, sent {_at(chunk.sent_at)}.",
    )


def _at(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S UTC")


def _life(issued_at: datetime, expires_at: datetime) -> str:
    return f"Issued {_at(issued_at)}, expires {_at(expires_at)}."


def _key_list(message: KeyList) -> Iterable[str]:
    yield f"Keys of tenant {message.tenant}, version {message.version}."
    yield _life(message.issued_at, message.expires_at)
    for key in message.keys:
        state = "REVOKED" if key.revoked else f"until {_at(key.expires_at)}"
        yield (
            f"  {key.kid}: {', '.join(key.actions)} as {', '.join(key.modes)} for {', '.join(key.areas)},"
            f" volume up to {key.volume_max}, {state}"
        )


def _ground(area: str | None, group: str | None, node: str | None = None) -> str:
    if node is not None:
        return f"node {node}"
    return f"group {group} in area {area}" if group is not None else f"area {area}"


def _programme(message: Programme) -> Iterable[str]:
    yield (
        f"Programme of {_ground(message.area, message.group)} on {message.date}, version {message.version},"
        f" epoch {message.epoch}, {message.mode}."
    )
    yield _life(message.issued_at, message.expires_at)
    if not message.entries:
        yield "  Nothing: the day is withdrawn."
    for entry in message.entries:
        relay = entry.relay
        sound = (
            f"clip {entry.clip[:12]}…"
            if relay is None
            else f"stream {relay.grant} for {relay.length_ms // 1000} s, else clip {entry.clip[:12]}…"
        )
        yield (
            f"  {_at(entry.starts_at)} {entry.bulletin_class} “{entry.title}”, volume {entry.volume},"
            f" {sound}, may begin until {_at(entry.latest_at)}"
        )
        for track in entry.tracks or ():
            yield f"    in {track.language}: clip {track.clip[:12]}…"


def _alerts(message: Alerts) -> Iterable[str]:
    only = " for one boot of one node" if message.boot_nonce is not None else ""
    yield (
        f"Alerts of {_ground(message.area, message.group)}{only}, version {message.version},"
        f" epoch {message.epoch}."
    )
    yield _life(message.issued_at, message.expires_at)
    if not message.alerts:
        yield "  None."
    for alert in message.alerts:
        yield (
            f"  {alert.state} {alert.mode} {alert.event}, level {alert.level}, by {alert.issuer}:"
            f" tone {alert.tone}, {alert.rounds} round(s){_rhythm(alert)} until {_at(alert.ends_at)}:"
            f" “{alert.headline}”"
        )


def _rhythm(alert: Alert) -> str:
    if alert.offsets_ms is None:
        return ""
    first = ", ".join(f"+{offset // 1000}" for offset in alert.offsets_ms)
    then = f", then every {alert.every_ms // 1000} s" if alert.every_ms else ""
    return f" at {first} s{then}"


def _command(message: Command) -> Iterable[str]:
    about = ", ".join(message.references) or message.pattern or message.grant or "all that sounds"
    yield (
        f"Command {message.id} ({message.kind}, {message.mode}) to"
        f" {_ground(message.area, message.group, message.node)}: {about}."
    )
    yield f"Sequence {message.seq}, epoch {message.epoch}. {_life(message.issued_at, message.expires_at)}"
    if message.live is not None:
        live = message.live
        yield (
            f"  Opens a {live.kind} stream of {live.codec} “{live.title}”, volume {live.volume},"
            f" renewable until {_at(live.ends_at)}."
        )


def _desired(message: Desired) -> Iterable[str]:
    yield (
        f"Node {message.node} stands in {' > '.join(message.areas)}, version {message.version},"
        f" epoch {message.epoch}."
    )
    yield _life(message.issued_at, message.expires_at)
    groups = ", ".join(f"{group} (list {version})" for group, version in message.groups.items()) or "none"
    yield (
        f"  Groups: {groups}. Volume up to {message.volume_ceiling}. Quiet from {message.quiet_from} to"
        f" {message.quiet_to} {message.zone}. Clips from {message.clip_base}."
    )
    if message.volume_steps:
        steps = ", ".join(f"{step.percent} % from {step.since}" for step in message.volume_steps)
        yield f"  Ordinary sounds: {steps}."


def _upward(message: Hello | State | Telemetry | Report) -> Iterable[str]:
    match message:
        case Hello():
            yield (
                f"Node {message.node} woke (boot {message.boot}, clock {message.clock},"
                f" MQTT {message.protocol}); it holds {len(message.documents)} documents"
                f" and wrote receipt {message.last_seq} last."
            )
        case State():
            yield f"Node {message.node} is {'online' if message.online else 'offline'} (boot {message.boot})."
        case Telemetry():
            yield (
                f"Node {message.node} at {_at(message.sent_at)}: sounding {message.sounding or 'nothing'},"
                f" sense {message.sense_level:.2f}, battery {message.battery_percent} %,"
                f" clock {message.clock}."
            )
        case Report():
            yield f"Node {message.node} reports {len(message.receipts)} receipt(s):"
            for receipt in message.receipts:
                yield _receipt(receipt)


def _receipt(receipt: Receipt) -> str:
    about = receipt.occurrence or receipt.alert or receipt.command or receipt.topic
    code = f" {receipt.code}" if receipt.code is not None else ""
    return (
        f"  {receipt.seq} {_at(receipt.at)} {receipt.kind}{code} {about}: {receipt.played_ms} ms played,"
        f" heard {receipt.heard}"
    )
