"""Sounds that belong to no announcement (openings, closings), remembered by what they say."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from controller.dispatch.plan.compile import Sound
from controller.dispatch.plan.lexicon_use import used_in
from controller.dispatch.plan.relay_entries import fillers
from controller.store import areas, clips, lexicon, meta, tapes
from controller.store.database import Conn
from controller.store.lexicon import USUAL, Own
from controller.store.tapes import TapeState
from devices.messages import ClipHash, ClipRef
from schedules.announcement import AnnouncementId
from schedules.area import Area, inside
from schedules.calendar import Window
from schedules.plan import OccurrenceId
from schedules.session import Session, closing_id, is_taped, opening_id

BULLETIN = "bulletin"
EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be read and how; equal orders are the same sound."""

    text: str
    style: str = BULLETIN
    repeat: int = 1
    chime: bool = True
    issued_at: str | None = None
    own: Own = USUAL

    @property
    def print(self) -> str:
        said: list[object] = [self.text, self.style, self.repeat, self.chime, self.issued_at]
        if self.own != USUAL:
            # what is read as everywhere keeps the print that it had before there were lexicons
            lines = [[line.written, line.reading, line.priority] for line in self.own.lines]
            said += [lines, self.own.region.value]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def remember(conn: Conn, order: Order, clip: str) -> None:
    meta.put(conn, f"sound:{order.print}", clip)


def recall(conn: Conn, order: Order) -> ClipRef | None:
    """The clip of an order that was rendered before."""
    sha256 = meta.get(conn, f"sound:{order.print}")
    facts = None if sha256 is None else clips.find(conn, sha256)
    if facts is None:
        return None
    return ClipRef(
        sha256=ClipHash(facts.sha256),
        bytes=facts.bytes,
        duration_ms=facts.duration_ms,
        media_type=facts.media_type,
    )


def session_orders(session: Session, area: Area, own: Own = USUAL) -> dict[AnnouncementId, tuple[Order, str]]:
    """What a session's opening and closing say by the place's own words, and their titles."""
    place, name = inside(area.name), session.name[:1].lower() + session.name[1:]
    found: dict[AnnouncementId, tuple[Order, str]] = {}
    if session.opening:
        said = f"Đài truyền thanh {place} xin kính chào bà con. Mời bà con nghe {name}."
        found[opening_id(session.id)] = (Order(text=said, own=used_in(said, own)), f"Mở đầu {name}")
    if session.closing:
        said = (
            f"{session.name} của đài truyền thanh {area.name} đến đây là hết. Xin cảm ơn bà con đã lắng nghe."
        )
        order = Order(text=said, chime=False, own=used_in(said, own))
        found[closing_id(session.id)] = (order, f"Kết thúc {name}")
    return found


def session_sounds(conn: Conn, sessions: Iterable[Session]) -> dict[AnnouncementId, Sound]:
    """Those of the openings and closings that are rendered."""
    by_code = {area.code: area for area in areas.everywhere(conn)}
    found: dict[AnnouncementId, Sound] = {}
    for session in sessions:
        if session.area not in by_code:
            continue
        own = lexicon.own(conn, session.area)
        for item, (order, title) in session_orders(session, by_code[session.area], own).items():
            clip = recall(conn, order)
            if clip is not None:
                found[item] = Sound(clip=clip, title=title)
    return found


def relay_sounds(conn: Conn, sessions: Iterable[Session]) -> dict[AnnouncementId, Sound]:
    """The fillers of the relays: what lies on the nodes, and sounds where the stream does not come."""
    return {
        item: Sound(
            clip=ClipRef(
                sha256=ClipHash(facts.sha256),
                bytes=facts.bytes,
                duration_ms=facts.duration_ms,
                media_type=facts.media_type,
            ),
            title=relay_title(item, session.name),
        )
        for item, session, facts in fillers(conn, sessions)
    }


def relay_title(item: AnnouncementId, session: str) -> str:
    """What a relay is called on pages and displays."""
    return f"{'Tiếp âm phát chậm' if is_taped(item) else 'Tiếp âm'} ({session})"[:120]


def tape_sounds(conn: Conn, window: Window) -> dict[OccurrenceId, Sound]:
    """The relays of the window that were recorded in time, and that nobody has dropped."""
    found: dict[OccurrenceId, Sound] = {}
    for tape in tapes.between(conn, window.start, window.end):
        facts = clips.find(conn, tape.clip) if tape.state is TapeState.KEPT and tape.clip else None
        if facts is not None:
            ref = ClipRef(
                sha256=ClipHash(facts.sha256),
                bytes=facts.bytes,
                duration_ms=facts.duration_ms,
                media_type=facts.media_type,
            )
            found[tape.occurrence] = Sound(clip=ref, title=tape.title, taped=True)
    return found
