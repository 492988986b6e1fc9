"""The tracks of a bài in further languages: shown with who stands up for each, confirmed, taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.access import Person, Right, may
from controller.dispatch.announcements.recorded import track_view
from controller.dispatch.announcements.writing import Change
from controller.dispatch.forms.sound import RecordingView, Rendering
from controller.dispatch.items import kept_item
from controller.dispatch.plan.spoken import Spoken, length_of, on_wire, ref
from controller.dispatch.refusals import missing, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.showing import rendering_of
from controller.dispatch.signals import Topic, Wake
from controller.dispatch.sound.rendering import Studio
from controller.dispatch.sound.taking import sounds_of
from controller.errors import Problem
from controller.store import announcements, audit, clips, corrections, groups, people
from controller.store import sounds as store_sounds
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.sounds import RenderState
from devices.tracks import chosen
from schedules import tracks
from schedules.announcement import Announcement, AnnouncementId, PersonId, State, Track, content_hash
from schedules.errors import Refused
from schedules.language import MAIN
from schedules.reach import ground_of

OPEN = (State.DRAFT, State.SUBMITTED, State.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackView:
    """One track; ``seen`` is what a reviewer confirms. ``voided``: confirmed, but for other words."""

    track: Track
    rendering: Rendering
    recording: RecordingView | None
    made_by_name: str
    reviewer_name: str
    stands: bool
    voided: bool
    seen: str
    may_confirm: bool
    may_take_back: bool
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearers:
    """Nodes that hear the same languages of it, in that order, and how long that is."""

    languages: tuple[str, ...]
    length_ms: int
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TracksView:
    """All of a bài; ``seen`` is its content hash. ``hearers`` only where everything has its sound."""

    announcement: Announcement
    seen: str
    tracks: tuple[TrackView, ...]
    hearers: tuple[Hearers, ...]
    may_edit: bool

    @property
    def longest_ms(self) -> int:
        """What is kept free for it."""
        return max((one.length_ms for one in self.hearers), default=0)

    @property
    def waiting(self) -> tuple[TrackView, ...]:
        """Those that nobody stands up for: until then nobody can approve the bài."""
        return tuple(one for one in self.tracks if not one.stands)


class Tracks:
    """Whoever sends a track is the author of the bài from then on (``Recordings``); confirming is no edit."""

    def __init__(self, room: Room, studio: Studio) -> None:
        self._room = room
        self._studio = studio

    async def look(self, person: Person, announcement: AnnouncementId) -> TracksView:
        """404 ``E_NOT_FOUND`` outside the branch."""
        kept = await kept_item(self._room, person, announcement, Right.READ)
        return await self._room.db.read(self._look, person, kept)

    async def confirm(
        self, person: Person, announcement: AnnouncementId, language: str, seen: str
    ) -> TracksView:
        """“It says the same”, by somebody who did not make it. 403 ``E_SECOND_PERSON``, 409 ``E_CHANGED``.

        409 ``E_NOT_READY`` while there is nothing to listen to. Pressed again it changes nothing.
        """

        def change(before: Announcement, at: datetime) -> Announcement:
            return tracks.review(before, language, person.id, seen, at)

        return await self._deed(person, announcement, language, "confirmed", change)

    async def take_back(self, person: Person, announcement: AnnouncementId, language: str) -> TracksView:
        """The own confirmation, while the bài is not approved (409 ``E_STATE``)."""

        def change(before: Announcement, at: datetime) -> Announcement:
            return tracks.take_back(before, language, person.id)

        return await self._deed(person, announcement, language, "taken_back", change)

    async def _deed(
        self,
        person: Person,
        announcement: AnnouncementId,
        language: str,
        deed: str,
        change: Change,
    ) -> TracksView:
        await kept_item(self._room, person, announcement, Right.WRITE)
        now = self._room.clock.now()
        with told_as_problems():
            await self._room.db.write(_change, person, announcement, language, deed, change, now)
        self._room.signals.tell(Topic.ANNOUNCEMENT, announcement)
        self._room.signals.wake(Wake.PLANNER)
        return await self.look(person, announcement)

    def _look(self, conn: Conn, person: Person, kept: Kept) -> TracksView:
        a, sounds = kept.announcement, sounds_of(conn, kept)
        names = people.names(conn)
        writes = may(person, Right.WRITE, a.area, self._room.tree)
        is_correction = corrections.get(conn, a.id) is not None
        return TracksView(
            announcement=a,
            seen=content_hash(a),
            tracks=tuple(
                self._track(conn, person, a, one, sounds[one.language], names, writes) for one in a.tracks
            ),
            hearers=self._hearers(conn, kept, {**sounds, MAIN: kept.sound}),
            may_edit=writes and a.state is not State.WITHDRAWN and not is_correction,
        )

    def _track(
        self,
        conn: Conn,
        person: Person,
        a: Announcement,
        track: Track,
        sound: store_sounds.Sound,
        names: Mapping[PersonId, str],
        writes: bool,
    ) -> TrackView:
        rendering = rendering_of(sound, self._studio)
        stands, review = tracks.stands(a, track), track.review
        is_open = writes and a.state in OPEN
        return TrackView(
            track=track,
            rendering=rendering,
            recording=track_view(conn, track, sound, names),
            made_by_name=names.get(track.made_by, track.made_by),
            reviewer_name="" if review is None else names.get(review.by, review.by),
            stands=stands,
            voided=review is not None and not stands,
            seen=tracks.track_print(a, track),
            may_confirm=(
                is_open and not stands and person.id != track.made_by and rendering.state is RenderState.READY
            ),
            may_take_back=is_open and stands and review is not None and review.by == person.id,
            own=person.id == track.made_by,
        )

    def _hearers(
        self, conn: Conn, kept: Kept, sounds: Mapping[str, store_sounds.Sound]
    ) -> tuple[Hearers, ...]:
        """What the nodes on its ground would hear of it with every track confirmed, the longest first."""
        a = kept.announcement
        ready = [
            (tag, one.clip) for tag, one in sounds.items() if one.state is store_sounds.RenderState.READY
        ]
        found = [(tag, clips.find(conn, clip or "")) for tag, clip in ready]
        spoken = tuple(Spoken(language=tag, clip=ref(facts)) for tag, facts in found if facts)
        main = next((one for one in spoken if one.language == MAIN), None)
        if not a.tracks or main is None or len(spoken) != len(a.tracks) + 1:
            return ()
        counts: dict[tuple[str, ...], int] = {}
        ground = [code for code in ground_of(a, groups.listed(conn)) if code in self._room.tree]
        for node in self._room.registry.on_ground(ground):
            counts[node.languages] = counts.get(node.languages, 0) + 1
        merged: dict[tuple[str, ...], Hearers] = {}
        for languages, count in counts.items():
            heard = tuple(one.language for one in chosen(on_wire(spoken) or (), languages)) or (MAIN,)
            length = length_of(main.clip, spoken, languages)
            before = merged.get(heard)
            merged[heard] = Hearers(
                languages=heard,
                length_ms=length // timedelta(milliseconds=1),
                nodes=count + (0 if before is None else before.nodes),
            )
        return tuple(sorted(merged.values(), key=lambda one: (-one.length_ms, one.languages)))


def _change(
    conn: Conn,
    person: Person,
    announcement: AnnouncementId,
    language: str,
    deed: str,
    change: Change,
    now: datetime,
) -> None:
    """Of what the store holds at that very moment; state, author and content stay as they are."""
    kept = announcements.get(conn, announcement)
    if kept is None:
        raise missing()
    before = kept.announcement
    track = tracks.find(before, language)
    if sounds_of(conn, kept)[language].state is not store_sounds.RenderState.READY:
        raise Problem("E_NOT_READY")
    after = change(before, now)
    if after == before:
        return
    if before.state not in OPEN:
        raise Refused(
            "E_STATE",
            "Bài đã được duyệt hoặc đã rút, không đổi xác nhận được nữa.",
            "The item is approved or withdrawn; confirmations are no longer changed.",
        )
    if not announcements.save(conn, after, now, expected=before):
        raise stale()
    facts: dict[str, audit.Fact] = {
        "area": before.area,
        "language": language,
        "recording": track.recording,
        "made_by": track.made_by,
        "of": tracks.track_print(before, track),
    }
    audit.append(conn, now, person.id, f"track.{deed}", announcement, facts)
