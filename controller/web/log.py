"""Nhật ký phát: what was really heard, by day and village; searched without accents; taken home as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.forms.day import DeliveryLine
from controller.errors import Problem
from controller.store.folding import fold
from controller.web.looks import Look, delivery_look
from controller.web.page import Open, Page, day_of
from controller.web.reasons import refusal_words
from controller.web.says import Says
from controller.web.telling import alert_title, page_of
from devices.messages import AlertId, NodeId
from schedules.announcement import AreaCode
from schedules.calendar import local

router = APIRouter(include_in_schema=False)

Opened = Annotated[Page, Depends(Open(Right.READ))]
SHOWN = 60
MOST = 10_000
NEED_A_LOOK = frozenset({"warn", "bad", "void"})
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the visitor wants to see; as typed, checked."""

    day: date | None
    place: AreaCode
    place_code: str
    query: str
    alert: AlertId | None
    attention: bool = False

    def csv(self) -> str:
        """The address of the same lines as a file."""
        facts = {"ngay": self.day.isoformat() if self.day else "", "noi": self.place_code, "tim": self.query}
        if self.attention:
            facts["loc"] = "can-xem"
        return f"/nhat-ky.csv?{urlencode({**facts, 'canh-bao': self.alert or ''})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One delivery in words."""

    due: str
    title: str
    href: str
    node: str
    village: str
    cached: str
    started: str
    finished: str
    look: Look
    why: str
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Airing:
    """One time of one bài with its lines, those that want a look first; ``more`` are only in the file."""

    due: str
    title: str
    href: str
    tally: list[Look]
    lines: tuple[Line, ...]
    more: int


def asked(
    page: Opened,
    ngay: str = "",
    noi: Annotated[str, Query(max_length=32)] = "",
    tim: Annotated[str, Query(max_length=100)] = "",
    canh_bao: Annotated[str, Query(alias="canh-bao", max_length=64)] = "",
    loc: Annotated[str, Query(max_length=20)] = "",
) -> Asked:
    """The address bar, checked; without a day it is today."""
    alert = AlertId(canh_bao) if canh_bao else None
    day = _day(ngay) if ngay else None if alert else local(page.house.clock.now()).date()
    place = AreaCode(noi or page.person.area)
    return Asked(day=day, place=place, place_code=noi, query=tim, alert=alert, attention=loc == "can-xem")


Wanted = Annotated[Asked, Depends(asked)]


@router.get("/nhat-ky")
async def show_log(page: Opened, wanted: Wanted) -> Response:
    """The lines of a day."""
    lines = await _lines(page, wanted)
    tree, own = page.house.tree, page.area
    return await page.show(
        "log.html",
        day=wanted.day.isoformat() if wanted.day else "",
        day_word=page.says.day(wanted.day) if wanted.day else "",
        place_code=wanted.place_code,
        areas=[tree.area(code) for code in tree.villages(own.code)],
        query=wanted.query,
        alert=wanted.alert or "",
        summary=_summary(lines),
        attention=wanted.attention,
        airings=_airings(lines),
        count=len(lines),
        unfolded=wanted.attention or bool(wanted.query),
        csv=wanted.csv(),
    )


@router.get("/nhat-ky.csv", response_class=Response)
async def take_log(page: Opened, wanted: Wanted) -> Response:
    """The same lines as a file that a spreadsheet opens without running anything (S59)."""
    named = wanted.day.isoformat() if wanted.day else "canh-bao"
    return Response(
        as_csv(await _lines(page, wanted), page.says),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="nhat-ky-{named}.csv"'},
    )


def as_csv(lines: Sequence[Line], says: Says) -> bytes:
    """RFC 4180 in UTF-8 with the mark that spreadsheets need to see the accents."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    heads = ("due", "what", "node", "village", "cached", "started", "finished", "verdict", "why", "heard")
    writer.writerow([says.t(f"log.{head}") for head in heads])
    for line in lines:
        cells = (line.due, line.title, line.node, line.village, line.cached, line.started, line.finished)
        writer.writerow([safe_cell(cell) for cell in (*cells, line.look.word, line.why, line.heard)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def safe_cell(text: str) -> str:
    """No cell may be a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


async def _lines(page: Page, wanted: Asked) -> tuple[Line, ...]:
    house, person = page.house, page.person
    found = await house.views.deliveries(
        person, area=wanted.place, day=wanted.day, alert=wanted.alert, limit=MOST
    )
    board = await house.views.board(person, wanted.place)
    names = {line.node: (line.name, line.area_name) for line in board.nodes}
    titles = await _alert_titles(found, page)
    lines = (
        _line(one, names, titles, page.says) for one in sorted(found, key=lambda one: (one.due_at, one.title))
    )
    words = fold(wanted.query).split()
    return tuple(
        line
        for line in lines
        if all(word in fold(f"{line.title} {line.node} {line.village}") for word in words)
        and (not wanted.attention or line.look.tone in NEED_A_LOOK)
    )


async def _alert_titles(found: Sequence[DeliveryLine], page: Page) -> dict[AlertId, str]:
    """An alert's own words are too long for a line of a table."""
    alerts = {one.alert for one in found if one.alert is not None}
    return {alert: alert_title(await page.house.views.alert(page.person, alert), page) for alert in alerts}


def _line(
    one: DeliveryLine, names: dict[NodeId, tuple[str, str]], titles: dict[AlertId, str], says: Says
) -> Line:
    name, village = names.get(one.node, (one.node, one.area))
    title = says.t("log.round", title=titles[one.alert], n=one.round + 1) if one.alert else one.title
    href = f"/canh-bao/{one.alert}" if one.alert else page_of(one.announcement)
    return Line(
        due=says.exact(one.due_at),
        title=title,
        href=href,
        node=name,
        village=village,
        cached=says.exact(one.cached_at),
        started=says.exact(one.started_at),
        finished=says.exact(one.finished_at),
        look=delivery_look(one, says),
        why=_why(one, says),
        heard=says.t(f"heard.{one.heard.value}"),
    )


def _why(one: DeliveryLine, says: Says) -> str:
    """The reason in words; what has no words yet is shown as it came, never hidden."""
    if one.code:
        vi = says.t.language == "vi"
        return refusal_words(one.code, vi=vi) or one.reason or one.code
    return says.t.known(f"reason.{one.reason}", one.reason) if one.reason else ""


def _summary(lines: Sequence[Line]) -> list[Look]:
    counted = Counter((line.look.tone, line.look.shape, line.look.word.partition(",")[0]) for line in lines)
    return [
        Look(tone=tone, shape=shape, word=f"{n} × {word[:1].lower()}{word[1:]}")
        for (tone, shape, word), n in counted.most_common()
    ]


def _airings(lines: Sequence[Line]) -> list[Airing]:
    """The lines by what was heard when: thirty nodes of one bài are one thing to read."""
    found = []
    for (due, title), together in groupby(lines, key=lambda line: (line.due, line.title)):
        by_need = sorted(together, key=lambda line: line.look.tone not in NEED_A_LOOK)
        found.append(
            Airing(
                due=due,
                title=title,
                href=by_need[0].href,
                tally=_summary(by_need),
                lines=tuple(by_need[:SHOWN]),
                more=len(by_need[SHOWN:]),
            )
        )
    return found


def _day(text: str) -> date:
    found = day_of(text)
    if found is None:
        raise Problem("E_TIME", field="ngay")
    return found
