"""The next airings of a repeated bài: one left out, one put back, and the way to move one."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.errors import Problem
from controller.web.page import Open, Page, go, read_form
from controller.web.says import Says
from controller.web.telling import refused
from controller.web.week import a_day
from schedules.announcement import AnnouncementId
from schedules.skipping import Airing

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]
DONE = ("skip", "put_back")
MOVED = ("moved", "moved_back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line of the list; ``usual`` is its usual time where it has been moved."""

    day: str
    when: str
    usual: str
    skipped: bool
    back: bool


@router.get("/bai/{announcement}/luot-phat")
async def show_airings(
    page: Reader,
    announcement: str,
    xong: Annotated[str, Query(max_length=20)] = "",
    luot: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """When it is heard next, day by day; after a move of ``luot`` with the way back."""
    return await _sheet(page, announcement, done=xong, undo=luot if xong == "moved" else "")


@router.post("/bai/{announcement}/luot-phat")
async def do_airing(request: Request, page: Writer, announcement: str) -> Response:
    """That day not, or that day after all."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    do = form.get("do")
    try:
        day = a_day(form.get("day"), "day")
        if do not in DONE:
            raise Problem("E_FIELD", field="do")
        deeds = page.house.skipping
        await (deeds.skip if do == "skip" else deeds.put_back)(page.person, identity, day)
    except Problem as problem:
        return await _sheet(page, announcement, problem=problem)
    return go(f"/bai/{identity}/luot-phat?xong={do}")


async def _sheet(
    page: Page, announcement: str, *, done: str = "", undo: str = "", problem: Problem | None = None
) -> Response:
    identity, says = AnnouncementId(announcement), page.says
    view = await page.house.skipping.look(page.person, identity)
    taken_back = await page.house.moving.look(page.person, identity, a_day(undo, "luot")) if undo else None
    first = await page.house.moving.look(page.person, identity, view.airings[0].day) if view.airings else None
    return await page.show(
        "airings.html",
        status=problem.status if problem is not None else 200,
        item=view.announcement,
        airings=[_shown(one, one.day in view.back, says) for one in view.airings],
        undo=taken_back,
        may_move=first is not None and first.why_not is None,
        may_edit=view.may_edit,
        faults=refused(problem, page),
        done=says.t(f"airing.done_{done}") if done in (*DONE, *MOVED) else "",
    )


def _shown(one: Airing, back: bool, says: Says) -> Shown:
    return Shown(
        day=one.day.isoformat(),
        when=says.when(one.at),
        usual=says.when(one.usual_at) if one.moved else "",
        skipped=one.skipped,
        back=back,
    )
