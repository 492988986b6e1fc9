"""The plan as programmes: for each area and local date the list of what is heard, and which lists changed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from controller.dispatch.plan.relay_entries import granted
from controller.dispatch.plan.spoken import Spoken, on_wire
from devices.messages import (
    AreaCode,
    BulletinClass,
    ClipRef,
    Entry,
    GroupId,
    Mode,
    OccurrenceId,
    Programme,
    TenantId,
)
from schedules.announcement import AnnouncementId
from schedules.announcement import AreaCode as PlaceCode
from schedules.area import Tree
from schedules.calendar import QuietHours, instant_of, local
from schedules.lateness import Airing, default_rule
from schedules.lateness import latest_start as latest_by_rule
from schedules.plan import Occurrence
from schedules.plan import OccurrenceId as PlannedId
from schedules.reach import Listed
from schedules.session import is_relay

Day = tuple[AreaCode, date]

VERSIONS_AN_EPOCH = 1_000_000
A_SECOND = timedelta(seconds=1)
AFTER_DAY = timedelta(hours=1)
IN_TIME = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What an item sounds like: its clip, its name on the boxes' displays, its loudness before ceilings.

    ``taped``: the clip is a recorded relay itself, not what sounds while there is none. ``spoken`` are the
    languages that a node chooses from, the main one too; empty where there is one alone.
    """

    clip: ClipRef
    title: str
    volume: int = 80
    taped: bool = False
    spoken: tuple[Spoken, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overfull:
    """An occurrence that found no room in its day's 64 KB."""

    occurrence: OccurrenceId
    item: AnnouncementId
    area: AreaCode
    day: date
    code: str = "E_SIZE"

    @property
    def vi(self) -> str:
        return (
            f"Chương trình ngày {self.day:%d/%m} của địa bàn {self.area} đã đầy (64 KB). "
            "Bài này chưa được xếp; xin bớt bài hoặc chọn ngày khác."
        )

    @property
    def en(self) -> str:
        return f"The programme of {self.area} on {self.day} is full (64 KB); this item was left out."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """An occurrence as an entry, and the days that carry it."""

    occurrence: Occurrence
    sound: Sound
    entry: Entry
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A day's list, as far as its rows make it."""

    rows: list[Row]
    clips: tuple[ClipRef, ...]
    entries: tuple[Entry, ...]
    overfull: tuple[Overfull, ...]


@dataclass(slots=True)
class Drafts:
    """What a compilation leaves for the next one; no programme depends on it."""

    frame: tuple[object, ...] = ()
    rows: dict[str, Row] = field(default_factory=dict)
    days: dict[Day, Draft] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """The programmes whose content changed, and what found no room."""

    changed: tuple[Programme, ...]
    overfull: tuple[Overfull, ...]


def compile_programmes(
    *,
    tenant: TenantId,
    epoch: int,
    occurrences: Iterable[Occurrence],
    sounds: Mapping[AnnouncementId, Sound],
    tree: Tree,
    quiet: QuietHours,
    held: Mapping[Day, Programme],
    days: Iterable[date],
    fits: Callable[[Programme], bool],
    now: datetime,
    mode: Mode = Mode.ACTUAL,
    groups: Mapping[str, Listed] | None = None,
    drafts: Drafts | None = None,
    tapes: Mapping[PlannedId, Sound] | None = None,
) -> Compiled:
    """Programmes of ``days`` that differ from ``held`` (the newest version of each), one version higher.

    A day that had entries and has none left becomes an empty list. Days outside ``days`` are left alone. In
    a new epoch every day is said anew: nodes may hold what this database has forgotten. ``groups`` are
    those that carry an occurrence; a day of one whose list has changed is said anew, for its new list.
    ``tapes`` are the sounds of single occurrences: each recorded relay is another one.
    With the ``drafts`` of the last compilation only what has changed is worked out anew.
    """
    drafts = Drafts() if drafts is None else drafts
    wanted = _by_day(occurrences, sounds, tapes or {}, tree, quiet, drafts)
    known, drafts.days = drafts.days, {}
    span = frozenset(days)
    changed: list[Programme] = []
    overfull: list[Overfull] = []
    for day in sorted(wanted.keys() | {key for key in held if held[key].entries or held[key].epoch < epoch}):
        if day[1] not in span:
            continue
        before, group, rows = held.get(day), (groups or {}).get(day[0]), wanted.get(day, [])
        draft = known.get(day)
        if draft is None or draft.rows != rows:
            draft = _draft(
                _of_group(_empty(tenant, day, epoch, mode, before, now), before, group), rows, fits
            )
        drafts.days[day] = draft
        overfull += draft.overfull
        if not _is_said(draft, before, group, epoch):
            empty = _of_group(_empty(tenant, day, epoch, mode, before, now), before, group)
            changed.append(replace(empty, clips=draft.clips, entries=draft.entries))
    return Compiled(changed=tuple(changed), overfull=tuple(overfull))


def sound_of(
    occurrence: Occurrence,
    sounds: Mapping[AnnouncementId, Sound],
    tapes: Mapping[PlannedId, Sound] | None = None,
) -> Sound | None:
    """What is heard then; None where nothing is ready."""
    return (tapes or {}).get(occurrence.id) or sounds.get(occurrence.item)


def at_least(version: int, epoch: int) -> int:
    """Above every version of an earlier epoch: nodes may hold later ones than a restored database knows."""
    return max(version, epoch * VERSIONS_AN_EPOCH + 1) if epoch else version


def latest_start(occurrence: Occurrence, quiet: QuietHours) -> datetime:
    """The last start of an occurrence by its late rule; never past its expiry, quiet hours or its day.

    One whose next airing takes its place is not begun any more when that one is due. A relay may be joined
    while it lasts. No first sample leaves a node at the due instant itself: a little after it is in time.
    """
    if is_relay(occurrence.item):
        return occurrence.expires_at
    airing = Airing(
        due_at=occurrence.due_at,
        duration=occurrence.duration,
        expires_at=occurrence.expires_at,
        bulletin_class=occurrence.bulletin_class,
    )
    found = latest_by_rule(occurrence.late or default_rule(occurrence.bulletin_class), airing, quiet)
    if occurrence.superseded_at is not None:
        found = min(found, occurrence.superseded_at - A_SECOND)
    return max(found, min(occurrence.due_at + IN_TIME, occurrence.expires_at))


def day_end(day: date) -> datetime:
    """The instant at which the field's local day is over."""
    return instant_of(day + timedelta(days=1), time())


def _by_day(
    occurrences: Iterable[Occurrence],
    sounds: Mapping[AnnouncementId, Sound],
    tapes: Mapping[PlannedId, Sound],
    tree: Tree,
    quiet: QuietHours,
    drafts: Drafts,
) -> dict[Day, list[Row]]:
    found: defaultdict[Day, list[Row]] = defaultdict(list)
    known, drafts.rows = (drafts.rows if drafts.frame == (tree, quiet) else {}), {}
    drafts.frame = (tree, quiet)
    for occurrence in occurrences:
        sound = sound_of(occurrence, sounds, tapes)
        if sound is None:
            continue
        row = known.get(occurrence.id)
        # a frozen dataclass compares all its fields, also with itself
        is_same = row is not None and (row.occurrence is occurrence or row.occurrence == occurrence)
        if row is None or not is_same or not (row.sound is sound or row.sound == sound):
            row = _row(occurrence, sound, tree, quiet)
        drafts.rows[occurrence.id] = row
        for day in row.days:
            found[day].append(row)
    return found


def _row(occurrence: Occurrence, sound: Sound, tree: Tree, quiet: QuietHours) -> Row:
    day = local(occurrence.due_at).date()
    carriers = occurrence.carriers or ground(tree, occurrence.targets)
    return Row(
        occurrence=occurrence,
        sound=sound,
        entry=_entry(occurrence, sound, quiet),
        days=tuple((AreaCode(carrier), day) for carrier in carriers),
    )


def _is_said(draft: Draft, before: Programme | None, group: Listed | None, epoch: int) -> bool:
    """Whether the nodes have been told just that already."""
    if before is None:
        return not draft.entries
    if before.epoch < epoch or (group is not None and group.version != before.group_version):
        return False
    return (before.clips, before.entries) == (draft.clips, draft.entries)


def ground(tree: Tree, targets: Iterable[PlaceCode]) -> tuple[PlaceCode, ...]:
    """The areas whose documents carry it: each target once, and none inside another."""
    return tree.cover(targets)


def _entry(occurrence: Occurrence, sound: Sound, quiet: QuietHours) -> Entry:
    return Entry(
        occurrence=OccurrenceId(occurrence.id),
        revision=occurrence.revision,
        starts_at=occurrence.due_at,
        latest_at=latest_start(occurrence, quiet),
        expires_at=occurrence.expires_at,
        bulletin_class=BulletinClass(occurrence.bulletin_class.value),
        clip=sound.clip.sha256,
        volume=sound.volume,
        title=sound.title,
        relay=None if sound.taped else granted(occurrence.id, occurrence.item, occurrence.duration),
        tracks=on_wire(sound.spoken),
    )


def _empty(
    tenant: TenantId, day: Day, epoch: int, mode: Mode, before: Programme | None, now: datetime
) -> Programme:
    return Programme(
        tenant=tenant,
        area=day[0],
        date=day[1],
        version=at_least(before.version + 1 if before else 1, epoch),
        epoch=epoch,
        mode=mode,
        issued_at=now,
        expires_at=day_end(day[1]) + AFTER_DAY,
        clips=(),
        entries=(),
    )


def _of_group(empty: Programme, before: Programme | None, group: Listed | None) -> Programme:
    """The same list for a group's document: on the ground of the group, for one version of its list."""
    if group is not None:
        return replace(empty, area=AreaCode(group.area), group=GroupId(group.id), group_version=group.version)
    if before is not None and before.group is not None:
        return replace(empty, area=before.area, group=before.group, group_version=before.group_version)
    return empty


def _draft(empty: Programme, rows: list[Row], fits: Callable[[Programme], bool]) -> Draft:
    """As many entries as the limit holds; the latest ordinary ones are left out first."""
    kept = sorted(rows, key=lambda row: (row.entry.starts_at, row.entry.occurrence))
    overfull: list[Overfull] = []
    while not fits(programme := _filled(empty, kept)):
        last = max(kept, key=lambda row: (_RANK[row.entry.bulletin_class], row.entry.starts_at))
        kept.remove(last)
        overfull.append(
            Overfull(
                occurrence=last.entry.occurrence, item=last.occurrence.item, area=empty.area, day=empty.date
            )
        )
    return Draft(rows=rows, clips=programme.clips, entries=programme.entries, overfull=tuple(overfull))


_RANK = {BulletinClass.EMERGENCY: 0, BulletinClass.PRIORITY: 1, BulletinClass.NORMAL: 2}


def _filled(empty: Programme, rows: Iterable[Row]) -> Programme:
    used = (clip for row in rows for clip in (row.sound.clip, *(one.clip for one in row.sound.spoken)))
    clips = {clip.sha256: clip for clip in used}
    return replace(empty, clips=tuple(clips.values()), entries=tuple(row.entry for row in rows))
