"""/api/announcements: write, edit, hand in, approve, send back, withdraw, listen."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from controller.access import Right
from controller.api.answers import AnnouncementAnswer, announcement_answer
from controller.api.bodies import ApproveBody, DraftBody, ReasonBody
from controller.api.route import StrictRoute
from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.forms.sound import Rendering
from controller.doors.rights import Needs
from controller.doors.visitors import Visitor, house_of
from controller.errors import Problem
from schedules.announcement import AnnouncementId, State

router = APIRouter(prefix="/api/announcements", route_class=StrictRoute, tags=["announcements"])

Reader = Annotated[Visitor, Depends(Needs(Right.READ))]
Writer = Annotated[Visitor, Depends(Needs(Right.WRITE))]
Approver = Annotated[Visitor, Depends(Needs(Right.APPROVE))]
_TAG = re.compile(r'"(\d{1,9})-([0-9a-f]{64})"')


@router.get("")
async def list_announcements(
    request: Request,
    visitor: Reader,
    state: Annotated[list[State] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[AnnouncementAnswer]:
    """Newest first, within the asker's branch."""
    views = house_of(request).views
    found = await views.announcements(visitor.person, states=tuple(state or ()), limit=limit)
    return [announcement_answer(view) for view in found]


@router.post("", status_code=201)
async def write_announcement(
    request: Request, response: Response, visitor: Writer, body: DraftBody
) -> AnnouncementAnswer:
    """Save a new draft."""
    return told(response, await house_of(request).desk.write_announcement(visitor.person, body.draft()))


@router.get("/{announcement}")
async def read_announcement(
    request: Request, response: Response, visitor: Reader, announcement: str
) -> AnnouncementAnswer:
    """One bài; its ETag is what an edit must bring along."""
    view = await house_of(request).views.announcement(visitor.person, AnnouncementId(announcement))
    return told(response, view)


@router.put("/{announcement}")
async def edit_announcement(
    request: Request,
    response: Response,
    visitor: Writer,
    announcement: str,
    body: DraftBody,
    if_match: Annotated[str | None, Header()] = None,
) -> AnnouncementAnswer:
    """Replace the content; ``If-Match`` carries the ETag that was seen.

    412 ``E_STALE`` carries what is stored now, so that both versions can be shown.
    """
    house, identity = house_of(request), AnnouncementId(announcement)
    seen = _TAG.fullmatch(if_match or "")
    if seen is None:
        raise Problem(
            "E_IF_MATCH",
            status=428,
            vi="Yêu cầu sửa phải kèm If-Match với ETag của bản đã xem.",
            en="An edit needs If-Match with the ETag that was seen.",
        )
    try:
        view = await house.desk.edit_announcement(
            visitor.person, identity, body.draft(), revision=int(seen[1]), seen=seen[2]
        )
    except Problem as problem:
        if problem.code == "E_STALE":
            stored = await house.views.announcement(visitor.person, identity)
            problem.extra["stored"] = announcement_answer(stored).model_dump(mode="json")
        raise
    return told(response, view)


@router.post("/{announcement}/submit")
async def submit_announcement(
    request: Request, response: Response, visitor: Writer, announcement: str
) -> AnnouncementAnswer:
    """Hand it in for approval."""
    return told(response, await house_of(request).desk.submit(visitor.person, AnnouncementId(announcement)))


@router.post("/{announcement}/approve")
async def approve_announcement(
    request: Request, response: Response, visitor: Approver, announcement: str, body: ApproveBody
) -> AnnouncementAnswer:
    """Approve exactly what was seen; never one's own."""
    desk = house_of(request).desk
    return told(
        response,
        await desk.approve(visitor.person, AnnouncementId(announcement), body.content_hash, body.heard),
    )


@router.post("/{announcement}/send-back")
async def send_back_announcement(
    request: Request, response: Response, visitor: Approver, announcement: str, body: ReasonBody
) -> AnnouncementAnswer:
    """Return it to its author with a reason."""
    desk = house_of(request).desk
    return told(response, await desk.send_back(visitor.person, AnnouncementId(announcement), body.words()))


@router.post("/{announcement}/withdraw")
async def withdraw_announcement(
    request: Request, response: Response, visitor: Writer, announcement: str, body: ReasonBody
) -> AnnouncementAnswer:
    """Take it back: what is planned is cancelled, what sounds is stopped; approved ones want a reason."""
    desk = house_of(request).desk
    return told(response, await desk.withdraw(visitor.person, AnnouncementId(announcement), body.words()))


@router.post("/{announcement}/correct")
async def correct_announcement(
    request: Request, response: Response, visitor: Writer, announcement: str
) -> AnnouncementAnswer:
    """The draft of what puts it right; the one begun where there is one. 409 while nobody has heard it."""
    return told(response, await house_of(request).desk.correct(visitor.person, AnnouncementId(announcement)))


@router.post("/{announcement}/undo")
async def undo_announcement(
    request: Request, response: Response, visitor: Writer, announcement: str
) -> AnnouncementAnswer:
    """One step back by whoever did it."""
    return told(response, await house_of(request).desk.undo(visitor.person, AnnouncementId(announcement)))


@router.post("/{announcement}/render")
async def render_announcement(request: Request, visitor: Reader, announcement: str) -> Rendering:
    """Start, or look at, the reading of a draft."""
    return await house_of(request).desk.render_now(visitor.person, AnnouncementId(announcement))


@router.get("/{announcement}/clip", response_class=RedirectResponse, status_code=303)
async def listen(request: Request, visitor: Reader, announcement: str) -> RedirectResponse:
    """Where its sound lies; 409 ``E_NOT_READY`` while it is being read."""
    view = await house_of(request).views.announcement(visitor.person, AnnouncementId(announcement))
    if view.rendering.clip is None:
        raise Problem("E_NOT_READY")
    return RedirectResponse(f"/clips/{view.rendering.clip}", status_code=303)


def seen_hash(if_match: str | None) -> str | None:
    """The hash of the ETag that was seen; None where none was sent; 412 for any other."""
    if if_match is None:
        return None
    found = _TAG.fullmatch(if_match)
    if found is None:
        raise Problem("E_STALE")
    return found[2]


def told(response: Response, view: AnnouncementView) -> AnnouncementAnswer:
    """The answer, with the ETag that an edit must bring along."""
    response.headers["ETag"] = f'"{view.announcement.revision}-{view.content_hash}"'
    return announcement_answer(view)
