"""What operators do in an emergency: look, fire, confirm, take back, stop. Each deed is one transaction."""

import hashlib
import logging
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from controller.access import Person, Right, within
from controller.dispatch import alarm
from controller.dispatch.bulletin import (
    Bulletin,
    bulletins_of,
    cancel_rows,
    clip_letters,
    first_rows,
    post_bulletins,
)
from controller.dispatch.forms import AlertView, EmergencyForm, EmergencyPreview, Hand, Standing, Stopped
from controller.dispatch.refusals import (
    allow,
    missing,
    preview_gone,
    reason_needed,
    target_changed,
    told_as_problems,
)
from controller.dispatch.rendering import alert_order
from controller.dispatch.room import Room
from controller.dispatch.showing import Showing, form_of
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import alerts, audit, idempotency, meta, outbox
from controller.store.alerts import AlertKind, AlertPhase, AlertRow, AlertWords, Part
from controller.store.database import Conn
from controller.store.outbox import Letter, OutboxLane
from controller.store.sounds import RenderState, Sound
from devices import topics
from devices.messages import AlertId, AreaCode, Command, CommandId, CommandKind, Mode, TenantId
from schedules.announcement import AreaCode as PlaceCode
from schedules.announcement import clean_text
from schedules.emergency import Hazard, Siren

PREVIEW_LIFE = timedelta(minutes=15)
STOP_LIFE = timedelta(seconds=60)
LONGEST_ALERT = timedelta(days=7)
LONGEST_TEXT = 1000
SHORTEST_REASON = 10
RETRACTED = {Hand.CORRECTION: AlertKind.CORRECTION, Hand.ALL_CLEAR: AlertKind.ALL_CLEAR}
PREPARED = {Hand.CORRECTION: Part.CORRECTION, Hand.ALL_CLEAR: Part.ALL_CLEAR}
_log = logging.getLogger("loa.alarm")


class Alarming:
    """Nothing here waits for speech: the siren goes first, the words follow by a new version."""

    def __init__(self, room: Room, showing: Showing) -> None:
        self._room = room
        self._showing = showing

    async def preview(self, person: Person, form: EmergencyForm) -> EmergencyPreview:
        room = self._room
        allow(person, Right.EMERGENCY, form.area, room.tree)
        now = room.clock.now()
        with told_as_problems():
            checked = self._checked(form, now)
            draft = self._draft(person, checked, now)
        await room.db.write(alerts.add, draft)
        room.signals.wake(Wake.RENDERER)
        return await self._showing.preview(draft)

    async def look(self, person: Person, preview: str) -> EmergencyPreview:
        return await self._showing.preview(await self._mine(person, preview, Right.EMERGENCY))

    async def fire(self, person: Person, preview: str, typed_name: str, key: str) -> AlertView:
        pressed = self._room.clock.monotonic()
        body = _print("fire", preview)
        before = await self._answered(person, key, body)
        if before is None:
            row = await self._mine(person, preview, Right.EMERGENCY)
            fired = self._ready_to_fire(person, row, typed_name)
            before, letters = await self._emit(person, fired, "alert.fired", key, body)
            await self._carry(before, letters, pressed)
        return await self._view(person, before)

    async def confirm(self, person: Person, alert: AlertId) -> AlertView:
        pressed = self._room.clock.monotonic()
        row = await self._mine(person, alert, Right.SECOND)
        if row.phase is not AlertPhase.PENDING_SECOND:
            raise Problem("E_STATE")
        if row.drafted_by == person.id:
            raise Problem("E_SECOND_PERSON")
        fired = replace(row, second_by=person.id)
        alert, letters = await self._emit(person, self._active(fired), "alert.confirmed")
        await self._carry(alert, letters, pressed)
        return await self._view(person, alert)

    async def break_glass(self, person: Person, alert: AlertId, reason: str) -> AlertView:
        pressed = self._room.clock.monotonic()
        row = await self._mine(person, alert, Right.EMERGENCY)
        with told_as_problems():
            said = clean_text(reason)
        if len(said) < SHORTEST_REASON:
            raise reason_needed()
        if row.phase is not AlertPhase.PENDING_SECOND:
            raise Problem("E_STATE")
        fired = self._active(replace(row, break_glass_reason=said))
        alert, letters = await self._emit(person, fired, "alert.glass_broken")
        await self._carry(alert, letters, pressed)
        return await self._view(person, alert)

    async def retract(self, person: Person, alert: AlertId, hand: Hand, key: str) -> AlertView:
        pressed = self._room.clock.monotonic()
        body = _print("retract", alert, hand.value)
        before = await self._answered(person, key, body)
        if before is None:
            row = await self._mine(person, alert, Right.EMERGENCY)
            if row.phase is not AlertPhase.ACTIVE or row.kind is not AlertKind.ALERT:
                raise Problem("E_STATE")
            taken = self._retraction(person, row, hand)
            before, letters = await self._emit(
                person, taken, f"alert.{hand.value}", key, body, cancels=(row,)
            )
            await self._carry(before, letters, pressed)
        return await self._view(person, before)

    async def stop_all(self, person: Person, area: PlaceCode, key: str) -> Stopped:
        room = self._room
        allow(person, Right.STOP, area, room.tree)
        body = _print("stop", area)
        now = room.clock.now()
        there = tuple(
            row for row in await room.db.read(alerts.running) if room.tree.meet(row.targets, (area,))
        )
        own = tuple(row for row in there if within(person, row.area, room.tree))
        higher = tuple(row for row in there if row not in own)
        payloads = await self._clip_bytes(own)
        command, letters = await room.db.write(self._stop, person, area, own, payloads, key, body, now)
        await room.sender.express(letters)
        room.signals.tell(Topic.ALERT)
        room.signals.wake(Wake.SENDER, Wake.AUDITOR, Wake.RENEWER)
        return Stopped(
            command=command,
            area=area,
            at=now,
            cancelled=tuple(row.id for row in own),
            standing=tuple(self._standing(row) for row in higher),
        )

    def _checked(self, form: EmergencyForm, now: datetime) -> EmergencyForm:
        """Problem for what can't be fired as it is; the form with clean text."""
        tree = self._room.tree
        if not form.targets or len(set(form.targets)) != len(form.targets):
            raise Problem("E_TARGET_EMPTY", field="targets")
        for target in form.targets:
            if target not in tree or not tree.descends(target, form.area):
                raise Problem("E_FIELD", field="targets")
        if form.hazard not in {hazard.value for hazard in Hazard}:
            raise Problem("E_FIELD", field="hazard")
        text = clean_text(form.text)
        if not text or len(text) > LONGEST_TEXT:
            raise Problem("E_TEXT", field="text")
        if form.ends_at is not None and not now < form.ends_at <= now + LONGEST_ALERT:
            raise Problem("E_TIME", field="ends_at")
        if form.rounds is not None and not 1 <= form.rounds <= alarm.MOST_ROUNDS:
            raise Problem("E_FIELD", field="rounds")
        if form.every_ms is not None and not 0 <= form.every_ms <= 86_400_000:
            raise Problem("E_FIELD", field="every_ms")
        if not self._room.registry.on_ground(form.targets):
            raise Problem("E_TARGET_EMPTY", field="targets")
        return replace(form, text=text, targets=tree.cover(form.targets))

    def _draft(self, person: Person, form: EmergencyForm, now: datetime) -> AlertRow:
        tree = self._room.tree
        worded = alarm.word(form, tree, now)
        rounds = alarm.plan_rounds(form, now)
        said = {
            Part.WORDS: worded.spoken,
            Part.CORRECTION: worded.correction,
            Part.ALL_CLEAR: worded.all_clear,
        }
        return AlertRow(
            id=AlertId(f"a-{secrets.token_hex(8)}"),
            kind=AlertKind.ALERT,
            area=form.area,
            issuer_level=tree.area(form.area).level.value,
            hazard=form.hazard,
            level=form.level,
            mode=form.mode,
            tone=worded.tone,
            headline=worded.headline,
            text=form.text,
            words={part: AlertWords(text=text, sound=_wanted(text)) for part, text in said.items()},
            targets=form.targets,
            phase=AlertPhase.DRAFT,
            scope_hash=self._scope_hash(form.targets),
            people=alarm.scope(form, tree, self._room.settings.wide_people).people,
            rounds=rounds.rounds,
            every_ms=rounds.every_ms,
            volume=100,
            drafted_by=person.id,
            drafted_at=now,
            ends_at=rounds.ends_at,
        )

    def _scope_hash(self, targets: Iterable[PlaceCode]) -> str:
        wanted = tuple(targets)
        return alarm.target_print(wanted, (node.id for node in self._room.registry.on_ground(wanted)))

    def _ready_to_fire(self, person: Person, row: AlertRow, typed_name: str) -> AlertRow:
        """The draft as it will sound, or waiting for a second person where its scope is wide."""
        now = self._room.clock.now()
        if row.drafted_by != person.id:
            raise missing()
        if row.phase is not AlertPhase.DRAFT:
            raise Problem("E_STATE")
        if now - row.drafted_at > PREVIEW_LIFE:
            raise preview_gone()
        if self._scope_hash(row.targets) != row.scope_hash:
            raise target_changed()
        scope = alarm.scope(form_of(row), self._room.tree, self._room.settings.wide_people)
        if not alarm.same_name(typed_name, scope.typed_name):
            raise Problem("E_TYPED_NAME", field="typed_name")
        if scope.wide:
            return replace(row, phase=AlertPhase.PENDING_SECOND)
        return self._active(row)

    def _active(self, row: AlertRow) -> AlertRow:
        now = _whole_ms(self._room.clock.now())
        return replace(
            row, phase=AlertPhase.ACTIVE, issued_at=now, ends_at=now + (row.ends_at - row.drafted_at)
        )

    def _retraction(self, person: Person, row: AlertRow, hand: Hand) -> AlertRow:
        now = _whole_ms(self._room.clock.now())
        said = row.words[PREPARED[hand]]
        sound = said.sound if said.sound.state is RenderState.READY else _wanted(said.text)
        return replace(
            row,
            id=AlertId(f"a-{secrets.token_hex(8)}"),
            kind=RETRACTED[hand],
            tone=Siren.ALL_CLEAR.value,
            headline=said.text[:300],
            text=said.text,
            words={Part.WORDS: AlertWords(text=said.text, sound=sound)},
            phase=AlertPhase.ACTIVE,
            rounds=alarm.RETRACTION_ROUNDS,
            every_ms=alarm.RETRACTION_EVERY // timedelta(milliseconds=1),
            drafted_by=person.id,
            drafted_at=now,
            issued_at=now,
            ends_at=now + alarm.RETRACTION_STANDS,
            refers_to=(row.id,),
            second_by=None,
            break_glass_reason="",
            broker_ms=None,
        )

    async def _emit(
        self,
        person: Person,
        row: AlertRow,
        deed: str,
        key: str | None = None,
        body: str = "",
        cancels: tuple[AlertRow, ...] = (),
    ) -> tuple[AlertId, tuple[Letter, ...]]:
        payloads = await self._clip_bytes((row,))
        return await self._room.db.write(self._save, person, row, deed, key, body, cancels, payloads)

    def _save(
        self,
        conn: Conn,
        person: Person,
        row: AlertRow,
        deed: str,
        key: str | None,
        body: str,
        cancels: tuple[AlertRow, ...],
        payloads: dict[str, bytes],
    ) -> tuple[AlertId, tuple[Letter, ...]]:
        """Rows, documents, letters, deliveries, audit and the idempotency key: all or nothing."""
        if key is not None and (known := idempotency.recall(conn, person.id, key, body)) is not None:
            return AlertId(str(known.answer["alert"])), ()
        now = row.issued_at or self._room.clock.now()
        stored = alerts.get(conn, row.id)
        if stored is None:
            alerts.add(conn, row)
        elif stored.phase not in (AlertPhase.DRAFT, AlertPhase.PENDING_SECOND):
            raise Problem("E_STATE")
        else:
            # its sounds may have become ready since it was read; only its own columns are written
            alerts.save(conn, row)
        for other in cancels:
            self._cancel(conn, other, person, deed, now)
        letters: tuple[Letter, ...] = ()
        if row.phase is AlertPhase.ACTIVE:
            letters = self._bulletins(conn, row.targets, payloads, now)
            first_rows(conn, self._room, row, now)
        audit.append(conn, now, person.id, deed, row.id, _facts(row))
        if key is not None:
            answer = {"alert": row.id}
            idempotency.remember(conn, person.id, key, body, status=201, answer=answer, now=now)
        return row.id, letters

    def _stop(
        self,
        conn: Conn,
        person: Person,
        area: PlaceCode,
        own: tuple[AlertRow, ...],
        payloads: dict[str, bytes],
        key: str,
        body: str,
        now: datetime,
    ) -> tuple[str, tuple[Letter, ...]]:
        if (known := idempotency.recall(conn, person.id, key, body)) is not None:
            return str(known.answer["command"]), ()
        letters = [self._stop_letter(conn, area, now)]
        command = letters[0].id
        outbox.post(conn, letters[0])
        for row in own:
            self._cancel(conn, row, person, "stopped", now)
        targets = {target for row in own for target in row.targets}
        letters += self._bulletins(conn, targets, payloads, now)
        facts: dict[str, audit.Fact] = {"area": area, "cancelled": [row.id for row in own]}
        audit.append(conn, now, person.id, "stop.pressed", command, facts)
        idempotency.remember(conn, person.id, key, body, status=200, answer={"command": command}, now=now)
        return command, tuple(letters)

    def _stop_letter(self, conn: Conn, area: PlaceCode, now: datetime) -> Letter:
        room = self._room
        command = Command(
            tenant=TenantId(room.tenant),
            id=CommandId(f"c-{secrets.token_hex(8)}"),
            kind=CommandKind.STOP,
            seq=meta.next_command_seq(conn, room.keyring.online.kid),
            epoch=room.epoch,
            mode=Mode.ACTUAL,
            issued_at=now,
            expires_at=now + STOP_LIFE,
            area=AreaCode(area),
        )
        return Letter(
            id=command.id,
            topic=topics.command(AreaCode(area)),
            payload=room.keyring.sign(command),
            created_at=now,
            expires_at=command.expires_at,
            lane=OutboxLane.EMERGENCY,
        )

    def _cancel(self, conn: Conn, row: AlertRow, person: Person, reason: str, now: datetime) -> None:
        held = alerts.get(conn, row.id)
        if held is None or held.phase is not AlertPhase.ACTIVE:
            return
        gone = replace(
            held, phase=AlertPhase.CANCELLED, cancelled_by=person.id, cancelled_at=now, cancel_reason=reason
        )
        alerts.save(conn, gone)
        cancel_rows(conn, self._room, row.id, now)
        audit.append(conn, now, person.id, "alert.cancelled", row.id, {"reason": reason})

    def _bulletins(
        self, conn: Conn, areas: Iterable[PlaceCode], payloads: dict[str, bytes], now: datetime
    ) -> tuple[Letter, ...]:
        found: tuple[Bulletin, ...] = bulletins_of(conn, self._room, tuple(sorted(areas)), now)
        letters = [*post_bulletins(conn, self._room, found, now), *clip_letters(found, payloads, now)]
        for letter in letters:
            outbox.post(conn, letter)
        return tuple(letters)

    async def _clip_bytes(self, rows: Iterable[AlertRow]) -> dict[str, bytes]:
        """The small clips that go along with the alert itself."""
        found: dict[str, bytes] = {}
        for row in rows:
            sound = row.words[Part.WORDS].sound if Part.WORDS in row.words else Sound()
            if sound.clip is not None:
                payload = await self._showing.clip_bytes(sound.clip)
                if payload is not None:
                    found[sound.clip] = payload
        return found

    async def _carry(self, alert: AlertId, letters: tuple[Letter, ...], pressed: float) -> None:
        room = self._room
        if letters and await room.sender.express(letters):
            broker_ms = round((room.clock.monotonic() - pressed) * 1000, 3)
            await room.db.write(alerts.save_broker_ms, alert, broker_ms)
            room.metrics.emergency_broker.observe(broker_ms / 1000)
            _log.info("alert.at_broker alert=%s ms=%s", alert, broker_ms)
        room.signals.tell(Topic.ALERT, alert)
        room.signals.wake(Wake.SENDER, Wake.RENDERER, Wake.AUDITOR, Wake.RENEWER)

    async def _answered(self, person: Person, key: str, body: str) -> AlertId | None:
        if not key:
            raise Problem("E_IDEMPOTENCY_KEY")
        known = await self._room.db.read(idempotency.recall, person.id, key, body)
        return None if known is None else AlertId(str(known.answer["alert"]))

    async def _mine(self, person: Person, alert: str, right: Right) -> AlertRow:
        row = await self._room.db.read(alerts.get, AlertId(alert))
        if row is None:
            raise missing()
        allow(person, right, row.area, self._room.tree)
        return row

    async def _view(self, person: Person, alert: AlertId) -> AlertView:
        row = await self._room.db.read(alerts.get, alert)
        if row is None:
            raise missing()
        return await self._showing.alert(person, row)

    def _standing(self, row: AlertRow) -> Standing:
        return Standing(
            alert=row.id,
            headline=row.headline,
            issuer=row.area,
            issuer_name=self._room.tree.area(row.area).name,
        )


def _wanted(text: str) -> Sound:
    return Sound(state=RenderState.WAITING, wanted=alert_order(text).print)


def _facts(row: AlertRow) -> dict[str, audit.Fact]:
    return {
        "hazard": row.hazard,
        "level": row.level,
        "mode": row.mode.value,
        "targets": list(row.targets),
        "people": row.people,
        "phase": row.phase.value,
        "text": hashlib.sha256(row.text.encode()).hexdigest(),
        "refers_to": list(row.refers_to),
        "reason": row.break_glass_reason,
    }


def _print(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _whole_ms(at: datetime) -> datetime:
    """What travels has milliseconds; rounds are counted from exactly that instant."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
