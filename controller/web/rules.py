"""Quy định giờ phát: what holds in a place, in sentences; another pack, shown beforehand, undone after."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.places.rule_views import PlaceView
from controller.errors import Problem
from controller.store.rules import RuleKind
from controller.web.page import Open, Page, go, read_form
from controller.web.rule_words import (
    limit_sentences,
    origin_sentence,
    pack_sentences,
    profile_line,
    silenced_lines,
    source_sentence,
    today_sentences,
)
from controller.web.telling import refused
from schedules.announcement import AreaCode
from schedules.area import Level
from schedules.local_rules import LocalRules
from schedules.rulepack import PACKS, rule_pack

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Ruler = Annotated[Page, Depends(Open(Right.RULES))]
Code = Annotated[str, Query(max_length=80)]
DONE = ("pack", "profile", "ended", "undone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One pack that can be chosen; an empty id lets the area above decide."""

    id: str
    name: str
    sentences: tuple[str, ...]
    source: str


@router.get("/quy-dinh")
async def show_rules(page: Reader, noi: Code = "", xong: Code = "", viec: Code = "") -> Response:
    """What holds here; ``xong`` and ``viec`` name the deed that was just done, for its undo."""
    view = await page.house.rule_views.look(page.person, AreaCode(noi or page.person.area))
    return await _sheet(page, view, done=xong if xong in DONE else "", subject=viec)


@router.post("/quy-dinh/bo")
async def do_choose(request: Request, page: Ruler) -> Response:
    """Another pack: first what would fall silent, then the choice itself."""
    form = await read_form(request)
    area, pack = AreaCode(form.get("noi") or page.person.area), form.get("pack")
    view = await page.house.rule_views.look(page.person, area)
    try:
        if form.get("do") != "save":
            return await _preview(page, view, pack)
        await page.house.ruling.choose(page.person, area, pack, form.whole("seen", -1))
    except Problem as problem:
        view = await page.house.rule_views.look(page.person, area)
        return await _sheet(page, view, chosen=pack, problem=problem)
    return go(f"/quy-dinh?noi={area}&xong=pack&viec=pack:{area}")


@router.post("/quy-dinh/hoan-tac")
async def do_undo(request: Request, page: Ruler) -> Response:
    """The last change of one rule, taken back."""
    form = await read_form(request)
    event = await page.house.ruling.undo(page.person, form.get("viec")[:80], form.whole("seen", -1))
    if event.thing.kind is RuleKind.SWAP:
        return go("/ngay-nghi?xong=undone")
    return go(f"/quy-dinh?noi={event.thing.area}&xong=undone")


async def _preview(page: Page, view: PlaceView, pack: str) -> Response:
    if pack and pack not in PACKS:
        raise Problem("E_FIELD", field="pack")
    area = view.area

    def change(before: LocalRules) -> LocalRules:
        others = tuple(one for one in before.packs if one[0] != area)
        return replace(before, packs=(*others, (area, rule_pack(pack))) if pack else others)

    found = await page.house.foretelling.with_rules(page.person, area, change)
    facts: dict[str, Any] = {
        "silenced": silenced_lines(found, page.says),
        "silenced_count": len(found),
        "asked": True,
    }
    return await _sheet(page, view, chosen=pack, **facts)


async def _sheet(
    page: Page,
    view: PlaceView,
    *,
    chosen: str | None = None,
    problem: Problem | None = None,
    done: str = "",
    subject: str = "",
    **facts: Any,
) -> Response:
    says, tree = page.says, page.house.tree
    own = view.own.rule.value if view.own is not None else None
    return await page.show(
        "rules.html",
        status=problem.status if problem is not None else 200,
        **{
            "area": tree.area(view.area),
            "view": view,
            "sentences": pack_sentences(view.pack, says),
            "today": today_sentences(view, says),
            "source": source_sentence(view.pack, says),
            "origin": origin_sentence(view, page),
            "choices": _choices(page),
            "chosen": (getattr(own, "id", "") if chosen is None else chosen),
            "profiles": [profile_line(one, page) for one in view.profiles],
            "places": _places(page),
            "faults": refused(problem, page),
            "done": says.t(f"rules.done_{done}") if done else "",
            "undo": await undo_of(page, subject) if done not in ("", "undone") else None,
            "asked": False,
            "silenced": (),
            "silenced_count": 0,
            **facts,
        },
    )


async def undo_of(page: Page, subject: str) -> dict[str, object] | None:
    """What the undo button of a deed sends; nothing where there is nothing to take back."""
    try:
        event = await page.house.rule_views.last_change(page.person, subject)
    except Problem:
        return None
    may = page.house.rule_views.may_rule(page.person, event.thing.area)
    return {"subject": subject, "seen": event.n} if may and event.deed.value != "undone" else None


def _choices(page: Page) -> tuple[Choice, ...]:
    says = page.says
    above = Choice(id="", name=says.t("rules.choose_above"), sentences=(), source="")
    packs = (rule_pack(pack) for pack in PACKS)
    return (
        above,
        *(
            Choice(
                id=pack.id,
                name=pack.name,
                sentences=limit_sentences(pack.limits, says),
                source=source_sentence(pack, says),
            )
            for pack in packs
        ),
    )


def _places(page: Page) -> tuple[tuple[str, str], ...]:
    """The communes that somebody above them may look at, and the own area."""
    tree = page.house.tree
    if tree.area(page.person.area).level is not Level.PROVINCE:
        return ()
    found = (page.area, *(tree.area(code) for code in tree.children(page.person.area)))
    return tuple((area.code, area.name) for area in found)
