"""/healthz and /metrics: for whoever watches the watcher."""

from typing import Annotated

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.api.answers import Health
from controller.doors.rights import Needs, Public
from controller.doors.visitors import Visitor, house_of

router = APIRouter(tags=["state"])


@router.get("/healthz", dependencies=[Depends(Public())])
async def read_health(request: Request) -> Health:
    """This process answers; ``link_up`` says whether it is connected to the broker."""
    house = house_of(request)
    return Health(status="ok", link_up=house.link_up, now=house.clock.now())


@router.get("/metrics", response_class=Response)
async def read_metrics(
    request: Request, visitor: Annotated[Visitor, Depends(Needs(Right.METRICS))]
) -> Response:
    """Counts and times of this house for Prometheus."""
    return Response(house_of(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)
