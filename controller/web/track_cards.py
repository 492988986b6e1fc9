"""A bài in further languages as its pages tell of it: who made each, who confirmed it, who hears what."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from controller.dispatch.announcements.translating import TracksView, TrackView
from controller.web.looks import Look
from controller.web.page import Page
from controller.web.recorded import megabytes
from controller.web.says import Says
from controller.web.telling import READING
from schedules import language
from schedules.announcement import AnnouncementId


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackLook:
    """The card of a track."""

    view: TrackView
    language: str
    name: str
    state: str
    said: str
    look: Look
    made: str
    reviewed: str
    about: str
    original: str


async def tracks_facts(page: Page, announcement: AnnouncementId) -> dict[str, Any]:
    """What ``_tracks.html`` shows on a bài's page, on the last step and to the approver."""
    view = await page.house.tracks.look(page.person, announcement)
    says = page.says
    return {
        "tracks": [_look(view, one, page) for one in view.tracks],
        "hearers": _hearers(view, says),
        "longest": says.seconds(view.longest_ms) if view.tracks and view.longest_ms else "",
        "tracks_wait": says.names([inside(one.track.language, says) for one in view.waiting]),
        "tracks_url": f"/bai/{announcement}/tieng-khac",
        "may_track": view.may_edit,
    }


def _look(view: TracksView, one: TrackView, page: Page) -> TrackLook:
    says, t, track, rendering = page.says, page.says.t, one.track, one.rendering
    review, found = track.review, one.recording
    reviewed = ""
    if review is not None:
        key = "track.reviewed" if one.stands else "track.voided"
        reviewed = t(key, name=one.reviewer_name, when=says.when(review.reviewed_at))
    about = ""
    if found is not None:
        about = t("track.about", kind=found.kind.upper(), size=megabytes(found.size, says))
    return TrackLook(
        view=one,
        language=track.language,
        name=name_of(track.language, says),
        state="working" if rendering.state in READING else rendering.state.value,
        said=rendering.vi if t.language == "vi" else rendering.en,
        look=_state_look(one, says),
        made=t("track.made", name=one.made_by_name, when=says.when(track.made_at)),
        reviewed=reviewed,
        about=about,
        original=f"/bai/{view.announcement.id}/tieng-khac/ban-thu?tieng={track.language}",
    )


def _state_look(one: TrackView, says: Says) -> Look:
    if one.stands:
        return Look(tone="good", shape="●", word=says.t("track.stands"))
    return Look(tone="warn", shape="▲", word=says.t("track.waits"))


def _hearers(view: TracksView, says: Says) -> list[str]:
    return [
        says.t(
            "track.hearers",
            languages=one_after_the_other(one.languages, says),
            length=says.seconds(one.length_ms),
            n=says.number(one.nodes),
        )
        for one in view.hearers
    ]


def one_after_the_other(languages: Iterable[str], says: Says) -> str:
    """`Tiếng Việt, rồi tiếng Mông`."""
    first, *rest = languages
    rest = [inside(code, says) for code in rest]
    return says.t("track.then").join([name_of(first, says), *rest])


def inside(code: str, says: Says) -> str:
    """The same within a sentence."""
    return language.inside(code) if says.t.language == "vi" else name_of(code, says)


def name_of(code: str, says: Says) -> str:
    """What people call a language."""
    return language.name(code, english=says.t.language != "vi")
