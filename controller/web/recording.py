"""Viết bài, step 1, by voice: send a recording, take it away, put it back, hear the original."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from controller.access import Right
from controller.dispatch.forms.items import AnnouncementView
from controller.doors.ranges import original
from controller.doors.uploads import Came
from controller.errors import Problem
from controller.web.drafting import new_draft, with_content
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.recorded import recorded
from controller.web.sending import NO_PAGE, Sender, received
from controller.web.writing import content_page, no_file_sent, save_draft
from schedules.announcement import AnnouncementId, RecordingId

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]


@router.post("/viet-bai/ban-thu")
async def do_send_new(request: Request, page: Sender) -> Response:
    """A recording for a sheet that is not stored yet: the words are stored with it."""
    return await _send(request, page, None)


@router.post("/viet-bai/{announcement}/ban-thu")
async def do_send(request: Request, page: Sender, announcement: str) -> Response:
    """A recording for a stored bài."""
    return await _send(request, page, AnnouncementId(announcement))


@router.get("/bai/{announcement}/ban-thu/xem")
async def show_recording(page: Reader, announcement: str) -> Response:
    """How far the recording is (a piece of the page)."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    return HTMLResponse(page.part("_recorded.html", recorded=recorded(view, page)))


@router.post("/viet-bai/{announcement}/ban-thu/bo")
async def do_take_away(request: Request, page: Writer, announcement: str) -> Response:
    """Back to the reading; the recording can be put back."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    taken = view.announcement.recording or ""
    return await _choose(page, view, await read_form(request), None, f"bo={taken}")


@router.post("/viet-bai/{announcement}/ban-thu/lai")
async def do_put_back(request: Request, page: Writer, announcement: str) -> Response:
    """The recording that was there before."""
    view = await page.house.views.announcement(page.person, AnnouncementId(announcement))
    form = await read_form(request)
    return await _choose(page, view, form, RecordingId(form.get("recording")[:120]), "")


@router.get("/bai/{announcement}/ban-thu")
async def fetch_original(request: Request, page: Reader, announcement: str) -> Response:
    """The file as it was sent, for whoever may read the bài."""
    found = await page.house.desk.recordings.original(page.person, AnnouncementId(announcement))
    return await original(request, page.house.lanes.files, found)


async def _send(request: Request, page: Page, announcement: AnnouncementId | None) -> Response:
    async with received(request, page, announcement) as (form, came):
        return await _keep(page, announcement, form, came)


async def _keep(page: Page, announcement: AnnouncementId | None, form: Form, came: Came) -> Response:
    """The words first, then the recording; a page with both where one of them will not do."""
    view: AnnouncementView | None = None
    kept_as = announcement or "new"
    recordings = page.house.desk.recordings
    try:
        view = await _words(page, announcement, form)
        if came.refusal is not None:
            raise came.refusal
        if came.upload is None:
            raise no_file_sent()
        before = view.announcement.recording
        view = await recordings.attach(page.person, view.announcement.id, came.upload, view.content_hash)
    except Problem as problem:
        if view is None and announcement is not None:
            view = await page.house.views.announcement(page.person, announcement)
        both = view if problem.code == "E_STALE" else None
        return await content_page(page, view, form, problem=problem, both=both)
    replaced = f"&bo={before}" if before not in (None, view.announcement.recording) else ""
    return go(f"/viet-bai/{view.announcement.id}?da_luu={kept_as}{replaced}#ban-thu")


async def _words(page: Page, announcement: AnnouncementId | None, form: Form) -> AnnouncementView:
    if announcement is None:
        return await page.house.desk.write_announcement(page.person, new_draft(page, form))
    view = await page.house.views.announcement(page.person, announcement)
    if form.get("seen") != view.content_hash:
        raise Problem("E_STALE")
    return await save_draft(page, view, with_content(view, form))


async def _choose(
    page: Page, view: AnnouncementView, form: Form, recording: RecordingId | None, after: str
) -> Response:
    """What was typed is saved with it, so that nothing is lost by pressing this button."""
    identity = view.announcement.id
    try:
        if form.get("seen") != view.content_hash:
            raise Problem("E_STALE")
        view = await save_draft(page, view, with_content(view, form))
        await page.house.desk.recordings.choose(page.person, identity, recording, view.content_hash)
    except Problem as problem:
        if problem.status in NO_PAGE:
            raise
        both = view if problem.code == "E_STALE" else None
        return await content_page(page, view, form, problem=problem, both=both)
    return go(f"/viet-bai/{identity}?da_luu={identity}&{after}#ban-thu".replace("&#", "#"))
