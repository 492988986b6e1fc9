"""Mẫu thiết kế: the living page of the design language, made of the very macros and tables of the pages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.forms.day import DeliveryLine
from controller.web.assets import assets
from controller.web.board import NodeCard
from controller.web.emergency import FIRST, PICTURES
from controller.web.life import Step
from controller.web.looks import ITEMS, NODES, OPEN, PHASES, Look, delivery_look, item_look
from controller.web.naming import hazard_name
from controller.web.page import Open, Page
from controller.web.telling import Wrong
from controller.web.today import Slot
from devices.messages import Heard, NodeId, OccurrenceId
from schedules.announcement import AreaCode
from schedules.calendar import instant_of, local

router = APIRouter(include_in_schema=False)

Keeper = Annotated[Page, Depends(Open(Right.NODES))]
TONES = ("good", "warn", "bad", "live", "void")
_ROOT = re.compile(r":root\s*{([^}]*)}")
_COLOUR = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{6})\s*;")
_NAMED = re.compile(r"Components[^:]*:((?:\s+\.[a-z-]+)+)\s*\*/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """One token of the style sheet: its name and its value by day and by night."""

    name: str
    day: str
    night: str


@router.get("/mau-thiet-ke")
async def show_design(page: Keeper) -> Response:
    """Every component once; whoever changes the style sheet looks here first."""
    now = page.house.clock.now()
    return await page.show(
        "design.html",
        colours=colours(),
        groups=_groups(page, now),
        tones=[(tone, page.says.t(f"design.tone_{tone}")) for tone in TONES],
        faults=(Wrong(field="wrong", said=page.says.t("design.wrong_said")),),
        slots=_slots(page, now),
        life=_life(page, now),
        cards=_cards(page, now),
        hazards=[(PICTURES.get(hazard, "other"), hazard_name(hazard.value, page.says)) for hazard in FIRST],
        looks_of_delivery=_deliveries(page, now),
        day=f"{local(now).date():%Y-%m-%d}",
    )


def colours() -> tuple[Colour, ...]:
    """The colours of the style sheet itself, so that the page can't say another."""
    blocks = _ROOT.findall(_style())
    day, night = ({str(name): str(value) for name, value in _COLOUR.findall(block)} for block in blocks[:2])
    return tuple(Colour(name=name, day=value, night=night.get(name, value)) for name, value in day.items())


def components() -> frozenset[str]:
    """The classes that the head of the style sheet names as its components."""
    named = _NAMED.search(_style())
    return frozenset(re.findall(r"\.([a-z-]+)", named[1])) if named is not None else frozenset()


def _style() -> str:
    return assets()["loa.css"].content.decode()


def _groups(page: Page, now: datetime) -> tuple[tuple[str, tuple[Look, ...]], ...]:
    """Every state that a page can show, by what it is the state of."""
    t = page.says.t
    nodes = tuple(
        Look(tone=tone, shape=shape, word=t(f"health.{health}")) for health, (tone, shape) in NODES.items()
    )
    phases = tuple(
        Look(tone=tone, shape=shape, word=t(f"phase.{phase.value}"))
        for phase, (tone, shape) in PHASES.items()
    )
    return (
        (t("design.of_nodes"), nodes),
        (t("design.of_items"), tuple(item_look(state, t) for state in ITEMS)),
        (t("design.of_deliveries"), _deliveries(page, now)),
        (t("design.of_alerts"), phases),
    )


def _deliveries(page: Page, now: datetime) -> tuple[Look, ...]:
    lines: list[DeliveryLine] = [_line(now, state=state) for state in (*OPEN, "lost")]
    lines += [_line(now, verdict="aired", heard=heard) for heard in Heard]
    lines.append(_line(now, verdict="aired_late", heard=Heard.YES))
    lines += [
        _line(now, verdict=verdict) for verdict in ("partial", "expired", "cancelled", "missed", "refused")
    ]
    return _distinct(delivery_look(line, page.says) for line in lines)


def _distinct(looks: Iterable[Look]) -> tuple[Look, ...]:
    return tuple(dict.fromkeys(looks))


def _line(
    now: datetime, *, state: str = "finished", verdict: str | None = None, heard: Heard = Heard.UNKNOWN
) -> DeliveryLine:
    return DeliveryLine(
        delivery="d",
        node=NodeId("n-00000000"),
        area=AreaCode("vn"),
        occurrence=OccurrenceId("o"),
        alert=None,
        round=0,
        announcement=None,
        title="",
        due_at=now,
        state=state,
        verdict=verdict,
        code=None,
        reason=None,
        heard=heard,
        late_ms=95_000,
        played_ms=0,
        duration_ms=0,
        cached_at=None,
        started_at=None,
        finished_at=None,
    )


def _life(page: Page, now: datetime) -> tuple[Step, ...]:
    """The life of a bài that waits for its session."""
    says, t = page.says, page.says.t
    by = t("life.by", who=page.person.name, when=says.when(now))
    return (
        Step(look=Look(tone="good", shape="✔", word=t("life.written")), lines=(by,)),
        Step(
            look=Look(tone="good", shape="✔", word=t("life.approved")),
            lines=(by, t("life.hash", hash="3f9a 12bc")),
        ),
        Step(
            look=Look(tone="live", shape="●", word=t("life.planned")),
            lines=(t("life.holding", holding=44, n=46),),
            now=True,
        ),
        Step(look=Look(tone="rest", shape="○", word=t("life.aired")), lines=()),
    )


def _slots(page: Page, now: datetime) -> tuple[Slot, ...]:
    t, today = page.says.t, local(now).date()
    rows = (
        (time(5), "past", Look(tone="good", shape="✔", word=t("slot.heard", heard=46, total=46))),
        (time(11), "now", Look(tone="live", shape="●", word=t("slot.now", n=44, total=46))),
        (time(17), "", Look(tone="rest", shape="○", word=t("slot.planned"))),
    )
    return tuple(
        Slot(
            kind=kind,
            clock=f"{at:%H:%M}",
            iso=instant_of(today, at).isoformat(),
            title=t("design.slot_title"),
            href="",
            line=t("design.slot_line"),
            look=look,
        )
        for at, kind, look in rows
    )


def _cards(page: Page, now: datetime) -> tuple[NodeCard, ...]:
    t, when = page.says.t, page.says.when(now - timedelta(hours=3))
    words = {
        "well": t("health.well"),
        "uneasy": t("health.uneasy"),
        "silent": t("health.silent_since", when=when),
        "unknown": t("health.unknown_since", when=when),
    }
    return tuple(
        NodeCard(
            part=f"mau-{health}",
            name=t("design.node_name"),
            look=Look(tone=NODES[health][0], shape=NODES[health][1], word=word),
            sounding=t("design.slot_title") if health == "well" else "",
            reasons=(t("design.node_reason"),) if health == "uneasy" else (),
            since=t("board.since", when=when) if health in ("well", "uneasy") else "",
        )
        for health, word in words.items()
    )
