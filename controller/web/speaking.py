"""Trực tiếp: look, begin, speak, end; also a station or an approved bài to chosen villages at once."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.broadcasts.live_forms import (
    DELAYS_S,
    LENGTHS_MIN,
    BroadcastForm,
    BroadcastPreview,
    BroadcastView,
)
from controller.doors.gate import RECORDING_HEADERS
from controller.errors import Problem
from controller.store.broadcasts import BroadcastKind
from controller.web.drafting import chosen_groups, chosen_targets
from controller.web.emergency import place_tree
from controller.web.looks import Look, node_look
from controller.web.page import Open, Page, go, read_form
from controller.web.telling import refused
from devices.messages import BulletinClass
from schedules.announcement import AnnouncementId, AreaCode, State
from schedules.area import Level, inside

router = APIRouter(include_in_schema=False)

Speaker = Annotated[Page, Depends(Open(Right.LIVE))]
Stopper = Annotated[Page, Depends(Open(Right.STOP))]
Reader = Annotated[Page, Depends(Open(Right.READ))]
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What stands in the fields."""

    kind: str = BroadcastKind.LIVE
    targets: tuple[AreaCode, ...] = ()
    bulletin_class: str = ""
    title: str = ""
    minutes: int = 0
    delay: int = 5
    item: str = ""
    groups: tuple[str, ...] = ()


@router.get("/truc-tiep")
async def show_speaking(page: Speaker) -> Response:
    """Who speaks now, and what one may begin. Nothing is chosen beforehand."""
    return await _choose(page, Chosen(bulletin_class=_only_class(page)))


@router.post("/truc-tiep/xem-truoc")
async def do_preview(request: Request, page: Speaker) -> Response:
    """Look before speaking."""
    chosen = await _chosen(request, page)
    try:
        preview = await page.house.broadcasting.preview(page.person, _form(page, chosen))
    except Problem as problem:
        return await _choose(page, chosen, problem=problem)
    return await page.show("live_preview.html", **_preview_facts(page, chosen, preview))


@router.post("/truc-tiep/bat-dau")
async def do_begin(request: Request, page: Speaker) -> Response:
    """A relay and a recording begin now; a live one leads to the microphone."""
    form = await read_form(request)
    chosen = await _chosen(request, page)
    if form.get("do") == "back":
        return await _choose(page, chosen)
    try:
        key = form.get("key")[:200]
        made = await page.house.broadcasting.make(page.person, _form(page, chosen), key)
    except Problem as problem:
        return await _choose(page, chosen, problem=problem)
    return go(f"/truc-tiep/{made.id}")


@router.get("/truc-tiep/{broadcast}")
async def show_one(page: Reader, broadcast: str) -> Response:
    """One broadcast: the microphone for whoever began it, and what became of it for everybody."""
    view = await page.house.broadcast_views.one(page.person, broadcast[:64])
    speaks = view.kind is BroadcastKind.LIVE and view.mine and view.runs and view.opened_at is None
    return await page.show(
        "live_one.html",
        headers=RECORDING_HEADERS if speaks else None,
        b=view,
        speaks=speaks,
        **speaking_facts(page, view),
    )


@router.post("/truc-tiep/{broadcast}/ket-thuc")
async def do_end(page: Stopper, broadcast: str) -> Response:
    """KẾT THÚC: one touch."""
    ended = await page.house.broadcasting.end(page.person, broadcast[:64])
    return go(f"/truc-tiep/{ended.id}")


def speaking_facts(page: Page, view: BroadcastView) -> dict[str, Any]:
    """What is told of one broadcast, wherever it stands."""
    says = page.says
    if view.ended_at is not None and view.opened_at is not None:
        state = says.t(
            "live.over", when=says.exact(view.ended_at), length=says.span(view.ended_at - view.opened_at)
        )
    elif view.ended_at is not None:
        state = says.t("live.never")
    elif view.ends_at is not None:
        state = says.t("live.runs", when=says.exact(view.opened_at), until=says.clock(view.ends_at))
    else:
        state = says.t("live.waits")
    return {
        "state": state,
        "look": _look(page, view),
        "reason": "" if view.reason is None else says.t(f"live.end_{view.reason.value}"),
        "where": _where(view.target_names, view.group_names, page),
        "authority": says.t("live.authority", name=view.speaker_name, place=view.area_name),
        "class_word": says.t(f"class.{view.bulletin_class.value}"),
        "kind_word": says.t(f"live.kind_{view.kind.value}"),
        "reach": says.t(
            "live.reach",
            nodes=says.number(view.nodes),
            sounding=says.number(view.sounding),
            heard=says.number(view.heard),
        ),
    }


async def speaking_part(page: Page) -> str:
    """Who speaks now, as a piece of the board."""
    return page.part("_speaking.html", running=await running_facts(page), token=_token(page))


async def running_facts(page: Page) -> list[tuple[BroadcastView, dict[str, Any]]]:
    """Who speaks now to the visitor's ground, with what is told of each."""
    running = await page.house.broadcast_views.running(page.person)
    return [(one, speaking_facts(page, one)) for one in running]


async def one_part(page: Page, broadcast: str) -> str:
    """How one broadcast fares, as a piece of its page."""
    view = await page.house.broadcast_views.one(page.person, broadcast)
    return page.part("_broadcast.html", b=view, **speaking_facts(page, view))


def _token(page: Page) -> str:
    return page.visitor.form_token if page.visitor is not None else ""


def _look(page: Page, view: BroadcastView) -> Look:
    if view.runs and view.opened_at is not None:
        return Look(tone="live", shape="●", word=page.says.t("live.on_air"))
    if view.runs:
        return Look(tone="rest", shape="○", word=page.says.t("live.ready"))
    return Look(tone="rest", shape="■", word=page.says.t("live.ended"))


async def _choose(page: Page, chosen: Chosen, *, problem: Problem | None = None) -> Response:
    house, own, says = page.house, page.area, page.says
    approved = await house.views.announcements(page.person, states=(State.APPROVED,), limit=100)
    return await page.show(
        "live.html",
        status=problem.status if problem else 200,
        form=chosen,
        faults=refused(problem, page, _FIELDS),
        running=await running_facts(page),
        recent=[
            (one, speaking_facts(page, one))
            for one in await house.broadcast_views.recent(page.person)
            if not one.runs
        ],
        items=[view for view in approved if view.rendering.clip is not None],
        only_priority=_only_class(page) != "",
        lengths=LENGTHS_MIN,
        delays=DELAYS_S,
        areas=[place_tree(code, page) for code in house.tree.children(own.code)],
        groups=[
            {"id": g.id, "name": g.name, "said": says.t("where.group_line", name=g.area_name, n=len(g.nodes))}
            for g in await house.groups.on_branch(page.person)
        ],
        whole=own.code,
        whole_word=page.says.t("where.all_commune", name=inside(own.name)),
    )


def _preview_facts(page: Page, chosen: Chosen, preview: BroadcastPreview) -> dict[str, Any]:
    says = page.says
    return {
        "p": preview,
        "form": chosen,
        "kind_word": says.t(f"live.kind_{preview.form.kind.value}"),
        "class_word": says.t(f"class.{preview.form.bulletin_class.value}"),
        "consequence": says.t(
            "live.consequence_groups" if preview.form.groups else "preview.consequence",
            nodes=says.number(preview.nodes),
            villages=preview.villages,
            people=says.people(preview.people),
        ),
        "where": _where(preview.area_names, preview.group_names, page),
        "node_look": lambda line: node_look(line, says),
        "cost": says.t(
            "live.cost",
            stream=says.decimal(preview.cost.stream / MEGABYTE),
            clip=says.decimal(preview.cost.clip / MEGABYTE),
        ),
    }


def _where(areas: tuple[str, ...], groups: tuple[str, ...], page: Page) -> str:
    t = page.says.t
    return page.says.names([*areas, *(t("live.group", name=name) for name in groups)])


async def _chosen(request: Request, page: Page) -> Chosen:
    form = await read_form(request)
    chosen = Chosen(
        kind=form.get("kind")[:20],
        targets=chosen_targets(form, page.person.area),
        bulletin_class=form.get("bulletin_class")[:20],
        title=form.get("title"),
        minutes=form.whole("minutes", 0),
        delay=form.whole("delay", 0),
        item=form.get("item")[:64],
        groups=tuple(name[:64] for name in chosen_groups(form)),
    )
    return chosen if chosen.kind == BroadcastKind.LIVE else replace(chosen, delay=0)


def _form(page: Page, chosen: Chosen) -> BroadcastForm:
    said = page.says.t("problem.choose")
    if chosen.kind not in tuple(BroadcastKind):
        raise Problem("E_FIELD", field="kind", vi=said, en=said)
    if chosen.bulletin_class not in (BulletinClass.NORMAL, BulletinClass.PRIORITY):
        raise Problem("E_FIELD", field="bulletin_class", vi=said, en=said)
    if chosen.minutes not in LENGTHS_MIN:
        raise Problem("E_FIELD", field="longest", vi=said, en=said)
    if chosen.kind == BroadcastKind.RECORDING and not chosen.item:
        raise Problem("E_FIELD", field="item", vi=said, en=said)
    return BroadcastForm(
        kind=BroadcastKind(chosen.kind),
        area=page.person.area,
        targets=chosen.targets,
        bulletin_class=BulletinClass(chosen.bulletin_class),
        title=chosen.title,
        longest=timedelta(minutes=chosen.minutes),
        delay=timedelta(seconds=chosen.delay),
        item=AnnouncementId(chosen.item) if chosen.kind == BroadcastKind.RECORDING else None,
        groups=chosen.groups,
    )


def _only_class(page: Page) -> str:
    """From above a commune there is but one class that may speak at once."""
    above = page.area.level in (Level.NATION, Level.PROVINCE)
    return BulletinClass.PRIORITY.value if above else ""


_FIELDS = {
    "E_TARGET_EMPTY": "targets",
    "E_TARGET": "targets",
    "E_ON_AIR": "targets",
    "E_QUIET": "longest",
    "E_SOURCE": "kind",
    "E_FFMPEG": "kind",
    "E_LIVE_CLASS": "bulletin_class",
}
