"""How every node is: each word and each silence goes through ``devices.health``; changes become incidents."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.store import incidents, nodes
from controller.store.database import Conn
from controller.store.incidents import Incident
from controller.store.nodes import Live
from devices.health import Alive, Changed, Condition, Noted, Reason, Tick, step
from devices.health import Input as HealthInput
from devices.messages import ClockState, Hello, NodeId, Report, State, Telemetry
from schedules.announcement import AreaCode

FAULTS = (Condition.UNEASY, Condition.SILENT)
FEWEST_WITNESSES = 3
WITNESS_FOR = timedelta(minutes=2)
"""So long a node's word about the time stands beside the others'."""
APART = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A node's condition or its reasons changed."""

    node: NodeId
    change: Changed
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What the store does not know yet."""

    lives: tuple[Live, ...] = ()
    turned: tuple[Turned, ...] = ()


class Monitor:
    """The fleet's health in memory; what changed is taken from it and saved in the intake's transaction."""

    def __init__(self, lives: Mapping[NodeId, Live]) -> None:
        self._lives = dict(lives)
        self._touched: set[NodeId] = set()
        self._turned: list[Turned] = []
        self._ahead: dict[NodeId, tuple[datetime, timedelta]] = {}
        self.flooding: frozenset[NodeId] = frozenset()
        """Whom the intake does not listen to."""

    def live(self, node: NodeId) -> Live:
        return self._lives.get(node) or Live(node=node)

    def is_silent(self, node: NodeId) -> bool:
        """Whether nothing is heard of it; a node never heard is silent."""
        return self.live(node).health.condition is Condition.SILENT

    def counts(self) -> dict[Condition, int]:
        """How many nodes are in each condition."""
        found = dict.fromkeys(Condition, 0)
        for live in self._lives.values():
            found[live.health.condition] += 1
        return found

    def know(self, known: Iterable[NodeId]) -> None:
        """Watch these nodes, and no others any more."""
        wanted = set(known)
        self._lives = {node: self._lives.get(node) or Live(node=node) for node in wanted}
        self._touched &= wanted
        self._ahead = {node: told for node, told in self._ahead.items() if node in wanted}

    def heard(self, node: NodeId, words: Hello | State | Telemetry | Report, at: datetime) -> None:
        """One verified message of that node."""
        live = self.live(node)
        if isinstance(words, Hello | Telemetry) and words.clock is not ClockState.UNSURE:
            self._ahead[node] = (at, words.sent_at - at)
        match words:
            case Hello():
                live = replace(
                    live,
                    boot_nonce=words.boot_nonce,
                    protocol=words.protocol,
                    firmware=words.firmware,
                    clock=words.clock,
                )
                given: HealthInput = Alive(boot=words.boot)
            case Report():
                given = Alive(boot=words.boot)
            case Telemetry():
                live = replace(live, clock=words.clock)
                given = words
            case State():
                given = words
        self._put(live, given, at)

    def ahead(self, since_at: datetime) -> timedelta | None:
        """How far the nodes' time is ahead of the house's, by the median of those heard since then.

        None where fewer than three tell: one node may be wrong, and two may disagree.
        """
        told = sorted(gap for at, gap in self._ahead.values() if at >= since_at)
        return told[len(told) // 2] if len(told) >= FEWEST_WITNESSES else None

    def tick(self, now: datetime) -> datetime | None:
        """Let silence count, compare the clocks; returns when the next silence could begin."""
        wakes: list[datetime] = []
        apart = self._apart(now)
        for live in tuple(self._lives.values()):
            found = {Reason.CLOCK_APART: live.node in apart, Reason.FLOODING: live.node in self.flooding}
            noted = tuple(reason for reason, present in found.items() if present)
            if noted != live.health.noted:
                self._put(live, Noted(reasons=noted), now)
                live = self._lives[live.node]
            after = step(live.health, Tick(), now)
            if after.effects:
                self._put(live, Tick(), now)
            if after.wake_at is not None:
                wakes.append(after.wake_at)
        return min(wakes, default=None)

    def _apart(self, now: datetime) -> frozenset[NodeId]:
        """Nodes whose time is not that of the fleet: by its median, so that one liar moves nobody (F48)."""
        middle = self.ahead(now - WITNESS_FOR)
        if middle is None:
            return frozenset()
        return frozenset(
            node
            for node, (at, gap) in self._ahead.items()
            if at >= now - WITNESS_FOR and abs(gap - middle) > APART
        )

    def take(self) -> Changes:
        """What changed since the last time; the caller writes it, or gives it back to ``restore``."""
        changes = Changes(
            lives=tuple(self._lives[node] for node in sorted(self._touched)), turned=tuple(self._turned)
        )
        self._touched.clear()
        self._turned.clear()
        return changes

    def restore(self, changes: Changes) -> None:
        """The transaction failed: these are still to be written."""
        self._touched.update(live.node for live in changes.lives if live.node in self._lives)
        self._turned[:0] = changes.turned

    @property
    def waiting(self) -> bool:
        """Whether ``take`` would give anything."""
        return bool(self._touched)

    def _put(self, live: Live, given: HealthInput, at: datetime) -> None:
        after = step(live.health, given, at)
        self._lives[live.node] = replace(live, health=after.health)
        self._touched.add(live.node)
        self._turned += [Turned(node=live.node, change=change, at=at) for change in after.effects]


def save(conn: Conn, changes: Changes, areas: Mapping[NodeId, AreaCode]) -> None:
    """Write the nodes, and the incidents that their changes open or close."""
    nodes.save_live(conn, [live for live in changes.lives if live.node in areas])
    for turned in changes.turned:
        if turned.node in areas:
            _note(conn, turned, areas[turned.node])


def _note(conn: Conn, turned: Turned, area: AreaCode) -> None:
    change = turned.change
    for kind in FAULTS:
        if kind is not change.after:
            incidents.end(conn, turned.node, kind, turned.at)
    if change.after in FAULTS:
        incidents.begin(
            conn,
            Incident(
                id=f"i-{secrets.token_hex(8)}",
                node=turned.node,
                area=area,
                kind=change.after,
                reasons=change.reasons,
                opened_at=turned.at,
            ),
        )
