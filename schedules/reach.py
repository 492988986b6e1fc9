"""Whom an announcement reaches: groups as ground, communes that choose first, documents that carry it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from schedules.announcement import Announcement, AnnouncementId, AreaCode, BulletinClass, content_hash
from schedules.approval import is_approved
from schedules.area import LEVELS, Level, Tree
from schedules.recurrence import Timing

PART = "."


class Choice(StrEnum):
    """What a commune made of a bulletin from above; `open` is no answer (yet, or any more)."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The standing answer of one commune to one revision of an item.

    With `accepted` come the time that the commune wants (`timing`) and from when on (`not_before`).
    """

    item: AnnouncementId
    revision: int
    commune: AreaCode
    choice: Choice
    at: datetime
    timing: Timing | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A named set of nodes as the plan sees it: its list's version, whose it is, where its nodes hang."""

    id: str
    area: AreaCode
    version: int
    ground: tuple[AreaCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An announcement as one place hears it: what is planned, whose it is, and which groups carry it."""

    announcement: Announcement
    item: AnnouncementId
    areas: tuple[AreaCode, ...]
    groups: tuple[Listed, ...] = ()


def needs_choice(a: Announcement, tree: Tree) -> bool:
    """Whether communes decide about it first: an ordinary item from above (Circular 39/2020)."""
    above = a.area in tree and _depth(tree, a.area) < LEVELS.index(Level.COMMUNE)
    return a.bulletin_class is BulletinClass.NORMAL and above


def communes_on(tree: Tree, ground: Iterable[AreaCode]) -> tuple[AreaCode, ...]:
    """Every commune that the ground touches, by code."""
    found: set[AreaCode] = set()
    for code in ground:
        commune = tree.commune((code,)) if code in tree else None
        if commune is not None:
            found.add(commune)
        elif code in tree:
            inside = (a for a in tree.areas if a.level is Level.COMMUNE)
            found.update(a.code for a in inside if tree.descends(a.code, code))
    return tuple(sorted(found))


def ground_of(a: Announcement, groups: Mapping[str, Listed]) -> tuple[AreaCode, ...]:
    """Everywhere it is meant for: its areas, and where the nodes of its groups hang."""
    found = (*a.targets, *(code for g in a.groups if g in groups for code in groups[g].ground))
    return tuple(dict.fromkeys(found))


def heard(
    a: Announcement, chosen: Iterable[Chosen], groups: Mapping[str, Listed], tree: Tree
) -> tuple[Heard, ...]:
    """What is planned of an announcement: itself, or one for each commune that has accepted it.

    What is not approved, or lies outside the tree, is given as it is: the plan names the reason.
    """
    known = all(code in tree for code in (a.area, *a.targets))
    is_chosen = known and needs_choice(a, tree)
    if not known or not (is_chosen or a.groups) or not is_approved(a):
        return (Heard(announcement=a, item=a.id, areas=a.targets),)
    mine = tuple(groups[g] for g in a.groups if g in groups)
    if is_chosen:
        taken = (one for one in chosen if one.choice is Choice.ACCEPTED and one.revision == a.revision)
        return tuple(_in_commune(a, one, mine, tree) for one in taken if one.timing is not None)
    ground = tree.cover(code for code in ground_of(a, groups) if code in tree)
    return (Heard(announcement=_resaid(a, targets=ground), item=a.id, areas=a.targets, groups=mine),)


def part_id(group: str, commune: AreaCode) -> str:
    """The name on the wire of those nodes of a wider group that hang in one commune."""
    return f"{group}{PART}{commune}"


def carriers(one: Heard, targets: Iterable[AreaCode], tree: Tree) -> tuple[str, ...]:
    """The documents that carry an occurrence to `targets`: areas, and groups wholly on that ground.

    Empty where the areas themselves do. A group with a node where the rules refuse the airing is left out
    as a whole: its document reaches every node of its list.
    """
    if not one.groups:
        return ()
    left = tuple(targets)
    areas = {code for code in left if _under(tree, code, one.areas)}
    areas |= {code for code in one.areas if _under(tree, code, left)}
    whole = (g.id for g in one.groups if g.ground and all(_under(tree, code, left) for code in g.ground))
    return (*tree.cover(areas), *sorted(whole))


def _in_commune(a: Announcement, one: Chosen, groups: tuple[Listed, ...], tree: Tree) -> Heard:
    inside = tuple(code for code in a.targets if tree.descends(code, one.commune))
    areas = (one.commune,) if _under(tree, one.commune, a.targets) else inside
    parts = tuple(part for g in groups if (part := _part(g, one.commune, tree)) is not None)
    ground = tree.cover((*areas, *(code for part in parts for code in part.ground)))
    assert a.approval is not None
    assert one.timing is not None
    planned = _resaid(
        replace(
            a,
            id=AnnouncementId(f"{a.id}@{one.commune}"),
            timing=one.timing,
            valid_from=max(a.valid_from, one.not_before or a.valid_from),
            approval=replace(a.approval, approved_at=max(a.approval.approved_at, one.at)),
        ),
        targets=ground,
    )
    return Heard(announcement=planned, item=a.id, areas=areas, groups=parts)


def _part(group: Listed, commune: AreaCode, tree: Tree) -> Listed | None:
    ground = tuple(code for code in group.ground if tree.descends(code, commune))
    if not ground:
        return None
    if tree.descends(group.area, commune):
        return group
    return replace(group, id=part_id(group.id, commune), area=commune, ground=ground)


def _resaid(a: Announcement, targets: tuple[AreaCode, ...]) -> Announcement:
    """The same item on other ground, with the approval of the one that was approved."""
    moved = replace(a, targets=targets)
    if a.approval is None:
        return moved
    return replace(moved, approval=replace(a.approval, content_hash=content_hash(moved)))


def _under(tree: Tree, code: AreaCode, places: Iterable[AreaCode]) -> bool:
    return any(place in tree and tree.descends(code, place) for place in places)


def _depth(tree: Tree, code: AreaCode) -> int:
    return LEVELS.index(tree.area(code).level)
