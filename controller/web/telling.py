"""A bài in words: who hears it, where, when, how long; and what its sound is doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from controller.dispatch.forms.alerts import AlertView
from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.forms.sound import Rendering
from controller.errors import Problem
from controller.store.sounds import RenderState
from controller.web.late import late_sentence
from controller.web.looks import Look, item_look, played_look
from controller.web.naming import hazard_name, short_title
from controller.web.page import Page
from controller.web.says import Says
from schedules.announcement import AnnouncementId, AreaCode, State
from schedules.area import inside
from schedules.errors import Fault
from schedules.recurrence import AfterApproval, NextSession, Once, Timing, Weekly
from schedules.rule import Rule
from schedules.saying import rule_words
from schedules.session import session_of

SURE = 0.9
"""Readings below this are shown as guesses; plain numbers and times are above it."""
READING = (RenderState.WAITING, RenderState.RENDERING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A fault as the page says it."""

    field: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A bài in a list."""

    id: str
    href: str
    title: str
    line: str
    look: Look


def wrongs(faults: Sequence[Fault], says: Says) -> tuple[Wrong, ...]:
    """Faults in the page's language."""
    vietnamese = says.t.language == "vi"
    return tuple(Wrong(field=fault.field, said=fault.vi if vietnamese else fault.en) for fault in faults)


def refused(
    problem: Problem | None, page: Page, fields: Mapping[str, str] | None = None
) -> tuple[Wrong, ...]:
    """A problem stands at its field (``fields`` names that of a code); 404 and the like have a page."""
    if problem is None:
        return ()
    if problem.status in (401, 403, 404):
        raise problem
    said = problem.vi if page.says.t.language == "vi" else problem.en
    return (Wrong(field=(fields or {}).get(problem.code, problem.field or ""), said=said),)


def place_names(page: Page, codes: Sequence[AreaCode]) -> str:
    """`cả xã …`, or the names of the villages."""
    tree, own = page.house.tree, page.area
    if tuple(codes) == (own.code,):
        return page.says.t("told.whole", name=inside(own.name))
    return page.says.names([tree.area(code).name if code in tree else code for code in codes])


def places_and_people(page: Page, codes: Sequence[AreaCode]) -> str:
    """The places and about how many people live there."""
    tree = page.house.tree
    names = place_names(page, codes)
    people = tree.population([code for code in codes if code in tree])
    return page.says.t("told.people", names=names, n=page.says.people(people)) if people else names


def where_words(view: AnnouncementView, page: Page) -> str:
    """The places with their people, and the groups with their nodes."""
    t = page.says.t
    groups = [t("told.group", name=name, n=n) for name, n in view.groups]
    places = [places_and_people(page, view.announcement.targets)] if view.announcement.targets else []
    return page.says.names([*places, *groups])


def hazard_word(name: str, page: Page) -> str:
    """A hazard as people call it; also what takes an alert back."""
    return hazard_name(name, page.says)


def alert_title(a: AlertView, page: Page) -> str:
    """What and where, shorter than the words that are read out."""
    return short_title(a, page.says, page.house.tree)


def timing_words(timing: Timing, says: Says) -> str:
    """When it is wanted."""
    t = says.t
    match timing:
        case AfterApproval():
            return t("when.after_approval")
        case NextSession():
            return t("when.next_session")
        case Once(at=at):
            return says.when(at)
        case Weekly():
            facts = {
                "time": says.wall(timing.at),
                "first": f"{timing.first:%d/%m/%Y}",
                "last": f"{timing.last:%d/%m/%Y}",
            }
            if timing.every_day:
                return t("told.every_day", **facts)
            days = says.names([says.day_names()[day] for day in sorted(timing.days)])
            return t("told.weekly", days=days, **facts)
        case Rule():
            vi, en = rule_words(timing)
            return vi if t.language == "vi" else en
        case _:
            assert_never(timing)


def told(view: AnnouncementView, page: Page) -> dict[str, str]:
    """The block of the last step, of the item's page and of the approver's."""
    a, says, t = view.announcement, page.says, page.says.t
    length = says.seconds(view.rendering.duration_ms) if view.rendering.state is RenderState.READY else None
    unread = "told.length_soon" if view.rendering.state in READING else "told.length_none"
    approver = view.approver_name
    return {
        "where": t("told.correction", n=says.number(view.correcting.asked))
        if view.correcting.wrong is not None
        else where_words(view, page),
        "when": timing_words(a.timing, says),
        "next": t("told.next", when=says.when(view.next_at)) if view.next_at else "",
        "until": says.when(a.expires_at),
        "late": late_sentence(a.late, a.bulletin_class, says),
        "class": t(f"class.{a.bulletin_class.value}"),
        "length": t("told.length_ready", length=length, n=a.repeat) if length else t(unread, n=a.repeat),
        "who": t("told.who_both", author=view.author_name, approver=approver)
        if approver
        else view.author_name,
    }


def page_of(item: AnnouncementId | None) -> str:
    """Where what is heard is explained: the bài, or the session for what it says itself."""
    if item is None:
        return ""
    session = session_of(item)
    return f"/bai/{item}" if session is None else f"/buoi-phat/{session}"


def row(
    view: AnnouncementView, page: Page, *, approving: bool = False, played_at: datetime | None = None
) -> Row:
    """A bài in a list: for its author a draft opens where it was left; ``played_at`` is its last airing."""
    a, says = view.announcement, page.says
    over = a.state is State.APPROVED and view.next_at is None and not view.correcting.corrected
    at: datetime | None = view.next_at
    words = timing_words(a.timing, says)
    if over and played_at:
        words = says.t("item.played", when=says.when(played_at))
    line = says.t(
        "item.line", who=view.author_name, when=says.when(at) if at else words[:1].lower() + words[1:]
    )
    return Row(
        id=a.id,
        href=f"/duyet/{a.id}" if approving else f"/bai/{a.id}",
        title=a.title or says.t("item.untitled"),
        line=line,
        look=played_look(says.t)
        if over and played_at
        else item_look(a.state, says.t, corrected=view.correcting.corrected),
    )


def sound(rendering: Rendering | None, says: Says) -> dict[str, Any]:
    """What the player's place shows."""
    if rendering is None:
        return {"state": "none"}
    said = rendering.vi if says.t.language == "vi" else rendering.en
    return {
        "state": rendering.state.value,
        "done": min(rendering.done + 1, rendering.of) if rendering.of else 0,
        "of": rendering.of,
        "clip": rendering.clip,
        "duration_ms": rendering.duration_ms,
        "recorded": rendering.recorded,
        "said": said or says.t("problem.fault"),
        "place": "",
        "first": None,
        "checks": None,
    }
