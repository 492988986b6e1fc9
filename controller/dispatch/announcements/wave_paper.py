"""One wave of a correction on the wire: the signed programme of its own group, with one entry or none."""

from datetime import datetime

from controller.dispatch.plan import planning
from controller.dispatch.plan.compile import at_least, latest_start
from controller.dispatch.plan.situation import clip_ref
from controller.dispatch.room import Room
from controller.store import announcements, clips, documents
from controller.store.corrections import Wave
from controller.store.database import Conn
from controller.store.documents import Document, DocumentKind
from controller.store.occurrences import Planned
from devices import topics
from devices.messages import AreaCode, BulletinClass, ClipHash, Entry, Mode, OccurrenceId, Programme


def publish(conn: Conn, room: Room, wave: Wave, planned: Planned, *, live: bool, now: datetime) -> int:
    """Sign, keep and post it; not ``live``: an empty list, so that nothing of it begins any more."""
    programme = _programme(conn, room, wave, planned, live=live, now=now)
    document = Document(
        topic=topics.group_programme(wave.id, wave.day),
        kind=DocumentKind.PROGRAMME,
        version=programme.version,
        content_hash=planning.content_print(programme),
        payload=room.keyring.sign(programme),
        signed_at=now,
        expires_at=programme.expires_at,
    )
    planning.publish(conn, document, programme, now)
    return 1


def _programme(
    conn: Conn, room: Room, wave: Wave, planned: Planned, *, live: bool, now: datetime
) -> Programme:
    o = planned.occurrence
    facts = clips.find(conn, planned.clip) if live else None
    kept = announcements.get(conn, wave.correction)
    assert kept is not None
    entry = Entry(
        occurrence=OccurrenceId(o.id),
        revision=o.revision,
        starts_at=o.due_at,
        latest_at=latest_start(o, room.quiet_at(o.targets)),
        expires_at=o.expires_at,
        bulletin_class=BulletinClass(o.bulletin_class.value),
        clip=ClipHash(planned.clip),
        volume=room.settings.volume,
        title=planned.title,
    )
    return Programme(
        tenant=room.keyring.tenant,
        area=AreaCode(kept.announcement.area),
        date=wave.day,
        version=at_least(documents.next_version(conn, topics.group_programme(wave.id, wave.day)), room.epoch),
        epoch=room.epoch,
        mode=Mode.ACTUAL,
        issued_at=now,
        expires_at=wave.over_at,
        clips=() if facts is None else (clip_ref(facts),),
        entries=() if facts is None else (entry,),
        group=wave.id,
        group_version=1,
    )
