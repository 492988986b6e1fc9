"""Quốc tang, sự kiện: days that a numbered document makes different, with what would fall silent."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.plan.foretelling import Silenced
from controller.errors import Problem
from controller.web.page import Form, Open, Page, day_of, go, read_form
from controller.web.rule_words import days_words, effects, silenced_lines
from controller.web.says import Says
from controller.web.telling import refused
from schedules.announcement import AreaCode
from schedules.calendar import local
from schedules.local_rules import LocalRules
from schedules.profile import Profile, ProfileKind, mourning
from schedules.recurrence import EVERY_DAY
from schedules.rulepack import Limits
from schedules.rules_json import NAME_LIMIT

router = APIRouter(include_in_schema=False)

Ruler = Annotated[Page, Depends(Open(Right.RULES))]
KINDS = {"quoc-tang": ProfileKind.MOURNING, "su-kien": ProfileKind.EVENT}
LONGEST_DOCUMENT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The form as it is shown."""

    kind: str
    name: str = ""
    document: str = ""
    first: str = ""
    last: str = ""
    sessions: str = ""
    minutes: str = ""


@router.get("/quy-dinh/dip/moi")
async def show_new(
    page: Ruler,
    loai: Annotated[str, Query(max_length=20)] = "quoc-tang",
    noi: Annotated[str, Query(max_length=32)] = "",
) -> Response:
    """An empty form; the days begin today."""
    kind = loai if loai in KINDS else "quoc-tang"
    today = local(page.house.clock.now()).date()
    named = page.says.t("rules.mourning_name") if kind == "quoc-tang" else ""
    fields = Fields(
        kind=kind, name=named, first=today.isoformat(), last=(today + timedelta(days=1)).isoformat()
    )
    return await _sheet(page, AreaCode(noi or page.person.area), fields)


@router.post("/quy-dinh/dip")
async def do_add(request: Request, page: Ruler) -> Response:
    """First what would fall silent, then the profile itself."""
    form = await read_form(request)
    area, fields = AreaCode(form.get("noi") or page.person.area), _typed(form)
    await page.house.rule_views.look(page.person, area)
    try:
        profile = _profile(form, fields, area, page.says)
        page.house.ruling.check(profile)
        if form.get("do") != "save":
            found = await page.house.foretelling.with_rules(
                page.person, area, lambda before: _with(before, profile)
            )
            return await _sheet(page, area, fields, profile=profile, silenced=found)
        fresh = await page.house.ruling.add_profile(page.person, profile, form.get("key")[:200])
    except Problem as problem:
        return await _sheet(page, area, fields, problem=problem)
    return go(f"/quy-dinh?noi={area}&xong=profile&viec=profile:{fresh.id}")


@router.post("/quy-dinh/dip/het")
async def do_end(request: Request, page: Ruler) -> Response:
    """From today on it holds no more."""
    form = await read_form(request)
    subject = form.get("viec")[:80]
    event = await page.house.rule_views.last_change(page.person, subject)
    await page.house.ruling.end_profile(page.person, subject, form.whole("seen", -1))
    return go(f"/quy-dinh?noi={event.thing.area}&xong=ended&viec={subject}")


async def _sheet(
    page: Page,
    area: AreaCode,
    fields: Fields,
    *,
    problem: Problem | None = None,
    profile: Profile | None = None,
    silenced: tuple[Silenced, ...] = (),
) -> Response:
    if problem is None:
        await page.house.rule_views.look(page.person, area)
    says = page.says
    return await page.show(
        "rule_profile.html",
        status=problem.status if problem is not None else 200,
        area=page.house.tree.area(area),
        form=fields,
        faults=refused(problem, page),
        asked=profile is not None,
        days="" if profile is None else days_words(profile.first, profile.last, says),
        effects=() if profile is None else effects(profile, says),
        silenced=silenced_lines(silenced, says),
        silenced_count=len(silenced),
    )


def _with(before: LocalRules, profile: Profile) -> LocalRules:
    return LocalRules(packs=before.packs, profiles=(*before.profiles, profile), holidays=before.holidays)


def _typed(form: Form) -> Fields:
    return Fields(
        kind=form.get("kind") if form.get("kind") in KINDS else "quoc-tang",
        name=form.get("name")[:400],
        document=form.get("document")[: LONGEST_DOCUMENT * 2],
        first=form.get("first")[:20],
        last=form.get("last")[:20],
        sessions=form.get("sessions")[:10],
        minutes=form.get("minutes")[:10],
    )


def _profile(form: Form, fields: Fields, area: AreaCode, says: Says) -> Profile:
    name = " ".join(fields.name.split())
    if not any(character.isalnum() for character in name) or len(name) > NAME_LIMIT:
        raise _problem("profile.name", "rules.name_wrong", says)
    first = _day(fields.first, "profile.first", says)
    last = _day(fields.last, "profile.last", says)
    document = " ".join(fields.document.split())
    if KINDS[fields.kind] is ProfileKind.MOURNING:
        return mourning("", name, document, area, first, last)
    return Profile(
        id="",
        kind=ProfileKind.EVENT,
        name=name,
        document=document,
        area=area,
        first=first,
        last=last,
        raised=Limits(
            days=EVERY_DAY,
            sessions_a_day=_whole(fields.sessions, 48, "profile.sessions", says),
            a_session=_length(fields.minutes, says),
            a_day=None,
        ),
    )


def _day(typed: str, field: str, says: Says) -> date:
    found = day_of(typed)
    if found is None:
        raise _problem(field, "problem.time", says)
    return found


def _length(typed: str, says: Says) -> timedelta | None:
    minutes = _whole(typed, 24 * 60, "profile.minutes", says)
    return None if minutes is None else timedelta(minutes=minutes)


def _whole(typed: str, most: int, field: str, says: Says) -> int | None:
    """A whole number from 1 to ``most``; nothing typed means no limit."""
    if not typed.strip():
        return None
    if typed.strip().isascii() and typed.strip().isdecimal() and 1 <= int(typed) <= most:
        return int(typed)
    raise _problem(field, "rules.number_wrong", says, most=most)


def _problem(field: str, key: str, says: Says, **facts: object) -> Problem:
    said = says.t(key, **facts)
    return Problem("E_TIME" if key == "problem.time" else "E_FIELD", field=field, vi=said, en=said)
