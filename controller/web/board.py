"""Cụm loa: every node's state with its reasons and age."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.forms.nodes import BoardView, NodeLine
from controller.errors import Problem
from controller.store import occurrences
from controller.web.looks import NODES, Look, node_look
from controller.web.page import Open, Page
from controller.web.says import Says
from controller.web.speaking import running_facts
from controller.web.telling import alert_title
from devices.messages import AlertId
from schedules.announcement import AreaCode
from schedules.plan import OccurrenceId

router = APIRouter(include_in_schema=False)

ORDER = ("silent", "uneasy", "unknown", "well", "retired")
ATTENTION = frozenset({"silent", "uneasy", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCard:
    """One node as its card shows it; ``part`` is the card's id in the page."""

    part: str
    name: str
    look: Look
    sounding: str
    reasons: tuple[str, ...]
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """The nodes of one place."""

    code: AreaCode
    name: str
    nodes: tuple[NodeCard, ...]


@router.get("/cum-loa")
async def show_board(page: Annotated[Page, Depends(Open(Right.READ))], loc: str = "all") -> Response:
    """The board; live where the browser can."""
    board = await known_board(page)
    chosen = loc if loc == "attention" else "all"
    return await page.show(
        "board.html",
        running=await running_facts(page),
        filter=chosen,
        may_zone=page.may(Right.NODES),
        filters=[
            {"name": name, "word": page.says.t(f"board.{name}"), "here": name == chosen}
            for name in ("all", "attention")
        ],
        groups=villages(board, page, chosen, await on_air_titles(board, page)),
        **tally(board, page),
    )


async def known_board(page: Page) -> BoardView:
    """The board as far as anybody can know it: while the link is lost every node is unknown since then."""
    board = await page.house.views.board(page.person, page.person.area)
    lost_at = page.house.link_lost_at
    if board.link_up or lost_at is None:
        return board
    nodes = as_known(board.nodes, lost_at)
    return replace(board, nodes=nodes, counts=Counter(line.health for line in nodes))


def as_known(lines: Iterable[NodeLine], lost_at: datetime | None) -> tuple[NodeLine, ...]:
    """While the link is lost (``lost_at``) whatever is not known to be silent is unknown since then."""
    if lost_at is None:
        return tuple(lines)
    return tuple(
        line
        if line.health in ("silent", "retired")
        else replace(line, health="unknown", since=lost_at, reasons=(), sounding=None)
        for line in lines
    )


async def on_air_titles(board: BoardView, page: Page) -> dict[str, str]:
    """What sounds now, by the claim that nodes report; an alert by its short title."""
    claims = {line.sounding for line in board.nodes if line.sounding}
    return {claim: await _title(claim, page) for claim in claims}


async def _title(claim: str, page: Page) -> str:
    kind, _, rest = claim.partition(":")
    if kind == "occurrence":
        planned = await page.house.db.read(occurrences.get, OccurrenceId(rest))
        return planned.title if planned else ""
    if kind == "alert":
        try:
            alert = await page.house.views.alert(page.person, AlertId(rest.partition(":")[0]))
        except Problem:
            return ""
        return alert_title(alert, page)
    return page.says.t("board.test")


def tally(board: BoardView, page: Page) -> dict[str, Any]:
    """How many are how."""
    t = page.says.t
    looks = [
        Look(
            tone=NODES[health][0],
            shape=NODES[health][1],
            word=t(
                "board.count", n=page.says.number(board.counts[health]), word=t(f"health.{health}").lower()
            ),
        )
        for health in ORDER
        if board.counts.get(health)
    ]
    return {"tally": looks, "as_of": board.as_of}


def villages(board: BoardView, page: Page, chosen: str, titles: Mapping[str, str]) -> tuple[Village, ...]:
    """The nodes by place, those in need first within each."""
    lines = [line for line in board.nodes if chosen == "all" or line.health in ATTENTION]
    lines.sort(key=lambda line: (line.area_name, line.area, _rank(line), line.name))
    return tuple(
        Village(code=code, name=name, nodes=tuple(card(line, page, titles) for line in group))
        for (code, name), group in groupby(lines, key=lambda line: (line.area, line.area_name))
    )


def card(line: NodeLine, page: Page, titles: Mapping[str, str]) -> NodeCard:
    """One node."""
    says = page.says
    look = node_look(line, says)
    told = line.since is not None and line.health not in ("silent", "unknown")
    return NodeCard(
        part=f"n-{line.node}",
        name=line.name,
        look=look,
        sounding=_on_air(line, titles, says),
        reasons=tuple(says.t.known(f"why.{reason}", reason) for reason in line.reasons),
        since=says.t("board.since", when=says.when(line.since)) if told and line.since else "",
    )


def _on_air(line: NodeLine, titles: Mapping[str, str], says: Says) -> str:
    if line.sounding is None:
        return ""
    title = titles.get(line.sounding, "")
    return says.t("board.on_air_what", title=title) if title else says.t("board.on_air")


def _rank(line: NodeLine) -> int:
    return ORDER.index(line.health) if line.health in ORDER else 0
