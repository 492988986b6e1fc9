"""What is to be said: the announcement, its content hash and its faults."""

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from schedules.calendar import QuietHours, instant_of, said_en, said_vi, stamp
from schedules.errors import Fault, TextRefused
from schedules.late_rule import LateRule, late_rule_to_json
from schedules.recurrence import (
    LONGEST,
    Once,
    Timing,
    Weekly,
    given_instants,
    instant_faults,
    timing_faults,
    timing_to_json,
)
from schedules.rule import Rule

AnnouncementId = NewType("AnnouncementId", str)
AreaCode = NewType("AreaCode", str)
PersonId = NewType("PersonId", str)
RecordingId = NewType("RecordingId", str)

TITLE_LIMIT = 200
TEXT_LIMIT = 5000
TARGET_LIMIT = 500
REPEAT_LIMIT = 3
# controls, zero-width and direction, private, half and unassigned characters, odd line ends
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


class BulletinClass(StrEnum):
    """The three classes of Circular 39/2020/TT-BTTTT: they decide who pre-empts whom."""

    NORMAL = "normal"
    PRIORITY = "priority"
    EMERGENCY = "emergency"


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who stood up for exactly which content, and when."""

    by: PersonId
    approved_at: datetime
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Who, speaking both languages, confirmed that a track says the same; ``of`` names what was compared."""

    by: PersonId
    reviewed_at: datetime
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The same announcement in another language (a BCP 47 tag), as a recording of somebody who speaks it.

    ``text`` is what it says, in writing, where somebody wrote it down.
    """

    language: str
    recording: RecordingId
    made_by: PersonId
    made_at: datetime
    text: str = ""
    review: Review | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What is to be said, where, when and how long it is true.

    `area` owns it; `author` is the person who last changed the content; `repeat` is how often it is
    heard (1 to 3); `expires_at` is compulsory and nothing is heard at or after it. With a `recording` that
    is what is heard, and `text` says in writing what it says. `groups` are named sets of nodes that
    hear it beside the areas of `targets`; one of the two is never empty. `late` says what becomes of a
    missed airing; None leaves it to the class. `tracks` say the same in further languages, each once
    (`schedules.tracks`).
    """

    id: AnnouncementId
    area: AreaCode
    title: str
    text: str
    bulletin_class: BulletinClass
    targets: tuple[AreaCode, ...]
    timing: Timing
    valid_from: datetime
    expires_at: datetime
    repeat: int
    author: PersonId
    state: State = State.DRAFT
    revision: int = 1
    approval: Approval | None = None
    recording: RecordingId | None = None
    groups: tuple[str, ...] = ()
    late: LateRule | None = None
    tracks: tuple[Track, ...] = ()


def content_hash(a: Announcement) -> str:
    """SHA-256 (hex) of everything heard or decided; the same for targets in any order."""
    content: dict[str, object] = {
        "title": a.title,
        "text": a.text,
        "class": a.bulletin_class.value,
        "targets": sorted(a.targets),
        "timing": timing_to_json(a.timing),
        "valid_from": stamp(a.valid_from),
        "expires_at": stamp(a.expires_at),
        "repeat": a.repeat,
    }
    if a.recording is not None:
        content["recording"] = a.recording
    if a.groups:
        content["groups"] = sorted(a.groups)
    if a.late is not None:
        content["late"] = late_rule_to_json(a.late)
    if a.tracks:
        content["tracks"] = sorted([track.language, track.recording, track.text] for track in a.tracks)
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def clean_text(s: str) -> str:
    """The text in NFC with plain spaces and line ends; TextRefused (`E_TEXT`) for hidden characters.

    Hidden are: NUL and other controls, direction overrides, zero-width and private characters.
    """
    text = unicodedata.normalize("NFC", s.replace("\r\n", "\n").replace("\u00a0", " ").replace("\t", " "))
    for position, character in enumerate(text, start=1):
        if character != "\n" and unicodedata.category(character) in _HIDDEN:
            name = f"U+{ord(character):04X}"
            raise TextRefused(
                "E_TEXT",
                f"Có ký tự ẩn ({name}) ở vị trí {position}. Xin xóa chỗ đó và gõ lại.",
                f"There is a hidden character ({name}) at position {position}.",
            )
    return text.strip()


def validate(a: Announcement, now: datetime, quiet: QuietHours | None = None) -> tuple[Fault, ...]:
    """Everything wrong with an announcement as it stands at `now`, each with its exact field.

    With `quiet` also a time at which only an emergency may speak (`E_QUIET`).
    """
    faults = (
        *_text_faults("title", a.title, TITLE_LIMIT),
        *_text_faults("text", a.text, TEXT_LIMIT),
        *_target_faults(a.targets, a.groups),
        *_repeat_faults(a.repeat),
        *_validity_faults(a.valid_from, a.expires_at, now),
        *timing_faults(a.timing),
    )
    if any(fault.field.startswith(("timing", "valid_from", "expires_at")) for fault in faults):
        return faults
    faults += _fit_faults(a, now)
    if quiet is not None and a.bulletin_class is not BulletinClass.EMERGENCY:
        faults += _quiet_faults(a.timing, quiet)
    return faults


def _text_faults(field: str, text: str, limit: int) -> tuple[Fault, ...]:
    if len(text) > limit:
        return (
            _fault(
                field,
                "E_TEXT_LONG",
                f"Dài quá {limit} ký tự, xin rút gọn.",
                f"Longer than {limit} characters.",
            ),
        )
    try:
        clean = clean_text(text)
    except TextRefused as refused:
        return (_fault(field, refused.code, refused.vi, refused.en),)
    if not any(character.isalnum() for character in clean):
        return (_fault(field, "E_TEXT_EMPTY", "Chưa có chữ nào để đọc.", "There is nothing to read."),)
    if clean != text:
        return (_fault(field, "E_TEXT", "Chữ chưa được chuẩn hóa.", "The text is not in its clean form."),)
    return ()


def _target_faults(targets: tuple[AreaCode, ...], groups: tuple[str, ...]) -> tuple[Fault, ...]:
    if not targets and not groups:
        return (_fault("targets", "E_TARGET_EMPTY", "Chưa chọn nơi phát.", "No target is chosen."),)
    if max(len(targets), len(groups)) > TARGET_LIMIT or any(
        len(set(chosen)) != len(chosen) for chosen in (targets, groups)
    ):
        return (
            _fault("targets", "E_TARGET", "Nơi phát bị lặp hoặc quá nhiều.", "Doubled or too many targets."),
        )
    return ()


def _repeat_faults(repeat: int) -> tuple[Fault, ...]:
    if 1 <= repeat <= REPEAT_LIMIT:
        return ()
    return (_fault("repeat", "E_REPEAT", "Số lần đọc từ 1 đến 3.", "It is read one to three times."),)


def _validity_faults(valid_from: datetime, expires_at: datetime, now: datetime) -> tuple[Fault, ...]:
    broken = instant_faults("valid_from", valid_from) + instant_faults("expires_at", expires_at)
    if broken:
        return broken
    faults = []
    if expires_at <= valid_from:
        faults.append(
            _fault("expires_at", "E_ORDER", "Hết hạn phải sau khi có hiệu lực.", "It ends before it begins.")
        )
    if expires_at - valid_from > LONGEST:
        faults.append(
            _fault("expires_at", "E_WINDOW", "Hiệu lực không quá một năm.", "It is valid for over a year.")
        )
    if expires_at <= now:
        faults.append(_fault("expires_at", "E_EXPIRED", "Bài đã hết hạn.", "It has expired."))
    return tuple(faults)


def _fit_faults(a: Announcement, now: datetime) -> tuple[Fault, ...]:
    match a.timing:
        case Once(at=at) if at <= now:
            return (_fault("timing.at", "E_PAST", "Giờ phát đã qua.", "That time has passed."),)
        case Once(at=at) if not a.valid_from <= at < a.expires_at:
            return (_fault("timing.at", "E_OUTSIDE", "Giờ phát ngoài hạn của bài.", "Outside its validity."),)
        case Weekly(at=at, last=last) | Rule(at=at, last=last) if instant_of(last, at) <= now:
            return (_fault("timing.last", "E_PAST", "Lịch lặp đã kết thúc.", "That schedule has ended."),)
        case Weekly(at=at, first=first) | Rule(at=at, first=first) if instant_of(first, at) >= a.expires_at:
            return (
                _fault("timing.first", "E_OUTSIDE", "Lịch lặp sau khi bài hết hạn.", "It expires before."),
            )
        case _:
            return ()


def _quiet_faults(timing: Timing, quiet: QuietHours) -> tuple[Fault, ...]:
    return tuple(
        _fault(
            field,
            "E_QUIET",
            f"Không phát được lúc {said_vi(instant)[:5]} vì đang giờ yên tĩnh ({quiet}). Chọn giờ khác.",
            f"Nothing ordinary is heard at {said_en(instant)[:5]}: quiet hours ({quiet}).",
        )
        for field, instant in given_instants(timing)
        if quiet.contains(instant)
    )


def _fault(field: str, code: str, vi: str, en: str) -> Fault:
    return Fault(field=field, code=code, vi=vi, en=en)
