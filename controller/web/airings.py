"""The next airings of a repeated bài: one left out, one put back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.errors import Problem
from controller.web.page import Open, Page, go, read_form
from controller.web.telling import refused
from controller.web.week import a_day
from schedules.announcement import AnnouncementId

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]
DONE = ("skip", "put_back")


@router.get("/bai/{announcement}/luot-phat")
async def show_airings(
    page: Reader, announcement: str, xong: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """When it is heard next, day by day."""
    return await _sheet(page, announcement, done=xong)


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
    page: Page, announcement: str, *, done: str = "", problem: Problem | None = None
) -> Response:
    view = await page.house.skipping.look(page.person, AnnouncementId(announcement))
    return await page.show(
        "airings.html",
        status=problem.status if problem is not None else 200,
        item=view.announcement,
        airings=[
            (one.day.isoformat(), page.says.when(one.at), one.skipped, one.day in view.back)
            for one in view.airings
        ],
        may_edit=view.may_edit,
        faults=refused(problem, page),
        done=page.says.t(f"airing.done_{done}") if done in DONE else "",
    )
