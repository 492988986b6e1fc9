"""/api/sessions and /api/me: log in, log out, who am I."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from starlette.requests import Request

from controller.access import Right
from controller.api.answers import PersonAnswer, person_answer
from controller.api.bodies import LoginBody
from controller.api.route import StrictRoute
from controller.doors.rights import Needs, Public
from controller.doors.visitors import Visitor, give_cookie, log_in, log_out, take_cookie

router = APIRouter(prefix="/api", route_class=StrictRoute, tags=["sessions"])


@router.post("/sessions", status_code=201, dependencies=[Depends(Public())])
async def begin_session(request: Request, response: Response, body: LoginBody) -> PersonAnswer:
    """Log in; the cookie is the session."""
    visitor = await log_in(request, body.username, body.password)
    give_cookie(request, response, visitor)
    return person_answer(visitor.person)


@router.delete("/sessions", status_code=204)
async def end_session(
    request: Request, response: Response, visitor: Annotated[Visitor, Depends(Needs(Right.READ))]
) -> None:
    """Log out."""
    await log_out(request)
    take_cookie(request, response)


@router.get("/me")
async def read_me(visitor: Annotated[Visitor, Depends(Needs(Right.READ))]) -> PersonAnswer:
    """Who is logged in."""
    return person_answer(visitor.person)
