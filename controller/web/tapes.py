"""Băng tiếp âm: relays recorded to be heard later, what became of each, and what that costs a link."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.broadcasts.tape_desk import TapeLine
from controller.doors.ranges import given
from controller.errors import Problem
from controller.store.tapes import Tape, TapeState
from controller.web.looks import Look
from controller.web.page import Open, Page, go, read_form
from controller.web.recorded import megabytes
from controller.web.says import Says
from schedules.announcement import AreaCode
from schedules.session import Session
from tts.formats import FORMATS, Format

router = APIRouter(include_in_schema=False)

Approver = Annotated[Page, Depends(Open(Right.APPROVE))]
STREAM_BITS = 64_000
"""What a station's own stream costs (DOMAIN.md 1)."""
USUAL_MINUTES = 10
_PRIVATE = {"Cache-Control": "private, no-store", "Content-Type": "audio/ogg"}
_LOOKS = {
    TapeState.RECORDING: ("live", "●"),
    TapeState.KEPT: ("good", "✔"),
    TapeState.DROPPED: ("rest", "■"),
    TapeState.FAILED: ("bad", "✖"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeRow:
    """One recording in the list; ``deed`` is what its button does, empty without a button."""

    id: str
    title: str
    name: str
    look: Look
    said: str
    why: str
    heard: bool
    deed: str
    deed_word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTape:
    """How the last recording of a session went, in one sentence."""

    said: str
    lost: bool


@router.get("/nguon-tiep-am/ban-thu/{tape}", response_class=Response)
async def hear_tape(request: Request, page: Approver, tape: str) -> Response:
    """The sound before it airs, for whoever may approve."""
    path, sha256 = await page.house.tapes.clip(page.person, tape[:64])
    return await given(request, page.house.lanes.files, path, sha256, _PRIVATE)


@router.post("/nguon-tiep-am/ban-thu/{tape}")
async def do_tape(request: Request, page: Approver, tape: str) -> Response:
    """Not to be heard, or heard after all."""
    form = await read_form(request)
    do = form.get("do")
    if do not in ("drop", "keep"):
        raise Problem("E_FIELD", field="do")
    done = await page.house.tapes.turn(page.person, tape[:64], heard=do == "keep")
    return go(f"/nguon-tiep-am?noi={done.area}#ban-thu")


async def tape_rows(page: Page, area: AreaCode) -> list[TapeRow]:
    """The last recordings of a place, the newest first."""
    return [_row(one, area, page.says) for one in await page.house.tapes.newest(page.person, area)]


async def last_tape(page: Page, session: Session | None) -> LastTape | None:
    """What came of the session's last recording; None where it has none."""
    if session is None:
        return None
    found = await page.house.tapes.newest(page.person, session.area)
    tape = next((one.tape for one in found if one.tape.session == session.id), None)
    if tape is None:
        return None
    says = page.says
    word, when = says.t(f"tape.state_{tape.state.value}"), says.when(tape.begins_at)
    return LastTape(
        said=" ".join(part for part in (says.t("tape.last", when=when, word=word), _why(tape, says)) if part),
        lost=tape.state is TapeState.FAILED,
    )


def relay_cost(typed: str, says: Says) -> str:
    """What each node fetches a day either way, for the minutes of the form, or for ten."""
    known = typed.isascii() and typed.isdecimal() and 0 < len(typed) <= 4 and int(typed) > 0
    minutes = int(typed) if known else USUAL_MINUTES
    return says.t(
        "tape.cost",
        minutes=minutes,
        taped=megabytes(_octets(minutes, FORMATS[Format.OPUS].bits_a_second), says),
        stream=megabytes(_octets(minutes, STREAM_BITS), says),
    )


def _octets(minutes: int, bits_a_second: int) -> int:
    return minutes * 60 * bits_a_second // 8


def _row(one: TapeLine, area: AreaCode, says: Says) -> TapeRow:
    tape = one.tape
    tone, shape = _LOOKS[tape.state]
    place = "" if tape.area == area else f", {one.area_name}"
    facts = [says.t("tape.begun", when=says.when(tape.begins_at))]
    if tape.clip is not None:
        length = says.span(timedelta(seconds=tape.sound // timedelta(seconds=1)))
        facts.append(
            says.t("tape.facts", source=tape.source, length=length, size=megabytes(one.octets, says))
        )
    if tape.state is TapeState.DROPPED:
        facts.append(says.t("tape.dropped_by", name=one.changed_by))
    deed = "" if not one.may_change else "drop" if tape.state is TapeState.KEPT else "keep"
    return TapeRow(
        id=tape.occurrence,
        title=says.when(tape.due_at),
        name=f"{tape.title}{place}.",
        look=Look(tone=tone, shape=shape, word=says.t(f"tape.state_{tape.state.value}")),
        said=" ".join(facts),
        why=_why(tape, says),
        heard=one.may_hear,
        deed=deed,
        deed_word=says.t(f"tape.do_{deed}") if deed else "",
    )


def _why(tape: Tape, says: Says) -> str:
    if tape.state is not TapeState.FAILED:
        return ""
    return says.t("tape.failed", why=says.t(f"tape.why_{tape.why}"))
