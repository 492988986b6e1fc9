"""The signed alerts of an area as rows of the store: documents, letters, clips and deliveries."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from controller.dispatch import alarm
from controller.dispatch.outbox import letter_for
from controller.dispatch.plan.compile import at_least
from controller.dispatch.plan.situation import clip_ref
from controller.dispatch.room import Room
from controller.store import alerts, clips, deliveries, documents, speech
from controller.store.alerts import AlertKind, AlertPhase, AlertRow, Part
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Kind, Ruling, Source, Verdict
from controller.store.documents import Document, DocumentKind
from controller.store.outbox import Letter, OutboxLane
from devices import topics
from devices.alerts import round_times
from devices.messages import Alert, Alerts, AlertState, AreaCode, ClipHash, ClipRef, Mode, TenantId
from schedules.announcement import AreaCode as PlaceCode

SMALL_CLIP = 128 * 1024
CLIP_LIFE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What an area's alerts document shall say now; ``print`` names its content whatever its version."""

    area: PlaceCode
    topic: str
    alerts: tuple[Alert, ...]
    clips: tuple[ClipRef, ...]

    @property
    def print(self) -> str:
        said = [[asdict(alert) for alert in self.alerts], [asdict(clip) for clip in self.clips]]
        return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).hexdigest()


def bulletins_of(conn: Conn, room: Room, areas: Iterable[PlaceCode], now: datetime) -> tuple[Bulletin, ...]:
    """The present content for each area, also where it has become empty."""
    return tuple(_bulletin(conn, room, area, now) for area in areas)


def post_bulletins(
    conn: Conn, room: Room, bulletins: Iterable[Bulletin], now: datetime
) -> tuple[Letter, ...]:
    """Each signed, a new version where its content is new; the letters still have to be posted."""
    letters = []
    for bulletin in bulletins:
        message = message_of(room, bulletin, _version(conn, bulletin, room.epoch), now)
        document = Document(
            topic=bulletin.topic,
            kind=DocumentKind.ALERTS,
            version=message.version,
            content_hash=bulletin.print,
            payload=room.keyring.sign(message),
            signed_at=now,
            expires_at=message.expires_at,
            area=bulletin.area,
        )
        documents.put(conn, document)
        letters.append(letter_for(document, OutboxLane.EMERGENCY))
    return tuple(letters)


def _version(conn: Conn, bulletin: Bulletin, epoch: int) -> int:
    """The same content signed anew is the same version."""
    held = documents.get(conn, bulletin.topic)
    if held is not None and held.retired_at is None and held.content_hash == bulletin.print:
        return held.version
    return at_least(documents.next_version(conn, bulletin.topic), epoch)


def message_of(
    room: Room, bulletin: Bulletin, version: int, now: datetime, boot_nonce: str | None = None
) -> Alerts:
    return alarm.document(
        tenant=TenantId(room.tenant),
        area=AreaCode(bulletin.area),
        version=version,
        epoch=room.epoch,
        alerts=bulletin.alerts,
        clips=bulletin.clips,
        now=now,
        boot_nonce=boot_nonce,
    )


def clip_letters(
    bulletins: Iterable[Bulletin], payloads: Mapping[str, bytes], now: datetime
) -> tuple[Letter, ...]:
    """The small clips that must be there at once, beside the documents that name them."""
    letters: dict[str, Letter] = {}
    for bulletin in bulletins:
        spoken = {alert.words for alert in bulletin.alerts if alert.state is AlertState.ACTIVE}
        for clip in bulletin.clips:
            payload = payloads.get(clip.sha256)
            if clip.sha256 not in spoken or payload is None or len(payload) > SMALL_CLIP:
                continue
            topic = topics.clip(AreaCode(bulletin.area), clip.sha256)
            letters[topic] = Letter(
                id=f"{topic}@{now:%Y%m%dT%H%M%S.%f}",
                topic=topic,
                payload=payload,
                created_at=now,
                expires_at=now + CLIP_LIFE,
                lane=OutboxLane.EMERGENCY,
            )
    return tuple(letters.values())


def first_rows(conn: Conn, room: Room, row: AlertRow, now: datetime) -> None:
    """The deliveries of round 0."""
    round_rows(conn, room, row, 0, now)


def round_rows(conn: Conn, room: Room, row: AlertRow, number: int, now: datetime) -> None:
    """One delivery for each node on the ground; the round is over when the next one begins."""
    times = round_times(alert_message(room, row, None))
    if number >= len(times):
        return
    words = row.words[Part.WORDS].sound.duration_ms if Part.WORDS in row.words else None
    ends_at = times[number + 1] if number + 1 < len(times) else row.ends_at
    ground = {node.id: node.area for node in room.registry.on_ground(row.targets)}
    if ground:
        node, area = next(iter(ground.items()))
        alike = Delivery(
            kind=Kind.ALERT,
            subject=row.id,
            round=number,
            node=node,
            area=area,
            due_at=times[number],
            ends_at=ends_at,
            planned_at=now,
            duration_ms=alarm.tone_ms(row.tone) + (words or 0),
        )
        deliveries.plan_alike(conn, alike, ground)


def cancel_rows(conn: Conn, room: Room, alert: str, now: datetime) -> None:
    """Nobody has to wait longer: what has not begun ends now; a node without a link has missed it."""
    closed = []
    for row in deliveries.open_after(conn, alert):
        ending = replace(row, ends_at=max(min(row.ends_at, now), row.due_at))
        if row.started_at is None and room.monitor.is_silent(row.node):
            ruling = Ruling(verdict=Verdict.MISSED, at=now, source=Source.AUDITOR, reason="offline")
            ending = replace(ending, ruling=ruling)
        closed.append(ending)
    deliveries.save(conn, closed)


def alert_message(room: Room, row: AlertRow, words: ClipHash | None) -> Alert:
    """The alert as it travels."""
    issued_at = row.issued_at or row.drafted_at
    return Alert(
        id=row.id,
        event=row.hazard if row.kind is AlertKind.ALERT else row.kind.value,
        level=row.level,
        issuer=room.tree.area(row.area).name,
        issuer_level=row.issuer_level,
        mode=row.mode,
        state=AlertState.ACTIVE if row.phase is AlertPhase.ACTIVE else AlertState.CANCELLED,
        issued_at=issued_at,
        ends_at=row.ends_at,
        tone=row.tone,
        words=words,
        rounds=row.rounds,
        every_ms=row.every_ms,
        volume=row.volume,
        headline=row.headline[:300],
        references=row.refers_to,
        offsets_ms=row.offsets_ms,
    )


def _bulletin(conn: Conn, room: Room, area: PlaceCode, now: datetime) -> Bulletin:
    listed: list[Alert] = []
    refs: dict[str, ClipRef] = {}
    for row in alerts.in_document(conn, area, now):
        sound = row.words[Part.WORDS].sound if Part.WORDS in row.words else None
        facts = clips.find(conn, sound.clip) if sound is not None and sound.clip is not None else None
        if sound is not None and facts is not None and _is_held(conn, row, sound.wanted, facts.sha256):
            facts = None
        if facts is not None:
            refs[facts.sha256] = clip_ref(facts)
        listed.append(alert_message(room, row, None if facts is None else ClipHash(facts.sha256)))
    said = _one_world(tuple(listed))
    used = {alert.words for alert in said}
    return Bulletin(
        area=area,
        topic=topics.alerts(AreaCode(area)),
        alerts=said,
        clips=tuple(ref for ref in refs.values() if ref.sha256 in used),
    )


def _is_held(conn: Conn, row: AlertRow, wanted: str, clip: str) -> bool:
    """The siren goes in any case. What takes an alert back is never held: a false alarm must not last."""
    return row.kind is AlertKind.ALERT and speech.is_held(conn, row.id, wanted, clip)


def _one_world(listed: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """One document is signed by one key, so it is all real or all drill; what is real comes first (F73)."""
    drills = tuple(alert for alert in listed if alert.mode is Mode.EXERCISE)
    real = tuple(alert for alert in listed if alert.mode is not Mode.EXERCISE)
    running = any(alert.state is AlertState.ACTIVE for alert in real)
    drilling = any(alert.state is AlertState.ACTIVE for alert in drills)
    return drills if drilling and not running else real or drills
