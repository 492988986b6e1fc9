"""What people do to speak at once: look, begin, end; somebody answers for each broadcast while it lasts."""

import logging
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from controller.access import Person, Right, within
from controller.dispatch.broadcasts.broadcast_checks import Checks
from controller.dispatch.broadcasts.broadcast_views import BroadcastViews
from controller.dispatch.broadcasts.granting import RENEW_AFTER, grant_letters, stop_letters
from controller.dispatch.broadcasts.ground import ground_of
from controller.dispatch.broadcasts.live_forms import BroadcastForm, BroadcastPreview, BroadcastView, Cost
from controller.dispatch.broadcasts.onair import LIVE_CHUNK_MS, RELAY_CHUNK_MS, Ended, OnAir, Run
from controller.dispatch.broadcasts.tuning import Tuner
from controller.dispatch.plan.cutting import PREVIEW_KEY, cut_lines
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.dispatch.showing import node_line
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import audit, broadcasts, deliveries, idempotency, occurrences, outbox
from controller.store.broadcasts import Broadcast, BroadcastKind, End
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Kind
from controller.store.idempotency import body_print
from controller.store.outbox import Letter
from controller.streams.voices import Microphone, Voice
from devices.items import Item, command_claim
from devices.messages import CommandId, Mode
from schedules.announcement import AreaCode

WAITS_FOR_MICROPHONE = timedelta(minutes=3)
LAST_WORDS = timedelta(seconds=2)
AHEAD = timedelta(hours=1)
LONGEST_ITEM = timedelta(hours=2)
STREAM_OCTETS_S = 4_200
"""Of 24 kbit/s in chunks of 200 ms with their signatures (bench/chunks.py) and the heads of MQTT and TCP."""
CLIP_OCTETS_S = 3_100
_log = logging.getLogger("loa.broadcast")


class Broadcasting:
    """Each deed saves row, letters, deliveries, audit and key in one transaction; then sound may follow."""

    def __init__(self, room: Room, onair: OnAir, tuner: Tuner, views: BroadcastViews) -> None:
        self._room = room
        self._onair = onair
        self._tuner = tuner
        self._views = views
        self._checks = Checks(room, tuner)
        self._terms: dict[str, int] = {}

    async def preview(self, person: Person, form: BroadcastForm) -> BroadcastPreview:
        """422 for what can't begin as it is, 409 ``E_ON_AIR``, 503 ``E_FFMPEG``."""
        room = self._room
        now = room.clock.now()
        form = await self._checks.form(person, form, now)
        ground = await room.db.read(ground_of, room, form.targets, form.groups)
        planned = await room.db.read(occurrences.between, now - LONGEST_ITEM, now + AHEAD + form.longest)
        seconds = form.longest // timedelta(seconds=1)
        return BroadcastPreview(
            form=form,
            area_names=tuple(room.tree.area(code).name for code in form.targets),
            people=room.tree.population(form.targets),
            nodes=len(ground.nodes),
            villages=len({node.area for node in ground.nodes}),
            unreachable=tuple(
                node_line(node, room.monitor.live(node.id), room)
                for node in ground.nodes
                if room.monitor.is_silent(node.id)
            ),
            cuts=cut_lines(planned, _item(form, now), ground.areas, room.tree, now),
            cost=Cost(stream=seconds * STREAM_OCTETS_S, clip=seconds * CLIP_OCTETS_S),
            sources=await self._tuner.names(form.area) if form.kind is BroadcastKind.RELAY else (),
            group_names=await self._views.group_names(form.groups),
        )

    async def make(self, person: Person, form: BroadcastForm, key: str) -> BroadcastView:
        """A relay or a recording begins at once; a live one when the microphone is there."""
        room = self._room
        if not key:
            raise Problem("E_IDEMPOTENCY_KEY")
        body = body_print("broadcast", form.kind, form.title, *form.targets, *form.groups)
        known = await room.db.read(idempotency.recall, person.id, key, body)
        if known is not None:
            return await self._views.one(person, str(known.answer["broadcast"]))
        now = room.clock.now()
        form = await self._checks.form(person, form, now)
        broadcast = Broadcast(
            id=f"b-{secrets.token_hex(8)}",
            kind=form.kind,
            area=form.area,
            targets=form.targets,
            groups=form.groups,
            bulletin_class=form.bulletin_class,
            title=form.title,
            speaker=person.id,
            longest=form.longest,
            delay=form.delay,
            clip=await self._tuner.clip_of(person, form.item) if form.item is not None else None,
            made_at=now,
        )
        await room.db.write(_make, broadcast, key, body)
        if form.kind is not BroadcastKind.LIVE:
            await self.open(person, broadcast.id, await self._tuner.voice(broadcast))
        room.signals.tell(Topic.BROADCAST, broadcast.id)
        return await self._views.one(person, broadcast.id)

    async def listen_to(self, person: Person, broadcast: str, kind: str) -> Microphone:
        """The microphone of a live broadcast, of the person alone who made it; not yet on air."""
        row = await self._own(person, broadcast)
        if row.kind is not BroadcastKind.LIVE or row.speaker != person.id:
            raise missing()
        if row.ended_at is not None or row.opened_at is not None or row.id in self._onair.grants:
            raise Problem("E_STATE")
        voice = Microphone(kind, row.delay.total_seconds(), self._room.clock.monotonic)
        await voice.prepare()
        return voice

    async def open(self, person: Person, broadcast: str, voice: Voice) -> BroadcastView:
        """From now on it goes out. 422 ``E_QUIET`` where quiet hours have come meanwhile."""
        room = self._room
        now = room.clock.now()
        row = await self._own(person, broadcast)
        if row.opened_at is not None or row.ended_at is not None:
            raise Problem("E_STATE")
        opened = replace(row, opened_at=now, ends_at=now + row.longest)
        ground = await room.db.read(ground_of, room, row.targets, row.groups)
        self._checks.hours(ground.areas, now, now + row.longest)
        run = Run(
            grant=row.id,
            areas=row.targets,
            groups=row.groups,
            voice=voice,
            chunk_ms=RELAY_CHUNK_MS if row.kind is BroadcastKind.RELAY else LIVE_CHUNK_MS,
            closing=await self._tuner.bells() if row.kind is BroadcastKind.LIVE else (),
        )
        await self._onair.begin(run, self._ended)
        try:
            letters = await room.db.write(self._open, opened, now)
        except BaseException:
            self._onair.finish(row.id, at_once=True)
            raise
        await room.sender.express(letters)
        _log.info("broadcast.opened broadcast=%s kind=%s", row.id, row.kind)
        room.signals.tell(Topic.BROADCAST, row.id)
        room.signals.wake(Wake.SENDER, Wake.BROADCASTS)
        return await self._views.one(person, row.id)

    async def end(self, person: Person, broadcast: str) -> BroadcastView:
        """KẾT THÚC. Pressed again it changes nothing. Whoever may stop there may end it."""
        row = await self._own(person, broadcast, Right.STOP)
        await self._finish(row, End.DONE, person)
        return await self._views.one(person, broadcast)

    async def cut(self, person: Person, broadcast: str, seconds: float) -> None:
        """CẮT was pressed: what was not heard yet is gone; the audit says how much."""
        row = await self._own(person, broadcast)
        facts: dict[str, audit.Fact] = {"ms": round(seconds * 1000)}
        await self._room.db.write(
            audit.append, self._room.clock.now(), person.id, "broadcast.cut", row.id, facts
        )

    async def stopped(self, person: Person, area: AreaCode) -> None:
        """After DỪNG TẤT CẢ: what is spoken to this ground from the presser's branch ends at once."""
        room = self._room
        for row in await room.db.read(broadcasts.running):
            ground = await room.db.read(ground_of, room, row.targets, row.groups)
            if room.tree.meet(ground.areas, (area,)) and within(person, row.area, room.tree):
                await self._finish(row, End.STOPPED, person)

    async def turn(self) -> datetime | None:
        """Renew what goes on, end what is over, forget what never began."""
        room, soonest = self._room, None
        for row in await room.db.read(broadcasts.running):
            now = room.clock.now()
            if row.opened_at is None or row.ends_at is None:
                at = row.made_at + WAITS_FOR_MICROPHONE
                if now >= at and row.id not in self._onair.grants:
                    await self._finish(row, End.NEVER_BEGAN, None)
                    continue
            elif now >= row.ends_at - row.delay - LAST_WORDS:
                await self._finish(row, End.TIME_UP, None)
                continue
            elif row.id not in self._onair.grants:
                await self._finish(row, End.RESTARTED, None)
                continue
            else:
                at = min(await self._renewed(row, now), row.ends_at - row.delay - LAST_WORDS)
            soonest = at if soonest is None else min(soonest, at)
        return soonest

    async def _renewed(self, row: Broadcast, now: datetime) -> datetime:
        """The next term where half of this one is over; when the one after that is due."""
        assert row.opened_at is not None
        terms = (now - row.opened_at) // RENEW_AFTER
        if terms > self._terms.get(row.id, 0):
            self._terms[row.id] = terms
            letters = await self._room.db.write(self._renew, row, now)
            await self._room.sender.express(letters)
        return row.opened_at + (terms + 1) * RENEW_AFTER

    async def _finish(self, row: Broadcast, reason: End, by: Person | None) -> None:
        """Nothing where it has ended. What was said already is still heard, but after a stop."""
        run = self._onair.run(row.id)
        self._onair.finish(row.id, at_once=reason is End.STOPPED)
        await self._close(row.id, reason, by, timedelta(milliseconds=run.sent_ms) if run else timedelta())

    async def _ended(self, ended: Ended) -> None:
        """It ended by itself, or says how much went out of what somebody ended."""
        run_over = End.FAULT if ended.fault else End.FINISHED
        row = await self._room.db.read(broadcasts.get, ended.grant)
        if row is not None and row.kind is BroadcastKind.LIVE and not ended.fault:
            run_over = End.LINK_LOST
        await self._close(ended.grant, run_over, None, ended.sound)

    async def _close(self, broadcast: str, reason: End, by: Person | None, sound: timedelta) -> None:
        room = self._room
        self._terms.pop(broadcast, None)
        letters = await room.db.write(self._closed, broadcast, reason, by, sound, room.clock.now())
        if letters:
            await room.sender.express(letters)
        room.signals.tell(Topic.BROADCAST, broadcast)
        room.signals.wake(Wake.AUDITOR, Wake.SENDER)

    def _open(self, conn: Conn, opened: Broadcast, now: datetime) -> tuple[Letter, ...]:
        room = self._room
        broadcasts.save(conn, opened)
        letters = grant_letters(conn, room, opened, now, opening=True)
        for letter in letters:
            outbox.post(conn, letter)
        assert opened.ends_at is not None
        deliveries.plan(
            conn,
            (
                Delivery(
                    kind=Kind.OCCURRENCE,
                    subject=opened.id,
                    node=node.id,
                    area=node.area,
                    due_at=now,
                    ends_at=opened.ends_at,
                    planned_at=now,
                    duration_ms=0,
                )
                for node in ground_of(conn, room, opened.targets, opened.groups).nodes
            ),
        )
        facts: dict[str, audit.Fact] = {
            "kind": opened.kind.value,
            "class": opened.bulletin_class.value,
            "targets": list(opened.targets),
            "groups": list(opened.groups),
            "title": opened.title,
            "longest_s": opened.longest // timedelta(seconds=1),
        }
        audit.append(conn, now, opened.speaker, "broadcast.opened", opened.id, facts)
        return letters

    def _renew(self, conn: Conn, row: Broadcast, now: datetime) -> tuple[Letter, ...]:
        letters = grant_letters(conn, self._room, row, now, opening=False)
        for letter in letters:
            outbox.post(conn, letter)
        return letters

    def _closed(
        self,
        conn: Conn,
        broadcast: str,
        reason: End,
        by: Person | None,
        sound: timedelta,
        now: datetime,
    ) -> tuple[Letter, ...]:
        row = broadcasts.get(conn, broadcast)
        if row is None or row.ended_at is not None:
            return ()
        ended = replace(row, ended_at=now, reason=reason, ended_by=by.id if by else None, sound=sound)
        broadcasts.save(conn, ended)
        lasted = now - row.opened_at if row.opened_at is not None else timedelta()
        facts: dict[str, audit.Fact] = {
            "reason": reason.value,
            "lasted_s": round(lasted.total_seconds()),
            "sound_ms": sound // timedelta(milliseconds=1),
        }
        audit.append(conn, now, by.id if by else "loa", "broadcast.ended", broadcast, facts)
        if row.opened_at is None:
            return ()
        waiting = deliveries.open_after(conn, broadcast)
        deliveries.save(conn, (replace(one, ends_at=max(now, one.due_at)) for one in waiting))
        if reason not in (End.RESTARTED, End.FAULT):
            return ()
        letters = tuple(stop_letters(conn, self._room, row, now))
        for letter in letters:
            outbox.post(conn, letter)
        return letters

    async def _own(self, person: Person, broadcast: str, right: Right = Right.LIVE) -> Broadcast:
        row = await self._room.db.read(broadcasts.get, broadcast)
        if row is None:
            raise missing()
        allow(person, right, row.area, self._room.tree)
        return row


def _make(conn: Conn, broadcast: Broadcast, key: str, body: str) -> None:
    broadcasts.add(conn, broadcast)
    facts: dict[str, audit.Fact] = {"kind": broadcast.kind.value, "targets": list(broadcast.targets)}
    audit.append(conn, broadcast.made_at, broadcast.speaker, "broadcast.made", broadcast.id, facts)
    answer = {"broadcast": broadcast.id}
    idempotency.remember(conn, broadcast.speaker, key, body, status=201, answer=answer, now=broadcast.made_at)


def _item(form: BroadcastForm, now: datetime) -> Item:
    name = CommandId("preview")
    return Item(
        claim=command_claim(name),
        bulletin_class=form.bulletin_class,
        mode=Mode.ACTUAL,
        kid=PREVIEW_KEY,
        issued_at=now,
        due_at=now,
        latest_at=now + timedelta(minutes=1),
        expires_at=now + form.longest,
        duration_ms=form.longest // timedelta(milliseconds=1),
        volume=100,
        command=name,
        title=form.title,
    )
