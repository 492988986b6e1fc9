"""Buổi phát: the blocks of a commune's day, made from a template, changed, taken out; all can be undone."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.programming import SessionForm, SessionView
from controller.errors import Problem
from controller.web.drafting import chosen_days, typed_time
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.telling import refused
from controller.web.week import a_day
from schedules.announcement import AreaCode

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The form as it is shown."""

    name: str
    start: str
    days: frozenset[int]
    cap: str
    opening: bool = True
    closing: bool = True


TEMPLATES = {
    "sang": ("timetable.morning", "timetable.morning_times", time(5), EVERY_DAY, 15),
    "chieu": ("timetable.afternoon", "timetable.afternoon_times", time(17), frozenset(range(6)), 15),
    "cuoi-tuan": ("timetable.weekend", "timetable.weekend_times", time(6), frozenset({5, 6}), 20),
}
"""What communes do (DOMAIN.md 2): name, times in words, start, days, minutes."""


@router.get("/buoi-phat/moi")
async def show_new(page: Writer, mau: Annotated[str, Query(max_length=20)] = "sang") -> Response:
    """A new session from a template."""
    key, _, start, days, minutes = TEMPLATES.get(mau, TEMPLATES["sang"])
    fields = Fields(name=page.says.t(key), start=f"{start:%H:%M}", days=days, cap=str(minutes))
    return await _sheet(page, None, fields)


@router.post("/buoi-phat")
async def do_add(request: Request, page: Writer) -> Response:
    """Into the day."""
    form = await read_form(request)
    try:
        made = await page.house.programming.add(
            page.person, _form(form, page, AreaCode(page.person.area)), form.get("key")[:200]
        )
    except Problem as problem:
        return await _refused(page, None, form, problem)
    return go(f"/lich-tuan?xong=added&buoi={made.id}")


@router.get("/buoi-phat/{session}")
async def show_session(page: Reader, session: str) -> Response:
    """One session and, for who may, its form."""
    view = await page.house.programming.look(page.person, session)
    return await _sheet(page, view, _fields(view))


@router.post("/buoi-phat/{session}")
async def do_change(request: Request, page: Writer, session: str) -> Response:
    """Another time, other days, another name."""
    form = await read_form(request)
    view = await page.house.programming.look(page.person, session)
    try:
        asked = _form(form, page, view.session.area)
        await page.house.programming.change(page.person, session, asked, form.whole("seen", -1))
    except Problem as problem:
        return await _refused(page, view, form, problem)
    return go(f"/lich-tuan?xong=changed&buoi={session}&noi={view.session.area}")


@router.post("/buoi-phat/{session}/bo")
async def do_remove(request: Request, page: Writer, session: str) -> Response:
    """Out of the day."""
    form = await read_form(request)
    view = await page.house.programming.look(page.person, session)
    await page.house.programming.remove(page.person, session, form.whole("seen", -1))
    return go(f"/lich-tuan?xong=removed&buoi={session}&noi={view.session.area}")


@router.post("/buoi-phat/{session}/hoan-tac")
async def do_undo(request: Request, page: Writer, session: str) -> Response:
    """As it was before."""
    form = await read_form(request)
    view = await page.house.programming.look(page.person, session)
    await page.house.programming.undo(page.person, session, form.whole("seen", -1))
    if form.get("ngay"):
        return go(f"/buoi-phat/{session}/ngay/{a_day(form.get('ngay'), 'ngay').isoformat()}")
    return go(f"/lich-tuan?xong=undone&buoi={session}&noi={view.session.area}")


async def _sheet(
    page: Page,
    view: SessionView | None,
    fields: Fields,
    *,
    problem: Problem | None = None,
) -> Response:
    return await page.show(
        "session.html",
        status=problem.status if problem is not None else 200,
        view=view,
        form=fields,
        days=page.says.day_names(),
        may_edit=view is None or (view.may_edit and not view.removed),
        action="/buoi-phat" if view is None else f"/buoi-phat/{view.session.id}",
        faults=refused(problem, page),
        templates=[
            (name, page.says.t(key), page.says.t(times)) for name, (key, times, *_) in TEMPLATES.items()
        ],
    )


async def _refused(page: Page, view: SessionView | None, form: Form, problem: Problem) -> Response:
    """What was typed stays on the page; what does not exist is said by the page for that."""
    if problem.status in (403, 404):
        raise problem
    typed = Fields(
        name=form.get("name")[:200],
        start=form.get("start")[:20],
        days=chosen_days(form),
        cap=form.get("cap")[:10],
        opening=bool(form.get("opening")),
        closing=bool(form.get("closing")),
    )
    if view is not None and problem.code == "E_STALE":
        view = await page.house.programming.look(page.person, view.session.id)
    return await _sheet(page, view, typed, problem=problem)


def _fields(view: SessionView) -> Fields:
    session = view.session
    return Fields(
        name=session.name,
        start=f"{session.start:%H:%M}",
        days=session.days,
        cap="" if session.cap is None else str(session.cap // timedelta(minutes=1)),
        opening=session.opening,
        closing=session.closing,
    )


def _form(form: Form, page: Page, area: AreaCode) -> SessionForm:
    minutes = form.get("cap").strip()
    if minutes and not (minutes.isascii() and minutes.isdecimal() and len(minutes) <= 4):
        said = page.says.t("timetable.cap_wrong")
        raise Problem("E_SESSION_CAP", status=422, field="cap", vi=said, en=said)
    return SessionForm(
        area=area,
        name=form.get("name"),
        start=typed_time(form, "start", "start", page.says),
        days=chosen_days(form),
        opening=bool(form.get("opening")),
        closing=bool(form.get("closing")),
        cap=timedelta(minutes=int(minutes)) if minutes else None,
    )
