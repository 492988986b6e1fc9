"""Registering nodes by file: the controller keeps public keys, the file holds what each node is born with."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.errors import Problem
from controller.store import areas, nodes
from controller.store.database import Conn
from controller.store.nodes import Node
from devices.errors import DeviceError
from devices.messages import NodeId
from devices.signing import SigningKey, generate_key
from schedules.announcement import AreaCode
from schedules.loudness import Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a node shall hang."""

    node: NodeId
    name: str
    area: AreaCode
    zone: Zone | None = None


def read_sites(path: Path) -> tuple[Site, ...]:
    """A JSON list of {id, name, area}, perhaps with zone (ordinary, special).

    Problem ``E_SITES`` says what is wrong with it.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            Site(
                node=NodeId(_text(row["id"])),
                name=_text(row["name"]),
                area=AreaCode(_text(row["area"])),
                zone=Zone(row["zone"]) if "zone" in row else None,
            )
            for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(
            "E_SITES", vi=f"Không đọc được danh sách cụm loa {path}.", en=f"{path}: {error!r}"
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def new_keys(sites: Sequence[Site]) -> dict[NodeId, SigningKey]:
    """A key of its own for each; Problem ``E_SITES`` for an id that can't be a node's name."""
    try:
        return {site.node: generate_key(site.node) for site in sites}
    except DeviceError as error:
        raise Problem("E_SITES", vi="Mã cụm loa không hợp lệ.", en=str(error)) from error


def register_sites(
    conn: Conn, sites: Sequence[Site], keys: Mapping[NodeId, SigningKey], now: datetime
) -> int:
    """All of them or none."""
    tree = areas.tree(conn)
    for site in sites:
        tree.area(site.area)
        if nodes.get(conn, site.node) is not None:
            raise Problem(
                "E_SITES",
                status=409,
                vi=f"Cụm loa {site.node} đã có.",
                en=f"Node {site.node} exists already.",
            )
        key = keys[site.node].public_text
        node = Node(id=site.node, name=site.name, area=site.area, public_key=key, zone=site.zone)
        nodes.register(conn, node, now)
    return len(sites)


def write_fleet(
    path: Path,
    *,
    tenant: str,
    root_public: str,
    broker: Mapping[str, str | int],
    keys: Mapping[NodeId, SigningKey],
) -> None:
    """The fleet file with private keys, for this user's eyes only."""
    fleet = {
        "tenant": tenant,
        "root_public": root_public,
        "broker": dict(broker),
        "nodes": [{"id": node, "private_key": _raw(key), "rtc": True} for node, key in keys.items()],
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(fleet, file, indent=1)


def _raw(key: SigningKey) -> str:
    return base64.urlsafe_b64encode(key.private.private_bytes_raw()).rstrip(b"=").decode()
