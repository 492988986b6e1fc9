"""Hộp tin đến: bulletins from above that wait for the commune's choice, each with its time or its reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from controller.access import Right
from controller.dispatch.announcements.tray import Wanted
from controller.dispatch.announcements.tray_facts import CommuneLine, TrayItem
from controller.errors import Problem
from controller.web.drafting import typed_instant
from controller.web.hearing import FirstShown, Piece, first_sentence, horn, sound_facts, sound_piece
from controller.web.looks import Look
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.says import Says
from controller.web.telling import refused, timing_words
from schedules.announcement import AnnouncementId
from schedules.calendar import local
from schedules.reach import Choice
from schedules.recurrence import AfterApproval, NextSession, Once

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]
DONE = frozenset({"accepted", "declined", "reopened"})
LOOKS = {Choice.OPEN: ("warn", "○"), Choice.ACCEPTED: ("live", "◆"), Choice.DECLINED: ("rest", "■")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A bulletin in the list, or a commune in the sender's."""

    href: str
    title: str
    line: str
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What the form of the choice holds."""

    when: str = ""
    run: str = ""
    date: str = ""
    time: str = ""
    reason: str = ""


@router.get("/hop-tin")
async def show_tray(page: Reader) -> Response:
    """What waits, and what was chosen."""
    items = await page.house.tray.items(page.person)
    lines = [(item.choice, tray_line(item, page.says)) for item in items]
    return await page.show(
        "tray.html",
        waiting=[line for choice, line in lines if choice is Choice.OPEN],
        chosen=[line for choice, line in lines if choice is not Choice.OPEN],
    )


@router.get("/hop-tin/{bulletin}")
async def show_one(page: Reader, bulletin: str, xong: str = "") -> Response:
    """Read it, listen, choose."""
    item = await page.house.tray.one(page.person, AnnouncementId(bulletin))
    return await _one(page, item, _first(item), done=page.says.t(f"tray.done_{xong}") if xong in DONE else "")


@router.get("/hop-tin/{bulletin}/tieng")
async def show_sound(page: Reader, bulletin: str, dau: FirstShown = "", phan: Piece = "") -> Response:
    """How far its sound is (a piece of the page)."""
    item = await page.house.tray.one(page.person, AnnouncementId(bulletin))
    return HTMLResponse(await sound_piece(page, item.rendering, f"/hop-tin/{bulletin}", dau, phan))


@router.get("/hop-tin/{bulletin}/cot-loa")
async def hear_horn(request: Request, page: Reader, bulletin: str) -> Response:
    """Its sound as at the foot of the pole."""
    item = await page.house.tray.one(page.person, AnnouncementId(bulletin))
    return await horn(request, page, item.rendering)


@router.get("/hop-tin/{bulletin}/cau-dau")
async def hear_first(request: Request, page: Reader, bulletin: str) -> Response:
    """Its first sentence, while the rest is being spoken."""
    item = await page.house.tray.one(page.person, AnnouncementId(bulletin))
    return await first_sentence(request, page, item.rendering)


@router.post("/hop-tin/{bulletin}/nhan")
async def do_accept(request: Request, page: Writer, bulletin: str) -> Response:
    """Air it at the chosen time."""
    form, identity = await read_form(request), AnnouncementId(bulletin)
    item = await page.house.tray.one(page.person, identity)
    try:
        wanted = _wanted(form, item, page.says)
        await page.house.tray.accept(
            page.person, identity, wanted, form.get("key")[:200], seen=form.whole("seen", 0)
        )
    except Problem as problem:
        return await _one(page, item, _typed(form), problem=problem)
    return go(f"/hop-tin/{identity}?xong=accepted")


@router.post("/hop-tin/{bulletin}/tu-choi")
async def do_decline(request: Request, page: Writer, bulletin: str) -> Response:
    """Not here, and why."""
    form, identity = await read_form(request), AnnouncementId(bulletin)
    try:
        await page.house.tray.decline(
            page.person, identity, form.get("reason"), form.get("key")[:200], seen=form.whole("seen", 0)
        )
    except Problem as problem:
        item = await page.house.tray.one(page.person, identity)
        return await _one(page, item, _typed(form), problem=problem)
    return go(f"/hop-tin/{identity}?xong=declined")


@router.post("/hop-tin/{bulletin}/hoan-tac")
async def do_undo(request: Request, page: Writer, bulletin: str) -> Response:
    """Back to the tray."""
    form, identity = await read_form(request), AnnouncementId(bulletin)
    await page.house.tray.undo(page.person, identity, form.get("key")[:200], seen=form.whole("seen", 0))
    return go(f"/hop-tin/{identity}?xong=reopened")


def tray_line(item: TrayItem, says: Says) -> Line:
    """A bulletin in the tray's list."""
    a = item.announcement
    line = says.t("tray.line", name=item.from_name, until=says.when(a.expires_at))
    return Line(
        href=f"/hop-tin/{a.id}",
        title=a.title,
        line=line,
        look=choice_look(item.choice, says, item.next_at, item.aired),
    )


def commune_line(line: CommuneLine, says: Says) -> Line:
    """What one commune made of it, for the sender."""
    if line.choice is Choice.OPEN:
        said = says.t("tray.no_answer") if line.over else ""
    elif line.reason:
        said = says.t("tray.said_no", name=line.by_name, reason=line.reason)
    else:
        said = says.t("tray.said_yes", name=line.by_name, when=says.when(line.at)) if line.at else ""
    return Line(
        href=f"/nhat-ky?noi={line.commune}",
        title=line.name,
        line=said,
        look=choice_look(line.choice, says, line.next_at, line.aired),
    )


def choice_look(choice: Choice, says: Says, next_at: datetime | None, aired: int) -> Look:
    """Waiting, taken (and when), heard, or declined."""
    if choice is Choice.ACCEPTED and aired:
        return Look(tone="good", shape="✔", word=says.t("tray.aired", n=says.number(aired)))
    tone, shape = LOOKS[choice]
    if choice is Choice.ACCEPTED and next_at is not None:
        return Look(tone=tone, shape=shape, word=says.t("tray.accepted_at", when=says.when(next_at)))
    return Look(tone=tone, shape=shape, word=says.t(f"tray.{choice.value}"))


async def _one(
    page: Page, item: TrayItem, fields: Fields, *, problem: Problem | None = None, done: str = ""
) -> Response:
    a, says = item.announcement, page.says
    return await page.show(
        "tray_one.html",
        status=problem.status if problem else 200,
        item=item,
        bulletin=a,
        look=choice_look(item.choice, says, item.next_at, item.aired),
        done=done,
        faults=refused(problem, page, {"E_REASON": "reason"}),
        form=fields,
        asked="" if _too_late(item, page.house.clock.now()) else _asked(item, says),
        runs=[
            {"value": _value(run.start_at, run.session), "said": f"{says.when(run.start_at)} · {run.name}"}
            for run in item.runs
        ],
        until=says.when(a.expires_at),
        chosen=timing_words(item.chosen.timing, says) if item.chosen and item.chosen.timing else "",
        **await sound_facts(page, item.rendering, f"/hop-tin/{a.id}"),
    )


def _asked(item: TrayItem, says: Says) -> str:
    """When the sender would like it."""
    timing = item.announcement.timing
    return says.t("tray.at_once") if isinstance(timing, AfterApproval) else timing_words(timing, says)


def _too_late(item: TrayItem, now: datetime) -> bool:
    timing = item.announcement.timing
    return isinstance(timing, NextSession) or (isinstance(timing, Once) and timing.at <= now)


def _first(item: TrayItem) -> Fields:
    """The plainest choice beforehand: the next session where there is one, else what the sender asks."""
    return Fields(when="next" if item.runs else "asked")


def _typed(form: Form) -> Fields:
    return Fields(
        when=form.get("when")[:10],
        run=form.get("run")[:80],
        date=form.get("once_date")[:20],
        time=form.get("once_time")[:20],
        reason=form.get("reason")[:500],
    )


def _wanted(form: Form, item: TrayItem, says: Says) -> Wanted:
    match form.get("when"):
        case "asked":
            return Wanted(timing=item.announcement.timing)
        case "next":
            return Wanted(timing=NextSession())
        case "run":
            picked = next((r for r in item.runs if _value(r.start_at, r.session) == form.get("run")), None)
            if picked is not None:
                return Wanted(timing=NextSession(), not_before=picked.start_at)
        case "once":
            return Wanted(timing=Once(at=typed_instant(form, "once_date", "once_time", "timing.at", says)))
    said = says.t("problem.choose")
    raise Problem("E_FIELD", field="timing", vi=said, en=said)


def _value(start_at: datetime, session: str) -> str:
    return f"{local(start_at):%Y-%m-%dT%H:%M} {session}"


async def tray_facts(page: Page) -> dict[str, Any]:
    """What Hôm nay says of the tray: how many wait here, or which of one's own wait for communes."""
    says = page.says
    items = await page.house.tray.items(page.person)
    waiting = sum(item.choice is Choice.OPEN for item in items)
    unanswered = await page.house.tray.unanswered(page.person)
    return {
        "tray_any": bool(items),
        "tray": says.t("tray.waiting", n=waiting) if waiting else "",
        "unanswered": {item: says.t("tray.communes_open", n=n) for item, n in unanswered.items()},
    }
