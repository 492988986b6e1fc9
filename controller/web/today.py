"""Hôm nay: the day as a strip, a sentence of state, one's own bài."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.forms.day import DayView, OccurrenceLine
from controller.dispatch.forms.nodes import BoardView
from controller.web.asking import questions
from controller.web.looks import Look, slot_look
from controller.web.page import Open, Page
from controller.web.says import Says
from controller.web.telling import page_of, place_names, row
from controller.web.tray import tray_facts
from devices.items import occurrence_claim
from schedules.calendar import local

router = APIRouter(include_in_schema=False)

GRACE = timedelta(seconds=5)
TROUBLED = ("silent", "uneasy", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The sentence of state."""

    tone: str
    said: str
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One planned time in the strip."""

    kind: str
    clock: str
    iso: str
    title: str
    href: str
    line: str
    look: Look


@router.get("/")
async def show_today(page: Annotated[Page, Depends(Open(Right.READ))]) -> Response:
    """The first page of everybody."""
    house, person = page.house, page.person
    today = local(house.clock.now()).date()
    day = await house.views.day(person, person.area, today)
    board = await house.views.board(person, person.area)
    items = await house.views.announcements(person, limit=60)
    writes = page.may(Right.WRITE)
    tray = await tray_facts(page)
    unanswered = tray.pop("unanswered")
    mine = [view for view in items if view.announcement.author == person.id] if writes else list(items)
    mine = mine[:20]
    played = await house.lives.last_played(view.announcement.id for view in mine)
    vietnamese = page.says.t.language == "vi"
    return await page.show(
        "today.html",
        today=page.says.day(today),
        health=health(board, page.says),
        holding=holding(day, page.says),
        may_write=writes,
        slots=slots(day, board, page, house.clock.now()),
        conflicts=tuple(dict.fromkeys(c.vi if vietnamese else c.en for c in day.conflicts)),
        waiting=[row(view, page, approving=True) for view in items if view.may_approve],
        items=[row(view, page, played_at=played.get(view.announcement.id)) for view in mine],
        asked=[
            replace(row(view, page), line=unanswered[view.announcement.id])
            for view in items
            if view.announcement.id in unanswered
        ],
        asked_order=await questions(page),
        **tray,
    )


def health(board: BoardView, says: Says) -> Health:
    """Unknown is never green: only a board full of well nodes is."""
    t, total = says.t, sum(n for kind, n in board.counts.items() if kind != "retired")
    if not board.link_up:
        return Health(tone="void", said=t("today.link_down"), more=t("today.see"))
    if total == 0:
        return Health(tone="void", said=t("today.no_nodes"))
    bad = {kind: board.counts.get(kind, 0) for kind in TROUBLED}
    if not any(bad.values()):
        return Health(tone="good", said=t("today.all_well", n=says.number(total)))
    named = says.names([f"{n} {t('health.' + kind).lower()}" for kind, n in bad.items() if n])
    said = t("today.some", bad=says.number(sum(bad.values())), n=says.number(total), list=named)
    tone = "bad" if bad["silent"] else "warn" if bad["uneasy"] else "void"
    return Health(tone=tone, said=said, more=t("today.see"))


def holding(day: DayView, says: Says) -> str:
    """Whether the programme lies on the nodes."""
    if not day.nodes or not day.occurrences:
        return ""
    if day.holding >= day.nodes:
        return says.t("today.holding_all", n=says.number(day.nodes))
    return says.t("today.holding", held=says.number(day.holding), n=says.number(day.nodes))


def slots(day: DayView, board: BoardView, page: Page, now: datetime) -> tuple[Slot, ...]:
    """The day's strip in order of time."""
    sounding = Counter(node.sounding for node in board.nodes)
    lines = sorted(day.occurrences, key=lambda line: line.due_at)
    return tuple(_slot(line, sounding[occurrence_claim(line.occurrence)], page, now) for line in lines)


def _slot(line: OccurrenceLine, playing: int, page: Page, now: datetime) -> Slot:
    says = page.says
    ends_at = line.due_at + timedelta(milliseconds=line.duration_ms)
    over = now >= ends_at + GRACE or bool(line.tally.total and not line.tally.open)
    return Slot(
        kind="now" if playing else "past" if over else "next",
        clock=says.clock(line.due_at),
        iso=local(line.due_at).isoformat(),
        title=line.title,
        href=page_of(line.announcement),
        line=says.t(
            "slot.line", length=says.seconds(line.duration_ms), places=place_names(page, line.targets)
        ),
        look=slot_look(line, playing=playing, due=now >= line.due_at + GRACE, over=over, t=says.t),
    )
