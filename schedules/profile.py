"""Profiles: days of mourning and of events, by a numbered document, and what they change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import reduce

from schedules.announcement import AreaCode
from schedules.area import Tree
from schedules.calendar import FIRST_YEAR, LAST_YEAR
from schedules.errors import Fault
from schedules.reading import fault
from schedules.rulepack import Limits, raised

LONGEST = timedelta(days=92)
DOCUMENT_LIMIT = 200


class ProfileKind(StrEnum):
    MOURNING = "mourning"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """From `first` to `last` in an area, by a document: without music, chimes, ordinary items; or with more.

    `raised` widens the caps of the area's rule pack (an event order); quiet hours stay.
    """

    id: str
    kind: ProfileKind
    name: str
    document: str
    area: AreaCode
    first: date
    last: date
    music: bool = True
    chimes: bool = True
    ordinary: bool = True
    raised: Limits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What holds in a place on a day; each document named once, in order."""

    music: bool
    chimes: bool
    ordinary: bool
    limits: Limits
    documents: tuple[str, ...]


def mourning(profile_id: str, name: str, document: str, area: AreaCode, first: date, last: date) -> Profile:
    """National or local mourning as it is kept: no music, no chimes, ordinary items silent."""
    return Profile(
        id=profile_id,
        kind=ProfileKind.MOURNING,
        name=name,
        document=document,
        area=area,
        first=first,
        last=last,
        music=False,
        chimes=False,
        ordinary=False,
    )


def in_force(profiles: Iterable[Profile], tree: Tree, area: AreaCode, day: date) -> tuple[Profile, ...]:
    """The profiles that hold in an area on a day: its own and those of the areas above it."""
    found = [
        profile
        for profile in profiles
        if profile.first <= day <= profile.last and profile.area in tree and tree.descends(area, profile.area)
    ]
    return tuple(sorted(found, key=lambda profile: (profile.first, profile.id)))


def manner_on(profiles: Iterable[Profile], tree: Tree, area: AreaCode, day: date, limits: Limits) -> Manner:
    """What holds there and then: what one profile silences no other gives back; caps take the widest."""
    found = in_force(profiles, tree, area, day)
    wider = (profile.raised for profile in found if profile.raised is not None)
    return Manner(
        music=all(profile.music for profile in found),
        chimes=all(profile.chimes for profile in found),
        ordinary=all(profile.ordinary for profile in found),
        limits=reduce(raised, wider, limits),
        documents=tuple(dict.fromkeys(profile.document for profile in found)),
    )


def profile_faults(profile: Profile) -> tuple[Fault, ...]:
    """What is wrong with a profile by itself, each with its field."""
    faults = []
    if not any(character.isalnum() for character in profile.document):
        faults.append(
            fault(
                "profile.document",
                "E_DOCUMENT",
                "Xin ghi số và ngày của văn bản.",
                "The document's number and date are needed.",
            )
        )
    elif len(profile.document) > DOCUMENT_LIMIT:
        faults.append(
            fault("profile.document", "E_DOCUMENT", "Số văn bản dài quá.", "The document's name is too long.")
        )
    for name, day in (("first", profile.first), ("last", profile.last)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            faults.append(
                fault(f"profile.{name}", "E_TIME", "Năm không hợp lệ.", "There is no such year here.")
            )
    if profile.last < profile.first:
        faults.append(
            fault(
                "profile.last",
                "E_ORDER",
                "Ngày cuối phải từ ngày đầu trở đi.",
                "It ends before it begins.",
            )
        )
    elif profile.last - profile.first > LONGEST:
        faults.append(
            fault(
                "profile.last",
                "E_WINDOW",
                "Nhiều nhất ba tháng cho một văn bản.",
                "A profile lasts three months at most.",
            )
        )
    if profile.kind is ProfileKind.MOURNING and profile.raised is not None:
        faults.append(
            fault(
                "profile.raised",
                "E_PROFILE",
                "Ngày quốc tang không nâng thời lượng phát.",
                "Mourning does not raise the caps.",
            )
        )
    return tuple(faults)
