"""Tiếng của cụm loa: in which languages each node plays, one after the other."""

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.places.tongues import TonguesView
from controller.errors import Problem
from controller.web.communes import communes, first_commune
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.telling import refused
from controller.web.track_cards import name_of, one_after_the_other
from devices.messages import NodeId
from schedules import language
from schedules.announcement import AreaCode

router = APIRouter(include_in_schema=False)

PLACES = ("mot", "hai", "ba")
DONE = {"1": "tongue.done", "2": "tongue.undone"}
Keeper = Annotated[Page, Depends(Open(Right.NODES))]
Code = Annotated[str, Query(max_length=32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A node with what it plays now."""

    id: NodeId
    name: str
    languages: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """The nodes of one place."""

    name: str
    nodes: tuple[Line, ...]


@router.get("/tieng-cum-loa")
async def show_tongues(page: Keeper, noi: Code = "", xong: Code = "") -> Response:
    """Every node of a commune with its languages."""
    said = page.says.t(DONE[xong]) if xong in DONE else ""
    return await _sheet(page, AreaCode(noi or first_commune(page)), done=said)


@router.post("/tieng-cum-loa/luu")
async def do_languages(request: Request, page: Keeper) -> Response:
    """These languages for the ticked nodes."""
    form = await read_form(request)
    area = AreaCode(form.get("noi") or first_commune(page))
    try:
        await page.house.tongues.change(
            page.person,
            area,
            [NodeId(node[:64]) for node in form.all("cum")],
            [form.get(place)[:35] for place in PLACES],
            form.get("seen")[:32],
        )
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        return await _sheet(page, area, problem=problem, form=form)
    return go(f"/tieng-cum-loa?noi={area}&xong=1")


@router.post("/tieng-cum-loa/hoan-tac")
async def do_undo(request: Request, page: Keeper) -> Response:
    """The own last change is taken back."""
    form = await read_form(request)
    area = AreaCode(form.get("noi") or first_commune(page))
    try:
        await page.house.tongues.undo(page.person, area)
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        return await _sheet(page, area, problem=problem)
    return go(f"/tieng-cum-loa?noi={area}&xong=2")


async def _sheet(
    page: Page, area: AreaCode, *, done: str = "", problem: Problem | None = None, form: Form | None = None
) -> Response:
    view, form = await page.house.tongues.look(page.person, area), form or Form([])
    t = page.says.t
    known = [(code, name_of(code, page.says)) for code in language.names()]
    return await page.show(
        "tongues.html",
        status=problem.status if problem is not None else 200,
        area=page.house.tree.area(area),
        view=view,
        villages=_villages(page, view),
        places=communes(page),
        choosers=[
            (
                place,
                t(f"tongue.{place}"),
                form.get(place, language.MAIN if place == PLACES[0] else ""),
                known if place == PLACES[0] else [("", t("tongue.nothing")), *known],
            )
            for place in PLACES
        ],
        ticked=form.all("cum"),
        faults=refused(problem, page),
        done=done,
    )


def _villages(page: Page, view: TonguesView) -> tuple[Village, ...]:
    tree, says = page.house.tree, page.says
    return tuple(
        Village(
            name=tree.area(code).name if code in tree else code,
            nodes=tuple(
                Line(id=node.id, name=node.name, languages=one_after_the_other(node.languages, says))
                for node in inside
            ),
        )
        for code, inside in groupby(view.nodes, key=lambda node: node.area)
    )
