"""Loa gần trường, bệnh viện: what lies around each node, so that it is quieter by the hour."""

from dataclasses import dataclass
from datetime import time
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.places.zoning import ZonesView
from controller.errors import Problem
from controller.store.nodes import Node
from controller.web.communes import communes, first_commune
from controller.web.page import Open, Page, go, read_form
from controller.web.telling import refused
from devices.messages import NodeId
from schedules.announcement import AreaCode
from schedules.loudness import Zone, house_loudness, percents

router = APIRouter(include_in_schema=False)

Keeper = Annotated[Page, Depends(Open(Right.NODES))]
Code = Annotated[str, Query(max_length=32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """The nodes of one place."""

    name: str
    nodes: tuple[Node, ...]


@router.get("/khu-vuc-loa")
async def show_zones(page: Keeper, noi: Code = "", xong: Code = "") -> Response:
    """Every node of a commune with what lies around it."""
    return await _sheet(page, AreaCode(noi or first_commune(page)), done=bool(xong))


@router.post("/khu-vuc-loa/luu")
async def do_zone(request: Request, page: Keeper) -> Response:
    """What was chosen for each."""
    form = await read_form(request)
    area = AreaCode(form.get("noi") or first_commune(page))
    view = await page.house.zoning.look(page.person, area)
    chosen = {name.removeprefix("cum-"): value for name, value in form.pairs if name.startswith("cum-")}
    try:
        await page.house.zoning.change(
            page.person,
            area,
            {NodeId(node): Zone(value) if value in tuple(Zone) else None for node, value in chosen.items()},
            form.get("seen")[:32],
        )
    except Problem as problem:
        return await _sheet(page, view.area, problem=problem)
    return go(f"/khu-vuc-loa?noi={area}&xong=1")


async def _sheet(
    page: Page, area: AreaCode, *, done: bool = False, problem: Problem | None = None
) -> Response:
    view = await page.house.zoning.look(page.person, area)
    return await page.show(
        "zones.html",
        status=problem.status if problem is not None else 200,
        area=page.house.tree.area(area),
        view=view,
        villages=_villages(page, view),
        does=[_does(page, Zone.SPECIAL), _does(page, Zone.ORDINARY), page.says.t("zone.none_does")],
        choices=[("", page.says.t("zone.none")), *((z.value, page.says.t(f"zone.{z.value}")) for z in Zone)],
        places=communes(page),
        faults=refused(problem, page),
        done=page.says.t("zone.done") if done else "",
    )


def _villages(page: Page, view: ZonesView) -> tuple[Village, ...]:
    tree = page.house.tree
    return tuple(
        Village(name=tree.area(code).name if code in tree else code, nodes=tuple(inside))
        for code, inside in groupby(view.nodes, key=lambda node: node.area)
    )


def _does(page: Page, zone: Zone) -> str:
    t = page.says.t
    steps = [t("zone.step", since=f"{since:%H:%M}", percent=percent) for since, percent in _steps(zone)]
    return t(f"zone.{zone.value}_does", steps=page.says.names(steps))


def _steps(zone: Zone) -> tuple[tuple[time, int], ...]:
    return percents(house_loudness(), zone)
