"""Log in, log out, change the language."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Right
from controller.doors.problems import headers_of
from controller.doors.rights import Public
from controller.doors.visitors import form_fits, give_cookie, log_in, log_out, take_cookie
from controller.errors import Problem
from controller.web.page import LANGUAGE_COOKIE, Open, Page, go, guest_page, inside, read_form
from controller.web.words import LANGUAGES

router = APIRouter(include_in_schema=False)

Guest = Annotated[Page, Depends(guest_page)]
SAID = {"ra": "login.bye", "moi": "login.first", "lai": "login.again"}


@router.get("/dang-nhap", dependencies=[Depends(Public())])
async def show_login(page: Guest, next: str = "/", vi_sao: str = "") -> Response:
    """The log-in page; whoever is logged in goes on."""
    if page.visitor is not None:
        return go(inside(next))
    said = page.says.t(SAID[vi_sao]) if vi_sao in SAID else ""
    return await page.show("login.html", next=inside(next), username="", problem="", said=said)


@router.post("/dang-nhap", dependencies=[Depends(Public())])
async def do_login(request: Request, page: Guest) -> Response:
    """Name and password; a wrong one shows the page again with the name kept."""
    form = await read_form(request)
    onward = inside(form.get("next", "/"))
    try:
        visitor = await log_in(request, form.get("username"), form.get("password"))
    except Problem as problem:
        said = problem.vi if page.says.t.language == "vi" else problem.en
        return await page.show(
            "login.html",
            status=problem.status,
            headers=headers_of(problem),
            next=onward,
            username=form.get("username")[:64],
            problem=said,
            said="",
        )
    response = go(onward)
    give_cookie(request, response, visitor)
    return response


@router.post("/dang-xuat")
async def do_logout(request: Request, page: Annotated[Page, Depends(Open(Right.READ))]) -> Response:
    """Log out."""
    await log_out(request)
    response = go("/dang-nhap?vi_sao=ra")
    take_cookie(request, response)
    return response


@router.post("/ngon-ngu", dependencies=[Depends(Public())])
async def do_language(request: Request, page: Guest) -> Response:
    """Vietnamese or English."""
    form = await read_form(request)
    if page.visitor is not None and not form_fits(page.visitor, form.get("token")):
        raise Problem("E_ORIGIN")
    chosen = form.get("lang")
    response = go(inside(form.get("next", "/")))
    response.set_cookie(
        LANGUAGE_COOKIE,
        chosen if chosen in LANGUAGES else LANGUAGES[0],
        max_age=365 * 86400,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response
