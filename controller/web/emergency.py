"""Khẩn cấp: choose, look, type the place's name, fire; and DỪNG TẤT CẢ."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from controller.access import Right
from controller.dispatch.forms.alerts import EmergencyForm, EmergencyPreview
from controller.errors import Problem
from controller.store.alerts import AlertPhase
from controller.web.alerts import second_persons
from controller.web.drafting import chosen_targets
from controller.web.hearing import (
    FirstShown,
    Piece,
    first_sentence,
    gate_facts,
    horn,
    sound_facts,
    sound_piece,
)
from controller.web.looks import node_look
from controller.web.page import Open, Page, go, read_form
from controller.web.telling import alert_title, hazard_word, refused
from devices.messages import Mode
from schedules.announcement import AreaCode
from schedules.area import inside
from schedules.emergency import Hazard

router = APIRouter(include_in_schema=False)

Operator = Annotated[Page, Depends(Open(Right.EMERGENCY))]
Stopper = Annotated[Page, Depends(Open(Right.STOP))]

FIRST = (
    Hazard.STORM,
    Hazard.FLOOD,
    Hazard.DAM_RELEASE,
    Hazard.LANDSLIDE,
    Hazard.FOREST_FIRE,
    Hazard.TSUNAMI,
    Hazard.EVACUATION,
    Hazard.OTHER,
)
PICTURES = {
    Hazard.STORM: "storm",
    Hazard.TORNADO: "storm",
    Hazard.SEA_WIND: "storm",
    Hazard.FLOOD: "flood",
    Hazard.FLASH_FLOOD: "flood",
    Hazard.HEAVY_RAIN: "flood",
    Hazard.DAM_RELEASE: "dam",
    Hazard.LANDSLIDE: "landslide",
    Hazard.EARTHQUAKE: "landslide",
    Hazard.FOREST_FIRE: "fire",
    Hazard.FIRE: "fire",
    Hazard.TSUNAMI: "tsunami",
    Hazard.STORM_SURGE: "tsunami",
    Hazard.EVACUATION: "evacuate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What stands in the fields."""

    hazard: str = ""
    level: int = 0
    targets: tuple[AreaCode, ...] = ()
    text: str = ""
    drill: bool = False


@router.get("/khan-cap")
async def show_emergency(
    page: Operator, sua: str = "", dien_tap: Annotated[str, Query(alias="dien-tap", max_length=1)] = ""
) -> Response:
    """What, how bad, where. Nothing is chosen beforehand, least of all everybody."""
    chosen = Chosen(drill=dien_tap == "1")
    if sua:
        form = (await page.house.desk.look_at_preview(page.person, sua)).form
        chosen = Chosen(
            hazard=form.hazard,
            level=form.level,
            targets=form.targets,
            text=form.text,
            drill=form.mode is Mode.EXERCISE,
        )
    return await _choose(page, chosen)


@router.post("/khan-cap/xem-truoc")
async def do_preview(request: Request, page: Operator) -> Response:
    """Look before sending."""
    form = await read_form(request)
    chosen = Chosen(
        hazard=form.get("hazard")[:40],
        level=form.whole("level", 0),
        targets=chosen_targets(form, page.person.area),
        text=form.get("text"),
        drill=form.get("mode") == Mode.EXERCISE,
    )
    try:
        _complete(page, chosen)
        preview = await page.house.desk.preview_emergency(page.person, _form(page, chosen))
    except Problem as problem:
        return await _choose(page, chosen, problem=problem)
    return go(f"/khan-cap/xem-truoc/{preview.id}")


@router.get("/khan-cap/xem-truoc/{preview}")
async def show_preview(page: Operator, preview: str) -> Response:
    """Who hears it, who can't be reached, what is cut, in which words."""
    return await _look(page, await page.house.desk.look_at_preview(page.person, preview))


@router.get("/khan-cap/xem-truoc/{preview}/tieng")
async def show_preview_sound(
    page: Operator, preview: str, dau: FirstShown = "", phan: Piece = ""
) -> Response:
    """How far its words are, and whether somebody has to listen first (pieces of the page)."""
    found = await page.house.desk.look_at_preview(page.person, preview)
    place = f"/khan-cap/xem-truoc/{found.id}"
    piece = await sound_piece(page, found.words, place, dau, phan)
    gate = page.part("_gate.html", **gate_facts(page, found.gate, f"{place}/da-nghe", apart=True))
    return HTMLResponse(piece + page.part("_length.html", p=found, apart=True) + gate)


@router.get("/khan-cap/xem-truoc/{preview}/cot-loa")
async def hear_horn(request: Request, page: Operator, preview: str) -> Response:
    """Its words as at the foot of the pole."""
    return await horn(request, page, (await page.house.desk.look_at_preview(page.person, preview)).words)


@router.get("/khan-cap/xem-truoc/{preview}/cau-dau")
async def hear_first(request: Request, page: Operator, preview: str) -> Response:
    """The first sentence of its words, while the rest is being spoken."""
    found = await page.house.desk.look_at_preview(page.person, preview)
    return await first_sentence(request, page, found.words)


@router.post("/khan-cap/xem-truoc/{preview}/da-nghe")
async def do_confirm_heard(request: Request, page: Operator, preview: str) -> Response:
    """Somebody has listened before pressing: the words go along with the siren."""
    form = await read_form(request)
    await page.house.desk.confirm_heard(page.person, preview, form.get("clip")[:64])
    return go(f"/khan-cap/xem-truoc/{preview}")


@router.post("/khan-cap/phat")
async def do_fire(request: Request, page: Operator) -> Response:
    """Press the button. The key belongs to the preview: pressed five times it is one alert."""
    form = await read_form(request)
    preview = form.get("preview")[:64]
    try:
        alert = await page.house.desk.fire(
            page.person, preview, form.get("typed_name")[:200], form.get("key")[:200] or f"fire-{preview}"
        )
    except Problem as problem:
        if problem.status != 422:
            raise
        found = await page.house.desk.look_at_preview(page.person, preview)
        return await _look(page, found, problem=problem)
    return go(f"/canh-bao/{alert.id}")


@router.get("/dung-tat-ca")
async def show_stop(page: Stopper) -> Response:
    """The same bar as on every page, opened: where one lands after logging in to stop."""
    return await page.show("stop.html")


@router.post("/dung-tat-ca")
async def do_stop(request: Request, page: Stopper) -> Response:
    """End what sounds now on the presser's branch. Loading the answer again asks for nothing new."""
    form = await read_form(request)
    key = form.get("key")[:200]
    if not key:
        raise Problem("E_IDEMPOTENCY_KEY")
    stopped = await page.house.desk.stop_all(page.person, page.person.area, key)
    return await page.show("stopped.html", s=stopped, area_name=page.area.name)


async def _choose(page: Page, chosen: Chosen, *, problem: Problem | None = None) -> Response:
    tree, own = page.house.tree, page.area
    rest = [hazard for hazard in Hazard if hazard not in FIRST]
    return await page.show(
        "emergency.html",
        status=problem.status if problem else 200,
        form=chosen,
        faults=refused(problem, page, _FIELDS),
        hazards=[_card(hazard, page) for hazard in FIRST],
        more=[_card(hazard, page) for hazard in rest],
        more_open=any(hazard.value == chosen.hazard for hazard in rest),
        areas=[place_tree(code, page) for code in tree.children(own.code)],
        whole=own.code,
        whole_word=page.says.t("where.all_commune", name=inside(own.name)),
    )


async def _look(page: Page, preview: EmergencyPreview, *, problem: Problem | None = None) -> Response:
    says, tree = page.says, page.house.tree
    villages = {v for code in preview.areas if code in tree for v in tree.villages(code)}
    return await page.show(
        "preview.html",
        status=problem.status if problem else 200,
        p=preview,
        drill=preview.form.mode is Mode.EXERCISE,
        faults=refused(problem, page, _FIELDS),
        hazard_word=hazard_word(preview.form.hazard, page),
        consequence=says.t(
            "preview.consequence",
            nodes=says.number(preview.nodes),
            villages=len(villages),
            people=says.people(preview.people),
        ),
        people=says.people(preview.people),
        replaces=await _replaced(page, preview),
        apart=False,
        seconds_names=await second_persons(page, preview.form.area, page.person.id) if preview.wide else (),
        node_look=lambda line: node_look(line, says),
        fire_key=f"fire-{preview.id}",
        **await sound_facts(page, preview.words, f"/khan-cap/xem-truoc/{preview.id}"),
        **gate_facts(page, preview.gate, f"/khan-cap/xem-truoc/{preview.id}/da-nghe"),
    )


async def _replaced(page: Page, preview: EmergencyPreview) -> tuple[str, ...]:
    """The running alerts whose place this one takes, in words."""
    form, tree = preview.form, page.house.tree
    return tuple(
        page.says.t("preview.replaces", title=alert_title(a, page), when=page.says.when(a.issued_at))
        for a in await page.house.views.alerts(page.person)
        if a.phase is AlertPhase.ACTIVE
        and a.retraction_text
        and (a.issuer, a.hazard, a.mode) == (form.area, form.hazard, form.mode)
        and all(any(tree.descends(place, target) for target in form.targets) for place in a.targets)
    )


def place_tree(code: AreaCode, page: Page) -> dict[str, Any]:
    """A place with what lies in it: a province may also pick single villages of a commune."""
    tree = page.house.tree
    area = tree.area(code)
    inside = [place_tree(child, page) for child in tree.children(code)]
    note = page.says.t("where.people", n=page.says.people(area.population)) if area.population else ""
    return {"code": code, "name": area.name, "note": note, "inside": inside}


def _card(hazard: Hazard, page: Page) -> dict[str, Any]:
    return {
        "name": hazard.value,
        "picture": PICTURES.get(hazard, "other"),
        "word": hazard_word(hazard.value, page),
    }


def _complete(page: Page, chosen: Chosen) -> None:
    """What and how bad are chosen by a person, never by default; the rest the Desk asks for."""
    said = page.says.t("problem.choose")
    if chosen.hazard not in tuple(Hazard):
        raise Problem("E_FIELD", field="hazard", vi=said, en=said)
    if not 1 <= chosen.level <= 5:
        raise Problem("E_FIELD", field="level", vi=said, en=said)


def _form(page: Page, chosen: Chosen) -> EmergencyForm:
    return EmergencyForm(
        area=page.person.area,
        targets=chosen.targets,
        hazard=chosen.hazard,
        level=chosen.level,
        text=chosen.text,
        mode=Mode.EXERCISE if chosen.drill else Mode.ACTUAL,
    )


_FIELDS = {
    "E_TYPED_NAME": "typed_name",
    "E_TARGET_EMPTY": "targets",
    "E_TARGET": "targets",
    "E_LEVEL": "level",
}
