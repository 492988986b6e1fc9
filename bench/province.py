"""A province's day compiled, signed and compared; the same after one change; what a node fetches a week."""

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as wall
from random import Random
from typing import Any

from controller.dispatch.plan.compile import Compiled, Day, Drafts, Sound, compile_programmes
from devices.messages import ClipHash, ClipRef, Programme, TenantId
from devices.programme import fits
from devices.signing import SigningKey, generate_key, sign
from schedules.announcement import (
    Announcement,
    AnnouncementId,
    Approval,
    AreaCode,
    BulletinClass,
    PersonId,
    State,
    content_hash,
)
from schedules.area import Area, Level, Tree
from schedules.calendar import QuietHours, Window, instant_of
from schedules.plan import Memo, Plan, plan
from schedules.recurrence import EVERY_DAY, NextSession, Once, Timing, Weekly
from schedules.session import Session, closing_id, opening_id

COMMUNES, QUICK_COMMUNES = 100, 10
VILLAGES = 10
NODES_A_COMMUNE = 50
IN_SESSIONS, AT_THEIR_TIME, EACH_DAY = 12, 14, 14
FROM_THE_PROVINCE = 3
ROUNDS = 5
MOST_OF_FULL = 0.02
BYTES_A_SECOND = 24_000 // 8
DAY = date(2026, 11, 23)
SEED = 4

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """Everything that a plan is made of."""

    tree: Tree
    items: tuple[Announcement, ...]
    sessions: tuple[Session, ...]
    sounds: dict[AnnouncementId, Sound]
    durations: dict[AnnouncementId, timedelta]


def measure(*, quick: bool = False, communes: int | None = None) -> list[Row]:
    """Rows of name, value, unit, baseline, ratio, goal, met."""
    count = communes or (QUICK_COMMUNES if quick else COMMUNES)
    province = a_province(count, Random(SEED))
    key = generate_key("online")
    desk = _Desk(province, key)
    full = desk.timed()
    began = time.perf_counter()
    told = [sign(programme, key) for programme in desk.held.values()]
    signing = time.perf_counter() - began
    again = []
    for n in range(ROUNDS):
        desk.change(n)
        again.append(desk.timed())
    again.sort(key=lambda one: one.seconds)
    middle = again[len(again) // 2]
    if any(not one.changed for one in again):
        raise RuntimeError("a change changed no programme")
    if _content(desk.held) != _content(_from_nothing(desk.province, key)):
        raise RuntimeError("compiled step by step it is not what it is compiled at once")
    ratio = middle.seconds / full.seconds
    nodes = count * NODES_A_COMMUNE
    return [
        {
            "name": f"province: {count} communes, {nodes:,} nodes, {full.entries:,} entries a day",
            "value": round(full.seconds, 3),
            "unit": "s",
            "baseline": f"writing and signing those {len(told)} programmes alone: {signing:.2f} s",
            "ratio": round(full.seconds / signing, 2),
            "goal": None,
            "met": None,
        },
        {
            "name": "province: the same after one change in one commune",
            "value": round(middle.seconds, 4),
            "unit": "s",
            "baseline": f"the full compile of this run: {full.seconds:.2f} s",
            "ratio": round(ratio, 4),
            "goal": f"≤ {MOST_OF_FULL}",
            "met": ratio <= MOST_OF_FULL if count >= COMMUNES else None,
        },
        *_week(province, key),
    ]


def a_province(count: int, random: Random) -> Province:
    """Communes with three sessions a day and 40 items each, and what the province says to all of them."""
    nation = Area(code=AreaCode("vn"), parent=None, level=Level.NATION, name="Việt Nam")
    top = Area(code=AreaCode("46"), parent=nation.code, level=Level.PROVINCE, name="Thành phố Huế")
    areas, items, sessions = [nation, top], [], []
    for n in range(count):
        code = AreaCode(f"{20_000 + n}")
        areas.append(Area(code=code, parent=top.code, level=Level.COMMUNE, name=f"Xã {n}"))
        areas += [
            Area(code=AreaCode(f"{code}-{k:02d}"), parent=code, level=Level.VILLAGE, name=f"Thôn {k}")
            for k in range(1, VILLAGES + 1)
        ]
        sessions += [
            Session(id=f"{code}-{at:%H}", area=code, name=f"Buổi {at:%H:%M}", start=at, days=EVERY_DAY)
            for at in (wall(5), wall(11), wall(17))
        ]
        items += [_item(code, k, timing, random) for k, timing in enumerate(_timings(random))]
    for k in range(FROM_THE_PROVINCE):
        at = instant_of(DAY, wall(6 + 5 * k, 30))
        items.append(_item(top.code, k, Once(at=at), random, BulletinClass.PRIORITY))
    chimes = [name(session.id) for session in sessions for name in (opening_id, closing_id)]
    lengths = {item.id: random.randint(30, 120) for item in items} | dict.fromkeys(chimes, 8)
    sounds = {item: _sound(item, seconds) for item, seconds in lengths.items()}
    durations = {item: timedelta(seconds=seconds) for item, seconds in lengths.items()}
    return Province(
        tree=Tree(areas),
        items=tuple(items),
        sessions=tuple(sessions),
        sounds=sounds,
        durations=durations,
    )


def _timings(random: Random) -> list[Timing]:
    free = [wall(hour, minute) for hour in (6, 7, 8, 9, 13, 14, 15, 18, 19) for minute in range(0, 60, 10)]
    at = random.sample(free, AT_THEIR_TIME + EACH_DAY)
    return [
        *(NextSession() for _ in range(IN_SESSIONS)),
        *(Once(at=instant_of(DAY, one)) for one in at[:AT_THEIR_TIME]),
        *(
            Weekly(at=one, days=EVERY_DAY, first=DAY, last=DAY + timedelta(days=30))
            for one in at[AT_THEIR_TIME:]
        ),
    ]


def _item(
    area: AreaCode,
    n: int,
    timing: Timing,
    random: Random,
    kind: BulletinClass = BulletinClass.NORMAL,
) -> Announcement:
    village = AreaCode(f"{area}-{random.randint(1, VILLAGES):02d}")
    draft = Announcement(
        id=AnnouncementId(f"an-{area}-{n}"),
        area=area,
        title=f"Bài số {n} của địa bàn {area}",
        text="Mời bà con đi họp tại nhà văn hóa thôn lúc bảy giờ tối nay. " * 8,
        bulletin_class=kind,
        targets=(village,) if n % 4 == 3 and kind is BulletinClass.NORMAL else (area,),
        timing=timing,
        valid_from=instant_of(DAY - timedelta(days=2), wall()),
        expires_at=instant_of(DAY + timedelta(days=40), wall()),
        repeat=1,
        author=PersonId(f"bientap.{area}"),
    )
    return _approved(draft, instant_of(DAY - timedelta(days=1), wall(18)) + timedelta(seconds=n))


def _approved(draft: Announcement, at: datetime) -> Announcement:
    approval = Approval(
        by=PersonId(f"pheduyet.{draft.area}"), approved_at=at, content_hash=content_hash(draft)
    )
    return replace(draft, state=State.APPROVED, approval=approval)


def _sound(item: AnnouncementId, seconds: int) -> Sound:
    clip = ClipRef(
        sha256=ClipHash(hashlib.sha256(item.encode()).hexdigest()),
        bytes=seconds * BYTES_A_SECOND,
        duration_ms=seconds * 1000,
    )
    return Sound(clip=clip, title=item)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timed:
    seconds: float
    entries: int
    changed: int


class _Desk:
    """The planner's desk: what is approved, and what the nodes were told last."""

    def __init__(self, province: Province, key: SigningKey) -> None:
        self.province = province
        self.held: dict[Day, Programme] = {}
        self._key = key
        self._memo, self._drafts = Memo(), Drafts()

    def change(self, n: int) -> None:
        """One item of one commune gets another title, approved anew."""
        items = list(self.province.items)
        k = (n * 41 + 7) % len(items)
        item = items[k]
        assert item.approval is not None
        heard = f"{item.title} ({n})"
        sounds = self.province.sounds | {item.id: replace(self.province.sounds[item.id], title=heard)}
        items[k] = _approved(
            replace(item, title=heard, revision=item.revision + 1),
            item.approval.approved_at + timedelta(minutes=1),
        )
        self.province = replace(self.province, items=tuple(items), sounds=sounds)

    def timed(self) -> _Timed:
        began = time.perf_counter()
        made, compiled = _compiled(self.province, self.held, memo=self._memo, drafts=self._drafts)
        signed = [sign(programme, self._key) for programme in compiled.changed]
        seconds = time.perf_counter() - began
        assert len(signed) == len(compiled.changed)
        self.held |= {(one.area, one.date): one for one in compiled.changed}
        return _Timed(seconds=seconds, entries=len(made.occurrences), changed=len(compiled.changed))


def _compiled(
    province: Province,
    held: dict[Day, Programme],
    days: int = 1,
    memo: Memo | None = None,
    drafts: Drafts | None = None,
) -> tuple[Plan, Compiled]:
    start = instant_of(DAY, wall())
    window = Window(start=start, end=start + timedelta(days=days))
    quiet = QuietHours()
    made = plan(
        "vn-46",
        province.items,
        province.sessions,
        province.tree,
        province.durations,
        quiet,
        window,
        start,
        memo=memo,
    )
    compiled = compile_programmes(
        tenant=TenantId("vn-46"),
        epoch=0,
        occurrences=made.occurrences,
        sounds=province.sounds,
        tree=province.tree,
        quiet=quiet,
        held=held,
        days=tuple(DAY + timedelta(days=n) for n in range(days)),
        fits=fits,
        now=start,
        drafts=drafts,
    )
    return made, compiled


def _from_nothing(province: Province, key: SigningKey) -> dict[Day, Programme]:
    _, compiled = _compiled(province, {})
    return {(one.area, one.date): one for one in compiled.changed}


def _content(held: dict[Day, Programme]) -> dict[Day, tuple[object, object]]:
    return {day: (one.clips, one.entries) for day, one in held.items()}


def _week(province: Province, key: SigningKey) -> list[Row]:
    """What one node fetches for a week: its areas' signed programmes, and each clip once."""
    _, compiled = _compiled(province, {}, days=7)
    commune = next(area.code for area in province.tree.areas if area.level is Level.COMMUNE)
    chain = {*province.tree.chain(commune), f"{commune}-01"}
    own = [one for one in compiled.changed if one.area in chain]
    programmes = sum(len(sign(one, key)) for one in own)
    clips = {clip.sha256: clip.bytes for one in own for clip in one.clips}
    heard = {clip.sha256: clip.duration_ms for one in own for clip in one.clips}
    airtime_s = sum(heard[entry.clip] for one in own for entry in one.entries) / 1000
    streamed = airtime_s * 64_000 / 8
    total = programmes + sum(clips.values())
    return [
        {
            "name": "province: bytes that a node fetches for a typical week",
            "value": round(total / 1e6, 2),
            "unit": "MB",
            "baseline": (
                f"{airtime_s / 3600:.1f} h on air streamed at 64 kbit/s: {streamed / 1e6:.0f} MB;"
                f" of ours {programmes / 1e3:.0f} kB are programmes"
            ),
            "ratio": round(total / streamed, 4),
            "goal": None,
            "met": None,
        }
    ]
