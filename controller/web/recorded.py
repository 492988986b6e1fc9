"""A recording as its bài's pages tell of it: what came, how far it is, what was changed in it."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.forms.sound import RecordingView, Rendering
from controller.web.page import Page
from controller.web.says import Says
from controller.web.telling import READING
from tts.recording import ffmpeg_here

MEGABYTE = 1024 * 1024
LONGEST_TAKE_S = 600
"""What is recorded at a page is held in its memory; a longer one is sent as a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLook:
    """The card of a recording."""

    id: str
    name: str
    about: str
    state: str
    said: str
    original: str
    look: str
    before: str
    after: str
    notes: tuple[str, ...]
    flaws: tuple[str, ...]


def recorded(view: AnnouncementView | None, page: Page) -> RecordedLook | None:
    """None where the text is read."""
    if view is None or view.recording is None:
        return None
    says, found = page.says, view.recording
    vietnamese = says.t.language == "vi"
    rendering = view.rendering
    return RecordedLook(
        id=found.id,
        name=found.name,
        about=says.t(
            "recording.about",
            kind=found.kind.upper(),
            size=megabytes(found.size, says),
            who=found.sent_by_name,
            when=says.when(found.sent_at),
        ),
        state="working" if rendering.state in READING else rendering.state.value,
        said=rendering.vi if vietnamese else rendering.en,
        original=f"/bai/{view.announcement.id}/ban-thu",
        look=f"/bai/{view.announcement.id}/ban-thu/xem",
        before=_before(found, says),
        after=_after(found, rendering, says),
        notes=_notes(found, says),
        flaws=tuple(vi if vietnamese else en for vi, en in found.flaws),
    )


def recording_facts(page: Page, view: AnnouncementView | None, taken: str = "") -> dict[str, Any]:
    """What the recording's part of step 1 shows; ``taken`` is the recording that was there before."""
    identity = view.announcement.id if view else None
    base = f"/viet-bai/{identity}" if identity else "/viet-bai"
    return {
        "recorded": recorded(view, page),
        **recorder_facts(f"{base}/ban-thu"),
        "back_url": f"{base}/ban-thu/lai",
        "away_url": f"{base}/ban-thu/bo",
        "taken": taken,
    }


def recorder_facts(send_url: str) -> dict[str, Any]:
    """What ``_recorder.html`` shows: the microphone and the file, sent to ``send_url``."""
    return {"send_url": send_url, "longest_s": LONGEST_TAKE_S, "converts": not ffmpeg_here()}


def megabytes(size: int, says: Says) -> str:
    """`1,4 MB`; nobody needs less than a tenth."""
    tenths = max(1, ceil(size * 10 / MEGABYTE))
    comma = "," if says.t.language == "vi" else "."
    return f"{tenths // 10}{comma}{tenths % 10} MB"


def _before(found: RecordingView, says: Says) -> str:
    if found.before_ms is None or found.before_lufs is None:
        return ""
    return _measures(found.before_ms, found.before_lufs, says)


def _after(found: RecordingView, rendering: Rendering, says: Says) -> str:
    if found.after_lufs is None or not rendering.duration_ms:
        return ""
    return _measures(rendering.duration_ms, found.after_lufs, says)


def _measures(ms: int, loudness: float, says: Says) -> str:
    return says.t("recording.measures", length=says.seconds(ms), lufs=f"{loudness:.0f}".replace("-", "−"))


def _notes(found: RecordingView, says: Says) -> tuple[str, ...]:
    """What was done to it, in words."""
    if found.before_lufs is None or found.after_lufs is None:
        return ()
    notes = []
    if found.cut_ms >= 500:
        notes.append(says.t("recording.cut", length=says.seconds(found.cut_ms)))
    raised = found.after_lufs - found.before_lufs
    if abs(raised) >= 2:
        key = "recording.raised" if raised > 0 else "recording.lowered"
        notes.append(says.t(key, db=f"{abs(raised):.0f}"))
    notes.append(says.t("recording.bells"))
    return tuple(notes)
