"""One page: who asks, in which language, with which frame; forms in, HTML out."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from controller.access import RIGHTS, Person, Right
from controller.dispatch.house import House
from controller.doors.gate import SAFE_METHODS
from controller.doors.rights import Declares
from controller.doors.visitors import Visitor, find_visitor, form_fits, house_of
from controller.errors import Problem
from controller.web.assets import asset
from controller.web.notices import notices
from controller.web.says import Says
from controller.web.words import LANGUAGES, words
from devices.messages import AlertId
from schedules.announcement import State
from schedules.area import Area
from schedules.calendar import FIRST_YEAR, LAST_YEAR

MOST_FIELDS = 1000
LANGUAGE_COOKIE = "loa-lang"
NAV = (
    ("/", "nav.today", Right.READ),
    ("/viet-bai", "nav.write", Right.WRITE),
    ("/tu-dien", "nav.lexicon", Right.WRITE),
    ("/duyet", "nav.approve", Right.APPROVE),
    ("/lich-tuan", "nav.week", Right.READ),
    ("/khan-cap", "nav.emergency", Right.EMERGENCY),
    ("/truc-tiep", "nav.live", Right.LIVE),
    ("/cum-loa", "nav.board", Right.READ),
    ("/nhat-ky", "nav.log", Right.READ),
    ("/quy-dinh", "nav.rules", Right.RULES),
)


class Form:
    """What was typed: values by name. Read once, kept for the page that says what went wrong."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def get(self, name: str, otherwise: str = "") -> str:
        """The first value of a field."""
        return next((value for key, value in self.pairs if key == name), otherwise)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(value for key, value in self.pairs if key == name)

    def whole(self, name: str, otherwise: int) -> int:
        """A small number, or ``otherwise`` where something else was sent."""
        value = self.get(name)
        return int(value) if value.isascii() and value.isdecimal() and len(value) <= 9 else otherwise


def day_of(typed: str) -> date | None:
    """A date as browsers send it and addresses name it; None for anything else."""
    try:
        found = date.fromisoformat(typed) if len(typed) == 10 and typed.isascii() else None
    except ValueError:
        return None
    return found if found is not None and FIRST_YEAR <= found.year <= LAST_YEAR else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page for one visitor (or for nobody yet)."""

    request: Request
    visitor: Visitor | None
    says: Says

    @property
    def house(self) -> House:
        return house_of(self.request)

    @property
    def person(self) -> Person:
        """Whoever is logged in; pages for nobody do not ask."""
        if self.visitor is None:
            raise Problem("E_SESSION")
        return self.visitor.person

    @property
    def area(self) -> Area:
        return self.house.tree.area(self.person.area)

    def may(self, right: Right) -> bool:
        return self.visitor is not None and right in RIGHTS[self.visitor.person.role]

    async def show(
        self,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        shown: AlertId | None = None,
        **facts: Any,
    ) -> Response:
        """A whole page in its frame; ``shown`` is the alert that it is about."""
        html = environment().get_template(template).render({**await self._frame(shown), **facts})
        return HTMLResponse(html, status_code=status, headers=dict(headers or {}))

    def part(self, template: str, **facts: Any) -> str:
        """A piece of a page."""
        return environment().get_template(template).render({**self._tongue(), **facts})

    def _tongue(self) -> dict[str, Any]:
        says = self.says
        return {
            "t": says.t,
            "lang": says.t.language,
            "when": says.when,
            "clock": says.clock,
            "number": says.number,
            "seconds": says.seconds,
            "here": path_of(self.request),
            "demo": self.house.settings.demo,
        }

    async def _frame(self, shown: AlertId | None) -> dict[str, Any]:
        if self.visitor is None:
            return {
                **self._tongue(),
                "person": None,
                "token": None,
                "nav": (),
                "place": "",
                "stop_area": None,
                "notices": (),
            }
        nav = [
            {
                "href": href,
                "word": self.says.t(key),
                "count": await self._count(key),
                "here": self._is_here(href),
            }
            for href, key, right in NAV
            if self.may(right)
        ]
        return {
            **self._tongue(),
            "person": self.person,
            "token": self.visitor.form_token,
            "nav": nav,
            "place": self.area.name,
            "stop_area": self.person.area if self.may(Right.STOP) else None,
            "notices": await notices(self.house, self.person, self.says, shown=shown),
        }

    async def _count(self, key: str) -> int:
        if key != "nav.approve":
            return 0
        found = await self.house.views.announcements(self.person, states=(State.SUBMITTED,), limit=99)
        return sum(view.may_approve for view in found)

    def _is_here(self, href: str) -> bool:
        path = self.request.url.path
        return path == href if href == "/" else path == href or path.startswith(f"{href}/")


class Open(Declares):
    """A dependency: the page for a visitor with this right; posts must carry the login's form token."""

    async def __call__(self, request: Request) -> Page:
        visitor = await self.visitor(request)
        if request.method not in SAFE_METHODS:
            form = await read_form(request)
            if not form_fits(visitor, form.get("token")):
                raise Problem("E_ORIGIN")
        return page_for(request, visitor)


async def guest_page(request: Request) -> Page:
    """The page for whoever it is, logged in or not."""
    return page_for(request, await find_visitor(request))


def page_for(request: Request, visitor: Visitor | None) -> Page:
    """The page in the visitor's language."""
    return Page(
        request=request,
        visitor=visitor,
        says=Says(t=words(request.cookies.get(LANGUAGE_COOKIE, LANGUAGES[0]))),
    )


async def read_form(request: Request) -> Form:
    """The fields of a plain form; 415 for anything else, 400 where it can't be read."""
    known: Form | None = getattr(request.state, "form", None)
    if known is not None:
        return known
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Problem("E_MEDIA_TYPE")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise Problem("E_BODY") from None
    form = Form(pairs)
    request.state.form = form
    return form


def go(url: str) -> Response:
    """After a post: look at the page that shows what came of it."""
    return RedirectResponse(url, status_code=303)


def inside(url: str) -> str:
    """A place of this site to go to next, or the first page (S43: ``//evil`` stays inside)."""
    parts = urlsplit(url) if url.isprintable() and "\\" not in url else urlsplit("/")
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("//"):
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def path_of(request: Request) -> str:
    """Where this page is, for coming back to it."""
    if request.method not in SAFE_METHODS:
        return "/"
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


@cache
def environment() -> Environment:
    """Jinja with escaping always on and no room for a misspelt name."""
    found = Environment(
        loader=PackageLoader("controller.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["asset"] = asset
    found.globals["idempotency_key"] = lambda: secrets.token_urlsafe(18)
    return found
