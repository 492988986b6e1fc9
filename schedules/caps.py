"""How much a place is spoken to: what of a day's sounds a rule pack does not allow there, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol

from schedules.announcement import AnnouncementId, AreaCode, BulletinClass
from schedules.area import Tree
from schedules.calendar import WEEKDAYS_EN, WEEKDAYS_VI, local, said_en, said_vi
from schedules.profile import Manner, Profile, manner_on
from schedules.rulepack import RulePack
from schedules.session import is_chime


class Heard(Protocol):
    """What the rules ask of a planned sound; an occurrence of the plan is one."""

    @property
    def id(self) -> str: ...
    @property
    def item(self) -> AnnouncementId: ...
    @property
    def recurrence_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def duration(self) -> timedelta: ...
    @property
    def targets(self) -> tuple[AreaCode, ...]: ...
    @property
    def bulletin_class(self) -> BulletinClass: ...
    @property
    def session(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One sound that a place's rules don't allow, and why. The codes are those of plan and nodes.

    `E_QUIET` quiet hours, `E_DAY` no sessions on that weekday, `E_SESSIONS` too many sessions that day,
    `E_CAP` beyond the session's or the day's minutes, `E_MUTED` ordinary items and `E_MUSIC` music
    silent by a document. `areas` are the places that say so, where a whole plan was judged.
    """

    occurrence: str
    item: AnnouncementId
    code: str
    at: datetime
    facts: tuple[tuple[str, str], ...] = ()
    areas: tuple[AreaCode, ...] = ()

    @property
    def vi(self) -> str:
        """One sentence for people; most breaches of a province are never read, so it is made when asked."""
        return f"Không phát được lúc {said_vi(self.at)} {_WORDS[self.code][0].format(**dict(self.facts))}."

    @property
    def en(self) -> str:
        return f"Not heard at {said_en(self.at)}: {_WORDS[self.code][1].format(**dict(self.facts))}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """What people hear as one session: the sounds of one run, or a single sound by itself."""

    start_at: datetime
    sounds: tuple[Heard, ...]


def breaches(
    occurrences: Iterable[Heard],
    area: AreaCode,
    pack: RulePack,
    profiles: Iterable[Profile],
    tree: Tree,
) -> tuple[Breach, ...]:
    """What the rules of `area` refuse of what all of it hears, in order of time.

    Emergencies are never refused and count for nothing. Of a day's sessions the earlier ones stay. What is
    refused counts no more: the sound behind it may have the room that it leaves.
    """
    return judged((one for one in occurrences if _reaches(tree, one, area)), area, pack, profiles, tree)


def judged(
    heard: Iterable[Heard],
    area: AreaCode,
    pack: RulePack,
    profiles: Iterable[Profile],
    tree: Tree,
    music: frozenset[AnnouncementId] = frozenset(),
) -> tuple[Breach, ...]:
    """The same for sounds that are known to be heard in the area; `music` are items that only fill time."""
    profiles = tuple(profiles)
    heard = [one for one in heard if one.bulletin_class is not BulletinClass.EMERGENCY]
    blocks = sorted(_blocks(heard), key=lambda block: (block.start_at, block.sounds[0].id))
    found: list[Breach] = []
    for day, of_day in groupby(blocks, key=lambda block: local(block.start_at).date()):
        manner = manner_on(profiles, tree, area, day, pack.limits)
        found += _Day(pack, manner, day, music).judged(of_day)
    return tuple(found)


def _reaches(tree: Tree, one: Heard, area: AreaCode) -> bool:
    return any(tree.descends(area, target) for target in one.targets)


def _blocks(heard: list[Heard]) -> Iterator[_Block]:
    def block_of(one: Heard) -> tuple[str, datetime]:
        return (one.session, one.recurrence_at) if one.session is not None else (one.id, one.due_at)

    for _, members in groupby(sorted(heard, key=lambda one: (*block_of(one), one.due_at)), key=block_of):
        sounds = tuple(members)
        yield _Block(start_at=sounds[0].due_at, sounds=sounds)


class _Day:
    """The count of one day in one place."""

    def __init__(self, pack: RulePack, manner: Manner, day: date, music: frozenset[AnnouncementId]) -> None:
        self.pack = pack
        self.manner = manner
        self.day = day
        self.music = music
        self.sessions = 0
        self.spoken = timedelta()

    def judged(self, blocks: Iterable[_Block]) -> Iterator[Breach]:
        for block in blocks:
            allowed = 0
            for one in block.sounds:
                breach = self._breach(block, one, is_first=not allowed)
                if breach is None:
                    allowed += 1
                    self.spoken += one.duration
                else:
                    yield breach
            self.sessions += bool(allowed)

    def _breach(self, block: _Block, one: Heard, is_first: bool) -> Breach | None:
        limits, end_at = self.manner.limits, one.due_at + one.duration
        if self.pack.quiet.overlaps(one.due_at, end_at):
            return _breach(one, "E_QUIET", quiet=str(self.pack.quiet))
        document = "; ".join(self.manner.documents)
        if self._is_muted(one):
            return _breach(one, "E_MUTED", document=document)
        if not self.manner.music and one.session is not None and one.item in self.music:
            return _breach(one, "E_MUSIC", document=document)
        if self.day.weekday() not in limits.days:
            weekday = self.day.weekday()
            return _breach(one, "E_DAY", vi_day=WEEKDAYS_VI[weekday], en_day=WEEKDAYS_EN[weekday])
        if limits.sessions_a_day is not None and is_first and self.sessions >= limits.sessions_a_day:
            return _breach(one, "E_SESSIONS", most=str(limits.sessions_a_day))
        if limits.a_session is not None and end_at > block.start_at + limits.a_session:
            return _breach(one, "E_CAP", most=_minutes(limits.a_session), of="buổi", of_en="session")
        if limits.a_day is not None and self.spoken + one.duration > limits.a_day:
            return _breach(one, "E_CAP", most=_minutes(limits.a_day), of="ngày", of_en="day")
        return None

    def _is_muted(self, one: Heard) -> bool:
        if is_chime(one.item):
            return not self.manner.chimes
        return not self.manner.ordinary and one.bulletin_class is BulletinClass.NORMAL


_WORDS = {
    "E_QUIET": ("vì đang giờ yên tĩnh ({quiet})", "quiet hours ({quiet})"),
    "E_MUTED": ("vì ngừng tin thường theo {document}", "ordinary items are silent by {document}"),
    "E_MUSIC": ("vì không phát nhạc theo {document}", "no music by {document}"),
    "E_DAY": ("vì {vi_day} không có buổi phát", "no sessions on a {en_day}"),
    "E_SESSIONS": ("vì mỗi ngày chỉ có {most} buổi phát", "only {most} sessions a day"),
    "E_CAP": ("vì mỗi {of} chỉ được {most} phút", "only {most} minutes a {of_en}"),
}


def _breach(one: Heard, code: str, **facts: str) -> Breach:
    return Breach(
        occurrence=one.id, item=one.item, code=code, at=one.due_at, facts=tuple(sorted(facts.items()))
    )


def _minutes(length: timedelta) -> str:
    return f"{length / timedelta(minutes=1):g}"
