"""Tiếng khác: a bài in further languages; sent, listened to, confirmed by a second person, taken away."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.announcements.recording import Further
from controller.dispatch.forms.items import AnnouncementView
from controller.doors.gate import RECORDING_HEADERS
from controller.doors.ranges import original
from controller.doors.uploads import Came
from controller.errors import Problem
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.recorded import recorder_facts
from controller.web.sending import NO_PAGE, Sender, received
from controller.web.telling import refused
from controller.web.track_cards import inside, name_of, tracks_facts
from controller.web.writing import no_file_sent
from schedules import language
from schedules.announcement import AnnouncementId, RecordingId, State, Track
from schedules.tracks import MOST

router = APIRouter(include_in_schema=False)

DONE = frozenset({"sent", "confirmed", "taken_back", "back"})
Language = Annotated[str, Query(max_length=35)]


Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]


@router.get("/bai/{announcement}/tieng-khac")
async def show_tracks(page: Reader, announcement: str, xong: str = "", tieng: Language = "") -> Response:
    """Every track, who stands up for it, and what the nodes hear."""
    done = page.says.t(f"track.done_{xong}", name=inside(tieng, page.says)) if xong in DONE else ""
    return await _sheet(page, AnnouncementId(announcement), done=done)


@router.post("/bai/{announcement}/tieng-khac")
async def do_send(request: Request, page: Sender, announcement: str) -> Response:
    """A recording in one more language, or another one in its place."""
    identity = AnnouncementId(announcement)
    async with received(request, page, identity) as (form, came):
        try:
            tag = await _keep(page, identity, form, came)
        except Problem as problem:
            if problem.status in NO_PAGE:
                raise
            return await _sheet(page, identity, problem=problem, form=form)
    return go(f"/bai/{identity}/tieng-khac?xong=sent&tieng={tag}")


@router.post("/bai/{announcement}/tieng-khac/xac-nhan")
async def do_confirm(request: Request, page: Writer, announcement: str) -> Response:
    """Somebody who speaks both has listened: it says the same."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    deed = page.house.tracks.confirm(page.person, identity, form.get("language"), form.get("seen"))
    return await _deed(page, identity, form, deed, "confirmed")


@router.post("/bai/{announcement}/tieng-khac/thu-hoi")
async def do_take_back(request: Request, page: Writer, announcement: str) -> Response:
    """The own confirmation was a mistake."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    deed = page.house.tracks.take_back(page.person, identity, form.get("language"))
    return await _deed(page, identity, form, deed, "taken_back")


@router.post("/bai/{announcement}/tieng-khac/bo")
async def do_remove(request: Request, page: Writer, announcement: str) -> Response:
    """Without this language; it can be put back from the very answer, which holds its words too."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    before = await page.house.tracks.look(page.person, identity)
    gone = next((one.track for one in before.tracks if one.track.language == form.get("language")), None)
    try:
        await _choose(page, identity, form, None)
    except Problem as problem:
        if problem.status in NO_PAGE:
            raise
        return await _sheet(page, identity, problem=problem)
    done = page.says.t("track.done_removed", name=inside(form.get("language"), page.says))
    return await _sheet(page, identity, done=done, taken=gone)


@router.post("/bai/{announcement}/tieng-khac/lai")
async def do_put_back(request: Request, page: Writer, announcement: str) -> Response:
    """The track that was there before; somebody confirms it again."""
    form, identity = await read_form(request), AnnouncementId(announcement)
    recording = RecordingId(form.get("recording")[:120])
    return await _deed(page, identity, form, _choose(page, identity, form, recording), "back")


@router.get("/bai/{announcement}/tieng-khac/ban-thu")
async def fetch_original(request: Request, page: Reader, announcement: str, tieng: Language = "") -> Response:
    """The file of a track as it was sent, for whoever may read the bài."""
    found = await page.house.desk.recordings.original(page.person, AnnouncementId(announcement), tieng)
    return await original(request, page.house.lanes.files, found)


async def _keep(page: Page, identity: AnnouncementId, form: Form, came: Came) -> str:
    if came.refusal is not None:
        raise came.refusal
    if came.upload is None:
        raise no_file_sent()
    further = Further(language=form.get("language"), words=form.get("words")[:6000])
    recordings = page.house.desk.recordings
    await recordings.attach(page.person, identity, came.upload, form.get("seen"), further)
    return further.language


async def _choose(
    page: Page, identity: AnnouncementId, form: Form, recording: RecordingId | None
) -> AnnouncementView:
    further = Further(language=form.get("language"), words=form.get("words")[:6000])
    return await page.house.desk.recordings.choose(
        page.person, identity, recording, form.get("seen"), further
    )


async def _deed(
    page: Page, identity: AnnouncementId, form: Form, deed: Awaitable[object], done: str
) -> Response:
    try:
        await deed
    except Problem as problem:
        if problem.status in NO_PAGE and problem.code != "E_SECOND_PERSON":
            raise
        return await _sheet(page, identity, problem=problem)
    return go(f"/bai/{identity}/tieng-khac?xong={done}&tieng={form.get('language')}")


async def _sheet(
    page: Page,
    identity: AnnouncementId,
    *,
    done: str = "",
    problem: Problem | None = None,
    form: Form | None = None,
    taken: Track | None = None,
) -> Response:
    view = await page.house.tracks.look(page.person, identity)
    says, form = page.says, form or Form([])
    return await page.show(
        "tracks.html",
        status=problem.status if problem else 200,
        headers=RECORDING_HEADERS,
        item=view.announcement,
        seen=view.seen,
        faults=refused(problem, page),
        done=done,
        taken=taken,
        approved=view.announcement.state in (State.APPROVED, State.SUBMITTED),
        full=len(view.tracks) >= MOST,
        choices=[(code, name_of(code, says)) for code in language.names() if code != language.MAIN],
        chosen=form.get("language"),
        words=form.get("words"),
        **recorder_facts(f"/bai/{identity}/tieng-khac"),
        **await tracks_facts(page, identity),
    )
