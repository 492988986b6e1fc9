"""The demo's story: a morning written, approved, held and heard; a flood in the middle of it; the stop."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from controller.access import Person
from controller.app import Loa
from controller.deploy.commune_data import (
    BULLETINS,
    COMMUNES,
    FLOOD,
    PROVINCE,
    SESSION_LINES,
    SITES,
    Bulletin,
    SessionLines,
)
from controller.deploy.demo_above import AUTHOR as ABOVE
from controller.deploy.demo_above import approve_from_above, lies_in_every_tray, write_from_above
from controller.deploy.demo_fleet import Village
from controller.deploy.demo_house import Cast
from controller.deploy.demo_result import Outcome, Planted, skews
from controller.dispatch.forms.alerts import EmergencyForm
from controller.dispatch.forms.day import DeliveryLine
from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.dispatch.plan.sounds import session_sounds
from controller.dispatch.signals import Wake
from controller.store import sessions
from controller.store.alerts import AlertPhase
from controller.store.sounds import RenderState
from devices.messages import AlertId, NodeId
from schedules.announcement import AnnouncementId
from schedules.calendar import local
from schedules.recurrence import NextSession, Once, Timing
from schedules.session import Session

LEAD = timedelta(seconds=30)
IN_SESSION = 3
SPEAKS_SECOND = 1
EVERY = timedelta(seconds=150)
STOP_AFTER_S = 4.0
WRITERS = {"19867": ("bientap.qd", "pheduyet.qd"), "19885": ("bientap.dd", "pheduyet.dd")}


class DemoFailed(Exception):
    """Something that the story waits for did not come; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """How the story is shown: ``say`` a line, ``progress`` of something long in real units."""

    say: Callable[[str], None]
    progress: Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the story is played with."""

    loa: Loa
    cast: Cast
    village: Village
    teller: Teller
    wav: Path | None


async def play(stage: Stage) -> Outcome:
    """Play the whole story. Raises DemoFailed when a step does not come in time."""
    say = stage.teller.say
    await _until(lambda: _online(stage), 60, "all nodes online")
    say(f"{len(SITES)} cụm loa ở {len(COMMUNES)} xã đã kết nối.")
    dead, offline, altered = (NodeId(SITES[index].node) for index in (3, 7, 20))
    stage.village.order(dead, "surround", amplifier_alive=False)

    began = time.monotonic()
    await _save_sessions(stage, local(stage.loa.clock.now()) + timedelta(days=1))
    written = await _write_and_approve(stage)
    preview = await _prepare_flood(stage)
    render_s = time.monotonic() - began
    speech_s = sum(view.rendering.duration_ms for view in written) / 1000
    say(f"{len(written)} bài đã đọc xong và được người khác duyệt.")
    say(f"Giọng đọc: {speech_s:.0f} giây lời nói trong {render_s:.0f} giây.")

    first_at = await _open_sessions(stage)
    lines = await _until_held(stage)
    altered_line = next(line for line in lines if line.node == altered and line.announcement in _ids(written))
    altered_clip = next(v.rendering.clip for v in written if v.announcement.id == altered_line.announcement)
    say(f"Buổi sáng bắt đầu lúc {local(first_at):%H:%M:%S}; mọi cụm loa đã giữ đủ chương trình.")
    await _sleep_until(stage.loa, first_at - timedelta(seconds=4))
    stage.village.order(offline, "link_down")
    stage.village.order(altered, "alter_clip", clip=altered_clip or "")
    say("Đã gài ba lỗi: một âm ly hỏng, một cụm mất mạng, một đoạn âm thanh bị sửa.")

    alert, pressed_s = await _flood(stage, preview, lines, written)
    reach = _reach(stage, alert, pressed_s, 0)
    stop_ms = await _stop(stage, alert)
    say("Cụm loa mất mạng vẫn phát theo lịch đã nhận; đang chờ kết quả cảnh báo của nó…")
    await _until(lambda: _missed(stage, alert, offline), 240, "the verdict of the node without a link")
    stage.village.order(offline, "link_up")
    say("Cụm loa mất mạng đã nối lại; đang chờ báo cáo của nó…")
    ended = await _until_all_closed(stage, alert)
    view = await stage.loa.views.alert(_operator(stage), alert)
    return Outcome(
        lines=ended,
        planted=Planted(
            dead=dead,
            offline=offline,
            altered=altered,
            altered_occurrence=altered_line.occurrence,
            alert=alert,
            stopped_round=1,
        ),
        reach_ms=reach,
        stop_ms=stop_ms,
        broker_ms=view.broker_ms,
        skews_ms=skews(s for s in stage.village.soundings if s.node != offline),
        render_s=render_s,
        speech_s=speech_s,
        wavs=0,
    )


async def _write_and_approve(stage: Stage) -> tuple[AnnouncementView, ...]:
    """Authors write and hand in; the voice reads; the other person of the commune approves."""
    desk, views = stage.loa.desk, stage.loa.views
    now = stage.loa.clock.now().replace(microsecond=0)
    above = await write_from_above(stage.loa, stage.cast, _dates(now), now)
    submitted: list[tuple[Bulletin, AnnouncementId]] = []
    spoken = dict.fromkeys(COMMUNES, 0)
    for bulletin in BULLETINS:
        author = stage.cast.people[WRITERS[bulletin.commune][0]]
        spoken[bulletin.commune] += 1
        timing = _timing(spoken[bulletin.commune], now)
        view = await desk.write_announcement(author, _draft(bulletin, timing, now))
        view = await desk.submit(author, view.announcement.id)
        submitted.append((bulletin, view.announcement.id))
    author = stage.cast.people[ABOVE]
    await _until(partial(_rendered, stage, author, above), 300, "the reading of the province's bulletin")
    await approve_from_above(stage.loa, stage.cast, above)
    await _until(partial(lies_in_every_tray, stage.loa, stage.cast, above), 10, "the in-trays")
    stage.teller.say("Bản tin của thành phố đã nằm trong Hộp tin đến của hai xã, chờ xã chọn giờ.")
    approved = []
    for count, (bulletin, announcement) in enumerate(submitted):
        stage.teller.progress("Đang đọc bài", count, len(submitted))
        approver = stage.cast.people[WRITERS[bulletin.commune][1]]
        await _until(
            partial(_rendered, stage, approver, announcement), 300, f"the reading of {bulletin.title}"
        )
        view = await views.announcement(approver, announcement)
        approved.append(await desk.approve(approver, announcement, view.content_hash))
    stage.teller.progress("Đang đọc bài", len(submitted), len(submitted))
    await _until(partial(_greetings_read, stage), 120, "the openings and closings")
    return tuple(approved)


def _timing(number: int, now: datetime) -> Timing:
    """The first few of each commune speak this morning, the others tomorrow."""
    if number <= IN_SESSION:
        return NextSession()
    tomorrow = local(now).replace(hour=16, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Once(at=tomorrow + timedelta(minutes=5 * number))


def _draft(bulletin: Bulletin, timing: Timing, now: datetime) -> Draft:
    return Draft(
        area=bulletin.commune,
        title=bulletin.title,
        text=bulletin.text.format(**_dates(now)),
        targets=(bulletin.commune,),
        timing=timing,
        expires_at=now + timedelta(days=7),
        bulletin_class=bulletin.bulletin_class,
        repeat=bulletin.repeat,
    )


def _dates(now: datetime) -> dict[str, datetime]:
    today = local(now)
    days = {f"in_{n}_days": today + timedelta(days=n) for n in (2, 3, 7)}
    return {
        **days,
        "yesterday": today - timedelta(days=1),
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "sunday": today + timedelta(days=(6 - today.weekday()) or 7),
        "now": today,
        "in_1_hour": today + timedelta(hours=1),
    }


async def _prepare_flood(stage: Stage) -> str:
    """The operator's page before the button: words and retraction are read now, not at the button."""
    operator = _operator(stage)
    form = EmergencyForm(
        area=PROVINCE,
        targets=(FLOOD.area,),
        hazard=FLOOD.hazard.value,
        level=FLOOD.level,
        text=FLOOD.text.format(**_dates(stage.loa.clock.now())),
        rounds=2,
        every_ms=EVERY // timedelta(milliseconds=1),
    )
    preview = await stage.loa.desk.preview_emergency(operator, form)

    async def ready() -> bool:
        seen = await stage.loa.desk.look_at_preview(operator, preview.id)
        return seen.words.state is RenderState.READY

    await _until(ready, 120, "the words of the flood alert")
    return preview.id


async def _open_sessions(stage: Stage) -> datetime:
    """Set both communes' morning sessions ``LEAD`` ahead, on a whole second."""
    now = stage.loa.clock.now()
    at = local(datetime.fromtimestamp(math.ceil((now + LEAD).timestamp()), tz=now.tzinfo))
    await _save_sessions(stage, at)
    return at


async def _save_sessions(stage: Stage, at: datetime) -> None:
    """Both mornings, on one date; what they say first and last is read as soon as they are known."""
    for lines in SESSION_LINES:
        await stage.loa.db.write(sessions.save, _morning(lines, at.replace(microsecond=0)))
    stage.loa.signals.wake(Wake.PLANNER, Wake.RENDERER)


def _morning(lines: SessionLines, at: datetime) -> Session:
    return Session(
        id=f"sang-{lines.commune}", area=lines.commune, name=lines.name, start=at.time(), dates=(at.date(),)
    )


async def _until_held(stage: Stage) -> tuple[DeliveryLine, ...]:
    async def held() -> bool:
        lines = await _lines(stage)
        cached = sum(line.cached_at is not None for line in lines)
        stage.teller.progress("Cụm loa đã nhận", cached, max(len(lines), 1))
        # opening, items and closing on each node
        return cached == len(lines) >= len(SITES) * (IN_SESSION + 2)

    await _until(held, LEAD.total_seconds() - 6, "every node to hold the morning")
    return await _lines(stage)


async def _flood(
    stage: Stage, preview: str, lines: tuple[DeliveryLine, ...], written: tuple[AnnouncementView, ...]
) -> tuple[AlertId, float]:
    """Press the button in the middle of the second item; wait until its first round is over."""
    items = sorted(
        {
            (line.due_at, line.duration_ms, line.title)
            for line in lines
            if line.announcement in _ids(written) and line.area.startswith(FLOOD.area)
        }
    )
    due_at, duration_ms, title = items[SPEAKS_SECOND]
    await _sleep_until(stage.loa, due_at + timedelta(milliseconds=duration_ms * 0.4))
    fired = await stage.loa.desk.fire(_operator(stage), preview, _typed_name(stage), f"demo-fire-{preview}")
    if fired.phase is not AlertPhase.PENDING_SECOND:
        raise DemoFailed(f"more than 20,000 people, and no second person was asked ({fired.phase})")
    stage.teller.say(f"Lũ, hơn 20.000 người: {fired.fired_by_name} đã gửi, chờ người thứ hai.")
    second = stage.cast.people["chihuy.hue"]
    pressed_s = time.monotonic()
    view = await stage.loa.desk.confirm_second(second, fired.id)
    stage.teller.say(f"KHẨN CẤP giữa bài “{title}”: còi và thông báo lũ tới {view.total.nodes} cụm loa.")

    async def over() -> bool:
        sounded = [s for s in stage.village.soundings if s.alert == view.id and s.round == 1]
        return bool(sounded)

    await _until(over, EVERY.total_seconds() + 20, "the second round of the siren")
    return view.id, pressed_s


async def _stop(stage: Stage, alert: AlertId) -> tuple[float, ...]:
    """Let the second round's siren sound a moment, then press the red button; how long each node took."""
    await asyncio.sleep(STOP_AFTER_S)
    pressed_s = time.monotonic()
    await stage.loa.desk.stop_all(_operator(stage), FLOOD.area, f"demo-stop-{alert}")
    stage.teller.say("DỪNG TẤT CẢ: đợt còi thứ hai bị dừng, cảnh báo kết thúc.")
    sounded = {s.node for s in stage.village.soundings if s.alert == alert and s.round == 1}

    async def silent() -> bool:
        return sounded <= {s.node for s in stage.village.silences if s.alert == alert and s.round == 1}

    await _until(silent, 15, "silence after the stop")
    return tuple(
        (one.last_s - pressed_s) * 1000
        for one in stage.village.silences
        if one.alert == alert and one.round == 1 and one.last_s > pressed_s
    )


async def _missed(stage: Stage, alert: AlertId, node: NodeId) -> bool:
    lines = await stage.loa.views.deliveries(_operator(stage), area=PROVINCE, alert=alert)
    return all(line.verdict is not None for line in lines if line.node == node)


async def _until_all_closed(stage: Stage, alert: AlertId) -> tuple[DeliveryLine, ...]:
    found: tuple[DeliveryLine, ...] = ()

    async def closed() -> bool:
        nonlocal found
        now = stage.loa.clock.now()
        alerts = await stage.loa.views.deliveries(_operator(stage), area=PROVINCE, alert=alert)
        found = (*(line for line in await _lines(stage) if line.due_at <= now), *alerts)
        done = sum(line.verdict is not None for line in found)
        stage.teller.progress("Lượt nhận đã có kết quả", done, len(found))
        return done == len(found) and all(_settled(line) for line in found)

    await _until(closed, 300, "a verdict for every delivery")
    return found


def _settled(line: DeliveryLine) -> bool:
    """The hearing comes a moment after the end of the item."""
    return line.finished_at is None or line.heard.value != "unknown" or line.verdict != "aired"


def _reach(stage: Stage, alert: AlertId, pressed_s: float, number: int) -> dict[NodeId, float]:
    found: dict[NodeId, float] = {}
    for one in stage.village.soundings:
        if one.alert == alert and one.round == number:
            found.setdefault(NodeId(one.node), (one.first_s - pressed_s) * 1000)
    return found


async def _lines(stage: Stage) -> tuple[DeliveryLine, ...]:
    """This morning's deliveries of both communes, without the alert's."""
    today = local(stage.loa.clock.now()).date()
    lines = await stage.loa.views.deliveries(_operator(stage), area=PROVINCE, day=today)
    return tuple(line for line in lines if line.alert is None)


async def _online(stage: Stage) -> bool:
    board = await stage.loa.views.board(_operator(stage), PROVINCE)
    well = sum(node.health == "well" for node in board.nodes)
    stage.teller.progress("Cụm loa kết nối", well, len(board.nodes))
    return well == len(SITES)


async def _rendered(stage: Stage, person: Person, announcement: AnnouncementId) -> bool:
    view = await stage.loa.views.announcement(person, announcement)
    if view.rendering.state is RenderState.FAILED:
        raise DemoFailed(f"{view.announcement.title}: {view.rendering.en}")
    return view.rendering.state is RenderState.READY


async def _greetings_read(stage: Stage) -> bool:
    mornings = [_morning(lines, local(stage.loa.clock.now())) for lines in SESSION_LINES]
    return len(await stage.loa.db.read(session_sounds, mornings)) == 2 * len(mornings)


def _typed_name(stage: Stage) -> str:
    return stage.loa.tree.area(FLOOD.area).name


def _ids(views: tuple[AnnouncementView, ...]) -> frozenset[AnnouncementId]:
    return frozenset(view.announcement.id for view in views)


def _operator(stage: Stage) -> Person:
    return stage.cast.people["truc.hue"]


async def _sleep_until(loa: Loa, at: datetime) -> None:
    await asyncio.sleep(max(0.0, (at - loa.clock.now()).total_seconds()))


async def _until(what: Callable[[], Awaitable[bool]], within_s: float, waiting_for: str) -> None:
    """Ask four times a second; DemoFailed after ``within_s``."""
    ends = time.monotonic() + within_s
    while not await what():
        if time.monotonic() > ends:
            raise DemoFailed(f"waited {within_s:.0f} s in vain for {waiting_for}")
        await asyncio.sleep(0.25)
