"""The fleet file: who the nodes are, where the broker is, and which faults are planted."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from devices.messages import NodeId, TenantId
from devices.signing import SigningKey, key_from_bytes


class FleetFileRefused(Exception):
    """The fleet file is not what it should be; the sentence says where."""

    code = "fleet.file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where all nodes connect."""

    host: str
    port: int
    protocol: Literal["5", "3.1.1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planted fault, by ``kind``:

    dead_amplifier, no_sense, alien_sound · device (``state`` missing, busy or blocked) · offline (``from_s``
    to ``to_s`` after the start, or until ``until_file`` exists) · altered_clip (the ``nth`` that is stored) ·
    clock (``drift_ppm``, ``offset_s``, ``no_rtc``).
    """

    node: NodeId
    kind: str
    from_s: float = 0.0
    to_s: float | None = None
    until_file: str | None = None
    nth: int = 1
    state: str = "missing"
    drift_ppm: float = 0.0
    offset_s: float = 0.0
    no_rtc: bool = False


KINDS = frozenset({"dead_amplifier", "no_sense", "alien_sound", "device", "offline", "altered_clip", "clock"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One node."""

    node: NodeId
    key: SigningKey
    rtc: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Everything in the file."""

    tenant: TenantId
    root_public: str
    broker: Broker
    members: tuple[Member, ...]
    faults: tuple[Fault, ...] = ()


def read_fleet(path: Path) -> Fleet:
    """The fleet in that file; raises FleetFileRefused."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FleetFileRefused(f"{path.name}: {error}") from error
    return fleet_from_json(tree)


def fleet_from_json(tree: Any) -> Fleet:
    """The fleet of that JSON object; raises FleetFileRefused."""
    try:
        broker = tree["broker"]
        protocol = broker.get("protocol", "5")
        if protocol not in ("5", "3.1.1"):
            raise FleetFileRefused(f"protocol {protocol!r}")
        members = tuple(_member(row) for row in tree["nodes"])
        known = {member.node for member in members}
        faults = tuple(_fault(row, known) for row in tree.get("faults", ()))
        return Fleet(
            tenant=TenantId(tree["tenant"]),
            root_public=tree["root_public"],
            broker=Broker(host=broker["host"], port=int(broker["port"]), protocol=protocol),
            members=members,
            faults=faults,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FleetFileRefused(f"{type(error).__name__}: {error}") from error


def _member(row: dict[str, Any]) -> Member:
    text = row["private_key"]
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return Member(node=NodeId(row["id"]), key=key_from_bytes(raw, row["id"]), rtc=bool(row.get("rtc", True)))


def _fault(row: dict[str, Any], known: set[NodeId]) -> Fault:
    fault = Fault(**row)
    if fault.kind not in KINDS:
        raise FleetFileRefused(f"fault {fault.kind!r}")
    if fault.node not in known:
        raise FleetFileRefused(f"fault for an unknown node {fault.node!r}")
    return fault
