"""Cụm loa: every node's state with its reasons and age."""

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.forms import BoardView, NodeLine
from controller.web.looks import NODES, Look, node_look
from controller.web.page import Open, Page
from schedules.announcement import AreaCode

router = APIRouter(include_in_schema=False)

ORDER = ("silent", "uneasy", "unknown", "well", "retired")
ATTENTION = frozenset({"silent", "uneasy", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCard:
    """One node as its card shows it; ``part`` is the card's id in the page."""

    part: str
    name: str
    look: Look
    sounding: bool
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
    board = await page.house.views.board(page.person, page.person.area)
    chosen = loc if loc == "attention" else "all"
    return await page.show(
        "board.html",
        filter=chosen,
        filters=[
            {"name": name, "word": page.says.t(f"board.{name}"), "here": name == chosen}
            for name in ("all", "attention")
        ],
        groups=villages(board, page, chosen),
        **tally(board, page),
    )


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
    return {"tally": looks, "link_up": board.link_up, "as_of": board.as_of}


def villages(board: BoardView, page: Page, chosen: str) -> tuple[Village, ...]:
    """The nodes by place, those in need first within each."""
    lines = [line for line in board.nodes if chosen == "all" or line.health in ATTENTION]
    lines.sort(key=lambda line: (line.area_name, line.area, _rank(line), line.name))
    return tuple(
        Village(code=code, name=name, nodes=tuple(card(line, page) for line in group))
        for (code, name), group in groupby(lines, key=lambda line: (line.area, line.area_name))
    )


def card(line: NodeLine, page: Page) -> NodeCard:
    """One node."""
    says = page.says
    look = node_look(line, says)
    told = line.since is not None and line.health not in ("silent", "unknown")
    return NodeCard(
        part=f"n-{line.node}",
        name=line.name,
        look=look,
        sounding=line.sounding is not None,
        reasons=tuple(says.t.known(f"why.{reason}", reason) for reason in line.reasons),
        since=says.t("board.since", when=says.when(line.since)) if told and line.since else "",
    )


def _rank(line: NodeLine) -> int:
    return ORDER.index(line.health) if line.health in ORDER else 0
