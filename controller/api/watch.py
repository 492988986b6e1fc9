"""/api/day, programme, deliveries, nodes, audit: what is planned, what was heard, how the nodes are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from controller.access import Right
from controller.api.answers import AuditAnswer
from controller.api.bodies import local_day
from controller.api.route import StrictRoute
from controller.dispatch.forms.day import DayView, DeliveryLine
from controller.dispatch.forms.nodes import BoardView
from controller.doors.rights import Needs
from controller.doors.visitors import Visitor, house_of
from controller.errors import Problem
from controller.store import audit
from devices.messages import AlertId, OccurrenceId, Programme
from schedules.announcement import AreaCode

router = APIRouter(prefix="/api", route_class=StrictRoute, tags=["watch"])

Reader = Annotated[Visitor, Depends(Needs(Right.READ))]
Code = Annotated[str | None, Query(max_length=32)]
Day = Annotated[str, Query(json_schema_extra={"format": "date"})]
Id = Annotated[str | None, Query(max_length=64)]


@router.get("/day")
async def read_day(request: Request, visitor: Reader, date: Day, area: Code = None) -> DayView:
    """A local day of an area: what is planned, what it became, what could not be placed."""
    where = AreaCode(area or visitor.person.area)
    return await house_of(request).views.day(visitor.person, where, local_day("date", date))


@router.get("/programme")
async def read_programme(request: Request, visitor: Reader, date: Day, area: Code = None) -> Programme:
    """The newest programme of that area and day as the nodes hold it."""
    where = AreaCode(area or visitor.person.area)
    found = await house_of(request).views.programme(visitor.person, where, local_day("date", date))
    if found is None:
        raise Problem("E_NOT_FOUND")
    return found


@router.get("/deliveries")
async def list_deliveries(
    request: Request,
    visitor: Reader,
    area: Code = None,
    date: Annotated[str | None, Query(json_schema_extra={"format": "date"})] = None,
    occurrence: Id = None,
    alert: Id = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[DeliveryLine]:
    """One line for each occurrence, or alert round, on each node."""
    found = await house_of(request).views.deliveries(
        visitor.person,
        area=AreaCode(area or visitor.person.area),
        day=None if date is None else local_day("date", date),
        occurrence=None if occurrence is None else OccurrenceId(occurrence),
        alert=None if alert is None else AlertId(alert),
        limit=limit,
    )
    return list(found)


@router.get("/nodes")
async def list_nodes(request: Request, visitor: Reader, area: Code = None) -> BoardView:
    """The board: every node, its health and the reasons."""
    return await house_of(request).views.board(visitor.person, AreaCode(area or visitor.person.area))


@router.get("/audit/verify")
async def verify_audit(
    request: Request, visitor: Annotated[Visitor, Depends(Needs(Right.AUDIT))]
) -> AuditAnswer:
    """Walk the chain of deeds; the first row that does not hold is named."""
    bad = await house_of(request).db.read(audit.verify)
    return AuditAnswer(whole=bad is None, first_bad=None if bad is None else bad.n)


@router.get("/openapi.json", include_in_schema=False)
async def read_openapi(request: Request, visitor: Reader) -> dict[str, Any]:
    """The description of this API, for those who are logged in."""
    schema: dict[str, Any] = request.app.openapi()
    return schema
