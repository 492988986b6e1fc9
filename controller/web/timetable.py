"""Buổi phát: the blocks of a commune's day, made from a template, changed, taken out; all can be undone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.sessions.programming import SessionView
from controller.errors import Problem
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.session_form import (
    SEASONS,
    TEMPLATES,
    Fields,
    fields_of,
    read_session,
    typed_fields,
)
from controller.web.tapes import last_tape, relay_cost
from controller.web.telling import refused
from controller.web.week import a_day
from schedules.announcement import AreaCode, State

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]
MOST_KEPT = 60


@router.get("/buoi-phat/moi")
async def show_new(page: Writer, mau: Annotated[str, Query(max_length=20)] = "sang") -> Response:
    """A new session from a template."""
    return await _sheet(page, None, TEMPLATES.get(mau, TEMPLATES["sang"]).fields(page.says))


@router.post("/buoi-phat")
async def do_add(request: Request, page: Writer) -> Response:
    """Into the day."""
    form = await read_form(request)
    try:
        made = await page.house.programming.add(
            page.person, read_session(form, page, AreaCode(page.person.area)), form.get("key")[:200]
        )
    except Problem as problem:
        return await _refused(page, None, form, problem)
    return go(f"/lich-tuan?xong=added&buoi={made.id}")


@router.post("/buoi-phat/tu-mau")
async def do_add_template(request: Request, page: Writer) -> Response:
    """A whole session in one tap."""
    form = await read_form(request)
    template = TEMPLATES.get(form.get("mau"))
    if template is None:
        raise Problem("E_FIELD", field="mau")
    asked = template.form(page.says, AreaCode(page.person.area))
    # a page may add one from each of its templates, and none twice
    key = f"{form.get('key')[:200]}\n{form.get('mau')}"
    made = await page.house.programming.add(page.person, asked, key)
    return go(f"/lich-tuan?xong=added&buoi={made.id}")


@router.get("/buoi-phat/{session}")
async def show_session(page: Reader, session: str) -> Response:
    """One session and, for who may, its form."""
    view = await page.house.programming.look(page.person, session)
    return await _sheet(page, view, fields_of(view.session))


@router.post("/buoi-phat/{session}")
async def do_change(request: Request, page: Writer, session: str) -> Response:
    """Another time, other days, another name."""
    form = await read_form(request)
    view = await page.house.programming.look(page.person, session)
    try:
        asked = read_session(form, page, view.session.area, view.session)
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
        templates=[(name, page.says.t(one.name), page.says.t(one.times)) for name, one in TEMPLATES.items()],
        kept=await _kept(page) if page.may(Right.WRITE) else (),
        season_names=[page.says.t(f"timetable.{name}") for name, _ in SEASONS],
        cost=relay_cost(fields.relay, page.says),
        last_tape=await last_tape(page, None if view is None else view.session),
    )


async def _kept(page: Page) -> list[tuple[str, str]]:
    """What may open a session or fill its time: the place's own approved items."""
    found = await page.house.views.announcements(page.person, states=(State.APPROVED,), limit=MOST_KEPT)
    own = page.person.area
    return [(one.announcement.id, one.announcement.title) for one in found if one.announcement.area == own]


async def _refused(page: Page, view: SessionView | None, form: Form, problem: Problem) -> Response:
    """What was typed stays on the page; what does not exist is said by the page for that."""
    if problem.status in (403, 404):
        raise problem
    if view is not None and problem.code == "E_STALE":
        view = await page.house.programming.look(page.person, view.session.id)
    return await _sheet(page, view, typed_fields(form), problem=problem)
