"""What is worth a second look, in the page's words; and what Viết bài says about the writing aid."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from controller.dispatch.announcements.aiding import Checked
from controller.dispatch.announcements.precheck import TO_ACKNOWLEDGE, Hint, Kind, sentence_of
from controller.dispatch.forms.items import AnnouncementView
from controller.web.page import Page
from schedules.announcement import Announcement, AreaCode, BulletinClass
from schedules.calendar import Window, local
from schedules.plan import LONGEST_WINDOW
from schedules.recurrence import AfterApproval, NextSession, Once, moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A hint as it is shown; `href` leads to the bài that says the same, or to where it can be mended."""

    said: str
    href: str = ""
    word: str = "hint.open"
    sentence: str = ""


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


async def stored_hints(page: Page, view: AnnouncementView, *, own: bool = False) -> dict[str, Any]:
    """The hints over a stored bài, its days included; for its author with the sentence and the way out."""
    a, text = view.announcement, view.announcement.text
    found = await whole_hints(page, view)
    shown = tuple(
        _with_way_out(one, hint, a, text) for one, hint in zip(lines(found, page), found, strict=True)
    )
    return {
        "hints": shown if own else lines(found, page),
        "more_hints": (),
        "asked": False,
        "hints_wrong": "",
        "acknowledge": mark_of(found) if own else "",
    }


async def whole_hints(page: Page, view: AnnouncementView) -> tuple[Hint, ...]:
    """What is noticed at a stored bài with its timing."""
    a = view.announcement
    correcting = view.correcting
    until = a.timing.at if isinstance(a.timing, Once) else a.expires_at
    whole = Checked(
        # the opening of a correction names what is over, and its end is not chosen
        text=a.text.strip().removeprefix(correcting.opening),
        bulletin_class=a.bulletin_class,
        item=a.id,
        heard_until=None if correcting.wrong is not None else until,
        heard_days=heard_days(a, page.house.clock.now()),
        besides=correcting.wrong,
    )
    return await page.house.aiding.hints(page.person, a.area, whole)


def heard_days(a: Announcement, now: datetime) -> tuple[date, date] | None:
    """The first and the last day that its timing names from now on; None where it names none."""
    end = min(a.expires_at, now + LONGEST_WINDOW)
    if isinstance(a.timing, AfterApproval | NextSession) or end <= now:
        return None
    days = [local(one.at).date() for one in moments(a.timing, Window(start=now, end=end))]
    return (days[0], days[-1]) if days else None


def mark_of(hints: Sequence[Hint]) -> str:
    """What somebody says they have looked at; another one as soon as there is another thing to look at."""
    worth = sorted(
        f"{one.kind}|{one.written}|{one.day}|{one.other}" for one in hints if one.kind in TO_ACKNOWLEDGE
    )
    return hashlib.sha256("\n".join(worth).encode()).hexdigest()[:16] if worth else ""


def _with_way_out(line: Line, hint: Hint, a: Announcement, text: str) -> Line:
    if hint.kind is Kind.DUPLICATE:
        return line
    place = "/phat" if hint.kind in (Kind.OUTLIVES, Kind.BEFORE_HEARD) else ""
    key = "hint.change_days" if place else "hint.change_text"
    sentence = sentence_of(text, hint.written)
    return replace(line, sentence=sentence, href=f"/viet-bai/{a.id}{place}", word=key)


def lines(hints: Sequence[Hint], page: Page) -> tuple[Line, ...]:
    """Each in one sentence."""
    return tuple(_line(one, page) for one in hints)


def checked(view: AnnouncementView | None, fields: Mapping[str, str]) -> Checked:
    """What was typed, as the pre-check takes it; where and when stand in the next step."""
    return Checked(
        text=fields["text"].strip().removeprefix(view.correcting.opening if view else ""),
        bulletin_class=BulletinClass.PRIORITY if fields["class"] == "priority" else BulletinClass.NORMAL,
        item=view.announcement.id if view else None,
        besides=view.correcting.wrong if view else None,
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
