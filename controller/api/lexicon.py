"""/api/lexicon: how a place's own words are read: look, try, add, change, remove, take in, undo."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field
from starlette.requests import Request

from controller.access import Right
from controller.api.answers import Answer
from controller.api.bodies import Body, Code
from controller.api.emergencies import Key
from controller.api.route import StrictRoute
from controller.dispatch.places.lexicon_check import checked_line
from controller.dispatch.plan.lexicon_use import read_by
from controller.doors.rights import Needs
from controller.doors.visitors import Visitor, house_of
from controller.store.lexicon import Done, Entry, Line, Own
from schedules.announcement import AreaCode
from tts.lexicon import printed
from tts.normalize import Normalized, Reading
from tts.reading.regions import Region

router = APIRouter(prefix="/api/lexicon", route_class=StrictRoute, tags=["lexicon"])

Reader = Annotated[Visitor, Depends(Needs(Right.READ))]
Writer = Annotated[Visitor, Depends(Needs(Right.WRITE))]
Place = Annotated[str | None, Query(max_length=32)]
Words = Annotated[str, Field(max_length=1000)]
LONGEST_TRIED = 5000


class LineBody(Body):
    """One line; ``sure`` vouches for a number that is read as another one."""

    written: Words
    reading: Words
    priority: Annotated[int, Field(ge=0, le=1)] = 0
    note: Words = ""
    sure: bool = False

    def line(self) -> Line:
        return Line(written=self.written, reading=self.reading, priority=self.priority, note=self.note)


class AddBody(LineBody):
    """A new line of a place."""

    area: Code


class ChangeBody(LineBody):
    """A line instead of ``was``, which stood at this revision."""

    area: Code
    was: Words
    revision: Annotated[int, Field(ge=1, le=1_000_000_000)]


class RemoveBody(Body):
    """Which line goes."""

    area: Code
    written: Words


class UndoBody(Body):
    """Which deed is taken back."""

    area: Code
    deed: Annotated[str, Field(max_length=64)]


class RegionBody(Body):
    """Whose words for numbers; null takes what the places above chose."""

    area: Code
    region: Literal["north", "centre", "south"] | None


class TableBody(Body):
    """A table of `written<tab>reading` lines."""

    area: Code
    table: Annotated[str, Field(max_length=1_000_000)]
    only_good: bool = False
    sure: bool = False


class TryBody(Body):
    """A text, and a line that may be put in for the trial."""

    area: Code
    text: Annotated[str, Field(max_length=LONGEST_TRIED)]
    line: LineBody | None = None


class EntryAnswer(Answer):
    """One line; ``area`` says whose it is."""

    area: str
    written: str
    reading: str
    priority: int
    note: str
    revision: int
    changed_by: str
    changed_at: datetime


class LexiconAnswer(Answer):
    """A place's lexicon, what it inherits, and the region that holds there."""

    area: str
    entries: list[EntryAnswer]
    inherited: list[EntryAnswer]
    own_region: Region | None
    region: Region


class DoneAnswer(Answer):
    """What was done, for ``undo``."""

    deed: str
    area: str
    count: int


class GuessAnswer(Answer):
    """A stretch of the text (characters in NFC) that is read otherwise than written."""

    start: int
    end: int
    written: str
    reading: str
    rule: str
    confidence: float


class TriedAnswer(Answer):
    """How a text is read now, and how with the line."""

    before: str
    after: str
    guesses: list[GuessAnswer]


@router.get("")
async def read_lexicon(request: Request, visitor: Reader, area: Place = None) -> LexiconAnswer:
    """The whole lexicon of a place of the asker's branch."""
    place = AreaCode(area or visitor.person.area)
    view = await house_of(request).lexicon_views.lexicon(visitor.person, place)
    return LexiconAnswer(
        area=view.area,
        entries=[_entry(entry) for entry in view.entries],
        inherited=[_entry(entry) for entry in view.inherited],
        own_region=view.own_region,
        region=view.region,
    )


@router.get("/table", response_class=Response)
async def read_table(request: Request, visitor: Reader, area: Place = None) -> Response:
    """The place's own lines as a table that can be taken in again."""
    place = AreaCode(area or visitor.person.area)
    view = await house_of(request).lexicon_views.lexicon(visitor.person, place)
    table = printed(entry.as_reading() for entry in view.entries)
    return Response(table, media_type="text/tab-separated-values; charset=utf-8")


@router.post("/try")
async def try_line(request: Request, visitor: Reader, body: TryBody) -> TriedAnswer:
    """How a text is read by the lexicon as it stands, and with one more line; nothing is kept."""
    house = house_of(request)
    own = await house.lexicon_views.own(visitor.person, AreaCode(body.area))
    run = house.lanes.files.run
    before = await run(partial(read_by, body.text, own))
    if body.line is None:
        return _tried(before, before)
    line = checked_line(body.line.line(), sure=True)
    mine = Reading(written=line.written, reading=line.reading, priority=line.priority)
    others = tuple(one for one in own.lines if one.written.casefold() != line.written.casefold())
    after = await run(partial(read_by, body.text, Own(lines=(*others, mine), region=own.region)))
    return _tried(before, after)


@router.post("/entries", status_code=201)
async def add_entry(request: Request, visitor: Writer, key: Key, body: AddBody) -> DoneAnswer:
    """A new line."""
    deeds = house_of(request).lexicons
    return _done(await deeds.add(visitor.person, AreaCode(body.area), body.line(), key, sure=body.sure))


@router.put("/entries")
async def change_entry(request: Request, visitor: Writer, key: Key, body: ChangeBody) -> DoneAnswer:
    """Replace a line; 412 ``E_STALE`` where its revision is another by now."""
    deeds, area = house_of(request).lexicons, AreaCode(body.area)
    return _done(
        await deeds.change(
            visitor.person, area, body.was, body.line(), key, revision=body.revision, sure=body.sure
        )
    )


@router.delete("/entries")
async def remove_entry(request: Request, visitor: Writer, key: Key, body: RemoveBody) -> DoneAnswer:
    """Take a line away."""
    deeds = house_of(request).lexicons
    return _done(await deeds.remove(visitor.person, AreaCode(body.area), body.written, key))


@router.post("/table", status_code=201)
async def take_in(request: Request, visitor: Writer, key: Key, body: TableBody) -> DoneAnswer:
    """Add and change what a table says; 422 ``E_LEXICON_LINES`` names the wrong lines."""
    deeds, area = house_of(request).lexicons, AreaCode(body.area)
    return _done(
        await deeds.take_in(visitor.person, area, body.table, key, only_good=body.only_good, sure=body.sure)
    )


@router.put("/region")
async def set_region(request: Request, visitor: Writer, key: Key, body: RegionBody) -> DoneAnswer:
    """Whose words for numbers."""
    region = None if body.region is None else Region(body.region)
    deeds = house_of(request).lexicons
    return _done(await deeds.set_region(visitor.person, AreaCode(body.area), region, key))


@router.post("/undo")
async def undo(request: Request, visitor: Writer, key: Key, body: UndoBody) -> DoneAnswer:
    """One deed taken back by whoever did it."""
    deeds = house_of(request).lexicons
    return _done(await deeds.undo(visitor.person, AreaCode(body.area), body.deed, key))


def _tried(before: Normalized, after: Normalized) -> TriedAnswer:
    guesses = [
        GuessAnswer(
            start=guess.start,
            end=guess.end,
            written=guess.written,
            reading=guess.reading,
            rule=guess.rule,
            confidence=guess.confidence,
        )
        for guess in after.guesses
    ]
    return TriedAnswer(before=before.spoken, after=after.spoken, guesses=guesses)


def _entry(entry: Entry) -> EntryAnswer:
    return EntryAnswer(
        area=entry.area,
        written=entry.written,
        reading=entry.reading,
        priority=entry.priority,
        note=entry.note,
        revision=entry.revision,
        changed_by=entry.changed_by,
        changed_at=entry.changed_at,
    )


def _done(done: Done) -> DoneAnswer:
    return DoneAnswer(deed=done.id, area=done.area, count=len(done.changes))
