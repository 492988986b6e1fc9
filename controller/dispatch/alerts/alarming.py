"""What operators do in an emergency: look, fire, confirm, take back. Each deed is one transaction."""

import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from controller.access import Person, Right
from controller.dispatch import alarm
from controller.dispatch.alerts.emission import Emission, Press
from controller.dispatch.forms.alerts import AlertView, EmergencyForm, EmergencyPreview, Hand
from controller.dispatch.plan.lexicon_use import used_in
from controller.dispatch.plan.sounds import Order
from controller.dispatch.refusals import (
    allow,
    missing,
    preview_gone,
    reason_needed,
    target_changed,
    told_as_problems,
)
from controller.dispatch.room import Room
from controller.dispatch.showing import Showing, form_of
from controller.dispatch.signals import Topic, Wake
from controller.dispatch.sound.rendering import alert_order
from controller.errors import Problem
from controller.store import alerts, audit, lexicon, lexicon_sounds, speech
from controller.store.alerts import AlertKind, AlertPhase, AlertRow, AlertWords, Part
from controller.store.database import Conn
from controller.store.idempotency import body_print
from controller.store.lexicon import Own
from controller.store.sounds import RenderState, Sound
from devices.messages import AlertId, Mode
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

    def __init__(self, room: Room, showing: Showing, emission: Emission) -> None:
        self._room = room
        self._showing = showing
        self._emission = emission

    async def preview(self, person: Person, form: EmergencyForm) -> EmergencyPreview:
        room = self._room
        allow(person, Right.EMERGENCY, form.area, room.tree)
        now = room.clock.now()
        with told_as_problems():
            checked = self._checked(form, now)
            draft, orders = await self._draft(person, checked, now)
        await room.db.write_urgent(_add, draft, orders)
        room.signals.wake(Wake.RENDERER)
        return await self._showing.preview(draft)

    async def look(self, person: Person, preview: str) -> EmergencyPreview:
        return await self._showing.preview(await self._mine(person, preview, Right.EMERGENCY))

    async def fire(self, person: Person, preview: str, typed_name: str, key: str) -> AlertView:
        pressed = self._room.clock.monotonic()
        body = body_print("fire", preview)
        before = await self._emission.answered(person, key, body)
        if before is None:
            row = await self._mine(person, preview, Right.EMERGENCY)
            fired = self._ready_to_fire(person, row, typed_name)
            press = Press(person=person, deed="alert.fired", pressed=pressed, key=key, body=body)
            before = await self._emission.emit(press, fired)
        return await self._view(person, before)

    async def confirm(self, person: Person, alert: AlertId) -> AlertView:
        pressed = self._room.clock.monotonic()
        row = await self._mine(person, alert, Right.SECOND)
        if row.phase is not AlertPhase.PENDING_SECOND:
            raise Problem("E_STATE")
        if row.drafted_by == person.id:
            raise Problem("E_SECOND_PERSON")
        fired = replace(row, second_by=person.id)
        press = Press(person=person, deed="alert.confirmed", pressed=pressed)
        await self._emission.emit(press, self._active(fired))
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
        press = Press(person=person, deed="alert.glass_broken", pressed=pressed)
        await self._emission.emit(press, fired)
        return await self._view(person, alert)

    async def confirm_heard(self, person: Person, alert: str, clip: str) -> None:
        """Somebody has listened to exactly these words: what held them is gone, and they follow the siren."""
        row = await self._mine(person, alert, Right.EMERGENCY)
        now = self._room.clock.now()
        await self._room.db.write(_confirm_heard, row.id, person, clip, now)
        self._room.signals.tell(Topic.ALERT, row.id)
        self._room.signals.wake(Wake.RENEWER, Wake.SENDER)

    async def retract(self, person: Person, alert: AlertId, hand: Hand, key: str) -> AlertView:
        pressed = self._room.clock.monotonic()
        body = body_print("retract", alert, hand.value)
        before = await self._emission.answered(person, key, body)
        if before is None:
            row = await self._mine(person, alert, Right.EMERGENCY)
            if row.phase is not AlertPhase.ACTIVE or row.kind is not AlertKind.ALERT:
                raise Problem("E_STATE")
            taken = self._retraction(person, row, hand)
            deed = f"alert.{hand.value}"
            press = Press(person=person, deed=deed, pressed=pressed, key=key, body=body)
            before = await self._emission.emit(press, taken, cancels=(row,))
        return await self._view(person, before)

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
        if form.mode is Mode.EXERCISE and alarm.denies_drill(text):
            raise Problem(
                "E_TEXT",
                field="text",
                vi="Lời của buổi diễn tập không được nói “không phải diễn tập”.",
                en="The words of a drill may not say that it is none.",
            )
        if form.ends_at is not None and not now < form.ends_at <= now + LONGEST_ALERT:
            raise Problem("E_TIME", field="ends_at")
        if form.rounds is not None and not 1 <= form.rounds <= alarm.MOST_ROUNDS:
            raise Problem("E_FIELD", field="rounds")
        if form.every_ms is not None and not 0 <= form.every_ms <= 86_400_000:
            raise Problem("E_FIELD", field="every_ms")
        if not self._room.registry.on_ground(form.targets):
            raise Problem("E_TARGET_EMPTY", field="targets")
        return replace(form, text=text, targets=tree.cover(form.targets))

    async def _draft(
        self, person: Person, form: EmergencyForm, now: datetime
    ) -> tuple[AlertRow, dict[Part, Order]]:
        """The draft, and by which of the place's own words each of its texts will be read."""
        tree = self._room.tree
        worded = alarm.word(form, tree, now)
        rounds = alarm.plan_rounds(form, now)
        said = {
            Part.WORDS: worded.spoken,
            Part.CORRECTION: worded.correction,
            Part.ALL_CLEAR: worded.all_clear,
        }
        own = await self._room.db.read(lexicon.own, form.area)
        orders = {part: await self._order(text, own) for part, text in said.items()}
        row = AlertRow(
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
            words={
                part: AlertWords(text=text, sound=_wanted(orders[part].print)) for part, text in said.items()
            },
            targets=form.targets,
            phase=AlertPhase.DRAFT,
            scope_hash=self._scope_hash(form.targets),
            people=alarm.scope(form, tree, self._room.settings.wide_people).people,
            rounds=rounds.rounds,
            every_ms=rounds.every_ms,
            offsets_ms=rounds.offsets_ms,
            volume=100,
            drafted_by=person.id,
            drafted_at=now,
            ends_at=rounds.ends_at,
        )
        return row, orders

    async def _order(self, text: str, own: Own) -> Order:
        return alert_order(text, await self._room.lanes.files.run(used_in, text, own))

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
        sound = said.sound if said.sound.state is RenderState.READY else _wanted(said.sound.wanted)
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
            offsets_ms=None,
            drafted_by=person.id,
            drafted_at=now,
            issued_at=now,
            ends_at=now + alarm.RETRACTION_STANDS,
            refers_to=(row.id,),
            second_by=None,
            break_glass_reason="",
            broker_ms=None,
        )

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


def _add(conn: Conn, draft: AlertRow, orders: Mapping[Part, Order]) -> None:
    alerts.add(conn, draft)
    for order in orders.values():
        lexicon_sounds.remember_used(conn, order.print, order.own)


def _confirm_heard(conn: Conn, alert: AlertId, person: Person, clip: str, now: datetime) -> None:
    row = alerts.get(conn, alert)
    words = None if row is None else row.words.get(Part.WORDS)
    if words is None or words.sound.clip is None:
        raise Problem("E_NOT_READY")
    if words.sound.clip != clip:
        raise Problem("E_CHANGED")
    if speech.confirm(conn, alert, clip, person.id, now):
        report = speech.find(conn, words.sound.wanted)
        doubts: list[audit.Fact] = []
        if report is not None:
            doubts += [f"{one['written']} / {one['heard']}" for one in report.doubts]
        audit.append(conn, now, person.id, "alert.words_heard", alert, {"clip": clip, "doubts": doubts})


def _wanted(wanted: str) -> Sound:
    return Sound(state=RenderState.WAITING, wanted=wanted)


def _whole_ms(at: datetime) -> datetime:
    """What travels has milliseconds; rounds are counted from exactly that instant."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
