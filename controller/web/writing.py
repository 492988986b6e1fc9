"""Viết bài in three steps: content, where and when, send for approval."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from controller.access import Right
from controller.dispatch.announcements.precheck import TO_ACKNOWLEDGE
from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.plan.lexicon_use import read_by
from controller.doors.gate import RECORDING_HEADERS
from controller.errors import Problem
from controller.store.sounds import RenderState
from controller.web.drafting import new_draft, place_fields, typed_fields, with_content, with_place
from controller.web.hearing import leaving, sound_facts
from controller.web.hinting import NOTHING, Aided, mark_of, stored_hints, typed_hints, whole_hints
from controller.web.late import late_choices
from controller.web.lexicon_words import decided, marks, sentence_with
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.recorded import recorded, recording_facts
from controller.web.rule_words import MOST_SHOWN
from controller.web.telling import refused, told, wrongs
from controller.web.track_cards import tracks_facts
from schedules.announcement import TEXT_LIMIT, AnnouncementId, AreaCode
from schedules.area import inside

router = APIRouter(include_in_schema=False)

Writer = Annotated[Page, Depends(Open(Right.WRITE))]


@router.get("/viet-bai")
async def show_new(page: Writer) -> Response:
    """An empty sheet."""
    return await content_page(page, None, Form([]))


@router.post("/viet-bai")
async def do_new(request: Request, page: Writer) -> Response:
    """Save the first draft; then listen, or go on."""
    form = await read_form(request)
    try:
        view = await page.house.desk.write_announcement(page.person, new_draft(page, form))
    except Problem as problem:
        return await content_page(page, None, form, problem=problem)
    return await _onward(page, view, form, "new")


@router.post("/viet-bai/cach-doc")
async def show_reading(request: Request, page: Writer) -> Response:
    """How the text will be read, while it is being typed (a piece of the page)."""
    form = await read_form(request)
    area = AreaCode(form.get("area") or page.person.area)
    return HTMLResponse(page.part("_reading.html", **await _reading(page, form.get("text"), area)))


@router.get("/viet-bai/{announcement}")
async def show_content(
    page: Writer, announcement: str, da_luu: str = "", bo: str = "", tep: str = ""
) -> Response:
    """Step 1 of a stored bài."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    if not view.may_edit:
        return go(f"/bai/{view.announcement.id}")
    # a reminder on a page that was asked for, no refusal
    problem = no_file_sent(status=200) if tep else None
    return await content_page(page, view, None, problem=problem, arrived=da_luu[:40], taken=bo[:120])


@router.post("/viet-bai/{announcement}")
async def do_content(request: Request, page: Writer, announcement: str) -> Response:
    """Save the content; 412 with both versions where somebody else was faster."""
    form = await read_form(request)
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    if form.get("seen") != view.content_hash:
        return await content_page(page, view, form, both=view, status=412)
    try:
        view = await save_draft(page, view, with_content(view, form))
    except Problem as problem:
        if problem.code == "E_STALE":
            newer = await page.house.views.announcement(page.person, view.announcement.id)
            return await content_page(page, newer, form, both=newer, status=412)
        return await content_page(page, view, form, problem=problem)
    return await _onward(page, view, form, view.announcement.id)


@router.get("/viet-bai/{announcement}/phat")
async def show_place(page: Writer, announcement: str, da_luu: str = "") -> Response:
    """Step 2."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    if not view.may_edit:
        return go(f"/bai/{view.announcement.id}")
    if view.correcting.wrong is not None:
        # where and when follow from who played the wrong one
        return go(f"/viet-bai/{view.announcement.id}/gui")
    vi = page.says.t.language == "vi"
    return await _place(page, view, place_fields(view, vi=vi), arrived=da_luu[:40])


@router.post("/viet-bai/{announcement}/phat")
async def do_place(request: Request, page: Writer, announcement: str) -> Response:
    """Save where and when."""
    form = await read_form(request)
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    try:
        view = await save_draft(page, view, with_place(view, form, page.says))
    except Problem as problem:
        fields = typed_fields(form, view.announcement.area)
        return await _place(page, view, fields, problem=problem)
    onward = "gui" if form.get("do") == "next" else "phat"
    return go(f"/viet-bai/{view.announcement.id}/{onward}")


@router.get("/viet-bai/{announcement}/gui")
async def show_check(page: Writer, announcement: str) -> Response:
    """Step 3: read it once more, in words."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    if not view.may_edit:
        return go(f"/bai/{view.announcement.id}")
    return await _check(page, view)


@router.post("/viet-bai/{announcement}/gui")
async def do_submit(request: Request, page: Writer, announcement: str) -> Response:
    """Hand it in; what is stale or said twice wants a word that it was looked at."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    view = await page.house.views.announcement(page.person, identity)
    found = await whole_hints(page, view) if view.may_edit else ()
    try:
        if (mark := mark_of(found)) and form.get("acknowledged") != mark:
            said = page.says.t("hint.acknowledge_first")
            raise Problem("E_FIELD", field="acknowledged", vi=said, en=said)
        kinds = sorted(one.kind for one in found if one.kind in TO_ACKNOWLEDGE)
        await page.house.desk.submit(page.person, identity, acknowledged=tuple(kinds))
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _check(page, await page.house.views.announcement(page.person, identity), problem=problem)
    return go(f"/bai/{identity}?xong=submitted")


def no_file_sent(status: int = 422) -> Problem:
    """A file was chosen and another button pressed."""
    return Problem(
        "E_FILE_MISSING",
        field="file",
        status=status,
        vi="Tệp ghi âm đã chọn nhưng chưa gửi. Xin chọn lại rồi bấm “Gửi bản thu”.",
        en="A recording was chosen but not sent. Choose it again, then press “Send recording”.",
    )


async def save_draft(page: Page, view: AnnouncementView, draft: Any) -> AnnouncementView:
    """The typed content over the stored one that was seen."""
    a = view.announcement
    return await page.house.desk.edit_announcement(
        page.person, a.id, draft, revision=a.revision, seen=view.content_hash
    )


async def _onward(page: Page, view: AnnouncementView, form: Form, kept_as: str) -> Response:
    identity = view.announcement.id
    if form.get("file"):
        # a browser sends the name alone with this button: the file itself is still on the person's machine
        return go(f"/viet-bai/{identity}?da_luu={kept_as}&tep=1#ban-thu")
    if word := form.get("word"):
        return go(_to_lexicon(view, word))
    match form.get("do"):
        case "listen":
            await page.house.desk.render_now(page.person, identity)
            return go(f"/viet-bai/{identity}?da_luu={kept_as}")
        case "save":
            return go(f"/viet-bai/{identity}?da_luu={kept_as}")
        case _:
            return go(f"/viet-bai/{identity}/phat?da_luu={kept_as}")


async def content_page(
    page: Page,
    view: AnnouncementView | None,
    form: Form | None,
    *,
    problem: Problem | None = None,
    both: AnnouncementView | None = None,
    arrived: str = "",
    taken: str = "",
    status: int = 200,
    aided: Aided = NOTHING,
) -> Response:
    """Step 1: what is stored, or what was typed, with what is wrong with it."""
    a = view.announcement if view else None
    if form is not None:
        fields = {"title": form.get("title"), "text": form.get("text"), "class": form.get("class")}
    elif a is not None:
        fields = {"title": a.title, "text": a.text, "class": a.bulletin_class.value}
    identity = a.id if a else None
    return await page.show(
        "write.html",
        status=problem.status if problem else status,
        action=f"/viet-bai/{identity}" if identity else "/viet-bai",
        keep=identity or "new",
        arrived=arrived,
        saved=page.says.t("write.saved", when=page.says.when(page.house.clock.now())) if arrived else "",
        revision=a.revision if a else 0,
        seen=view.content_hash if view else "",
        form=fields,
        correcting=view.correcting if view else None,
        faults=refused(problem, page),
        both={"author": both.author_name, "title": both.announcement.title, "text": both.announcement.text}
        if both
        else None,
        abroad=leaving(page),
        **await sound_facts(page, view.rendering if view else None, f"/bai/{identity}"),
        area=a.area if a else page.person.area,
        headers=RECORDING_HEADERS,
        **recording_facts(page, view, taken),
        **await typed_hints(page, view, fields, aided),
        **await _reading(page, fields["text"], a.area if a else page.person.area),
    )


async def _reading(page: Page, text: str, area: AreaCode) -> dict[str, Any]:
    """Nothing while there is nothing to read, or more than anybody may read out."""
    if not text.strip() or len(text) > TEXT_LIMIT:
        return {"reading": (), "unsure": (), "sure": ()}
    own = await page.house.lexicon_views.own(page.person, area)
    found = marks(await page.house.lanes.files.run(read_by, text, own), text)
    unsure, sure = decided(found)
    return {"reading": found, "unsure": unsure, "sure": sure}


def _to_lexicon(view: AnnouncementView, word: str) -> str:
    """The lexicon with the word filled in, and the way back to this sheet."""
    a = view.announcement
    facts = {
        "noi": a.area,
        "tu": word,
        "cau": sentence_with(a.text, word),
        "ve": f"/viet-bai/{a.id}",
    }
    return f"/tu-dien?{urlencode(facts)}"


async def _place(
    page: Page, view: AnnouncementView, fields: Any, *, problem: Problem | None = None, arrived: str = ""
) -> Response:
    a, says, tree = view.announcement, page.says, page.house.tree
    whole = tree.area(a.area)
    areas = [
        {
            "code": code,
            "name": tree.area(code).name,
            "note": _people(page, tree.area(code).population),
            "inside": (),
        }
        for code in tree.children(a.area)
    ]
    ready = view.rendering.state is RenderState.READY
    known = await page.house.groups.on_branch(page.person)
    return await page.show(
        "place.html",
        groups=[
            {"id": g.id, "name": g.name, "said": says.t("where.group_line", name=g.area_name, n=len(g.nodes))}
            for g in known
            if tree.descends(g.area, a.area)
        ],
        status=problem.status if problem else 200,
        item=a,
        arrived=arrived,
        revision=a.revision,
        form=fields,
        faults=refused(problem, page),
        areas=areas,
        whole=whole.code,
        whole_word=says.t("where.all_commune", name=inside(whole.name)),
        days=says.day_names(),
        late_choices=late_choices(a, says),
        next_session=says.t("when.next_session_hint"),
        length=says.t("place.length", length=says.seconds(view.rendering.duration_ms)) if ready else "",
    )


async def _check(page: Page, view: AnnouncementView, *, problem: Problem | None = None) -> Response:
    identity = view.announcement.id
    rendering = view.rendering
    if rendering.state is RenderState.NONE and not view.faults:
        rendering = await page.house.desk.render_now(page.person, identity)
    return await page.show(
        "check.html",
        status=problem.status if problem else 200,
        item=view.announcement,
        correcting=view.correcting,
        blocked=bool(view.faults) or (problem is not None and problem.field != "acknowledged"),
        faults=(*wrongs(view.faults, page.says), *refused(problem, page)),
        told=told(view, page),
        cut=() if view.faults else await _cut(page, identity),
        recorded=recorded(view, page),
        **await tracks_facts(page, identity),
        **await stored_hints(page, view, own=True),
        **await sound_facts(page, rendering, f"/bai/{identity}"),
    )


async def _cut(page: Page, announcement: AnnouncementId) -> tuple[str, ...]:
    """What the rules of the places would not let be heard, with the sentences of the plan."""
    found = await page.house.foretelling.item(page.person, announcement)
    said = (one.vi if page.says.t.language == "vi" else one.en for one in found[:MOST_SHOWN])
    return tuple(dict.fromkeys(said))


def _people(page: Page, n: int) -> str:
    return page.says.t("where.people", n=page.says.people(n)) if n else ""
