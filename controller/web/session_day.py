"""One day of a session (buổi phát): what it will say, in order; moved by plain buttons, put off, fixed."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.sessions.arranging import Arrangement
from controller.dispatch.sessions.rundown import Aside, Line, Row, Rundown
from controller.errors import Problem
from controller.web.drafting import typed_time
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.telling import refused
from controller.web.week import a_day
from schedules.announcement import AnnouncementId
from schedules.blocks import Part
from schedules.session import is_on

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Writer = Annotated[Page, Depends(Open(Right.WRITE))]
Day = Annotated[str, Path(alias="date", max_length=20)]
WITH_TIME = frozenset({Arrangement.FIX, Arrangement.MOVE})
SEARCHED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One line of the day as it is shown."""

    item: str
    clock: str
    title: str
    href: str
    length: str
    note: str
    own: bool
    fixed: str
    may_up: bool
    may_down: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An item that is not in this session."""

    item: str
    title: str
    said: str
    put_off: bool


@router.get("/buoi-phat/{session}/ngay/{date}")
async def show_session_day(
    page: Reader, session: str, ngay: Day, xong: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """What this session says on this day."""
    return await _sheet(page, session, a_day(ngay, "ngay"), done=xong)


@router.post("/buoi-phat/{session}/ngay/{date}")
async def do_arrange(request: Request, page: Writer, session: str, ngay: Day) -> Response:
    """One thing otherwise on this day."""
    form, day = await read_form(request), a_day(ngay, "ngay")
    try:
        what = _what(form)
        item = AnnouncementId(form.get("item")) if form.get("item") else None
        await page.house.arranging.arrange(
            page.person,
            session,
            day,
            what,
            form.whole("seen", -1),
            item=item,
            at=typed_time(form, "at", "at", page.says) if what in WITH_TIME else None,
        )
    except Problem as problem:
        return await _sheet(page, session, day, problem=problem, about=form.get("item"))
    place = f"/buoi-phat/{session}/ngay/{day.isoformat()}?{urlencode({'xong': what.value})}"
    return go(f"{place}#{item}" if item is not None and what is not Arrangement.PUT_OFF else place)


async def _sheet(
    page: Page,
    session: str,
    day: date,
    *,
    done: str = "",
    problem: Problem | None = None,
    about: str = "",
) -> Response:
    found = await page.house.rundowns.day(page.person, session, day)
    if found is None:
        raise Problem("E_NOT_FOUND")
    says = page.says
    cap = found.run.session.cap if found.run is not None else None
    before, after = _neighbours(found)
    words = {word.value for word in Arrangement}
    return await page.show(
        "session_day.html",
        status=problem.status if problem is not None else 200,
        view=found,
        name=found.session.name,
        when=says.day(day),
        day=day.isoformat(),
        title=says.t("run.title", name=found.session.name, day=says.day(day)),
        starts=says.clock(found.run.start_at) if found.run is not None else "",
        usual=says.clock(found.usual_at),
        moved=found.run is not None and found.change is not None and found.change.start is not None,
        by_hand=_by_hand(found),
        sounds=[_sound(line, page) for line in found.lines],
        waiting=[_waiting(one, page) for one in found.aside],
        total=says.seconds(found.total // timedelta(milliseconds=1)),
        total_s=int(found.total.total_seconds()),
        cap_s=int(cap.total_seconds()) if cap is not None else 0,
        cap=says.seconds(cap // timedelta(milliseconds=1)) if cap is not None else "",
        may_edit=found.may_edit and not found.begun,
        done=says.t(f"run.done_{done}") if done in words else "",
        faults=refused(problem, page),
        about=about,
        before=before,
        after=after,
        back=f"/lich-tuan?{urlencode({'tuan': day.isoformat(), 'noi': found.session.area})}",
    )


def _what(form: Form) -> Arrangement:
    try:
        return Arrangement(form.get("do"))
    except ValueError:
        raise Problem("E_FIELD", field="do") from None


def _by_hand(found: Rundown) -> bool:
    change = found.change
    return change is not None and bool(change.items is not None or change.fixed or change.left_out)


def _sound(line: Line, page: Page) -> Sound:
    says, t = page.says, page.says.t
    own = line.part in (Part.PROVINCE, Part.COMMUNE)
    is_item = line.part not in (Part.OPENING, Part.CLOSING, Part.RELAY)
    ends = line.due_at + line.length
    return Sound(
        item=line.item,
        clock=says.clock(line.due_at),
        title=line.title
        if is_item
        else t(f"part.{line.part.value}_span", begin=says.clock(line.due_at), end=says.clock(ends)),
        href=f"/bai/{line.item}" if is_item else "",
        length=says.seconds(line.length // timedelta(milliseconds=1)),
        note="" if own or not is_item else t(f"part.{line.part.value}"),
        own=own,
        fixed=says.wall(line.fixed_at) if line.fixed_at is not None else "",
        may_up=line.may_up,
        may_down=line.may_down,
    )


def _waiting(one: Aside, page: Page) -> Waiting:
    put_off = one.row is Row.PUT_OFF
    said = page.says.t("run.put_off") if put_off else one.vi if page.says.t.language == "vi" else one.en
    return Waiting(item=one.item, title=one.title, said=said, put_off=put_off)


def _neighbours(found: Rundown) -> tuple[str, str]:
    """The days on which this session runs before and after, where they are near."""

    def nearest(step: int) -> str:
        days = (found.day + timedelta(days=step * n) for n in range(1, SEARCHED))
        return next((day.isoformat() for day in days if is_on(found.session, day)), "")

    return nearest(-1), nearest(1)
