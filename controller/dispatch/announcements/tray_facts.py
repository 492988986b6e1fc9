"""What lies in a commune's tray, and what all communes made of a bulletin: read from the store."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.access import Person, Right, may
from controller.dispatch.forms.sound import Rendering
from controller.dispatch.room import Room
from controller.dispatch.showing import item_rendering
from controller.dispatch.sound.rendering import Studio
from controller.store import groups, intake, occurrences, people, sessions
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.intake import Answer
from controller.store.occurrences import OccurrenceState
from schedules.announcement import Announcement, AnnouncementId, AreaCode
from schedules.approval import is_approved
from schedules.area import Tree
from schedules.calendar import Window
from schedules.reach import Choice, Chosen, Listed, communes_on, ground_of, heard, needs_choice
from schedules.recurrence import NextSession
from schedules.session import runs as session_runs

MOST_RUNS = 12
RUNS_AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One coming session that could take it."""

    session: str
    name: str
    start_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayItem:
    """A bulletin from above as one commune sees it; ``seen`` is what an answer must bring along."""

    announcement: Announcement
    from_name: str
    commune: AreaCode
    rendering: Rendering
    choice: Choice
    seen: int
    chosen: Chosen | None
    reason: str
    by_name: str
    next_at: datetime | None
    aired: int
    begun: bool
    may_choose: bool
    runs: tuple[Run, ...]

    @property
    def may_undo(self) -> bool:
        return self.may_choose and self.choice is not Choice.OPEN and not self.begun


@dataclass(frozen=True, slots=True, kw_only=True)
class CommuneLine:
    """What one commune made of it, for whoever sent it."""

    commune: AreaCode
    name: str
    choice: Choice
    reason: str
    by_name: str
    at: datetime | None
    next_at: datetime | None
    aired: int
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    kept: Kept
    answer: Answer | None
    names: dict[str, str]
    begun: bool
    next_at: datetime | None
    aired: int


class TrayFacts:
    """Questions of the tray, each inside one read of the store."""

    def __init__(self, room: Room, studio: Studio) -> None:
        self._room = room
        self._studio = studio

    def asks(self, a: Announcement) -> bool:
        """Whether communes are asked about it."""
        return is_approved(a) and needs_choice(a, self._room.tree)

    def in_tray(self, conn: Conn, commune: AreaCode) -> tuple[_Facts, ...]:
        tree, now = self._room.tree, self._room.clock.now()
        known = groups.listed(conn)
        found = [
            one
            for one in intake.from_above(conn, tree.chain(commune)[:-1], now)
            if self.asks(one.announcement) and _reaches(one.announcement, commune, known, tree)
        ]
        names = {str(person): name for person, name in people.names(conn).items()}
        answers = intake.standing(conn, (one.announcement.id for one in found))
        return tuple(
            self._facts(
                conn, one, _standing(answers.get(one.announcement.id, ()), one, commune), commune, names
            )
            for one in found
        )

    def _facts(
        self, conn: Conn, kept: Kept, answer: Answer | None, commune: AreaCode, names: dict[str, str]
    ) -> _Facts:
        tree, now, item = self._room.tree, self._room.clock.now(), kept.announcement.id
        answered = answer is not None and answer.chosen.choice is not Choice.OPEN
        return _Facts(
            kept=kept,
            answer=answer,
            names=names,
            begun=answered and begun(conn, item, commune, tree, now),
            next_at=min(_coming(conn, item, commune, tree, now), default=None) if answered else None,
            aired=intake.aired(conn, item, commune) if answered else 0,
        )

    def runs(self, conn: Conn, commune: AreaCode, a: Announcement) -> tuple[Run, ...]:
        """The coming sessions that hold everything it is meant for in the commune."""
        room, now = self._room, self._room.clock.now()
        known = groups.listed(conn)
        accepted = replace(
            Chosen(item=a.id, revision=a.revision, commune=commune, choice=Choice.ACCEPTED, at=now),
            timing=NextSession(),
        )
        ground = tuple(
            code for one in heard(a, (accepted,), known, room.tree) for code in one.announcement.targets
        )
        until = min(a.expires_at, now + RUNS_AHEAD)
        if not ground or until <= max(now, a.valid_from):
            return ()
        window = Window(start=max(now, a.valid_from), end=until)
        found = [
            Run(session=session.id, name=session.name, start_at=run.start_at)
            for session in sessions.everything(conn)
            if session.area in room.tree and all(room.tree.descends(code, session.area) for code in ground)
            for run in session_runs(session, window)
        ]
        return tuple(sorted(found, key=lambda run: (run.start_at, run.session)))[:MOST_RUNS]

    def lines(self, conn: Conn, kept: Kept) -> tuple[CommuneLine, ...]:
        room, a = self._room, kept.announcement
        answers = intake.standing(conn, (a.id,)).get(a.id, ())
        names = {str(person): name for person, name in people.names(conn).items()}
        lines = []
        for commune in self._communes(a, groups.listed(conn)):
            facts = self._facts(conn, kept, _standing(answers, kept, commune), commune, names)
            choice = facts.answer.chosen.choice if facts.answer is not None else Choice.OPEN
            told = facts.answer if choice is not Choice.OPEN else None
            lines.append(
                CommuneLine(
                    commune=commune,
                    name=room.tree.area(commune).name,
                    choice=choice,
                    reason=told.reason if told is not None else "",
                    by_name=names.get(told.who, "") if told is not None else "",
                    at=told.chosen.at if told is not None else None,
                    next_at=facts.next_at,
                    aired=facts.aired,
                    over=a.expires_at <= room.clock.now(),
                )
            )
        return tuple(lines)

    def _communes(self, a: Announcement, known: dict[str, Listed]) -> tuple[AreaCode, ...]:
        """The communes it is meant for that have loudspeakers."""
        tree = self._room.tree
        ground = tuple(code for code in ground_of(a, known) if code in tree)
        return tuple(code for code in communes_on(tree, ground) if self._room.registry.on_ground((code,)))

    def open_counts(self, conn: Conn, area: AreaCode) -> dict[AnnouncementId, int]:
        known = groups.listed(conn)
        found = [
            one
            for one in intake.from_above(conn, (area,), self._room.clock.now())
            if self.asks(one.announcement)
        ]
        answers = intake.standing(conn, (one.announcement.id for one in found))
        counts: dict[AnnouncementId, int] = {}
        for one in found:
            a = one.announcement
            standing = (
                _standing(answers.get(a.id, ()), one, commune) for commune in self._communes(a, known)
            )
            counts[a.id] = sum(s is None or s.chosen.choice is Choice.OPEN for s in standing)
        return {item: count for item, count in counts.items() if count}

    def shown(self, person: Person, commune: AreaCode, facts: _Facts, here: tuple[Run, ...]) -> TrayItem:
        a, answer = facts.kept.announcement, facts.answer
        choice = answer.chosen.choice if answer is not None else Choice.OPEN
        return TrayItem(
            announcement=a,
            from_name=self._room.tree.area(a.area).name,
            commune=commune,
            rendering=item_rendering(facts.kept, self._studio),
            choice=choice,
            seen=answer.n if answer is not None else 0,
            chosen=answer.chosen if answer is not None else None,
            reason=answer.reason if answer is not None and choice is Choice.DECLINED else "",
            by_name=facts.names.get(answer.who, "") if answer is not None else "",
            next_at=facts.next_at,
            aired=facts.aired,
            begun=facts.begun,
            may_choose=may(person, Right.WRITE, commune, self._room.tree),
            runs=here,
        )


def _reaches(a: Announcement, commune: AreaCode, known: dict[str, Listed], tree: Tree) -> bool:
    ground = tuple(code for code in ground_of(a, known) if code in tree)
    return tree.meet(ground, (commune,)) is not None if ground else False


def _standing(answers: Iterable[Answer], kept: Kept, commune: AreaCode) -> Answer | None:
    """What the commune says about the present revision."""
    revision = kept.announcement.revision
    return next(
        (one for one in answers if one.chosen.commune == commune and one.chosen.revision == revision), None
    )


def begun(conn: Conn, item: AnnouncementId, commune: AreaCode, tree: Tree, now: datetime) -> bool:
    return any(due_at <= now for due_at in _planned(conn, item, commune, tree))


def _coming(
    conn: Conn, item: AnnouncementId, commune: AreaCode, tree: Tree, now: datetime
) -> tuple[datetime, ...]:
    return tuple(due_at for due_at in _planned(conn, item, commune, tree) if due_at > now)


def _planned(conn: Conn, item: AnnouncementId, commune: AreaCode, tree: Tree) -> tuple[datetime, ...]:
    """When it is planned in the commune, the past too."""
    return tuple(
        one.occurrence.due_at
        for one in occurrences.of_item(conn, item)
        if one.state is OccurrenceState.PLANNED
        and any(target in tree and tree.descends(target, commune) for target in one.occurrence.targets)
    )
