"""All pages in one router, and the page that says what went wrong."""

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from controller.doors.problems import headers_of, trace_of
from controller.doors.visitors import find_visitor
from controller.errors import Problem
from controller.web import (
    aiding,
    airings,
    alerts,
    asking,
    assets,
    board,
    days_off,
    design,
    emergency,
    feed,
    groups,
    items,
    lexicon,
    live,
    log,
    login,
    microphone,
    moving,
    recording,
    rule_profiles,
    rules,
    session_day,
    sources,
    speaking,
    tapes,
    timetable,
    today,
    tongues,
    tracks,
    tray,
    week,
    writing,
    zones,
)
from controller.web.page import Form, go, inside, page_for, path_of

PAGES = (
    login,
    today,
    asking,
    tray,
    recording,
    aiding,
    writing,
    lexicon,
    items,
    tracks,
    airings,
    moving,
    emergency,
    alerts,
    speaking,
    microphone,
    sources,
    tapes,
    week,
    feed,
    timetable,
    session_day,
    rules,
    rule_profiles,
    days_off,
    board,
    zones,
    tongues,
    groups,
    design,
    log,
    live,
    assets,
)
SECRET = frozenset(
    {
        "token",
        "key",
        "password",
        "seen",
        "revision",
        "content_hash",
        "heard",
        "clip",
        "do",
        "preview",
        "next",
        "item",
        "more",
    }
)
LONGEST_SHOWN = 6000


def pages() -> APIRouter:
    """Every page."""
    router = APIRouter()
    for module in PAGES:
        router.include_router(module.router)
    return router


async def problem_page(request: Request, problem: Problem) -> Response:
    """What happened, what was kept, what to do. Whoever is not logged in is sent to log in and comes back."""
    asking = request.method in ("GET", "HEAD")
    if problem.code == "E_SESSION" and asking:
        reason = "lai" if request.cookies else "moi"
        return go(f"/dang-nhap?{urlencode({'next': path_of(request), 'vi_sao': reason})}")
    try:
        visitor = (
            None if problem.code in ("E_HOST", "E_SESSION") else await find_visitor(request, touch=False)
        )
    except Exception:  # noqa: BLE001 - the last page must come even when the store is what failed
        visitor = None
    page = page_for(request, visitor)
    says = page.says
    form: Form | None = getattr(request.state, "form", None)
    kept = [
        (name, value[:LONGEST_SHOWN])
        for name, value in (form.pairs if form is not None else [])
        if name not in SECRET and value.strip()
    ]
    back, word = _way_out(request, problem)
    return await page.show(
        "problem.html",
        status=problem.status,
        headers=headers_of(problem),
        heading=says.t(
            "problem.missing"
            if problem.status == 404
            else "problem.fault"
            if problem.status >= 500
            else "problem.title"
        ),
        said=problem.vi if says.t.language == "vi" else problem.en,
        kept=kept,
        back=back,
        back_word=says.t(word),
        code=problem.code,
        trace=trace_of(request),
    )


def _way_out(request: Request, problem: Problem) -> tuple[str, str]:
    if problem.code == "E_SESSION":
        onward = "/dung-tat-ca" if request.url.path == "/dung-tat-ca" else "/"
        return f"/dang-nhap?{urlencode({'next': onward, 'vi_sao': 'lai'})}", "problem.login"
    came_from = request.headers.get("referer", "")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}/"
    if came_from.startswith(own):
        place = inside(came_from.removeprefix(own[:-1]))
        if place != path_of(request):
            return place, "problem.back"
    return "/", "nav.today"
