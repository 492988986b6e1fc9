"""Viết bài, helped: a second look at what is typed, a shorter version laid beside it. Nothing is saved."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from controller.access import Right
from controller.dispatch.announcements.aiding import Proposal
from controller.dispatch.forms.items import AnnouncementView
from controller.errors import Problem
from controller.studio.aid import CODES
from controller.web.changes import by_word
from controller.web.hinting import Aided, area_of, checked, typed_hints
from controller.web.page import Form, Open, Page, read_form
from controller.web.writing import content_page
from schedules.announcement import AnnouncementId

router = APIRouter(include_in_schema=False)

Writer = Annotated[Page, Depends(Open(Right.WRITE))]
LONGEST_ID = 80


@router.post("/viet-bai/soat")
async def show_hints(request: Request, page: Writer) -> Response:
    """What the rules notice in what is typed; with `more` also what the aid notices."""
    form = await read_form(request)
    view = await _view(page, form)
    aided = await _more(page, view, form) if form.get("more") else Aided()
    if _is_piece(request):
        return HTMLResponse(page.part("_hints.html", **await typed_hints(page, view, _fields(form), aided)))
    return await content_page(page, view, form, aided=aided)


@router.post("/viet-bai/rut-gon")
async def show_proposal(request: Request, page: Writer) -> Response:
    """A version of about a minute beside the old one; a piece of the page, or a page of its own."""
    form = await read_form(request)
    view = await _view(page, form)
    text = form.get("text")
    try:
        proposal = await page.house.aiding.shorten(page.person, area_of(page, view), text)
    except Problem as problem:
        facts: dict[str, Any] = {"proposal": None, "aid_wrong": _said(problem, page)}
        status = problem.status
    else:
        facts, status = await _compared(page, text, proposal), 200
    facts["aid_host"] = page.house.aiding.abroad
    if _is_piece(request):
        # htmx puts nothing on the page that does not come with 200
        return HTMLResponse(page.part("_proposal.html", **facts))
    return await page.show("proposal.html", status=status, kept=_kept(form), **facts)


@router.post("/viet-bai/chon-ban")
async def choose(request: Request, page: Writer) -> Response:
    """Back to the sheet with the version that was chosen in its field. It is typed there, not saved."""
    form = await read_form(request)
    view = await _view(page, form)
    taken = form.get("do") == "take"
    typed = form
    if taken:
        typed = Form([(k, form.get("proposal") if k == "text" else v) for k, v in form.pairs])
    aided = Aided(note=page.says.t("aid.taken" if taken else "aid.kept"))
    if view is not None and form.get("seen") != view.content_hash:
        return await content_page(page, view, typed, both=view, status=412, aided=aided)
    return await content_page(page, view, typed, aided=aided)


async def _view(page: Page, form: Form) -> AnnouncementView | None:
    """The stored bài of this sheet, None for a new one; 404 outside one's ground, 409 for what stands."""
    identity = form.get("item")[:LONGEST_ID]
    if not identity:
        return None
    view = await page.house.views.announcement(page.person, AnnouncementId(identity))
    if not view.may_edit:
        raise Problem("E_STATE")
    return view


async def _more(page: Page, view: AnnouncementView | None, form: Form) -> Aided:
    sheet = checked(view, _fields(form))
    try:
        return Aided(more=await page.house.aiding.more_hints(page.person, area_of(page, view), sheet))
    except Problem as problem:
        return Aided(wrong=_said(problem, page))


async def _compared(page: Page, old: str, proposal: Proposal) -> dict[str, Any]:
    pieces = await page.house.lanes.files.run(by_word, old.replace("\r\n", "\n"), proposal.text)
    return {
        "proposal": proposal,
        "aid_wrong": "",
        "length": page.says.seconds(proposal.seconds * 1000),
        "pieces": pieces,
        "strange": page.says.names(proposal.strange),
        "lost": page.says.names(proposal.lost),
    }


def _said(problem: Problem, page: Page) -> str:
    """What became of the question; whatever is no matter of the aid has a page of its own."""
    if problem.code not in CODES:
        raise problem
    return problem.vi if page.says.t.language == "vi" else problem.en


def _fields(form: Form) -> dict[str, str]:
    return {name: form.get(name) for name in ("title", "text", "class")}


def _kept(form: Form) -> list[tuple[str, str]]:
    """The fields of the sheet that go along with either choice."""
    names = ("title", "text", "class", "item", "seen", "revision", "area")
    return [(name, form.get(name)) for name in names]


def _is_piece(request: Request) -> bool:
    return request.headers.get("HX-Request") == "true"
