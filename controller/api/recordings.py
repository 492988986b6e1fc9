"""/api/announcements/…/recording: what is heard instead of the reading; sent, chosen, taken back, fetched."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from starlette.requests import Request

from controller.access import Right
from controller.api.announcements import seen_hash, told
from controller.api.answers import AnnouncementAnswer, RecordingAnswer, recording_answer
from controller.api.bodies import RecordingBody
from controller.api.route import StrictRoute
from controller.doors.ranges import BINARY, original
from controller.doors.rights import Needs
from controller.doors.uploads import raw_upload
from controller.doors.visitors import Visitor, house_of
from controller.errors import Problem
from schedules.announcement import AnnouncementId, RecordingId

router = APIRouter(prefix="/api/announcements", tags=["recordings"])
strict = APIRouter(route_class=StrictRoute)

Reader = Annotated[Visitor, Depends(Needs(Right.READ))]
Writer = Annotated[Visitor, Depends(Needs(Right.WRITE))]
# Any audio/* is taken as well.
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/{announcement}/recording", openapi_extra=_BODY)
async def send_recording(
    request: Request,
    response: Response,
    visitor: Writer,
    announcement: str,
    name: Annotated[str, Query(max_length=1000)] = "",
    if_match: Annotated[str | None, Header()] = None,
) -> AnnouncementAnswer:
    """The body is the file, up to 100 MB; what it is, is found by decoding. Sent again it changes nothing.

    413 ``E_AUDIO_SIZE``, 415 ``E_AUDIO_TYPE`` or ``E_AUDIO_CODEC``, 422 ``E_AUDIO_LENGTH`` or
    ``E_AUDIO_LEVEL``: then the bài is as it was. A long one is answered while it is still being prepared
    (``rendering``).
    """
    identity = AnnouncementId(announcement)
    use = house_of(request).desk.recordings
    async with use.coming(visitor.person, identity):
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != BINARY and not kind.startswith("audio/"):
            # what a plain form of another site could send is none of these
            raise Problem("E_MEDIA_TYPE")
        async with raw_upload(request, name) as upload:
            view = await use.attach(visitor.person, identity, upload, seen=seen_hash(if_match))
    return told(response, view)


@strict.put("/{announcement}/recording")
async def choose_recording(
    request: Request,
    response: Response,
    visitor: Writer,
    announcement: str,
    body: RecordingBody,
    if_match: Annotated[str | None, Header()] = None,
) -> AnnouncementAnswer:
    """Take the recording away (null), or put back one that was sent for this area (404 for any other)."""
    view = await house_of(request).desk.recordings.choose(
        visitor.person,
        AnnouncementId(announcement),
        None if body.recording is None else RecordingId(body.recording),
        seen=seen_hash(if_match),
    )
    return told(response, view)


@strict.get("/{announcement}/recording")
async def read_recording(request: Request, visitor: Reader, announcement: str) -> RecordingAnswer:
    """What was sent, and what preparing it has changed; 404 where the text is read."""
    view = await house_of(request).views.announcement(visitor.person, AnnouncementId(announcement))
    if view.recording is None:
        raise Problem("E_NOT_FOUND")
    return recording_answer(view.recording)


@router.get("/{announcement}/recording/original", response_class=Response)
async def fetch_original(request: Request, visitor: Reader, announcement: str) -> Response:
    """The file as it was sent, under a name of ours."""
    house = house_of(request)
    found = await house.desk.recordings.original(visitor.person, AnnouncementId(announcement))
    return await original(request, house.lanes.files, found)


router.include_router(strict)
