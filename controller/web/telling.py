"""A bài in words: who hears it, where, when, how long; and what its sound is doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from controller.dispatch.forms import AlertView, AnnouncementView, Rendering, RenderState
from controller.web.looks import Look, item_look
from controller.web.naming import hazard_name, inside, short_title
from controller.web.page import Page
from controller.web.says import Says
from schedules.announcement import AreaCode
from schedules.errors import Fault
from schedules.recurrence import AfterApproval, NextSession, Once, Timing, Weekly
from tts.normalize import Normalized

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the reading; a guessed one is underlined."""

    text: str
    guess: bool
    written: str = ""


def wrongs(faults: Sequence[Fault], says: Says) -> tuple[Wrong, ...]:
    """Faults in the page's language."""
    vietnamese = says.t.language == "vi"
    return tuple(Wrong(field=fault.field, said=fault.vi if vietnamese else fault.en) for fault in faults)


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
        case _:
            assert_never(timing)


def told(view: AnnouncementView, page: Page) -> dict[str, str]:
    """The block of the last step, of the item's page and of the approver's."""
    a, says, t = view.announcement, page.says, page.says.t
    length = says.seconds(view.rendering.duration_ms) if view.rendering.state is RenderState.READY else None
    unread = "told.length_soon" if view.rendering.state in READING else "told.length_none"
    approver = view.approver_name
    return {
        "where": places_and_people(page, a.targets),
        "when": timing_words(a.timing, says),
        "next": t("told.next", when=says.when(view.next_at)) if view.next_at else "",
        "until": says.when(a.expires_at),
        "class": t(f"class.{a.bulletin_class.value}"),
        "length": t("told.length_ready", length=length, n=a.repeat) if length else t(unread, n=a.repeat),
        "who": t("told.who_both", author=view.author_name, approver=approver)
        if approver
        else view.author_name,
    }


def row(view: AnnouncementView, page: Page, *, approving: bool = False) -> Row:
    """A bài in a list: for its author a draft opens where it was left."""
    a, says = view.announcement, page.says
    at: datetime | None = view.next_at
    words = timing_words(a.timing, says)
    line = says.t(
        "item.line", who=view.author_name, when=says.when(at) if at else words[:1].lower() + words[1:]
    )
    return Row(
        id=a.id,
        href=f"/duyet/{a.id}" if approving else f"/bai/{a.id}",
        title=a.title or says.t("item.untitled"),
        line=line,
        look=item_look(a.state, says.t),
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
        "said": said or says.t("problem.fault"),
    }


def pieces(reading: Normalized, written: str) -> tuple[Piece, ...]:
    """The written text with each guessed stretch replaced by how it is read, and underlined."""
    found: list[Piece] = []
    at = 0
    for guess in reading.guesses:
        if guess.start < at:
            continue
        if guess.start > at:
            found.append(Piece(text=written[at : guess.start], guess=False))
        found.append(Piece(text=guess.reading, guess=guess.confidence < SURE, written=guess.written))
        at = guess.end
    if at < len(written):
        found.append(Piece(text=written[at:], guess=False))
    return tuple(found)
