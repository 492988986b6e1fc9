"""Từ điển đọc: how a place's own words are read; tried before they are kept, and undone with one press."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from controller.access import Right
from controller.dispatch.places.lexicon_check import Table, checked_line, looked_at
from controller.dispatch.places.lexicon_views import LexiconView
from controller.dispatch.plan.lexicon_use import read_by
from controller.errors import Problem
from controller.store.folding import fold
from controller.store.lexicon import Done, Entry, LexiconDeed, Line
from controller.web.lexicon_form import Fields, back_to, fields_of, typed_fields
from controller.web.lexicon_words import Trial, said_in, trial
from controller.web.page import Open, Page, go, read_form
from controller.web.telling import refused
from schedules.announcement import AreaCode
from schedules.area import Level
from schedules.area import inside as small
from tts.lexicon import printed
from tts.reading.regions import Region

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]
Asked = Annotated[str, Query(max_length=1000)]
TOLD = 20


@router.get("/tu-dien")
async def show_lexicon(
    page: Reader,
    noi: Asked = "",
    tim: Asked = "",
    sua: Asked = "",
    tu: Asked = "",
    doc: Asked = "",
    cau: Asked = "",
    ve: Asked = "",
    xong: Asked = "",
) -> Response:
    """The list, with the form for a new line (``tu``) or for one that stands (``sua``)."""
    view = await page.house.lexicon_views.lexicon(page.person, _place(page, noi))
    held = {entry.written: entry for entry in view.entries}
    entry = held.get(sua) or held.get(tu)
    fields = Fields(written=tu[:80], reading=doc[:300], sentence=cau[:500], back=back_to(ve))
    if entry is not None:
        fields = fields_of(entry, cau, back_to(ve))
    elif tu and not doc:
        own = await page.house.lexicon_views.own(page.person, view.area)
        fields = replace(fields, reading=read_by(fields.written, own).spoken)
    return await _show(page, view, fields, query=tim[:80], done=xong)


@router.post("/tu-dien")
async def do_save(request: Request, page: Writer) -> Response:
    """Try a line, or keep it."""
    form = await read_form(request)
    view = await page.house.lexicon_views.lexicon(page.person, _place(page, form.get("area")))
    fields = typed_fields(form)
    if form.get("do") == "try":
        return await _show(page, view, fields)
    try:
        done = await _save(page, view.area, fields, form.get("key"))
    except Problem as problem:
        return await _show(page, view, fields, problem=problem)
    back = fields.back
    return go(back) if back else _there(view.area, done)


@router.post("/tu-dien/thu")
async def show_trial(request: Request, page: Reader) -> Response:
    """The sentence before and after, while it is being typed (a piece of the page)."""
    form = await read_form(request)
    area = _place(page, form.get("area"))
    fields = typed_fields(form)
    return HTMLResponse(page.part("_lexicon_try.html", **await _tried(page, area, fields)))


@router.post("/tu-dien/bo")
async def do_remove(request: Request, page: Writer) -> Response:
    """Take a line away; the page offers to bring it back."""
    form = await read_form(request)
    area = _place(page, form.get("area"))
    done = await page.house.lexicons.remove(page.person, area, form.get("written"), form.get("key"))
    return _there(area, done)


@router.post("/tu-dien/hoan-tac")
async def do_undo(request: Request, page: Writer) -> Response:
    """The newest own deed taken back."""
    form = await read_form(request)
    area = _place(page, form.get("area"))
    done = await page.house.lexicons.undo(page.person, area, form.get("deed"), form.get("key"))
    return _there(area, done)


@router.post("/tu-dien/vung")
async def do_region(request: Request, page: Writer) -> Response:
    """Whose words for numbers."""
    form = await read_form(request)
    area, chosen = _place(page, form.get("area")), form.get("region")
    region = Region(chosen) if chosen in tuple(Region) else None
    done = await page.house.lexicons.set_region(page.person, area, region, form.get("key"))
    return _there(area, done)


@router.post("/tu-dien/nhap")
async def do_take_in(request: Request, page: Writer) -> Response:
    """Look at a table, or take it in."""
    form = await read_form(request)
    view = await page.house.lexicon_views.lexicon(page.person, _place(page, form.get("area")))
    text = form.get("table")
    found = await page.house.lanes.files.run(looked_at, text)
    if form.get("do") == "check":
        return await _show(page, view, Fields(), table=text, found=found)
    try:
        done = await page.house.lexicons.take_in(
            page.person,
            view.area,
            text,
            form.get("key"),
            only_good=bool(form.get("only_good")),
            sure=bool(form.get("sure")),
        )
    except Problem as problem:
        return await _show(page, view, Fields(), table=text, found=found, problem=problem)
    return _there(view.area, done)


@router.get("/tu-dien.tsv")
async def export(page: Reader, noi: Asked = "") -> Response:
    """The place's own lines as a table that can be taken in again."""
    view = await page.house.lexicon_views.lexicon(page.person, _place(page, noi))
    table = printed(entry.as_reading() for entry in view.entries)
    headers = {"Content-Disposition": f'attachment; filename="tu-dien-doc-{view.area}.tsv"'}
    return Response(table, media_type="text/tab-separated-values; charset=utf-8", headers=headers)


async def _show(
    page: Page,
    view: LexiconView,
    fields: Fields,
    *,
    query: str = "",
    done: str = "",
    table: str = "",
    found: Table | None = None,
    problem: Problem | None = None,
) -> Response:
    says = page.says
    if problem is not None and problem.field == "sure":
        fields = replace(fields, ask=True)
    name = small(page.house.tree.area(view.area).name)
    shown = tuple(entry for entry in view.entries if _fits(entry, query))
    old = await page.house.lexicon_views.read_otherwise(page.person, view.area)
    undoable = view.undoable if done and view.undoable and view.undoable.id == done else None
    return await page.show(
        "lexicon.html",
        status=problem.status if problem else 200,
        view=view,
        area=view.area,
        place_name=name,
        places=_places(page),
        fields=fields,
        entries=[_shown(entry, view, page) for entry in shown],
        inherited=view.inherited,
        count=len(view.entries),
        query=query,
        done=_told(undoable, page) if undoable else says.t("lexicon.done_undid") if done == "undid" else "",
        undoable=undoable,
        faults=refused(problem, page),
        in_table=table or (problem is not None and problem.field == "table"),
        table=table,
        found=found,
        told=TOLD,
        regions=[
            (region.value, says.t(f"lexicon.region_{region.value}"), said_in(region)) for region in Region
        ],
        region_above=says.t(f"lexicon.region_{view.region_above.value}"),
        is_top=page.house.tree.area(view.area).parent is None,
        old=old[:TOLD],
        export=f"/tu-dien.tsv?{urlencode({'noi': view.area})}",
        **await _tried(page, view.area, fields),
    )


async def _tried(page: Page, area: AreaCode, fields: Fields) -> dict[str, Any]:
    """Nothing while there is no line yet; what is wrong with the line, where it can't be kept."""
    if not fields.written.strip() or not fields.reading.strip():
        return {"tried": None, "tried_wrong": ""}
    try:
        line = checked_line(fields.line(), sure=True)
    except Problem as problem:
        return {"tried": None, "tried_wrong": problem.vi if page.says.t.language == "vi" else problem.en}
    own = await page.house.lexicon_views.own(page.person, area)
    sentence = fields.sentence if fields.sentence.strip() else line.written
    look = partial(trial, sentence, own, line, fields.was)
    found: Trial = await page.house.lanes.files.run(look)
    return {"tried": found, "tried_wrong": ""}


async def _save(page: Page, area: AreaCode, fields: Fields, key: str) -> Done:
    deeds, person, line = page.house.lexicons, page.person, fields.line()
    if not fields.was:
        return await deeds.add(person, area, line, key, sure=fields.sure)
    return await deeds.change(person, area, fields.was, line, key, revision=fields.revision, sure=fields.sure)


def _place(page: Page, code: str) -> AreaCode:
    return AreaCode(code or page.person.area)


def _places(page: Page) -> list[tuple[str, str]]:
    """The places whose lexicon this person may look after: the own one and the communes in it."""
    tree, own = page.house.tree, page.person.area
    inner = [code for code in tree.children(own) if tree.area(code).level is not Level.VILLAGE]
    return [(code, tree.area(code).name) for code in (own, *inner)] if inner else []


def _there(area: AreaCode, done: Done) -> Response:
    told = "undid" if done.deed is LexiconDeed.UNDID else done.id
    return go(f"/tu-dien?{urlencode({'noi': area, 'xong': told})}")


def _fits(entry: Entry, query: str) -> bool:
    return all(word in fold(f"{entry.written} {entry.reading} {entry.note}") for word in fold(query).split())


def _shown(entry: Entry, view: LexiconView, page: Page) -> dict[str, Any]:
    name = view.names.get(entry.changed_by, entry.changed_by)
    facts = {"noi": view.area, "sua": entry.written}
    return {
        "written": entry.written,
        "reading": entry.reading,
        "priority": entry.priority,
        "note": entry.note,
        "by": page.says.t("lexicon.by", name=name, when=page.says.when(entry.changed_at)),
        "edit": f"/tu-dien?{urlencode(facts)}#mot-muc",
    }


def _told(done: Done, page: Page) -> str:
    change = done.changes[0]
    line = change.after or change.before or Line(written="", reading="")
    return page.says.t(
        f"lexicon.done_{done.deed.value}", written=line.written, reading=line.reading, n=len(done.changes)
    )
