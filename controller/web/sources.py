"""Nguồn tiếp âm: where stations are relayed from, in which order, how each fares, and what fills the gaps."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.broadcasts.sourcing import SourceLine, SourcesView
from controller.errors import Problem
from controller.store.relays import MOST
from controller.streams.choosing import Health
from controller.web.looks import Look
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.tapes import tape_rows
from controller.web.telling import refused
from schedules.announcement import AnnouncementId, AreaCode, State

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Keeper = Annotated[Page, Depends(Open(Right.RULES))]
PLACE = "/nguon-tiep-am"
_LOOKS = {
    Health.GOOD: ("good", "✔"),
    Health.SILENT: ("warn", "▲"),
    Health.STALLED: ("bad", "✖"),
    Health.FAILED: ("bad", "✖"),
}


@router.get(PLACE)
async def show_sources(page: Reader, noi: Annotated[str, Query(max_length=20)] = "") -> Response:
    """The list of the visitor's place, or of a place in it."""
    area = AreaCode(noi) if noi else page.person.area
    return await _show(page, await page.house.sourcing.look(page.person, area))


@router.post(PLACE)
async def do_add(request: Request, page: Keeper) -> Response:
    """One more source."""
    form = await read_form(request)
    area = _area(page, form)
    try:
        await page.house.sourcing.add(
            page.person, area, form.get("name")[:200], form.get("url")[:600], version=form.whole("seen", -1)
        )
    except Problem as problem:
        if problem.status != 422:
            raise
        return await _show(
            page, await page.house.sourcing.look(page.person, area), form=form, problem=problem
        )
    return _back(area, page)


@router.post(f"{PLACE}/thu-tu")
async def do_change(request: Request, page: Keeper) -> Response:
    """Up, down, or away: which button was pressed says it, as ``up-2``."""
    form = await read_form(request)
    area, seen, sourcing = _area(page, form), form.whole("seen", -1), page.house.sourcing
    do, _, number = form.get("do").partition("-")
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < 3 else -1
    match do:
        case "up" | "down":
            by = -1 if do == "up" else 1
            await sourcing.move(page.person, area, place, by, version=seen)
        case "away":
            await sourcing.remove(page.person, area, place, version=seen)
        case _:
            raise Problem("E_FIELD", field="do")
    return _back(area, page)


@router.post(f"{PLACE}/hoan-tac")
async def do_undo(request: Request, page: Keeper) -> Response:
    """The list as it was before the last change."""
    form = await read_form(request)
    area = _area(page, form)
    await page.house.sourcing.undo(page.person, area, version=form.whole("seen", -1))
    return _back(area, page)


@router.post(f"{PLACE}/nhac-nen")
async def do_fill(request: Request, page: Keeper) -> Response:
    """What sounds where no source does."""
    form = await read_form(request)
    area, item = _area(page, form), form.get("item")[:64]
    await page.house.sourcing.choose_filler(
        page.person, area, AnnouncementId(item) if item else None, version=form.whole("seen", -1)
    )
    return _back(area, page)


@router.post(f"{PLACE}/thu")
async def do_check(request: Request, page: Reader) -> Response:
    """Try every source now; the answer comes when all have been tried."""
    form = await read_form(request)
    area = _area(page, form)
    await page.house.sourcing.check_now(page.person, area)
    return _back(area, page)


async def _show(
    page: Page, view: SourcesView, *, form: Form | None = None, problem: Problem | None = None
) -> Response:
    approved = await page.house.views.announcements(page.person, states=(State.APPROVED,), limit=100)
    return await page.show(
        "sources.html",
        status=problem.status if problem else 200,
        v=view,
        faults=refused(problem, page, {"E_URL": "url"}),
        name=form.get("name") if form else "",
        url=form.get("url") if form else "",
        lines=[(line, _look(page, line)) for line in view.lines],
        full=len(view.lines) >= MOST,
        items=[one for one in approved if one.rendering.clip is not None],
        tapes=await tape_rows(page, view.area),
        findings=[
            one
            for one in page.house.relaying.findings.values()
            if page.house.tree.meet((one.area,), (view.area,)) is not None
        ],
    )


def _look(page: Page, line: SourceLine) -> dict[str, Any]:
    says, checked = page.says, line.checked
    if checked is None:
        return {"look": Look(tone="void", shape="?", word=says.t("relay.untried")), "said": ""}
    tone, shape = _LOOKS.get(checked.health, ("void", "?"))
    level = (
        "" if checked.level_dbfs is None else says.t("relay.level", level=says.decimal(checked.level_dbfs))
    )
    return {
        "look": Look(tone=tone, shape=shape, word=says.t(f"relay.health_{checked.health.value}")),
        "said": " ".join(part for part in (says.t("relay.tried", when=says.when(checked.at)), level) if part),
        "why": _why(page, checked.why),
    }


def _why(page: Page, why: str) -> str:
    """The reason in people's words."""
    if not why or why == "it is silent":
        return ""
    if why.startswith("HTTP "):
        return page.says.t("relay.why_http", code=why.removeprefix("HTTP "))
    if why.startswith("E_URL"):
        return page.says.t("relay.why_name")
    if why in ("no connection", "no answer in time"):
        return page.says.t("relay.why_line")
    return page.says.t("relay.why_sound")


def _area(page: Page, form: Form) -> AreaCode:
    return AreaCode(form.get("area")[:20] or page.person.area)


def _back(area: AreaCode, page: Page) -> Response:
    return go(PLACE if area == page.person.area else f"{PLACE}?noi={area}")
