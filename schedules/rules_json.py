"""Rules of a place as plain JSON values: profiles, raised limits and swaps of days."""

from datetime import date, timedelta
from typing import Final

from schedules.announcement import AreaCode
from schedules.calendar import FIRST_YEAR, LAST_YEAR
from schedules.errors import Fault
from schedules.holidays import HolidayRow, What
from schedules.profile import DOCUMENT_LIMIT, Profile, ProfileKind
from schedules.reading import fault, read_day, read_list, read_object, read_whole, read_word, refuse
from schedules.rulepack import LONGEST_DAY, MOST_SESSIONS, Limits

NAME_LIMIT: Final = 120
_PROFILE = (
    "id",
    "kind",
    "name",
    "document",
    "area",
    "first",
    "last",
    "music",
    "chimes",
    "ordinary",
    "raised",
)
_LIMITS = ("days", "sessions_a_day", "minutes_a_session", "minutes_a_day")
_SWAP = ("what", "on", "name", "document")


def profile_to_json(profile: Profile) -> dict[str, object]:
    """A profile; `profile_from_json` gives back an equal one."""
    return {
        "id": profile.id,
        "kind": profile.kind.value,
        "name": profile.name,
        "document": profile.document,
        "area": profile.area,
        "first": profile.first.isoformat(),
        "last": profile.last.isoformat(),
        "music": profile.music,
        "chimes": profile.chimes,
        "ordinary": profile.ordinary,
        "raised": None if profile.raised is None else limits_to_json(profile.raised),
    }


def profile_from_json(field: str, value: object) -> Profile:
    """A profile, read strictly; TimingRefused names the exact field."""
    said = read_object(field, value, _PROFILE)
    return Profile(
        id=_text(f"{field}.id", said["id"]),
        kind=read_word(f"{field}.kind", said["kind"], ProfileKind),
        name=_text(f"{field}.name", said["name"]),
        document=_text(f"{field}.document", said["document"]),
        area=AreaCode(_text(f"{field}.area", said["area"])),
        first=read_day(f"{field}.first", said["first"]),
        last=read_day(f"{field}.last", said["last"]),
        music=_flag(f"{field}.music", said["music"]),
        chimes=_flag(f"{field}.chimes", said["chimes"]),
        ordinary=_flag(f"{field}.ordinary", said["ordinary"]),
        raised=None if said["raised"] is None else limits_from_json(f"{field}.raised", said["raised"]),
    )


def limits_to_json(limits: Limits) -> dict[str, object]:
    """Limits in whole minutes; None where there is none."""
    return {
        "days": sorted(limits.days),
        "sessions_a_day": limits.sessions_a_day,
        "minutes_a_session": _minutes_of(limits.a_session),
        "minutes_a_day": _minutes_of(limits.a_day),
    }


def limits_from_json(field: str, value: object) -> Limits:
    """Limits, read strictly."""
    said = read_object(field, value, _LIMITS)
    days = read_list(f"{field}.days", said["days"], 7)
    sessions = said["sessions_a_day"]
    return Limits(
        days=frozenset(read_whole(f"{field}.days[{n}]", day, 0, 6) for n, day in enumerate(days)),
        sessions_a_day=None
        if sessions is None
        else read_whole(f"{field}.sessions_a_day", sessions, 0, MOST_SESSIONS),
        a_session=_minutes(f"{field}.minutes_a_session", said["minutes_a_session"]),
        a_day=_minutes(f"{field}.minutes_a_day", said["minutes_a_day"]),
    )


def swap_to_json(row: HolidayRow) -> dict[str, object]:
    """One day that a document made a day off or a working day."""
    return {
        "what": row.what.value,
        "on": None if row.on is None else row.on.isoformat(),
        "name": row.name,
        "document": row.source,
    }


def swap_from_json(field: str, value: object) -> HolidayRow:
    """A decreed day, read strictly: nothing but a day off or a working day."""
    said = read_object(field, value, _SWAP)
    what = read_word(f"{field}.what", said["what"], What)
    if what not in (What.OFF, What.WORK):
        refuse(f"{field}.what", "E_TIMING", "Không có lựa chọn này.", "There is no such choice.")
    return swap(
        what,
        read_day(f"{field}.on", said["on"]),
        _text(f"{field}.name", said["name"]),
        _text(f"{field}.document", said["document"]),
    )


def swap(what: What, on: date, name: str, document: str) -> HolidayRow:
    """A decreed day off or working day."""
    return HolidayRow(what=what, since=on.year, name=name, source=document, on=on)


def swap_faults(row: HolidayRow) -> tuple[Fault, ...]:
    """What is wrong with a decreed day by itself, each with its field."""
    faults = []
    if row.on is None or not FIRST_YEAR <= row.on.year <= LAST_YEAR:
        faults.append(fault("on", "E_TIME", "Năm không hợp lệ.", "There is no such year here."))
    if not any(character.isalnum() for character in row.source) or len(row.source) > DOCUMENT_LIMIT:
        faults.append(
            fault(
                "document",
                "E_DOCUMENT",
                "Xin ghi số và ngày của văn bản.",
                "The document's number and date are needed.",
            )
        )
    if not any(character.isalnum() for character in row.name) or len(row.name) > NAME_LIMIT:
        faults.append(fault("name", "E_TEXT_EMPTY", "Xin ghi tên ngày.", "The day needs a name."))
    return tuple(faults)


def _minutes_of(length: timedelta | None) -> int | None:
    return None if length is None else length // timedelta(minutes=1)


def _minutes(field: str, value: object) -> timedelta | None:
    return None if value is None else timedelta(minutes=read_whole(field, value, 0, LONGEST_DAY))


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        refuse(field, "E_TIMING", "Mục này phải là chữ.", "This must be text.")
    return value


def _flag(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        refuse(field, "E_TIMING", "Mục này phải là có hoặc không.", "This must be true or false.")
    return value
