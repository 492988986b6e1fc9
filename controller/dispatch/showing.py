"""Rows of the store as what people are shown: one place, so that a deed's answer and a page never differ."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from controller.access import Person, Right, may, within
from controller.dispatch import alarm
from controller.dispatch.forms.alerts import (
    AlertView,
    CutLine,
    EmergencyForm,
    EmergencyPreview,
    Gate,
    Reach,
)
from controller.dispatch.forms.items import AnnouncementView, Correcting
from controller.dispatch.forms.nodes import NodeLine
from controller.dispatch.forms.sound import Reading, RecordingView, Rendering
from controller.dispatch.plan.cutting import PREVIEW_KEY, cut_lines
from controller.dispatch.room import Room
from controller.dispatch.sound.rendering import Studio
from controller.store import alerts, lexicon_sounds, occurrences, people, speech
from controller.store import sounds as store_sounds
from controller.store.alerts import AlertKind, AlertPhase, AlertRow, Part, VillageReach
from controller.store.announcements import Event, EventDeed, Kept
from controller.store.database import Conn
from controller.store.nodes import Live, Node
from controller.store.occurrences import Planned
from devices.health import Condition
from devices.items import Item, round_claim
from devices.messages import AlertId, AlertState, BulletinClass, ClipHash
from schedules.announcement import AreaCode, PersonId, State, content_hash, validate

AHEAD = timedelta(hours=1)
LONGEST_ITEM = timedelta(hours=2)
PREVIEW_LIFE = timedelta(minutes=15)


def rendering_of(sound: store_sounds.Sound, studio: Studio) -> Rendering:
    """How far a sound is, with the progress of this moment."""
    progress = studio.progress(sound.wanted) if sound.wanted else None
    return Rendering(
        state=sound.state,
        done=progress.done if progress else 0,
        of=progress.of if progress else 0,
        first=progress.first if progress else None,
        clip=None if sound.clip is None else ClipHash(sound.clip),
        duration_ms=sound.duration_ms or 0,
        wanted=sound.wanted,
        spoken=sound.spoken,
        guesses=tuple(
            Reading(
                start=int(guess["start"]),
                end=int(guess["end"]),
                written=str(guess["written"]),
                spoken=str(guess["reading"]),
            )
            for guess in sound.guesses
        ),
        code=sound.code,
        vi=sound.vi,
        en=sound.en,
    )


def item_rendering(kept: Kept, studio: Studio) -> Rendering:
    """How far the sound of an announcement is: the reading, or the recording."""
    return replace(rendering_of(kept.sound, studio), recorded=kept.announcement.recording is not None)


def announcement_view(
    kept: Kept,
    *,
    person: Person,
    names: Mapping[PersonId, str],
    last: Event | None,
    returned: Event | None,
    next_at: datetime | None,
    room: Room,
    studio: Studio,
    now: datetime,
    recording: RecordingView | None = None,
    correcting: Correcting | None = None,
    groups: tuple[tuple[str, int], ...] = (),
) -> AnnouncementView:
    a = kept.announcement
    writes = may(person, Right.WRITE, a.area, room.tree)
    undoable = last is not None and last.who == person.id and last.deed not in _FIRST_STEPS
    return AnnouncementView(
        announcement=a,
        content_hash=content_hash(a),
        author_name=names.get(a.author, a.author),
        approver_name=None if a.approval is None else names.get(a.approval.by, a.approval.by),
        rendering=item_rendering(kept, studio),
        faults=validate(a, now, room.quiet_at(a.targets)),
        next_at=next_at,
        returned_reason=returned.reason if returned is not None and a.state is State.RETURNED else "",
        may_edit=writes and a.state is not State.WITHDRAWN,
        may_approve=(
            a.state is State.SUBMITTED
            and a.author != person.id
            and may(person, Right.APPROVE, a.area, room.tree)
        ),
        may_withdraw=writes and a.state is not State.WITHDRAWN,
        may_undo=undoable and not (correcting is not None and correcting.spent),
        recording=recording,
        groups=groups,
        correcting=correcting or Correcting(),
    )


_FIRST_STEPS = (EventDeed.WROTE, EventDeed.EDITED, EventDeed.UNDID)


def node_line(node: Node, live: Live, room: Room) -> NodeLine:
    health = live.health
    sounding = health.telemetry.sounding if health.telemetry is not None else None
    return NodeLine(
        node=node.id,
        name=node.name,
        area=node.area,
        area_name=room.tree.area(node.area).name,
        health=health.condition.value,
        reasons=tuple(reason.value for reason in health.reasons),
        since=health.since_at,
        sounding=sounding if health.condition is not Condition.SILENT else None,
    )


class Showing:
    """Questions that need the store and the moment together."""

    def __init__(self, room: Room, studio: Studio) -> None:
        self._room = room
        self._studio = studio

    async def clip_bytes(self, sha256: str) -> bytes | None:
        """The bytes of a clip, None where the file is gone."""
        return await self._room.lanes.files.run(_read, self._room.clips / sha256)

    async def alert(self, person: Person, row: AlertRow) -> AlertView:
        reach, names, kinds = await self._room.db.read(_alert_facts, row.id)
        view = self.alert_view(person, row, reach, names, kinds)
        return replace(view, gate=await self._gate(person, row))

    def alert_view(
        self,
        person: Person,
        row: AlertRow,
        reach: tuple[VillageReach, ...],
        names: Mapping[PersonId, str],
        texts: Mapping[Part, str],
    ) -> AlertView:
        room = self._room
        villages = tuple(_reach(one, room) for one in reach)
        words = row.words.get(Part.WORDS)
        phase = AlertPhase.REFUSED if row.phase is AlertPhase.DRAFT else row.phase
        running = phase is AlertPhase.ACTIVE
        return AlertView(
            id=row.id,
            phase=phase,
            state=AlertState.ACTIVE if running else AlertState.CANCELLED,
            mode=row.mode,
            hazard=row.hazard if row.kind is AlertKind.ALERT else row.kind.value,
            level=row.level,
            headline=row.headline,
            text=row.text,
            retraction_text=texts.get(Part.CORRECTION, ""),
            issuer=row.area,
            issuer_name=room.tree.area(row.area).name,
            targets=row.targets,
            fired_by=row.drafted_by,
            fired_by_name=names.get(row.drafted_by, row.drafted_by),
            issued_at=row.issued_at or row.drafted_at,
            ends_at=row.ends_at,
            words=rendering_of(words.sound if words else store_sounds.Sound(), self._studio),
            total=_total(row.area, room.tree.area(row.area).name, villages),
            villages=villages,
            broker_ms=row.broker_ms,
            second_by_name=None if row.second_by is None else names.get(row.second_by, row.second_by),
            break_glass_reason=row.break_glass_reason or None,
            references=row.refers_to,
            may_confirm=(
                phase is AlertPhase.PENDING_SECOND
                and row.drafted_by != person.id
                and may(person, Right.SECOND, row.area, room.tree)
            ),
            may_retract=(
                phase is AlertPhase.ACTIVE
                and row.kind is AlertKind.ALERT
                and may(person, Right.EMERGENCY, row.area, room.tree)
            ),
        )

    async def _gate(self, person: Person, row: AlertRow) -> Gate:
        return replace(
            await self._room.db.read(gate_of, row),
            may_release=may(person, Right.EMERGENCY, row.area, self._room.tree),
        )

    async def preview(self, row: AlertRow) -> EmergencyPreview:
        room = self._room
        now = room.clock.now()
        form = form_of(row)
        scope = alarm.scope(form, room.tree, room.settings.wide_people)
        ground = room.registry.on_ground(row.targets)
        lost = tuple(
            node_line(node, room.monitor.live(node.id), room)
            for node in ground
            if room.monitor.is_silent(node.id)
        )
        fresh = await room.db.read(alerts.get, row.id) or row
        planned = await room.db.read(occurrences.between, now - LONGEST_ITEM, now + AHEAD)
        words = rendering_of(fresh.words[Part.WORDS].sound, self._studio)
        own = await room.db.read(lexicon_sounds.used, fresh.words[Part.WORDS].sound.wanted)
        tone_ms = alarm.tone_ms(row.tone)
        return EmergencyPreview(
            id=row.id,
            form=form,
            headline=row.headline,
            text=row.text,
            spoken=fresh.words[Part.WORDS].text,
            retraction_text=fresh.words[Part.CORRECTION].text,
            tone=row.tone,
            areas=row.targets,
            area_names=tuple(room.tree.area(code).name for code in row.targets),
            people=scope.people,
            nodes=len(ground),
            reachable=len(ground) - len(lost),
            unreachable=lost,
            cuts=self._cuts(row, planned, tone_ms + words.duration_ms, now),
            tone_ms=tone_ms,
            words_ms=words.duration_ms or None,
            words=words,
            wide=scope.wide,
            only_offline=bool(ground) and len(lost) == len(ground),
            typed_name=scope.typed_name,
            gate=replace(await room.db.read(gate_of, fresh), may_release=True),
            made_at=row.drafted_at,
            expires_at=row.drafted_at + PREVIEW_LIFE,
            own_words=tuple((line.written, line.reading) for line in own.lines),
        )

    def _cuts(
        self, row: AlertRow, planned: tuple[Planned, ...], duration_ms: int, now: datetime
    ) -> tuple[CutLine, ...]:
        """By the node's own arbitration, so that preview and reality can't differ."""
        return cut_lines(planned, _alert_item(row, duration_ms, now), row.targets, self._room.tree, now)


def gate_of(conn: Conn, row: AlertRow) -> Gate:
    """What stands between an alert's words and the loudspeakers; nothing ever holds what takes one back."""
    words = row.words.get(Part.WORDS)
    if row.kind is not AlertKind.ALERT or words is None or words.sound.clip is None:
        return Gate()
    clip = words.sound.clip
    yes = speech.confirmed(conn, row.id, clip)
    return Gate(
        held=speech.is_held(conn, row.id, words.sound.wanted, clip),
        clip=ClipHash(clip),
        heard_by_name="" if yes is None else people.names(conn).get(yes.who, yes.who),
        heard_at=None if yes is None else yes.at,
    )


def form_of(row: AlertRow) -> EmergencyForm:
    """The form that a stored alert was drafted from."""
    return EmergencyForm(
        area=row.area,
        targets=row.targets,
        hazard=row.hazard,
        level=row.level,
        text=row.text,
        mode=row.mode,
        rounds=row.rounds,
        every_ms=row.every_ms,
        ends_at=row.ends_at,
    )


def in_sight(person: Person, row: AlertRow, room: Room) -> bool:
    """Whether an alert is any business of the person: issued in their branch, or heard there."""
    return within(person, row.area, room.tree) or room.tree.meet(row.targets, (person.area,)) is not None


def _alert_item(row: AlertRow, duration_ms: int, now: datetime) -> Item:
    return Item(
        claim=round_claim(AlertId(row.id), 0),
        bulletin_class=BulletinClass.EMERGENCY,
        mode=row.mode,
        kid=PREVIEW_KEY,
        issued_at=now,
        due_at=now,
        latest_at=row.ends_at,
        expires_at=row.ends_at,
        duration_ms=max(duration_ms, 1),
        volume=100,
        tone=row.tone,
        alert=AlertId(row.id),
        level=row.level,
        issuer_level=row.issuer_level,
    )


def _alert_facts(
    conn: Conn, alert: AlertId
) -> tuple[tuple[VillageReach, ...], dict[PersonId, str], dict[Part, str]]:
    row = alerts.get(conn, alert)
    texts = {part: words.text for part, words in row.words.items()} if row is not None else {}
    return alerts.reach(conn, alert), people.names(conn), texts


def _reach(one: VillageReach, room: Room) -> Reach:
    return Reach(
        area=one.area,
        area_name=room.tree.area(one.area).name,
        nodes=one.nodes,
        accepted=one.accepted,
        sounding=one.sounding,
        finished=one.finished,
        heard=one.heard,
        unheard=one.unheard,
        refused=one.refused,
        silent=one.silent,
    )


def _total(area: AreaCode, name: str, villages: tuple[Reach, ...]) -> Reach:
    return Reach(
        area=area,
        area_name=name,
        nodes=sum(one.nodes for one in villages),
        accepted=sum(one.accepted for one in villages),
        sounding=sum(one.sounding for one in villages),
        finished=sum(one.finished for one in villages),
        heard=sum(one.heard for one in villages),
        unheard=sum(one.unheard for one in villages),
        refused=sum(one.refused for one in villages),
        silent=sum(one.silent for one in villages),
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
