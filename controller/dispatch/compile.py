"""The plan as programmes: for each area and local date the list of what is heard, and which lists changed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from devices.messages import (
    AreaCode,
    BulletinClass,
    ClipHash,
    ClipRef,
    Entry,
    Mode,
    OccurrenceId,
    Programme,
    TenantId,
)
from schedules.announcement import AnnouncementId
from schedules.announcement import AreaCode as PlaceCode
from schedules.announcement import BulletinClass as PlannedClass
from schedules.area import Tree
from schedules.calendar import QuietHours, instant_of, local
from schedules.plan import Occurrence

Day = tuple[AreaCode, date]

VERSIONS_AN_EPOCH = 1_000_000
GRACE = timedelta(minutes=10)
AFTER_DAY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What an item sounds like: its clip, its name on the boxes' displays, its loudness before ceilings."""

    clip: ClipRef
    title: str
    volume: int = 80


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
) -> Compiled:
    """Programmes of ``days`` that differ from ``held`` (the newest version of each), one version higher.

    A day that had entries and has none left becomes an empty list. Days outside ``days`` are left alone. In
    a new epoch every day is said anew: nodes may hold what this database has forgotten.
    """
    wanted = _by_day(occurrences, sounds, tree, quiet)
    span = frozenset(days)
    changed: list[Programme] = []
    overfull: list[Overfull] = []
    for day in sorted(set(wanted) | {key for key in held if held[key].entries or held[key].epoch < epoch}):
        if day[1] not in span:
            continue
        before = held.get(day)
        planned = sorted(wanted.get(day, ()), key=lambda row: (row[1].starts_at, row[1].occurrence))
        programme, left_out = _fitting(_empty(tenant, day, epoch, mode, before, now), planned, sounds, fits)
        overfull += left_out
        anew = before is not None and before.epoch < epoch
        if anew or _content(programme) != (_content(before) if before else ((), ())):
            changed.append(programme)
    return Compiled(changed=tuple(changed), overfull=tuple(overfull))


def at_least(version: int, epoch: int) -> int:
    """Above every version of an earlier epoch: nodes may hold later ones than a restored database knows."""
    return max(version, epoch * VERSIONS_AN_EPOCH + 1) if epoch else version


def latest_start(occurrence: Occurrence, quiet: QuietHours) -> datetime:
    """Misfire grace: ten minutes for ordinary items; a priority item may still start until its day ends.

    Never past what it ends in: its expiry, the quiet hours, or the local day.
    """
    if occurrence.bulletin_class is PlannedClass.NORMAL:
        return min(occurrence.due_at + GRACE, occurrence.expires_at)
    midnight = day_end(local(occurrence.due_at).date())
    bounds = [occurrence.expires_at, midnight]
    if quiet.start != quiet.end and not quiet.contains(occurrence.due_at):
        quiet_at = instant_of(local(occurrence.due_at).date(), quiet.start)
        bounds += [quiet_at - occurrence.duration] if quiet_at > occurrence.due_at else []
    return max(min(bounds), occurrence.due_at)


def day_end(day: date) -> datetime:
    """The instant at which the field's local day is over."""
    return instant_of(day + timedelta(days=1), time())


def _by_day(
    occurrences: Iterable[Occurrence],
    sounds: Mapping[AnnouncementId, Sound],
    tree: Tree,
    quiet: QuietHours,
) -> dict[Day, list[tuple[AnnouncementId, Entry]]]:
    found: defaultdict[Day, list[tuple[AnnouncementId, Entry]]] = defaultdict(list)
    for occurrence in occurrences:
        sound = sounds.get(occurrence.item)
        if sound is None:
            continue
        entry = _entry(occurrence, sound, quiet)
        for area in ground(tree, occurrence.targets):
            found[AreaCode(area), local(occurrence.due_at).date()].append((occurrence.item, entry))
    return found


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


def _fitting(
    empty: Programme,
    planned: list[tuple[AnnouncementId, Entry]],
    sounds: Mapping[AnnouncementId, Sound],
    fits: Callable[[Programme], bool],
) -> tuple[Programme, list[Overfull]]:
    """As many entries as the limit holds; the latest ordinary ones are left out first."""
    kept = list(planned)
    left_out: list[Overfull] = []
    while not fits(programme := _filled(empty, kept, sounds)):
        item, entry = max(kept, key=lambda row: (_RANK[row[1].bulletin_class], row[1].starts_at))
        kept.remove((item, entry))
        left_out.append(Overfull(occurrence=entry.occurrence, item=item, area=empty.area, day=empty.date))
    return programme, left_out


_RANK = {BulletinClass.EMERGENCY: 0, BulletinClass.PRIORITY: 1, BulletinClass.NORMAL: 2}


def _filled(
    empty: Programme,
    planned: list[tuple[AnnouncementId, Entry]],
    sounds: Mapping[AnnouncementId, Sound],
) -> Programme:
    clips: dict[ClipHash, ClipRef] = {}
    for item, _ in planned:
        clip = sounds[item].clip
        clips[clip.sha256] = clip
    return replace(empty, clips=tuple(clips.values()), entries=tuple(entry for _, entry in planned))


def _content(programme: Programme) -> tuple[tuple[ClipRef, ...], tuple[Entry, ...]]:
    return programme.clips, programme.entries
