"""What each node is to be: its desired state, signed anew where it changed or its life runs out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.dispatch.outbox import letter_for
from controller.dispatch.plan.compile import at_least
from controller.dispatch.room import Room
from controller.store import corrections, documents, groups, nodes, outbox, rules
from controller.store.database import Conn
from controller.store.documents import Document, DocumentKind
from controller.store.outbox import Letter
from devices import topics
from devices.messages import AreaCode, Desired, GroupId, NodeId, TenantId, VolumeStep
from schedules.calendar import QuietHours
from schedules.loudness import house_loudness, percents

LIFE = timedelta(days=30)
RENEWED_BEFORE = timedelta(days=7)
USUAL = ("vi",)
"""What a node plays where nobody has said more: told from the first, so no reason to tell it anew."""


def renew_desired(conn: Conn, room: Room, told: Iterable[NodeId], now: datetime) -> int:
    """Each of these nodes is told what is new of it; how many letters that was.

    One that has no place yet is told together with its place, at its first hello.
    """
    known = [node for node in told if documents.get(conn, topics.desired(node)) is not None]
    letters = [letter for node in known for letter in ensure_desired(conn, room, node, now)]
    for letter in letters:
        outbox.post(conn, letter)
    return len(letters)


def ensure_desired(conn: Conn, room: Room, node_id: NodeId, now: datetime) -> list[Letter]:
    """The node's desired state, signed anew where its content changed or its life runs out."""
    node = room.registry.nodes.get(node_id)
    if node is None:
        return []
    topic = topics.desired(node_id)
    held = documents.get(conn, topic)
    belongs = {**groups.of_node(conn, node_id), **corrections.groups_of_node(conn, node_id, now)}
    quiet = _quiet(conn, room, node)
    wanted = _desired(room, node, belongs, quiet, 0, now)
    content = repr(
        (
            wanted.areas,
            wanted.clip_base,
            wanted.volume_ceiling,
            wanted.quiet_from,
            wanted.quiet_to,
            wanted.volume_steps,
        )
    )
    if belongs:
        content += f" in {belongs}"
    if wanted.languages != USUAL:
        content += f" in {wanted.languages}"
    if room.epoch:
        # The node may hold what a restored database has forgotten: it is told anew.
        content += f" in epoch {room.epoch}"
    lasts = held is not None and held.expires_at > now + RENEWED_BEFORE and held.retired_at is None
    if held is not None and lasts and held.content_hash == content:
        return []
    version = max(nodes.next_desired(conn, node_id), 1 + (held.version if held is not None else 0))
    desired = _desired(room, node, belongs, quiet, at_least(version, room.epoch), now)
    document = Document(
        topic=topic,
        kind=DocumentKind.DESIRED,
        version=desired.version,
        content_hash=content,
        payload=room.keyring.sign(desired),
        signed_at=now,
        expires_at=desired.expires_at,
        area=node.area,
    )
    documents.put(conn, document)
    return [letter_for(document)]


def _quiet(conn: Conn, room: Room, node: nodes.Node) -> QuietHours:
    """Those of its area's pack and of the house together, as the plan judges by them."""
    pack = rules.pack_above(conn, room.tree.chain(node.area))
    return room.quiet if pack is None else pack.quiet.united(room.quiet)


def _desired(
    room: Room,
    node: nodes.Node,
    belongs: dict[GroupId, int],
    quiet: QuietHours,
    version: int,
    now: datetime,
) -> Desired:
    settings = room.settings
    return Desired(
        tenant=TenantId(room.tenant),
        node=node.id,
        version=version,
        epoch=room.epoch,
        issued_at=now,
        expires_at=now + LIFE,
        areas=tuple(AreaCode(code) for code in room.tree.chain(node.area)),
        groups=belongs,
        clip_base=room.clip_base,
        languages=node.languages,
        volume_ceiling=node.volume_ceiling,
        quiet_from=f"{quiet.start:%H:%M}",
        quiet_to=f"{quiet.end:%H:%M}",
        zone=settings.zone,
        volume_steps=_volume_steps(node),
    )


def _volume_steps(node: nodes.Node) -> tuple[VolumeStep, ...] | None:
    """How loud the hours and its place let it be; nothing where nobody has looked at the place."""
    if node.zone is None:
        return None
    steps = percents(house_loudness(), node.zone)
    return tuple(VolumeStep(since=f"{since:%H:%M}", percent=percent) for since, percent in steps) or None
