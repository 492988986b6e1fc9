"""/su-kien: pieces of a page that draw themselves anew (server-sent events)."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from controller.access import Right
from controller.dispatch.signals import Subscription, Topic
from controller.doors.visitors import find_visitor
from controller.errors import Problem
from controller.web.alerts import ending_part, reach_part
from controller.web.board import known_board, on_air_titles, tally, villages
from controller.web.notices import notices
from controller.web.page import Open, Page
from controller.web.speaking import one_part, speaking_part
from controller.web.today import health, holding, slots
from devices.messages import AlertId
from schedules.calendar import local

router = APIRouter(include_in_schema=False)

AT_MOST_EVERY_S = 1.0
EVERY_S = {"chung": 10.0, "hom-nay": 10.0, "cum-loa": 10.0, "canh-bao": 2.0, "truc-tiep": 2.0}
ON_EVERY_PAGE = frozenset({Topic.ALERT, Topic.LINK})
TOPICS: dict[str, frozenset[Topic]] = {
    "chung": frozenset(),
    "hom-nay": frozenset({Topic.NODE, Topic.LINK, Topic.PROGRAMME, Topic.DELIVERY, Topic.ANNOUNCEMENT}),
    "cum-loa": frozenset({Topic.NODE, Topic.LINK, Topic.DELIVERY, Topic.BROADCAST}),
    "truc-tiep": frozenset({Topic.BROADCAST, Topic.DELIVERY}),
    "canh-bao": frozenset({Topic.ALERT, Topic.DELIVERY}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece: where it goes, what it looks like, and the class of its place where that changes."""

    id: str
    html: str
    tone: str = ""


@router.get("/su-kien", response_class=StreamingResponse)
async def listen(
    page: Annotated[Page, Depends(Open(Right.READ))],
    xem: Literal["chung", "hom-nay", "cum-loa", "canh-bao", "truc-tiep"],
    so: Annotated[str, Query(max_length=64)] = "",
    loc: Annotated[str, Query(max_length=20)] = "all",
) -> Response:
    """The pieces of one page, each sent when it differs from what was sent before."""
    await _parts(page, xem, so, loc)  # what can't be seen is refused before the stream begins
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(page, xem, so, loc), media_type="text/event-stream", headers=headers)


async def _stream(page: Page, xem: str, so: str, loc: str) -> AsyncIterator[str]:
    signals = page.house.signals
    subscription = signals.subscribe()
    sent: dict[str, Part] = {}
    try:
        yield "retry: 3000\n\n"
        while True:
            try:
                if await find_visitor(page.request, touch=False) is None:
                    raise Problem("E_SESSION")
                parts = await _parts(page, xem, so, loc)
            except Problem:
                yield "event: reload\ndata: {}\n\n"
                return
            for part in parts:
                if sent.get(part.id) != part:
                    sent[part.id] = part
                    yield _event(part)
            yield ": here\n\n"
            await asyncio.sleep(AT_MOST_EVERY_S)
            await until_changed(subscription, xem)
    finally:
        signals.unsubscribe(subscription)


async def until_changed(subscription: Subscription, xem: str) -> None:
    """Until something of this page changed; changes of other pages never put off the next look."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(EVERY_S[xem]):
            async for change in subscription:
                if change.topic in TOPICS[xem] or change.topic in ON_EVERY_PAGE:
                    return


def _event(part: Part) -> str:
    data = json.dumps({"id": part.id, "html": part.html, "tone": part.tone}, ensure_ascii=False)
    return f"event: part\ndata: {data}\n\n"


async def _parts(page: Page, xem: str, so: str, loc: str) -> list[Part]:
    shown = AlertId(so) if xem == "canh-bao" else None
    told = await notices(page.house, page.person, page.says, shown=shown)
    return [
        Part(id="notices", html=page.part("_notices.html", notices=told)),
        *await _own(page, xem, so, loc),
    ]


async def _own(page: Page, xem: str, so: str, loc: str) -> list[Part]:
    match xem:
        case "chung":
            return []
        case "hom-nay":
            return await _today(page)
        case "cum-loa":
            return await _board(page, loc)
        case "truc-tiep":
            return [Part(id="broadcast", html=await one_part(page, so))]
        case _:
            alert = await page.house.views.alert(page.person, AlertId(so))
            return [
                Part(id="reach", html=await reach_part(alert, page)),
                Part(id="ending", html=await ending_part(alert, page)),
            ]


async def _today(page: Page) -> list[Part]:
    house, person = page.house, page.person
    now = house.clock.now()
    day = await house.views.day(person, person.area, local(now).date())
    board = await house.views.board(person, person.area)
    state = {"health": health(board, page.says), "holding": holding(day, page.says)}
    return [
        Part(id="health", html=page.part("_health.html", **state)),
        Part(id="strip", html=page.part("_strip.html", slots=slots(day, board, page, now))),
    ]


async def _board(page: Page, loc: str) -> list[Part]:
    board = await known_board(page)
    titles = await on_air_titles(board, page)
    parts = [
        Part(id="speaking", html=await speaking_part(page)),
        Part(id="tally", html=page.part("_tally.html", **tally(board, page))),
    ]
    for village in villages(board, page, "attention" if loc == "attention" else "all", titles):
        for node in village.nodes:
            parts.append(
                Part(id=node.part, html=page.part("_node.html", node=node), tone=f"node {node.look.tone}")
            )
    return parts
