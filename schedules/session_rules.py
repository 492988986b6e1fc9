"""What a session must be before it stands in anybody's day."""

from collections.abc import Iterator
from datetime import date, time, timedelta

from schedules.announcement import clean_text
from schedules.block_rules import block_faults
from schedules.calendar import QuietHours, instant_of
from schedules.errors import Fault, TextRefused
from schedules.session import Session, whole

NAME_LIMIT = 80
SHORTEST_CAP = timedelta(minutes=1)
LONGEST_CAP = timedelta(hours=3)
DATES_LIMIT = 366
_SOME_DAY = date(2026, 1, 5)


def session_faults(session: Session, quiet: QuietHours) -> tuple[Fault, ...]:
    """Everything wrong with a session, each with its exact field; nothing else about it is judged."""
    return (
        *_name_faults(session.name),
        *_day_faults(session),
        *_cap_faults(session, quiet),
        *block_faults(whole(session), session.start),
    )


def _name_faults(name: str) -> tuple[Fault, ...]:
    if len(name) > NAME_LIMIT:
        vi = f"Tên buổi phát dài quá {NAME_LIMIT} ký tự."
        return (Fault(field="name", code="E_TEXT_LONG", vi=vi, en="The name is too long."),)
    try:
        clean = clean_text(name)
    except TextRefused as refused:
        return (Fault(field="name", code=refused.code, vi=refused.vi, en=refused.en),)
    if not any(character.isalnum() for character in clean) or "\n" in clean:
        vi = "Buổi phát cần một cái tên, ví dụ: Buổi phát thanh sáng."
        return (Fault(field="name", code="E_TEXT_EMPTY", vi=vi, en="A session needs a name on one line."),)
    return ()


def _day_faults(session: Session) -> tuple[Fault, ...]:
    if not session.days and not session.dates and session.pattern is None:
        vi = "Chưa chọn ngày nào trong tuần."
        return (Fault(field="days", code="E_SESSION_DAYS", vi=vi, en="No day is chosen."),)
    if not session.days <= frozenset(range(7)) or len(session.dates) > DATES_LIMIT:
        vi = "Ngày của buổi phát không đúng."
        return (Fault(field="days", code="E_SESSION_DAYS", vi=vi, en="The days are wrong."),)
    return ()


def _cap_faults(session: Session, quiet: QuietHours) -> tuple[Fault, ...]:
    cap = session.cap
    if cap is not None and not SHORTEST_CAP <= cap <= LONGEST_CAP:
        vi = "Thời lượng tối đa của một buổi từ 1 đến 180 phút."
        return (Fault(field="cap", code="E_SESSION_CAP", vi=vi, en="A cap is 1 to 180 minutes."),)
    return tuple(_quiet_faults(session, quiet))


def _quiet_faults(session: Session, quiet: QuietHours) -> Iterator[Fault]:
    # Any day will do: quiet hours are the same on each.
    some_day = min(session.dates) if session.dates else _SOME_DAY
    for field, begins, cap in _starts(session):
        start = instant_of(some_day, begins)
        if not quiet.overlaps(start, start + (cap or timedelta())):
            continue
        if field == "start" and not quiet.contains(start):
            field = "cap"
        vi = f"Buổi phát chạm giờ yên tĩnh ({quiet}). Chọn giờ sớm hơn hoặc rút ngắn buổi."
        yield Fault(field=field, code="E_QUIET", vi=vi, en=f"It meets the quiet hours ({quiet}).")


def _starts(session: Session) -> Iterator[tuple[str, time, timedelta | None]]:
    """Every time at which it may begin, with its field."""
    yield "start", session.start, session.cap
    for n, season in enumerate(session.seasons):
        yield f"seasons[{n}].start", season.start, session.cap
    for n, change in enumerate(session.changes):
        if change.start is not None:
            yield f"changes[{n}].start", change.start, change.cap or session.cap
