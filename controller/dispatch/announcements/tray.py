"""Hộp tin đến: what a commune makes of ordinary bulletins from above, and how both sides see it."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from controller.access import Person, Right
from controller.dispatch.announcements.tray_facts import CommuneLine, TrayFacts, TrayItem, begun
from controller.dispatch.items import kept_item
from controller.dispatch.refusals import allow, missing, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.dispatch.sound.rendering import Studio
from controller.errors import Problem
from controller.store import announcements, audit, idempotency, intake
from controller.store.database import Conn
from controller.store.idempotency import body_print
from schedules.announcement import AnnouncementId, AreaCode, State, validate
from schedules.area import Level
from schedules.errors import Invalid
from schedules.reach import Choice, Chosen
from schedules.recurrence import Timing

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """When a commune wants to air it; ``not_before`` picks one coming session."""

    timing: Timing
    not_before: datetime | None = None


class Tray:
    """Each deed is one transaction: the answer, the audit, the key. The planner takes what was accepted.

    The staff of the commune itself answers; whoever may write there. 412 ``E_STALE`` where the bulletin
    or the answer is no longer what was seen, 409 ``E_STATE`` for what is heard already.
    """

    def __init__(self, room: Room, studio: Studio) -> None:
        self._room = room
        self._facts = TrayFacts(room, studio)

    async def items(self, person: Person) -> tuple[TrayItem, ...]:
        """What lies in the tray of the person's commune: what waits first, each kind the newest first."""
        commune = self._commune(person)
        if commune is None:
            return ()
        allow(person, Right.READ, commune, self._room.tree)
        found = await self._room.db.read(self._facts.in_tray, commune)
        items = [self._facts.shown(person, commune, facts, ()) for facts in found]
        return tuple(sorted(items, key=lambda item: item.choice is not Choice.OPEN))

    async def one(self, person: Person, item: AnnouncementId) -> TrayItem:
        """One bulletin in the tray of the person's commune, with the sessions that could take it."""
        commune = self._commune(person)
        if commune is None:
            raise missing()
        allow(person, Right.READ, commune, self._room.tree)
        found = await self._room.db.read(self._facts.in_tray, commune)
        facts = next((one for one in found if one.kept.announcement.id == item), None)
        if facts is None:
            raise missing()
        here = await self._room.db.read(self._facts.runs, commune, facts.kept.announcement)
        return self._facts.shown(person, commune, facts, here)

    async def across(self, person: Person, item: AnnouncementId) -> tuple[CommuneLine, ...]:
        """What every commune with loudspeakers made of an item, for whoever may read it; else empty."""
        kept = await kept_item(self._room, person, item, Right.READ)
        if kept.announcement.state is not State.APPROVED or not self._facts.asks(kept.announcement):
            return ()
        return await self._room.db.read(self._facts.lines, kept)

    async def unanswered(self, person: Person) -> dict[AnnouncementId, int]:
        """How many communes have not chosen yet, of each item in force of the person's own area."""
        room = self._room
        if room.tree.area(person.area).level not in (Level.NATION, Level.PROVINCE):
            return {}
        return await room.db.read(self._facts.open_counts, person.area)

    async def accept(
        self, person: Person, item: AnnouncementId, wanted: Wanted, key: str, *, seen: int
    ) -> TrayItem:
        """Air it then. 422 with the field for a time at which it can't be heard."""
        now = self._room.clock.now()
        shown = await self.one(person, item)
        self._check(shown, wanted, now)
        chosen = replace(
            self._chosen(shown, Choice.ACCEPTED, now), timing=wanted.timing, not_before=wanted.not_before
        )
        return await self._do(person, chosen, key, seen, {Choice.OPEN})

    async def decline(
        self, person: Person, item: AnnouncementId, reason: str, key: str, *, seen: int
    ) -> TrayItem:
        """Not here (any more), and why; ``E_REASON`` without a reason."""
        said = " ".join(reason.split())[:LONGEST_REASON]
        if not any(character.isalnum() for character in said):
            raise Problem(
                "E_REASON",
                field="reason",
                vi="Xin ghi lý do không phát, để nơi gửi biết.",
                en="Say why it is not aired, so that the sender knows.",
            )
        shown = await self.one(person, item)
        chosen = self._chosen(shown, Choice.DECLINED, self._room.clock.now())
        return await self._do(person, chosen, key, seen, {Choice.OPEN, Choice.ACCEPTED}, said)

    async def undo(self, person: Person, item: AnnouncementId, key: str, *, seen: int) -> TrayItem:
        """Back to the tray, until any of it is heard: 409 ``E_STATE``."""
        shown = await self.one(person, item)
        chosen = self._chosen(shown, Choice.OPEN, self._room.clock.now())
        return await self._do(person, chosen, key, seen, {Choice.ACCEPTED, Choice.DECLINED})

    async def _do(
        self, person: Person, chosen: Chosen, key: str, seen: int, over: set[Choice], reason: str = ""
    ) -> TrayItem:
        room = self._room
        allow(person, Right.WRITE, chosen.commune, room.tree)
        if not 1 <= len(key) <= 200:
            raise Problem("E_IDEMPOTENCY_KEY")
        body = body_print("intake", chosen.item, chosen.choice.value, json.dumps([seen, reason]))

        def deed(conn: Conn) -> None:
            if idempotency.recall(conn, person.id, key, body) is not None:
                return
            kept = announcements.get(conn, chosen.item)
            a = None if kept is None else kept.announcement
            if a is None or a.state is not State.APPROVED or a.revision != chosen.revision:
                raise stale()
            last = intake.last(conn, chosen.item, chosen.revision, chosen.commune)
            if (last.n if last is not None else 0) != seen:
                raise stale()
            standing = last.chosen.choice if last is not None else Choice.OPEN
            sounded = chosen.choice is Choice.OPEN and begun(conn, a.id, chosen.commune, room.tree, chosen.at)
            if standing not in over or sounded:
                raise Problem("E_STATE")
            intake.note(conn, chosen, person.id, reason)
            facts: dict[str, audit.Fact] = {"area": chosen.commune, "revision": chosen.revision}
            if reason:
                facts["reason"] = reason
            word = "reopened" if chosen.choice is Choice.OPEN else chosen.choice.value
            audit.append(conn, chosen.at, person.id, f"intake.{word}", chosen.item, facts)
            answer = {"item": chosen.item}
            idempotency.remember(conn, person.id, key, body, status=200, answer=answer, now=chosen.at)

        await room.db.write(deed)
        room.signals.tell(Topic.ANNOUNCEMENT, chosen.item)
        room.signals.wake(Wake.PLANNER)
        return await self.one(person, chosen.item)

    def _commune(self, person: Person) -> AreaCode | None:
        """The commune that somebody speaks for: a village has no tray, and nobody above answers for it."""
        tree = self._room.tree
        known = person.area in tree and tree.area(person.area).level is Level.COMMUNE
        return person.area if known else None

    def _chosen(self, shown: TrayItem, choice: Choice, now: datetime) -> Chosen:
        a = shown.announcement
        return Chosen(item=a.id, revision=a.revision, commune=shown.commune, choice=choice, at=now)

    def _check(self, shown: TrayItem, wanted: Wanted, now: datetime) -> None:
        """The time must be one at which the commune's nodes may air it."""
        a = shown.announcement
        begins = max(a.valid_from, wanted.not_before or a.valid_from)
        trial = replace(a, targets=(shown.commune,), groups=(), timing=wanted.timing, valid_from=begins)
        with told_as_problems():
            if faults := validate(trial, now, self._room.quiet_at((shown.commune,))):
                raise Invalid(faults)
