"""What else a session may have, as plain JSON: its pattern, seasons, single days and blocks."""

from dataclasses import replace
from datetime import date, time, timedelta

from schedules.announcement import AnnouncementId
from schedules.blocks import MOST_BLOCKS, Block, Part
from schedules.calendar import stamp
from schedules.pattern import pattern_from_json, pattern_to_json
from schedules.reading import (
    read_clock,
    read_day,
    read_instant,
    read_list,
    read_object,
    read_whole,
    read_word,
    refuse,
)
from schedules.session import Fixed, Season, Session, SessionDay

MOST_SEASONS = 4
MOST_CHANGES = 366
MOST_ITEMS = 200
LONGEST_NAME = 200
_DAY_S = 86_400
_KEYS = ("pattern", "first", "seasons", "changes", "blocks", "fixed", "since")
_DAY_KEYS = ("day", "skipped", "start", "cap_s", "items", "fixed", "left_out")


def session_days_to_json(session: Session) -> dict[str, object]:
    """What a session has beyond weekdays, dates and items; `with_session_days` gives it back."""
    return {
        "pattern": None if session.pattern is None else pattern_to_json(session.pattern),
        "first": None if session.first is None else session.first.isoformat(),
        "seasons": [
            {"month": one.month, "day": one.day, "start": f"{one.start:%H:%M:%S}", "name": one.name}
            for one in session.seasons
        ],
        "changes": [
            {
                "day": one.day.isoformat(),
                "skipped": one.skipped,
                "start": None if one.start is None else f"{one.start:%H:%M:%S}",
                "cap_s": None if one.cap is None else one.cap // timedelta(seconds=1),
                "items": None if one.items is None else list(one.items),
                "fixed": None if one.fixed is None else _fixed_to_json(one.fixed),
                "left_out": list(one.left_out),
            }
            for one in session.changes
        ],
        "blocks": blocks_to_json(session.blocks),
        "fixed": _fixed_to_json(session.fixed),
        "since": None if session.since is None else stamp(session.since),
    }


def with_session_days(session: Session, value: object) -> Session:
    """The session with what `session_days_to_json` wrote; TimingRefused names the exact field."""
    said = read_object("session", value, _KEYS)
    pattern, first = said["pattern"], said["first"]
    seasons = read_list("session.seasons", said["seasons"], MOST_SEASONS)
    changes = read_list("session.changes", said["changes"], MOST_CHANGES)
    return replace(
        session,
        pattern=None if pattern is None else pattern_from_json("session.pattern", pattern, session.start),
        first=None if first is None else read_day("session.first", first),
        seasons=tuple(_season(f"session.seasons[{n}]", one) for n, one in enumerate(seasons)),
        changes=tuple(_change(f"session.changes[{n}]", one) for n, one in enumerate(changes)),
        blocks=blocks_from_json("session.blocks", said["blocks"]),
        fixed=_fixed("session.fixed", said["fixed"]),
        since=None if said["since"] is None else read_instant("session.since", said["since"]),
    )


def blocks_to_json(blocks: tuple[Block, ...]) -> list[dict[str, object]]:
    """A row of blocks as plain JSON values; `blocks_from_json` gives back an equal one."""
    return [
        {
            "id": block.id,
            "part": block.part.value,
            "items": list(block.items),
            "length_s": None if block.length is None else block.length // timedelta(seconds=1),
            "hard_start": None if block.hard_start is None else f"{block.hard_start:%H:%M:%S}",
            "until": None if block.until is None else f"{block.until:%H:%M:%S}",
            # left out where there is none: most blocks have none, and rows of before know no such thing
            **({} if block.record_at is None else {"record_at": f"{block.record_at:%H:%M:%S}"}),
        }
        for block in blocks
    ]


def blocks_from_json(field: str, value: object) -> tuple[Block, ...]:
    """A row of blocks from plain JSON values, strictly; TimingRefused names the exact field."""
    return tuple(_block(f"{field}[{n}]", one) for n, one in enumerate(read_list(field, value, MOST_BLOCKS)))


def _season(field: str, value: object) -> Season:
    said = read_object(field, value, ("month", "day", "start", "name"))
    month = read_whole(f"{field}.month", said["month"], 1, 12)
    day = read_whole(f"{field}.day", said["day"], 1, 31)
    try:
        # no season begins on 29 February
        date(2001, month, day)
    except ValueError:
        refuse(f"{field}.day", "E_TIME", "Ngày giờ không có thật.", "There is no such date or time.")
    return Season(
        month=month,
        day=day,
        start=read_clock(f"{field}.start", said["start"]),
        name=_name(f"{field}.name", said["name"]),
    )


def _change(field: str, value: object) -> SessionDay:
    said = read_object(field, value, _DAY_KEYS)
    skipped, items, fixed = said["skipped"], said["items"], said["fixed"]
    if not isinstance(skipped, bool):
        refuse(f"{field}.skipped", "E_TIMING", "Phải là có hoặc không.", "This must be true or false.")
    return SessionDay(
        day=read_day(f"{field}.day", said["day"]),
        skipped=skipped,
        start=_clock(f"{field}.start", said["start"]),
        cap=_length(f"{field}.cap_s", said["cap_s"]),
        items=None if items is None else _items(f"{field}.items", items),
        fixed=None if fixed is None else _fixed(f"{field}.fixed", fixed),
        left_out=_items(f"{field}.left_out", said["left_out"]),
    )


def _fixed_to_json(fixed: tuple[Fixed, ...]) -> list[dict[str, object]]:
    return [{"item": one.item, "at": f"{one.at:%H:%M:%S}"} for one in fixed]


def _fixed(field: str, value: object) -> tuple[Fixed, ...]:
    found = []
    for n, one in enumerate(read_list(field, value, MOST_ITEMS)):
        said = read_object(f"{field}[{n}]", one, ("item", "at"))
        item = AnnouncementId(_name(f"{field}[{n}].item", said["item"]))
        found.append(Fixed(item=item, at=read_clock(f"{field}[{n}].at", said["at"])))
    return tuple(found)


def _block(field: str, value: object) -> Block:
    if isinstance(value, dict):
        value = {"record_at": None, **value}
    said = read_object(field, value, ("id", "part", "items", "length_s", "hard_start", "until", "record_at"))
    return Block(
        id=_name(f"{field}.id", said["id"]),
        part=read_word(f"{field}.part", said["part"], Part),
        items=_items(f"{field}.items", said["items"]),
        length=_length(f"{field}.length_s", said["length_s"]),
        hard_start=_clock(f"{field}.hard_start", said["hard_start"]),
        until=_clock(f"{field}.until", said["until"]),
        record_at=_clock(f"{field}.record_at", said["record_at"]),
    )


def _clock(field: str, value: object) -> time | None:
    return None if value is None else read_clock(field, value)


def _length(field: str, value: object) -> timedelta | None:
    return None if value is None else timedelta(seconds=read_whole(field, value, 1, _DAY_S))


def _items(field: str, value: object) -> tuple[AnnouncementId, ...]:
    items = read_list(field, value, MOST_ITEMS)
    return tuple(AnnouncementId(_name(f"{field}[{n}]", item)) for n, item in enumerate(items))


def _name(field: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        refuse(field, "E_TIMING", "Mục này phải là chữ, không quá dài.", "This must be a text, not too long.")
    return value
