"""The wall view of one alert: reach by village filling up; second person, all-clear, correction."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from controller.access import Right, may
from controller.dispatch.forms.alerts import AlertView, Hand, Reach
from controller.dispatch.forms.day import DeliveryLine
from controller.dispatch.forms.nodes import NodeLine
from controller.errors import Problem
from controller.store import people
from controller.store.alerts import AlertPhase
from controller.web.hearing import (
    FirstShown,
    Piece,
    first_sentence,
    gate_facts,
    horn,
    sound_facts,
    sound_piece,
)
from controller.web.looks import Look, delivery_look, node_look, phase_look
from controller.web.naming import what_and_where
from controller.web.page import Open, Page, go, read_form
from controller.web.says import Says
from controller.web.telling import Wrong, hazard_word
from devices.messages import AlertId, Heard, Mode
from schedules.announcement import AreaCode, PersonId

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Operator = Annotated[Page, Depends(Open(Right.EMERGENCY))]
Second = Annotated[Page, Depends(Open(Right.SECOND))]
MOST_LACKING = 50
RUNNING = (AlertPhase.ACTIVE, AlertPhase.PENDING_SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A node that did not do as the alert asked, and what is known of it."""

    name: str
    village: str
    look: Look


@router.get("/canh-bao/{alert}")
async def show_alert(page: Reader, alert: str) -> Response:
    """How far it has come."""
    return await _show(page, await page.house.views.alert(page.person, AlertId(alert)))


@router.get("/canh-bao/{alert}/tieng")
async def show_alert_sound(page: Reader, alert: str, dau: FirstShown = "", phan: Piece = "") -> Response:
    """How far its words are (a piece of the page)."""
    found = await page.house.views.alert(page.person, AlertId(alert))
    return HTMLResponse(await sound_piece(page, found.words, f"/canh-bao/{found.id}", dau, phan))


@router.get("/canh-bao/{alert}/cot-loa")
async def hear_horn(request: Request, page: Reader, alert: str) -> Response:
    """Its words as at the foot of the pole."""
    return await horn(request, page, (await page.house.views.alert(page.person, AlertId(alert))).words)


@router.get("/canh-bao/{alert}/cau-dau")
async def hear_first(request: Request, page: Reader, alert: str) -> Response:
    """The first sentence of its words, while the rest is being spoken."""
    found = await page.house.views.alert(page.person, AlertId(alert))
    return await first_sentence(request, page, found.words)


@router.post("/canh-bao/{alert}/da-nghe")
async def do_confirm_heard(request: Request, page: Operator, alert: str) -> Response:
    """Somebody has listened: the words that were held follow the siren."""
    form = await read_form(request)
    await page.house.desk.confirm_heard(page.person, alert, form.get("clip")[:64])
    return go(f"/canh-bao/{AlertId(alert)}")


@router.post("/canh-bao/{alert}/dong-y")
async def do_confirm(page: Second, alert: str) -> Response:
    """The second person agrees."""
    found = await page.house.desk.confirm_second(page.person, AlertId(alert))
    return go(f"/canh-bao/{found.id}")


@router.post("/canh-bao/{alert}/pha-kinh")
async def do_break_glass(request: Request, page: Operator, alert: str) -> Response:
    """Alone, with a reason."""
    form = await read_form(request)
    try:
        found = await page.house.desk.break_glass(page.person, AlertId(alert), form.get("reason")[:2000])
    except Problem as problem:
        if problem.status != 422:
            raise
        return await _show(page, await page.house.views.alert(page.person, AlertId(alert)), problem=problem)
    return go(f"/canh-bao/{found.id}")


@router.post("/canh-bao/{alert}/thu-hoi")
async def do_retract(request: Request, page: Operator, alert: str) -> Response:
    """All-clear or correction."""
    form = await read_form(request)
    hand = form.get("hand")
    if hand not in tuple(Hand):
        raise Problem("E_FIELD", field="hand")
    key = form.get("key")[:200] or f"{hand}-{alert}"
    found = await page.house.desk.retract(page.person, AlertId(alert), Hand(hand), key)
    return go(f"/canh-bao/{found.id}")


async def reach_part(a: AlertView, page: Page) -> str:
    """The figures that fill up, as the page and its live stream show them."""
    return page.part("_reach.html", **await _reach(a, page))


async def ending_part(a: AlertView, page: Page) -> str:
    """What can be done with it now: agree, break the glass, take it back."""
    return page.part("_ending.html", a=a, faults=(), **await _ending(a, page))


async def _ending(a: AlertView, page: Page) -> dict[str, Any]:
    pending = a.phase is AlertPhase.PENDING_SECOND
    return {
        **gate_facts(page, a.gate, f"/canh-bao/{a.id}/da-nghe", player=True),
        "pending_own": pending and a.fired_by == page.person.id and page.may(Right.EMERGENCY),
        "seconds_names": await second_persons(page, a.issuer, a.fired_by) if pending else (),
        "clear_key": f"{Hand.ALL_CLEAR}-{a.id}",
        "correct_key": f"{Hand.CORRECTION}-{a.id}",
    }


async def second_persons(page: Page, area: AreaCode, but: PersonId) -> tuple[str, ...]:
    """Who could agree, by name: at two in the morning one has to know whom to call."""
    house = page.house
    accounts = await house.db.read(people.of_branch, house.tree.chain(area)[0])
    return tuple(
        account.person.name
        for account in accounts
        if account.active and account.person.id != but and may(account.person, Right.SECOND, area, house.tree)
    )


async def _reach(a: AlertView, page: Page) -> dict[str, Any]:
    says = page.says
    now = page.house.clock.now()
    if a.phase is AlertPhase.ACTIVE:
        since = says.t("reach.since", length=says.span(now - a.issued_at))
    elif a.phase is AlertPhase.PENDING_SECOND:
        since = ""
    else:
        since = says.t("reach.ended", when=says.when(a.issued_at))
    return {
        "a": a,
        "phase": phase_look(a, says.t),
        "lacking": await _lacking(a, page),
        "since": since,
        "village_line": lambda v: _village_line(v, page),
    }


async def _show(page: Page, a: AlertView, *, problem: Problem | None = None) -> Response:
    faults: tuple[Wrong, ...] = ()
    if problem is not None:
        said = problem.vi if page.says.t.language == "vi" else problem.en
        faults = (Wrong(field=problem.field or "", said=said),)
    return await page.show(
        "alert.html",
        status=problem.status if problem else 200,
        live=a.phase in RUNNING,
        drill=a.mode is Mode.EXERCISE,
        faults=faults,
        title=what_and_where(a, page.says, page.house.tree),
        hazard_word=hazard_word(a.hazard, page),
        **await sound_facts(page, a.words, f"/canh-bao/{a.id}"),
        shown=a.id,
        **await _ending(a, page),
        **await _reach(a, page),
    )


async def _lacking(a: AlertView, page: Page) -> tuple[Lacking, ...]:
    """The nodes where something is wrong, by name, each in its newest round."""
    if a.phase is AlertPhase.PENDING_SECOND or not a.total.unheard + a.total.refused + a.total.silent:
        return ()
    person = page.person
    lines = await page.house.views.deliveries(person, area=person.area, alert=a.id)
    board = await page.house.views.board(person, person.area)
    newest = {line.node: line for line in sorted(lines, key=lambda line: line.round)}
    return tuple(
        Lacking(
            name=node.name, village=node.area_name, look=_lacking_look(newest[node.node], node, page.says)
        )
        for node in board.nodes
        if node.node in newest and _wrong(newest[node.node])
    )[:MOST_LACKING]


def _lacking_look(line: DeliveryLine, node: NodeLine, says: Says) -> Look:
    if not _unanswered(line):
        return delivery_look(line, says)
    if node.health == "silent":
        return node_look(node, says)
    return Look(tone="void", shape="?", word=says.t("reach.unanswered"))


def _unanswered(line: DeliveryLine) -> bool:
    return line.verdict is None and line.state == "planned"


def _wrong(line: DeliveryLine) -> bool:
    failed = line.verdict in ("missed", "refused", "expired") or line.heard is Heard.NO
    return failed or _unanswered(line)


def _village_line(v: Reach, page: Page) -> str:
    t = page.says.t
    parts = [t("reach.line", sounding=v.sounding, heard=v.heard)]
    for key, n in (("unheard", v.unheard), ("refused", v.refused), ("silent", v.silent)):
        if n:
            parts.append(t(f"reach.line_{key}", n=n))
    return ", ".join(parts)
