"""What /api takes: strict shapes without room for one field more, and how they become the Desk's forms."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from controller.dispatch.forms.alerts import EmergencyForm, Hand
from controller.dispatch.forms.items import Draft
from controller.errors import Problem
from devices.messages import Mode
from schedules.announcement import AreaCode, BulletinClass, clean_text
from schedules.calendar import FIRST_YEAR, LAST_YEAR
from schedules.errors import TextRefused, TimingRefused
from schedules.late_rule import LONGEST_UNDER, late_rule_from_json
from schedules.lunar_pattern import LONGEST_CYCLE, InLeap, InShort
from schedules.recurrence import timing_from_json
from schedules.rule import MOST_TIMES, Only

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})")
_CLOCK = {"type": "string", "examples": ["05:30"]}
_DAY = {"type": "string", "format": "date"}


def _timing(kind: str, **more: dict[str, Any]) -> dict[str, Any]:
    return _record(kind={"const": kind}, **more)


def _record(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _whole(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


_MOVE = _record(day=_DAY, to=_DAY, at=_CLOCK)
_MOVED = {**_MOVE, "properties": {**_MOVE["properties"], "times": _whole(0, MOST_TIMES)}}
_IN_MOON = {
    "in_leap": {"enum": [one.value for one in InLeap]},
    "in_short": {"enum": [one.value for one in InShort]},
}
_PATTERN = {
    "oneOf": [
        _timing("solar", rrule={"type": "string", "examples": ["FREQ=MONTHLY;BYMONTHDAY=1,15"]}),
        _timing("lunar_yearly", month=_whole(1, 12), day=_whole(1, 30), **_IN_MOON),
        _timing("lunar_monthly", days={"type": "array", "items": _whole(1, 30)}, **_IN_MOON),
        _timing("lunar_new_years_eve"),
        _timing("cycle", every=_whole(1, LONGEST_CYCLE), anchor=_DAY),
    ]
}

Instant = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})]
Code = Annotated[str, Field(min_length=1, max_length=32)]
Timing = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "oneOf": [
                _timing("after_approval"),
                _timing("next_session"),
                _timing("once", at={"type": "string", "format": "date-time"}),
                _timing(
                    "weekly",
                    at=_CLOCK,
                    days={"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 6}},
                    first=_DAY,
                    last=_DAY,
                ),
                _timing(
                    "rule",
                    at=_CLOCK,
                    pattern=_PATTERN,
                    first=_DAY,
                    last=_DAY,
                    only={"enum": [one.value for one in Only]},
                    skipped={"type": "array", "items": _DAY},
                    moved={"type": "array", "items": _MOVED},
                ),
            ]
        }
    ),
]


Late = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "oneOf": [
                *(_timing(kind) for kind in ("skip", "play_once", "coalesce")),
                _timing("play_if_late_under", minutes=_whole(1, LONGEST_UNDER)),
            ]
        }
    ),
]


class Body(BaseModel):
    """No coercion, no unknown field: an extra one is 422 ``E_FIELD``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LoginBody(Body):
    """Name and password."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=200)]


class DraftBody(Body):
    """The whole content of a bài. Emergencies take their own road and are no class here."""

    area: Code
    title: str
    text: str
    targets: Annotated[list[Code], Field(max_length=500)]
    timing: Timing
    expires_at: Instant
    bulletin_class: Literal["normal", "priority"] = "normal"
    valid_from: Instant | None = None
    repeat: Annotated[int, Field(ge=1, le=3)] = 1
    groups: Annotated[list[Code], Field(max_length=500)] = []
    late: Late | None = None

    def draft(self) -> Draft:
        """The Desk's form; Problem with the exact field where text or time can't be."""
        try:
            timing = timing_from_json(self.timing)
            late = None if self.late is None else late_rule_from_json("late", self.late)
        except TimingRefused as refused:
            fault = refused.fault
            raise Problem(fault.code, field=fault.field, status=422, vi=fault.vi, en=fault.en) from None
        return Draft(
            area=AreaCode(self.area),
            title=plain("title", self.title),
            text=plain("text", self.text),
            targets=tuple(AreaCode(code) for code in self.targets),
            timing=timing,
            expires_at=instant("expires_at", self.expires_at),
            bulletin_class=BulletinClass(self.bulletin_class),
            valid_from=None if self.valid_from is None else instant("valid_from", self.valid_from),
            repeat=self.repeat,
            groups=tuple(self.groups),
            late=late,
        )


class ApproveBody(Body):
    """What was seen, and (``rendering.wanted``) what was heard, is what is approved."""

    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    heard: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class RecordingBody(Body):
    """The id of a recording that this area has, or null: the text is read again."""

    recording: Annotated[str, Field(max_length=120)] | None


class ReasonBody(Body):
    """Why."""

    reason: Annotated[str, Field(max_length=2000)]

    def words(self) -> str:
        return plain("reason", self.reason)


class EmergencyBody(Body):
    """What, how bad, where, in which words."""

    area: Code
    targets: Annotated[list[Code], Field(max_length=500)]
    hazard: Annotated[str, Field(max_length=40)]
    level: Annotated[int, Field(ge=1, le=5)]
    text: str
    mode: Literal["actual", "exercise"] = "actual"
    rounds: Annotated[int, Field(ge=1, le=100)] | None = None
    every_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None
    ends_at: Instant | None = None

    def form(self) -> EmergencyForm:
        return EmergencyForm(
            area=AreaCode(self.area),
            targets=tuple(AreaCode(code) for code in self.targets),
            hazard=self.hazard,
            level=self.level,
            text=plain("text", self.text),
            mode=Mode(self.mode),
            rounds=self.rounds,
            every_ms=self.every_ms,
            ends_at=None if self.ends_at is None else instant("ends_at", self.ends_at),
        )


class FireBody(Body):
    """Which preview, and the name of the place typed by hand."""

    preview: Annotated[str, Field(min_length=1, max_length=64)]
    typed_name: Annotated[str, Field(max_length=200)]


class HeardBody(Body):
    """Which words were listened to, by the hash of their clip."""

    clip: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RetractBody(Body):
    """A correction or an all-clear."""

    hand: Literal["correction", "all_clear"]

    def as_hand(self) -> Hand:
        return Hand(self.hand)


class StopBody(Body):
    """Where everything is to fall silent."""

    area: Code


def plain(field: str, text: str) -> str:
    """Text in NFC without hidden characters, or 422 ``E_TEXT`` with the field."""
    try:
        return clean_text(text)
    except TextRefused as refused:
        raise Problem(refused.code, field=field, vi=refused.vi, en=refused.en) from None


def instant(field: str, text: str) -> datetime:
    """An existing instant within the years of the plan, or 422 ``E_TIME`` with the field."""
    try:
        if text.isascii() and _INSTANT.fullmatch(text):
            found = datetime.fromisoformat(text).astimezone(UTC)
            if FIRST_YEAR <= found.year <= LAST_YEAR:
                return found
    except (ValueError, OverflowError):
        pass
    raise Problem("E_TIME", field=field)


def local_day(field: str, text: str) -> date:
    """An existing day within the years of the plan, or 422 ``E_TIME`` with the field."""
    try:
        if text.isascii() and len(text) == 10:
            found = date.fromisoformat(text)
            if FIRST_YEAR <= found.year <= LAST_YEAR:
                return found
    except ValueError:
        pass
    raise Problem("E_TIME", field=field)
