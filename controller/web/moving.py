"""Dời một lượt phát: one airing of a repeated bài at another time, looked at before it is done."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.announcements.moving import Movable
from controller.dispatch.plan.foretelling import Foretold
from controller.errors import Problem
from controller.web.drafting import typed_time
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.telling import refused
from controller.web.week import a_day
from schedules.announcement import AnnouncementId
from schedules.calendar import local

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Approver = Annotated[Page, Depends(Open(Right.APPROVE))]
Day = Annotated[str, Path(alias="date", max_length=20)]
Typed = Annotated[str, Query(max_length=20)]
DONE = ("moved", "moved_back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What would come of it, in sentences."""

    said: str
    heard: bool
    notes: tuple[str, ...]


@router.get("/bai/{announcement}/luot-phat/{date}")
async def show_move(
    page: Reader, announcement: str, luot: Day, ngay: Typed = "", gio: Typed = ""
) -> Response:
    """Where it is and where it could go; with a day and a time, what the plan would make of that."""
    typed = Form([("ngay", ngay), ("gio", gio)])
    try:
        told = await _told(page, announcement, a_day(luot, "ngay"), typed) if ngay or gio else None
    except Problem as problem:
        return await _sheet(page, announcement, luot, typed, problem=problem)
    return await _sheet(page, announcement, luot, typed, told=told)


@router.post("/bai/{announcement}/luot-phat/{date}")
async def do_move(request: Request, page: Approver, announcement: str, luot: Day) -> Response:
    """At that time instead, or at its usual time after all."""
    form, identity, day = await read_form(request), AnnouncementId(announcement), a_day(luot, "ngay")
    deeds = page.house.moving
    try:
        if form.get("do") == "put_back":
            await deeds.put_back(page.person, identity, day, form.get("seen"))
            return go(f"/bai/{identity}/luot-phat?{urlencode({'xong': 'moved_back'})}")
        to, at = a_day(form.get("ngay"), "ngay"), typed_time(form, "gio", "gio", page.says)
        await deeds.move(page.person, identity, day, to, at, form.get("seen"))
    except Problem as problem:
        return await _sheet(page, announcement, luot, form, problem=problem)
    return go(f"/bai/{identity}/luot-phat?{urlencode({'xong': 'moved', 'luot': day.isoformat()})}")


async def _told(page: Page, announcement: str, day: date, typed: Form) -> Told | None:
    view = await page.house.moving.look(page.person, AnnouncementId(announcement), day)
    if view.why_not is not None:
        return None
    to, at = a_day(typed.get("ngay"), "ngay"), typed_time(typed, "gio", "gio", page.says)
    found, told = await page.house.moving.foresee(page.person, AnnouncementId(announcement), day, to, at)
    return _words(found, told, page)


def _words(found: Movable, told: Foretold, page: Page) -> Told:
    says, t = page.says, page.says.t
    vi = t.language == "vi"
    if told.due_at is None or found.airing is None:
        why = told.refusal
        said = t("airing.nowhere") if why is None else why.vi if vi else why.en
        return Told(said=said, heard=False, notes=())
    notes = [
        *((one.vi if vi else one.en) for one in told.conflicts),
        *((one.vi if vi else one.en) for one in told.refused),
    ]
    said = t("airing.would", before=says.when(found.airing.at), after=says.when(told.due_at))
    return Told(said=said, heard=True, notes=tuple(dict.fromkeys(notes)))


async def _sheet(
    page: Page,
    announcement: str,
    luot: str,
    typed: Form,
    *,
    told: Told | None = None,
    problem: Problem | None = None,
) -> Response:
    day, says = a_day(luot, "ngay"), page.says
    view = await page.house.moving.look(page.person, AnnouncementId(announcement), day)
    at = view.airing.at if view.airing is not None else None
    faults = refused(problem, page)
    why_not = view.why_not if not faults else None
    return await page.show(
        "airing_move.html",
        status=problem.status if problem is not None else 200,
        item=view.announcement,
        day=day.isoformat(),
        airing=view.airing,
        at=says.when(at) if at is not None else "",
        usual=says.when(view.airing.usual_at) if view.airing is not None else "",
        may_back=view.airing is not None
        and view.airing.moved
        and view.airing.usual_at > page.house.clock.now(),
        by=says.t("airing.moved_by", who=view.by[0], when=says.when(view.by[1])) if view.by else "",
        seen=view.seen,
        why_not="" if why_not is None else why_not.vi if says.t.language == "vi" else why_not.en,
        ngay=typed.get("ngay") or (local(at).date().isoformat() if at is not None else ""),
        gio=typed.get("gio") or says.clock(at),
        until=says.when(view.announcement.expires_at),
        told=told,
        faults=faults,
    )
