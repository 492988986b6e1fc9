"""Nhóm loa: the groups of a place, who is in them, put in and taken out village by village."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.forms.nodes import NodeLine
from controller.dispatch.places.grouping import GroupView
from controller.errors import Problem
from controller.store.folding import fold
from controller.web.board import ORDER, as_known
from controller.web.looks import NODES, Look, node_look
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.telling import refused
from devices.messages import GroupId, NodeId
from schedules.announcement import AreaCode
from schedules.area import Level
from schedules.area import inside as small

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Keeper = Annotated[Page, Depends(Open(Right.NODES))]
Asked = Annotated[str, Query(max_length=80)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One node that can be ticked."""

    node: NodeId
    name: str
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """The nodes of one place in a list."""

    code: AreaCode
    name: str
    nodes: tuple[Tick, ...]


@router.get("/nhom-loa")
async def show_groups(page: Reader, tim: Asked = "", xoa: Asked = "") -> Response:
    """The list, with a field for a new one; ``xoa`` is the group that has just been deleted."""
    return await _list(page, tim, gone=xoa)


@router.post("/nhom-loa")
async def do_make(request: Request, page: Keeper) -> Response:
    """A new group, still empty: its page fills it."""
    form = await read_form(request)
    try:
        made = await page.house.groups.make(
            page.person, page.person.area, form.get("name")[:400], (), form.get("key")[:200]
        )
    except Problem as problem:
        return await _list(page, "", name=form.get("name")[:400], problem=problem)
    return go(f"/nhom-loa/{made.id}")


@router.get("/nhom-loa/{group}")
async def show_group(page: Reader, group: str, noi: Asked = "") -> Response:
    """Who is in it and who could be; ``noi`` opens a place of which the nodes are shown."""
    view = await page.house.groups.one(page.person, GroupId(group))
    if view.deleted:
        return go(f"/nhom-loa?{urlencode({'xoa': view.id})}")
    return await _one(page, view, noi=noi)


@router.post("/nhom-loa/{group}/ten")
async def do_rename(request: Request, page: Keeper, group: str) -> Response:
    """Another name."""
    form = await read_form(request)
    try:
        await page.house.groups.rename(
            page.person, GroupId(group), form.get("name")[:400], form.get("key")[:200], version=_seen(form)
        )
    except Problem as problem:
        view = await page.house.groups.one(page.person, GroupId(group))
        return await _one(page, view, name=form.get("name")[:400], problem=problem)
    return go(f"/nhom-loa/{group}")


@router.post("/nhom-loa/{group}/cum-loa")
async def do_fill(request: Request, page: Keeper, group: str) -> Response:
    """What was ticked comes in (single nodes, whole villages) or goes out."""
    form = await read_form(request)
    view = await page.house.groups.one(page.person, GroupId(group))
    own = {line.node for line in view.nodes}
    whole = [AreaCode(code) for code in form.all("village") if _holds(page, view.area, code)]
    coming = {NodeId(node) for node in form.all("add")}
    if whole:
        board = await page.house.views.board(page.person, view.area)
        coming |= {line.node for line in board.nodes if line.area in whole}
    try:
        await page.house.groups.fill(
            page.person,
            view.id,
            form.get("key")[:200],
            version=_seen(form),
            add=coming - own,
            remove=[NodeId(node) for node in form.all("remove")],
        )
    except Problem as problem:
        return await _one(page, view, noi=form.get("noi"), problem=problem)
    noi = form.get("noi")
    return go(f"/nhom-loa/{view.id}" + (f"?{urlencode({'noi': noi})}" if noi else ""))


@router.post("/nhom-loa/{group}/xoa")
async def do_delete(request: Request, page: Keeper, group: str) -> Response:
    """The list, which offers to take it back."""
    form = await read_form(request)
    await page.house.groups.delete(page.person, GroupId(group), form.get("key")[:200], version=_seen(form))
    return go(f"/nhom-loa?{urlencode({'xoa': group})}")


@router.post("/nhom-loa/{group}/hoan-tac")
async def do_undo(request: Request, page: Keeper, group: str) -> Response:
    """The last own deed taken back."""
    form = await read_form(request)
    view = await page.house.groups.undo(
        page.person, GroupId(group), form.get("key")[:200], version=_seen(form)
    )
    return go("/nhom-loa" if view.deleted else f"/nhom-loa/{view.id}")


async def _list(
    page: Page, query: str, *, gone: str = "", name: str = "", problem: Problem | None = None
) -> Response:
    deleted = await _deleted(page, gone)
    found = await page.house.groups.on_branch(page.person, query)
    return await page.show(
        "groups.html",
        status=problem.status if problem else 200,
        faults=refused(problem, page),
        groups=[
            {"id": one.id, "name": one.name, "said": _size(one, page), "looks": _counts(one.nodes, page)}
            for one in found
        ],
        query=query,
        name=name,
        deleted=deleted,
        may_change=page.may(Right.NODES),
    )


async def _deleted(page: Page, gone: str) -> GroupView | None:
    if not gone:
        return None
    try:
        view = await page.house.groups.one(page.person, GroupId(gone))
    except Problem:
        return None
    return view if view.deleted and view.may_undo else None


async def _one(
    page: Page, view: GroupView, *, noi: str = "", name: str = "", problem: Problem | None = None
) -> Response:
    says = page.says
    own = {line.node for line in view.nodes}
    place = AreaCode(noi) if _holds(page, view.area, noi) else view.area
    inner = page.house.tree.children(place)
    deep = any(page.house.tree.area(code).level is not Level.VILLAGE for code in inner)
    board = await page.house.views.board(page.person, place) if view.may_change and not deep else None
    others = [line for line in board.nodes if line.node not in own] if board is not None else []
    return await page.show(
        "group.html",
        status=problem.status if problem else 200,
        faults=refused(problem, page),
        g=view,
        name=name or view.name,
        said=_size(view, page),
        looks=_counts(view.nodes, page),
        members=_villages(view.nodes, page),
        others=_villages(others, page),
        places=[{"code": code, "name": page.house.tree.area(code).name} for code in inner] if deep else [],
        spot={"code": place, "name": small(page.house.tree.area(place).name)},
        top=place == view.area,
        changed=says.t("group.changed", name=view.changed_by, when=says.when(view.changed_at))
        if view.changed_at
        else "",
    )


def _villages(lines: Iterable[NodeLine], page: Page) -> tuple[Village, ...]:
    ordered = sorted(
        as_known(lines, page.house.link_lost_at), key=lambda line: (line.area, fold(line.name), line.node)
    )
    return tuple(
        Village(
            code=code,
            name=name,
            nodes=tuple(
                Tick(node=line.node, name=line.name, look=node_look(line, page.says)) for line in found
            ),
        )
        for (code, name), found in groupby(ordered, key=lambda line: (line.area, line.area_name))
    )


def _counts(lines: Iterable[NodeLine], page: Page) -> list[Look]:
    """How many of the group's nodes are how, the worst first."""
    t = page.says.t
    known = Counter(line.health for line in as_known(lines, page.house.link_lost_at))
    return [
        Look(
            tone=NODES[health][0],
            shape=NODES[health][1],
            word=t("board.count", n=page.says.number(known[health]), word=t(f"health.{health}").lower()),
        )
        for health in ORDER
        if known[health]
    ]


def _size(view: GroupView, page: Page) -> str:
    says = page.says
    if not view.nodes:
        return says.t("group.empty")
    return says.t("group.size", nodes=says.number(len(view.nodes)), villages=says.number(view.villages))


def _holds(page: Page, area: AreaCode, code: str) -> bool:
    tree = page.house.tree
    return code in tree and tree.descends(AreaCode(code), area)


def _seen(form: Form) -> int:
    return form.whole("seen", 0)
