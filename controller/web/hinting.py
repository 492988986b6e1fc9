"""What is worth a second look, in the page's words; and what Viết bài says about the writing aid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.dispatch.aiding import Checked
from controller.dispatch.forms import AnnouncementView
from controller.dispatch.precheck import Hint
from controller.web.page import Page
from schedules.announcement import Announcement, AreaCode, BulletinClass
from schedules.recurrence import Once


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A hint as it is shown; `href` leads to the bài that says the same."""

    said: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aided:
    """What the aid has just done for this page: its own hints, or a sentence on what became of a proposal."""

    more: tuple[Hint, ...] | None = None
    note: str = ""
    wrong: str = ""


NOTHING = Aided()


async def typed_hints(
    page: Page, view: AnnouncementView | None, fields: Mapping[str, str], aided: Aided = NOTHING
) -> dict[str, Any]:
    """What the hints over what is being typed show, and the aid's part of the page."""
    aiding = page.house.aiding
    found = await aiding.hints(page.person, area_of(page, view), checked(view, fields))
    more = tuple(one for one in aided.more or () if one.kind not in {known.kind for known in found})
    return {
        "hints": lines(found, page),
        "more_hints": lines(more, page),
        "asked": aided.more is not None,
        "hints_wrong": aided.wrong,
        "aid_note": aided.note,
        "aid_on": aiding.on,
        "aid_host": aiding.abroad,
        "aid_item": view.announcement.id if view else "",
    }


async def stored_hints(page: Page, a: Announcement) -> dict[str, Any]:
    """The hints over a stored bài, its end included."""
    until = a.timing.at if isinstance(a.timing, Once) else a.expires_at
    whole = Checked(text=a.text, bulletin_class=a.bulletin_class, item=a.id, heard_until=until)
    found = await page.house.aiding.hints(page.person, a.area, whole)
    return {"hints": lines(found, page), "more_hints": (), "asked": False, "hints_wrong": ""}


def lines(hints: Sequence[Hint], page: Page) -> tuple[Line, ...]:
    """Each in one sentence."""
    return tuple(_line(one, page) for one in hints)


def checked(view: AnnouncementView | None, fields: Mapping[str, str]) -> Checked:
    """What was typed, as the pre-check takes it; where and when stand in the next step."""
    return Checked(
        text=fields["text"],
        bulletin_class=BulletinClass.PRIORITY if fields["class"] == "priority" else BulletinClass.NORMAL,
        item=view.announcement.id if view else None,
    )


def area_of(page: Page, view: AnnouncementView | None) -> AreaCode:
    """Whose bài it is."""
    return view.announcement.area if view else page.person.area


def _line(hint: Hint, page: Page) -> Line:
    says = page.says
    day = says.day(hint.day) if hint.day else hint.written
    until = says.day(hint.until) if hint.until else ""
    said = says.t(f"hint.{hint.kind.value}", words=hint.written, day=day, until=until, title=hint.title)
    return Line(said=said, href=f"/bai/{hint.other}" if hint.other else "")
