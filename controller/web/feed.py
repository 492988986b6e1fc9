"""Lịch tuần for calendar programs: the address with its secret, and what it opens."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.dispatch.plan.sounds import relay_title
from controller.dispatch.sessions.weeks import DayPlan
from controller.doors.rights import Public
from controller.doors.visitors import house_of
from controller.web.page import Open, Page, go, read_form
from controller.web.says import Says
from controller.web.words import LANGUAGES, words
from schedules.announcement import AreaCode
from schedules.feed import Event, write_feed

router = APIRouter(include_in_schema=False)

Writer = Annotated[Page, Depends(Open(Right.WRITE))]


@router.get("/lich/{secret}.ics", dependencies=[Depends(Public())], response_class=Response)
async def read_feed(request: Request, secret: str) -> Response:
    """Three weeks of one area: when and what, and not a word more."""
    house = house_of(request)
    asker = request.client.host if request.client is not None else ""
    area, plans = await house.feeds.open(secret[:100], asker)
    says = Says(t=words(LANGUAGES[0]))
    return Response(
        write_feed(
            says.t("week.feed", name=house.tree.area(area).name),
            events(plans, house.settings.tenant),
            house.clock.now(),
        ),
        media_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"},
    )


@router.post("/lich-tuan/dia-chi")
async def do_address(request: Request, page: Writer) -> Response:
    """A new address, or none any more."""
    form = await read_form(request)
    area, seen = AreaCode(form.get("noi")[:32] or page.person.area), form.whole("seen", 0)
    if form.get("do") == "stop":
        await page.house.feeds.revoke(page.person, area, seen=seen)
    else:
        await page.house.feeds.renew(page.person, area, seen=seen)
    return go(f"/lich-tuan?noi={area}#dia-chi")


def events(plans: Iterable[DayPlan], tenant: str) -> list[Event]:
    """Every planned time of these days, also of a relay that has no source yet."""
    found = []
    for block in (block for plan in plans for block in plan.blocks):
        name = block.session.name if block.session is not None else ""
        for line in block.lines:
            length = timedelta(milliseconds=line.duration_ms)
            found.append(
                _event(line.occurrence, tenant, line.title, line.due_at, length, line.revision, name)
            )
        for one in block.relays:
            title = relay_title(one.item, name)
            found.append(_event(one.id, tenant, title, one.due_at, one.duration, one.revision, name))
    return found


def _event(
    occurrence: str, tenant: str, title: str, at: datetime, length: timedelta, revision: int, session: str
) -> Event:
    return Event(
        uid=f"{occurrence}@{tenant}",
        summary=title,
        start_at=at,
        duration=length,
        sequence=revision - 1,
        description=session,
    )


async def feed_facts(page: Page, area: AreaCode) -> dict[str, Any]:
    """What the week's page shows of the address."""
    view = await page.house.feeds.address(page.person, area)
    settings, url = page.house.settings, page.request.url
    base = settings.public_base or f"{url.scheme}://{url.netloc}"
    return {"feed": view, "feed_url": f"{base}/lich/{view.secret}.ics" if view.secret else ""}
