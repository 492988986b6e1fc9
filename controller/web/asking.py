"""Two priority items at one moment, asked on Hôm nay: one button each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.announcements.ordering import Question, Side
from controller.errors import Problem
from controller.web.page import Form, Open, Page, go, read_form
from schedules.announcement import AnnouncementId
from schedules.precedence import Moment

router = APIRouter(include_in_schema=False)

Writer = Annotated[Page, Depends(Open(Right.WRITE))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One of the two: pressed, it goes first."""

    title: str
    line: str
    item: str
    at: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as the page asks it; ``said`` is what happens if nobody presses anything."""

    heading: str
    said: str
    buttons: tuple[Button, Button]


@router.post("/uu-tien")
async def do_answer(request: Request, page: Writer) -> Response:
    """The pressed one goes first."""
    form = await read_form(request)
    one, other = _moment(form, "a"), _moment(form, "b")
    first, second = (one, other) if form.get("first") == "a" else (other, one)
    await page.house.ordering.answer(page.person, first, second)
    return go("/#uu-tien")


async def questions(page: Page) -> tuple[Asked, ...]:
    """What this person may decide now."""
    if not page.may(Right.WRITE):
        return ()
    return tuple(_asked(one, page) for one in await page.house.ordering.questions(page.person))


def _asked(one: Question, page: Page) -> Asked:
    says = page.says
    # by name, not by who goes first: the buttons stay where they are after one was pressed
    sides = sorted((one.first, one.second), key=lambda side: (side.title, side.item))
    said = "asking.answered" if one.answered else "asking.default"
    return Asked(
        heading=says.t("asking.heading", when=says.when(one.at)),
        said=says.t(said, title=one.first.title),
        buttons=(_button(sides[0], one, page), _button(sides[1], one, page)),
    )


def _button(side: Side, one: Question, page: Page) -> Button:
    says = page.says
    return Button(
        title=side.title,
        line=says.t(
            "asking.line", title=side.title, name=side.from_name, length=says.seconds(side.duration_ms)
        ),
        item=side.item,
        at=side.recurrence_at.isoformat(),
        is_first=side is one.first,
    )


def _moment(form: Form, name: str) -> Moment:
    try:
        at = datetime.fromisoformat(form.get(f"{name}_at")[:40])
    except ValueError:
        raise Problem("E_NOT_FOUND") from None
    if at.tzinfo is None:
        raise Problem("E_NOT_FOUND")
    return AnnouncementId(form.get(f"{name}_item")[:80]), at
