"""Why each planned sound plays when it does, moves, is cut or is not heard: one sentence each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schedules.announcement import Announcement, AnnouncementId, BulletinClass
from schedules.blocks import Part
from schedules.calendar import local, said_en, said_vi
from schedules.collision import ConflictKind
from schedules.late_rule import late_words
from schedules.plan import Conflict, Occurrence, OccurrenceId, Plan
from schedules.recurrence import AfterApproval, NextSession, Once
from schedules.rule import Move, Rule
from schedules.session import Session, change_on, closing_id, is_relay, is_taped, opening_id, taped_at


class Fate(StrEnum):
    """What becomes of it, in one word."""

    PLAYS = "plays"
    MOVES = "moves"
    CUTS = "cuts"
    IS_CUT = "is_cut"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One sentence about one planned sound (``occurrence`` None: about one that is not heard)."""

    at: datetime
    item: AnnouncementId
    occurrence: OccurrenceId | None
    fate: Fate
    vi: str
    en: str


def explain(
    plan: Plan, items: Mapping[AnnouncementId, Announcement], sessions: Iterable[Session]
) -> tuple[Explanation, ...]:
    """Every occurrence and every refusal of a plan, in order of time; the same plan says the same."""
    by_id = {session.id: session for session in sessions}
    frames = {
        frame: session.name
        for session in by_id.values()
        for frame in (opening_id(session.id), closing_id(session.id))
    }
    acts = {c.occurrences[0]: c for c in plan.conflicts if c.kind is not ConflictKind.UNPLACEABLE}
    cut = {c.occurrences[1]: c for c in plan.conflicts if c.kind is ConflictKind.PREEMPTS}
    found = [
        _occurrence(one, items.get(one.item), by_id.get(one.session or ""), frames.get(one.item), acts, cut)
        for one in plan.occurrences
    ]
    found += [
        Explanation(
            at=one.at,
            item=one.item,
            occurrence=None,
            fate=Fate.REFUSED,
            vi=_sentence(one.vi),
            en=_sentence(one.en),
        )
        for one in plan.refusals
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.item, one.occurrence or "", one.vi)))


def _occurrence(
    one: Occurrence,
    item: Announcement | None,
    session: Session | None,
    frame: str | None,
    acts: Mapping[OccurrenceId, Conflict],
    cut: Mapping[OccurrenceId, Conflict],
) -> Explanation:
    fate, why = Fate.PLAYS, _wanted(one, item, session, frame)
    conflict = acts.get(one.id) or cut.get(one.id)
    vi = f"Phát lúc {said_vi(one.due_at)} {why[0]}."
    en = f"Plays at {said_en(one.due_at)} {why[1]}."
    if item is not None and item.late is not None:
        words = late_words(item.late)
        vi, en = f"{vi[:-1]}; {words[0]}.", f"{en[:-1]}; {words[1]}."
    if is_relay(one.item) and session is not None:
        vi, en = _relayed(one, session)
    if is_taped(one.item) and session is not None:
        vi, en = _taped(one, session)
    if conflict is not None:
        fate = _fate(conflict, one.id)
        vi, en = f"{vi} {_sentence(conflict.vi)}", f"{en} {_sentence(conflict.en)}"
    return Explanation(at=one.due_at, item=one.item, occurrence=one.id, fate=fate, vi=vi, en=en)


def _fate(conflict: Conflict, occurrence: OccurrenceId) -> Fate:
    if conflict.kind is ConflictKind.PREEMPTS:
        return Fate.CUTS if conflict.occurrences[0] == occurrence else Fate.IS_CUT
    return Fate.MOVES if conflict.kind is ConflictKind.MOVED else Fate.PLAYS


def _wanted(
    one: Occurrence, item: Announcement | None, session: Session | None, frame: str | None
) -> tuple[str, str]:
    """Why at all: the wish behind it."""
    if frame is not None:
        return f"vì là lời chào hoặc lời kết của “{frame}”", f"as the opening or closing of “{frame}”"
    priority = one.bulletin_class is BulletinClass.PRIORITY
    first = (" (bài ưu tiên xếp trước)", " (priority items come first)") if priority and session else ("", "")
    if session is not None and (role := _role(one, session)) is not None:
        return f"trong “{session.name}”, {role[0]}", f"in “{session.name}”, {role[1]}"
    if session is not None:
        return (
            f"trong “{session.name}”, buổi gần nhất còn chỗ{first[0]}",
            f"in “{session.name}”, the nearest session with room{first[1]}",
        )
    match item.timing if item is not None else None:
        case Once():
            return "vì được hẹn đúng giờ này", "because it was set for that time"
        case AfterApproval():
            return "vì phát ngay sau khi duyệt", "because it plays right after its approval"
        case NextSession():
            return "vì buổi phát được nêu đích danh bài này", "because a session names it"
        case None:
            return "theo chương trình", "as the programme says"
        case Rule(moved=moves) if any(_is_of(move, one) for move in moves):
            usual, usual_en = said_vi(one.recurrence_at), said_en(one.recurrence_at)
            return f"vì lượt {usual} được dời sang giờ này", f"because that of {usual_en} was moved here"
        case _:
            return "vì được đặt lặp lại", "because it repeats"


def _is_of(move: Move, one: Occurrence) -> bool:
    """Whether it is what that move made of its day, unless it was moved back."""
    usual = local(one.recurrence_at)
    return move.day == usual.date() and (move.to, move.at) != (usual.date(), usual.time())


def _relayed(one: Occurrence, session: Session) -> tuple[str, str]:
    span = f"{local(one.due_at):%H:%M}–{local(one.due_at + one.duration):%H:%M}"
    day = said_vi(one.due_at).partition(" ")[2], said_en(one.due_at).partition(" ")[2]
    return f"Tiếp âm {span} {day[0]} trong “{session.name}”.", f"Relay {span} {day[1]} in “{session.name}”."


def _role(one: Occurrence, session: Session) -> tuple[str, str] | None:
    """What it is in its session, where it is not simply the nearest one with room."""
    parts = {block.part for block in session.blocks if one.item in block.items}
    if Part.FILLER in parts:
        return "để lấp chỗ trống", "to fill the time"
    if Part.ANTHEM in parts:
        return "vì buổi nào cũng mở bằng bài này", "because every session begins with it"
    change = change_on(session, local(one.recurrence_at).date())
    if one.item in session.items or (change is not None and one.item in (change.items or ())):
        return "theo thứ tự đã xếp tay", "in the order made by hand"
    return None


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _taped(one: Occurrence, session: Session) -> tuple[str, str]:
    vi, en = _relayed(one, session)
    at = taped_at(session, one.due_at)
    if at is None:
        return vi, en
    return (
        f"{vi[:-1]}, ghi trước lúc {said_vi(at)} rồi phát chậm.",
        f"{en[:-1]}, recorded at {said_en(at)} and heard later.",
    )
