"""What people look at: every question of the pages and the API, within the asker's branch."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path

from controller.access import Person, Right
from controller.dispatch.announcements.lives import correcting_facts
from controller.dispatch.announcements.recorded import recording_view
from controller.dispatch.forms.alerts import AlertView
from controller.dispatch.forms.day import ConflictLine, DayView, DeliveryLine, OccurrenceLine, Tally
from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.forms.nodes import BoardView
from controller.dispatch.forms.sound import Rendering
from controller.dispatch.items import kept_item
from controller.dispatch.plan.planning import Planner
from controller.dispatch.plan.situation import read_programme
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.dispatch.showing import Showing, announcement_view, in_sight, node_line
from controller.dispatch.sound.rendering import Studio
from controller.errors import Problem
from controller.store import (
    alerts,
    announcements,
    clips,
    deliveries,
    documents,
    groups,
    occurrences,
    people,
    speech,
    tallies,
)
from controller.store.announcements import EventDeed, Kept
from controller.store.clips import ClipFacts
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Kind
from controller.store.occurrences import Planned
from controller.store.speech import Report
from controller.store.tallies import Count
from devices import topics
from devices.messages import AlertId, GroupId, OccurrenceId, Programme
from devices.messages import AreaCode as GroundCode
from schedules.announcement import AnnouncementId, AreaCode, PersonId, State
from schedules.calendar import Window, instant_of, local
from schedules.explain import Explanation
from schedules.plan import Occurrence
from schedules.plan import OccurrenceId as PlannedId
from schedules.session import is_relay, is_taped

DAY = timedelta(days=1)


class Views:
    """Read-only. What lies outside the person's branch is 404 ``E_NOT_FOUND``, never 403."""

    def __init__(self, room: Room, studio: Studio, showing: Showing, planner: Planner) -> None:
        self._room = room
        self._studio = studio
        self._showing = showing
        self._planner = planner

    async def announcement(self, person: Person, announcement: AnnouncementId) -> AnnouncementView:
        kept = await kept_item(self._room, person, announcement, Right.READ)
        return (await self._room.db.read(self._shown, person, (kept,)))[0]

    async def announcements(
        self, person: Person, *, states: tuple[State, ...] = (), limit: int = 100
    ) -> tuple[AnnouncementView, ...]:
        """Newest first; all states when ``states`` is empty."""
        allow(person, Right.READ, person.area, self._room.tree)
        kept = await self._room.db.read(announcements.of_branch, person.area, states, limit)
        return await self._room.db.read(self._shown, person, kept)

    async def sound_facts(self, rendering: Rendering) -> tuple[Report | None, ClipFacts | None]:
        """How the sound came out and what it measures; of a rendering that the asker has been shown."""
        return await self._room.db.read(_sound_facts, rendering)

    async def horn(self, rendering: Rendering) -> Path:
        """The sound as it is heard at the pole, as a file. 409 ``E_NOT_READY``, 503 ``E_SPEECH``."""
        if rendering.clip is None:
            raise Problem("E_NOT_READY")
        return await self._studio.horn(rendering.clip)

    def first_sentence(self, rendering: Rendering) -> Path:
        """The first sentence alone, while the rest is being spoken. 409 ``E_NOT_READY``."""
        if rendering.first is None:
            raise Problem("E_NOT_READY")
        return self._studio.first_sentence(rendering.first)

    async def day(self, person: Person, area: AreaCode, day: date) -> DayView:
        """Everything that is heard in the area on that local day, with what became of it."""
        room = self._room
        allow(person, Right.READ, area, room.tree)
        start = instant_of(day, time())
        planned, counts, waiting = await room.db.read(_day_facts, area, start)
        by_subject = by_occurrence(counts)
        to_come = max(start, room.clock.now())
        nodes, holding = await room.db.read(tallies.holding, area, to_come, start + DAY)
        return DayView(
            area=area,
            date=day,
            occurrences=tuple(
                occurrence_line(one, by_subject[one.occurrence.id])
                for one in planned
                if room.tree.meet(one.occurrence.targets, (area,))
            ),
            conflicts=self.conflicts(area, day),
            waiting_approval=waiting,
            nodes=nodes,
            holding=holding,
        )

    async def programme(self, person: Person, area: AreaCode, day: date) -> Programme | None:
        """The newest signed programme of that area and day, as the nodes hold it."""
        allow(person, Right.READ, area, self._room.tree)
        topic = topics.programme(GroundCode(area), day)
        document = await self._room.db.read(documents.get, topic)
        return None if document is None else read_programme(document)

    async def deliveries(
        self,
        person: Person,
        *,
        area: AreaCode,
        day: date | None = None,
        occurrence: OccurrenceId | None = None,
        alert: AlertId | None = None,
        limit: int = 1000,
    ) -> tuple[DeliveryLine, ...]:
        """Those of one occurrence, one alert, or one local day (today when nothing is said)."""
        room = self._room
        allow(person, Right.READ, area, room.tree)
        subject = occurrence or alert
        if subject is not None:
            rows = await room.db.read(deliveries.of_subject, subject)
        else:
            start = instant_of(day or local(room.clock.now()).date(), time())
            rows = await room.db.read(deliveries.of_branch, area, start, start + DAY, limit)
        inside = tuple(row for row in rows if row.area in room.tree and room.tree.descends(row.area, area))[
            :limit
        ]
        return await room.db.read(_lines, inside)

    async def alert(self, person: Person, alert: AlertId) -> AlertView:
        row = await self._room.db.read(alerts.get, alert)
        if row is None or not in_sight(person, row, self._room):
            raise missing()
        return await self._showing.alert(person, row)

    async def alerts(self, person: Person, *, limit: int = 50) -> tuple[AlertView, ...]:
        """Newest first; those pending a second person are among them."""
        rows = await self._room.db.read(alerts.newest, person.area, limit)
        return tuple([await self._showing.alert(person, row) for row in rows])

    async def board(self, person: Person, area: AreaCode) -> BoardView:
        """Every node of the area as it is now, from memory: the board never waits for the disk."""
        room = self._room
        allow(person, Right.READ, area, room.tree)
        lines = tuple(
            node_line(node, room.monitor.live(node.id), room) for node in room.registry.on_ground((area,))
        )
        counts: dict[str, int] = {}
        for line in lines:
            counts[line.health] = counts.get(line.health, 0) + 1
        running = await room.db.read(alerts.running)
        return BoardView(
            area=area,
            as_of=room.clock.now(),
            link_up=room.link_up(),
            nodes=lines,
            counts=counts,
            alerts=tuple(row.id for row in running if room.tree.meet(row.targets, (area,))),
        )

    async def why(self, person: Person, announcement: AnnouncementId) -> tuple[Explanation, ...]:
        """What the newest plan makes of an item, and why, one sentence a time; nothing before a plan."""
        await self.announcement(person, announcement)
        return self._planner.last.why(announcement) if self._planner.last is not None else ()

    def relays(self, window: Window) -> tuple[Occurrence, ...]:
        """The stretches that the newest plan keeps for relays; they have no sound of ours to look up."""
        planned = self._planner.last.plan.occurrences if self._planner.last is not None else ()
        relays = (one for one in planned if is_relay(one.item) or is_taped(one.item))
        return tuple(one for one in relays if window.contains(one.due_at))

    def conflicts(self, area: AreaCode, day: date) -> tuple[ConflictLine, ...]:
        """What the newest plan has to say about a local day of an area, in words."""
        outcome = self._planner.last
        if outcome is None:
            return ()
        tree = self._room.tree
        lines = [
            ConflictLine(kind=c.kind.value, at=c.at, announcement=None, vi=c.vi, en=c.en)
            for c in outcome.plan.conflicts
            if local(c.at).date() == day and tree.meet((c.area,), (area,))
        ]
        lines += [
            ConflictLine(
                kind=refusal.code, at=refusal.at, announcement=refusal.item, vi=refusal.vi, en=refusal.en
            )
            for refusal in outcome.plan.refusals
            if local(refusal.at).date() == day
            and tree.meet(
                [place for place in refusal.areas or outcome.places.get(refusal.item, ()) if place in tree],
                (area,),
            )
        ]
        lines += [
            ConflictLine(kind=over.code, at=None, announcement=over.item, vi=over.vi, en=over.en)
            for over in outcome.overfull
            if over.day == day and tree.meet((AreaCode(over.area),), (area,))
        ]
        return tuple(lines)

    def _shown(self, conn: Conn, person: Person, kept: Iterable[Kept]) -> tuple[AnnouncementView, ...]:
        names: dict[PersonId, str] = people.names(conn)
        now = self._room.clock.now()
        return tuple(
            announcement_view(
                one,
                person=person,
                names=names,
                last=announcements.last_event(conn, one.announcement.id),
                returned=announcements.last_event(conn, one.announcement.id, EventDeed.SENT_BACK),
                next_at=_next_at(conn, one.announcement.id, now),
                room=self._room,
                studio=self._studio,
                now=now,
                recording=recording_view(conn, one, names),
                groups=_group_lines(conn, one),
                correcting=correcting_facts(conn, one.announcement, now),
            )
            for one in kept
        )


def by_occurrence(counts: Iterable[Count]) -> defaultdict[str, list[Count]]:
    """The counts of each occurrence; an empty list for one that no node has a row of."""
    found: defaultdict[str, list[Count]] = defaultdict(list)
    for one in counts:
        found[one.subject].append(one)
    return found


def tally(counts: Iterable[Count]) -> Tally:
    """Every delivery counted once: open, or in its newest verdict."""
    total = opened = cached = heard = unheard = 0
    verdicts: dict[str, int] = {}
    for one in counts:
        total += one.total
        cached += one.cached
        heard += one.heard
        unheard += one.unheard
        if one.verdict is None:
            opened += one.total
        else:
            verdicts[one.verdict] = verdicts.get(one.verdict, 0) + one.total
    return Tally(total=total, open=opened, cached=cached, verdicts=verdicts, heard=heard, unheard=unheard)


def occurrence_line(planned: Planned, counts: Iterable[Count]) -> OccurrenceLine:
    """A planned time with what became of it."""
    occurrence = planned.occurrence
    return OccurrenceLine(
        occurrence=OccurrenceId(occurrence.id),
        announcement=occurrence.item,
        title=planned.title,
        bulletin_class=occurrence.bulletin_class,
        due_at=occurrence.due_at,
        duration_ms=occurrence.duration // timedelta(milliseconds=1),
        session=occurrence.session,
        targets=occurrence.targets,
        tally=tally(counts),
        revision=occurrence.revision,
    )


def _day_facts(
    conn: Conn, area: AreaCode, start: datetime
) -> tuple[tuple[Planned, ...], tuple[Count, ...], int]:
    planned = occurrences.between(conn, start, start + DAY)
    counts = tallies.of_branch(conn, area, start, start + DAY)
    waiting = len(announcements.of_branch(conn, area, (State.SUBMITTED,), 1000))
    return planned, counts, waiting


def _group_lines(conn: Conn, kept: Kept) -> tuple[tuple[str, int], ...]:
    """The groups that it is for; one that was deleted since has no nodes."""
    found = (groups.get(conn, GroupId(name)) for name in kept.announcement.groups)
    return tuple((one.name, len(one.members)) for one in found if one is not None)


def _next_at(conn: Conn, announcement: AnnouncementId, now: datetime) -> datetime | None:
    coming = (
        one.occurrence.due_at
        for one in occurrences.of_item(conn, announcement)
        if one.occurrence.due_at > now and one.state.value == "planned"
    )
    return min(coming, default=None)


def _lines(conn: Conn, rows: tuple[Delivery, ...]) -> tuple[DeliveryLine, ...]:
    titles: dict[str, tuple[AnnouncementId | None, str]] = {}
    for row in rows:
        if row.subject in titles:
            continue
        if row.kind is Kind.ALERT:
            alert = alerts.get(conn, AlertId(row.subject))
            titles[row.subject] = (None, alert.headline if alert is not None else "")
        else:
            planned = occurrences.get(conn, PlannedId(row.subject))
            titles[row.subject] = (
                (planned.occurrence.item, planned.title) if planned is not None else (None, "")
            )
    return tuple(_line(row, *titles[row.subject]) for row in rows)


def _line(row: Delivery, announcement: AnnouncementId | None, title: str) -> DeliveryLine:
    ruling = row.ruling
    is_alert = row.kind is Kind.ALERT
    return DeliveryLine(
        delivery=f"{row.subject}:{row.round}:{row.node}",
        node=row.node,
        area=row.area,
        occurrence=None if is_alert else OccurrenceId(row.subject),
        alert=AlertId(row.subject) if is_alert else None,
        round=row.round,
        announcement=announcement,
        title=title,
        due_at=row.due_at,
        state=_state(row),
        verdict=None if ruling is None else ruling.verdict.value,
        code=None if ruling is None else ruling.code,
        reason=None if ruling is None else ruling.reason,
        heard=row.heard,
        late_ms=row.late_ms,
        played_ms=row.played_ms,
        duration_ms=row.duration_ms,
        cached_at=row.cached_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _state(row: Delivery) -> str:
    """How far it is, in one word: planned, accepted, cached, playing, done."""
    if row.ruling is not None or row.finished_at is not None:
        return "done"
    if row.started_at is not None:
        return "playing"
    if row.cached_at is not None:
        return "cached"
    return "planned" if row.accepted_at is None else "accepted"


def _sound_facts(conn: Conn, rendering: Rendering) -> tuple[Report | None, ClipFacts | None]:
    facts = None if rendering.clip is None else clips.find(conn, rendering.clip)
    report = speech.find(conn, rendering.wanted) if rendering.wanted and facts is not None else None
    return (report if report is not None and report.clip == rendering.clip else None), facts
