"""What changed since the approver last had it: word by word where it is text, side by side elsewhere."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from controller.store import recordings, versions
from controller.store.versions import Version
from controller.web.late import late_sentence
from controller.web.page import Page
from controller.web.says import Says
from controller.web.telling import place_names, timing_words
from controller.web.track_cards import name_of
from schedules.announcement import Announcement, RecordingId, Track

_WORDS = re.compile(r"\S+\s*|\s+")
MOST_WORDS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch: ``same``, ``del`` (was there) or ``ins`` (is new)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs."""

    name: str
    pieces: tuple[Piece, ...]


async def changes_since_seen(page: Page, a: Announcement) -> tuple[Change, ...]:
    """Against the version handed in the time before; nothing at the first time."""
    found = await page.house.db.read(versions.handed_in, a.id)
    if len(found) < 2:
        return ()
    before = found[1]
    if before.recording == a.recording:
        return compare(before, a, page)
    names = [await _voice(page, recording) for recording in (before.recording, a.recording)]
    heard = Change(name=page.says.t("change.recording"), pieces=side_by_side(names[0], names[1]))
    return (heard, *compare(before, a, page))


async def _voice(page: Page, recording: RecordingId | None) -> str:
    """Whose voice is heard: the recording by its sender's name for it, or the reading."""
    row = None if recording is None else await page.house.db.read(recordings.get, recording)
    return page.says.t("change.read") if row is None else row.name


def compare(before: Version, a: Announcement, page: Page) -> tuple[Change, ...]:
    """Every difference of what is heard or decided."""
    says, t = page.says, page.says.t
    texts = (("change.title", before.title, a.title), ("change.text", before.text, a.text))
    words = (
        ("change.class", t(f"class.{before.bulletin_class.value}"), t(f"class.{a.bulletin_class.value}")),
        ("change.where", place_names(page, before.targets), place_names(page, a.targets)),
        ("change.when", timing_words(before.timing, says), timing_words(a.timing, says)),
        ("change.until", says.when(before.expires_at), says.when(a.expires_at)),
        (
            "change.late",
            late_sentence(before.late, before.bulletin_class, says),
            late_sentence(a.late, a.bulletin_class, says),
        ),
        ("change.repeat", t("place.times", n=before.repeat), t("place.times", n=a.repeat)),
        ("change.tracks", *_languages(before.tracks, a.tracks, says)),
    )
    return (
        *(Change(name=t(key), pieces=by_word(old, new)) for key, old, new in texts if old != new),
        *(Change(name=t(key), pieces=side_by_side(old, new)) for key, old, new in words if old != new),
    )


def _languages(old: tuple[Track, ...], new: tuple[Track, ...], says: Says) -> tuple[str, str]:
    """The further languages before and now; what is another recording or has other words is said to be."""
    before = {track.language: (track.recording, track.text) for track in old}
    names = [
        name_of(track.language, says)
        if before.get(track.language) in (None, (track.recording, track.text))
        else says.t("change.other_track", name=name_of(track.language, says))
        for track in new
    ]
    none = says.t("change.no_tracks")
    return says.names([name_of(one, says) for one in before]) or none, says.names(names) or none


def by_word(old: str, new: str) -> tuple[Piece, ...]:
    """Kept, taken out and put in, word by word."""
    left, right = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(left), len(right)) > MOST_WORDS:
        return side_by_side(old, new)
    found: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Piece(kind="same", text="".join(left[a:b])))
            continue
        if b > a:
            found.append(Piece(kind="del", text="".join(left[a:b])))
        if d > c:
            found.append(Piece(kind="ins", text="".join(right[c:d])))
    return tuple(found)


def side_by_side(old: str, new: str) -> tuple[Piece, ...]:
    """The old, then the new."""
    return (Piece(kind="del", text=old), Piece(kind="same", text=" "), Piece(kind="ins", text=new))
