"""Ngày nghỉ: the year's days off as the law gives them, and what a document swapped."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.places.rule_views import RuleView, decreed_day
from controller.errors import Problem
from controller.web.page import Form, Open, Page, go, read_form
from controller.web.rule_words import UNPROVEN
from controller.web.rules import undo_of
from controller.web.telling import refused
from schedules.calendar import FIRST_YEAR, LAST_YEAR, local
from schedules.holidays import HolidayRow, Holidays, What, days_off
from schedules.rules_json import swap

router = APIRouter(include_in_schema=False)

Reader = Annotated[Page, Depends(Open(Right.READ))]
Ruler = Annotated[Page, Depends(Open(Right.RULES))]
Code = Annotated[str, Query(max_length=80)]
KINDS = {"nghi": What.OFF, "lam": What.WORK}
DONE = ("added", "removed", "undone")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """One day of the table; ``subject`` where this house decreed it."""

    iso: str
    day: str
    name: str
    document: str
    unproven: bool
    works: bool
    past: bool
    subject: str = ""
    seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The form as it is shown."""

    kind: str = "nghi"
    on: str = ""
    name: str = ""
    document: str = ""


@router.get("/ngay-nghi")
async def show_days(page: Reader, nam: Code = "", xong: Code = "", viec: Code = "") -> Response:
    """The table of a year; who may decree has a form under it."""
    return await _sheet(page, nam, Fields(), done=xong if xong in DONE else "", subject=viec)


@router.post("/ngay-nghi")
async def do_decree(request: Request, page: Ruler) -> Response:
    """A day off or a working day by a document."""
    form = await read_form(request)
    fields = _typed(form)
    key = form.get("key")[:200]
    try:
        subject = await page.house.ruling.decree(page.person, _row(fields, page), key)
    except Problem as problem:
        return await _sheet(page, fields.on[:4], fields, problem=problem)
    return go(f"/ngay-nghi?nam={fields.on[:4]}&xong=added&viec={subject}")


@router.post("/ngay-nghi/bo")
async def do_cancel(request: Request, page: Ruler) -> Response:
    """A decreed day out of the table."""
    form = await read_form(request)
    subject = form.get("viec")[:80]
    await page.house.ruling.cancel_decree(page.person, subject, form.whole("seen", -1))
    return go(f"/ngay-nghi?nam={form.whole('nam', 0) or ''}&xong=removed&viec={subject}")


async def _sheet(
    page: Page,
    typed_year: str,
    fields: Fields,
    *,
    problem: Problem | None = None,
    done: str = "",
    subject: str = "",
) -> Response:
    today = local(page.house.clock.now()).date()
    year = int(typed_year) if typed_year.isascii() and typed_year.isdecimal() else today.year
    year = year if FIRST_YEAR < year < LAST_YEAR else today.year
    decreed = await page.house.rule_views.decreed(page.person)
    table = page.house.rule_views.holidays()
    return await page.show(
        "days_off.html",
        status=problem.status if problem is not None else 200,
        year=year,
        lines=_lines(page, table, decreed, year, today),
        form=fields,
        may_decree=page.house.rule_views.may_decree(page.person),
        faults=refused(problem, page),
        done=page.says.t(f"daysoff.done_{done}") if done else "",
        undo=await undo_of(page, subject) if done in ("added", "removed") else None,
    )


def _lines(
    page: Page, table: Holidays, decreed: tuple[RuleView, ...], year: int, today: date
) -> list[DayLine]:
    own = {decreed_day(view.rule): view for view in decreed}
    off = [(one.day, one.name, one.source, False) for one in days_off(table, year)]
    work = [
        (row.on, row.name, row.source, True)
        for row in table.rows
        if row.what is What.WORK and row.on is not None and row.on.year == year
    ]
    return [
        DayLine(
            iso=day.isoformat(),
            day=page.says.day(day),
            name=name,
            document=source.removeprefix(UNPROVEN).strip(),
            unproven=source.startswith(UNPROVEN),
            works=works,
            past=day < today,
            subject=own[day].rule.subject if day in own else "",
            seen=own[day].seen if day in own else 0,
        )
        for day, name, source, works in sorted((*off, *work), key=lambda one: one[0])
    ]


def _typed(form: Form) -> Fields:
    return Fields(
        kind=form.get("kind") if form.get("kind") in KINDS else "nghi",
        on=form.get("on")[:20],
        name=form.get("name")[:400],
        document=form.get("document")[:400],
    )


def _row(fields: Fields, page: Page) -> HolidayRow:
    try:
        day = date.fromisoformat(fields.on) if len(fields.on) == 10 and fields.on.isascii() else None
    except ValueError:
        day = None
    if day is None:
        said = page.says.t("problem.time")
        raise Problem("E_TIME", field="on", vi=said, en=said)
    return swap(KINDS[fields.kind], day, " ".join(fields.name.split()), " ".join(fields.document.split()))
