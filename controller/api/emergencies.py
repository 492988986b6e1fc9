"""/api/emergencies, /api/alerts and /api/stop: preview, fire, second person, retract, stop."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from starlette.requests import Request

from controller.access import Right
from controller.api.bodies import EmergencyBody, FireBody, HeardBody, ReasonBody, RetractBody, StopBody
from controller.api.route import StrictRoute
from controller.dispatch.forms.alerts import AlertView, EmergencyPreview, Stopped
from controller.doors.rights import Needs
from controller.doors.visitors import Visitor, house_of
from controller.errors import Problem
from controller.store.alerts import AlertPhase
from devices.messages import AlertId
from schedules.announcement import AreaCode

router = APIRouter(prefix="/api", route_class=StrictRoute, tags=["emergencies"])

Operator = Annotated[Visitor, Depends(Needs(Right.EMERGENCY))]
Second = Annotated[Visitor, Depends(Needs(Right.SECOND))]
Reader = Annotated[Visitor, Depends(Needs(Right.READ))]
Stopper = Annotated[Visitor, Depends(Needs(Right.STOP))]
LONGEST_KEY = 200


def idempotency_key(key: Annotated[str | None, Header(alias="Idempotency-Key")] = None) -> str:
    """What makes five presses one: 400 where it is missing or can't be read."""
    if key is None or not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Problem("E_IDEMPOTENCY_KEY")
    return key


Key = Annotated[str, Depends(idempotency_key)]


@router.post("/emergencies/preview")
async def preview_emergency(request: Request, visitor: Operator, body: EmergencyBody) -> EmergencyPreview:
    """Who hears it, who can't be reached, what is cut; the words begin to render."""
    return await house_of(request).desk.preview_emergency(visitor.person, body.form())


@router.get("/emergencies/previews/{preview}")
async def look_at_preview(request: Request, visitor: Operator, preview: str) -> EmergencyPreview:
    """The same preview with today's reach and rendering progress."""
    return await house_of(request).desk.look_at_preview(visitor.person, preview)


@router.post("/emergencies", status_code=201)
async def fire(
    request: Request, response: Response, visitor: Operator, key: Key, body: FireBody
) -> AlertView:
    """Press the button; 202 while a second person is waited for."""
    alert = await house_of(request).desk.fire(visitor.person, body.preview, body.typed_name, key)
    if alert.phase is AlertPhase.PENDING_SECOND:
        response.status_code = 202
    return alert


@router.post("/emergencies/{alert}/confirm")
async def confirm_second(request: Request, visitor: Second, alert: str) -> AlertView:
    """The second person of a wide scope."""
    return await house_of(request).desk.confirm_second(visitor.person, AlertId(alert))


@router.post("/emergencies/{alert}/break-glass")
async def break_glass(request: Request, visitor: Operator, alert: str, body: ReasonBody) -> AlertView:
    """A wide scope alone, with a reason."""
    return await house_of(request).desk.break_glass(visitor.person, AlertId(alert), body.words())


@router.post("/emergencies/{alert}/words-heard", status_code=204)
async def confirm_heard(request: Request, visitor: Operator, alert: str, body: HeardBody) -> None:
    """Somebody has listened to the words of a preview or an alert: what held them is gone."""
    await house_of(request).desk.confirm_heard(visitor.person, alert, body.clip)


@router.post("/emergencies/{alert}/retract")
async def retract(request: Request, visitor: Operator, key: Key, alert: str, body: RetractBody) -> AlertView:
    """Cancel the alert and say so at once."""
    return await house_of(request).desk.retract(visitor.person, AlertId(alert), body.as_hand(), key)


@router.get("/alerts")
async def list_alerts(
    request: Request, visitor: Reader, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[AlertView]:
    """Newest first; those that wait for a second person are among them."""
    return list(await house_of(request).views.alerts(visitor.person, limit=limit))


@router.get("/alerts/{alert}")
async def read_alert(request: Request, visitor: Reader, alert: str) -> AlertView:
    """One alert and how far it has come."""
    return await house_of(request).views.alert(visitor.person, AlertId(alert))


@router.post("/stop")
async def stop_all(request: Request, visitor: Stopper, key: Key, body: StopBody) -> Stopped:
    """End what sounds now in the area, and the presser's own alerts there."""
    return await house_of(request).desk.stop_all(visitor.person, AreaCode(body.area), key)
