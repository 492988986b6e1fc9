"""A planned relay on the wire: the grant of its entry, and the clip that lies on the nodes instead of it."""

from collections.abc import Iterable
from datetime import timedelta

from controller.store import areas, clips, relays
from controller.store.clips import ClipFacts
from controller.store.database import Conn
from devices.grants import Relay
from schedules.announcement import AnnouncementId
from schedules.session import Session, is_relay, is_taped, relay_id, taped_id

PREFIX = "relay-"


def grant_of(occurrence: str) -> str:
    """The name of a planned relay's grant; moving the occurrence keeps it."""
    return f"{PREFIX}{occurrence[:40]}"


def granted(occurrence: str, item: AnnouncementId, duration: timedelta) -> Relay | None:
    """What makes a programme's entry a stream; None for everything that is no relay.

    A relay that is to be recorded is one too until its recording is there: a stream that nobody sends, so
    that nodes play the filler for its whole length and say that there was no relay (docs/decisions/0160).
    """
    if not (is_relay(item) or is_taped(item)):
        return None
    return Relay(grant=grant_of(occurrence), length_ms=duration // timedelta(milliseconds=1))


def fillers(conn: Conn, sessions: Iterable[Session]) -> Iterable[tuple[AnnouncementId, Session, ClipFacts]]:
    """What sounds where the stream does not, for each session whose area has any source to relay."""
    tree = None
    for session in sessions:
        tree = areas.tree(conn) if tree is None else tree
        if session.area not in tree:
            continue
        listed = relays.above(conn, tree.chain(session.area))
        if listed is None or listed.filler is None:
            continue
        facts = clips.find(conn, listed.filler)
        if facts is not None:
            yield relay_id(session.id), session, facts
            yield taped_id(session.id), session, facts
