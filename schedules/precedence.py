"""Which of two priority items goes first, where the commune has said so."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from schedules.announcement import AnnouncementId, AreaCode, BulletinClass
from schedules.area import Tree
from schedules.wish import Wish

Moment = tuple[AnnouncementId, datetime]
"""One airing of an item: the item and its original instant."""

_FRONT, _BACK = -1, 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedence:
    """What was answered in `area`: `first` before `second`.

    `waits`: `first` lies in a session, whose order is its own, so that `second` steps back instead.
    """

    area: AreaCode
    first: Moment
    second: Moment
    waits: bool = False


def ordered(wishes: Iterable[Wish], answers: Iterable[Precedence], tree: Tree) -> tuple[Wish, ...]:
    """The wishes in their answered ranks.

    An answer holds on the ground of whoever gave it: what reaches further is divided, and the part there
    becomes an airing of its own (`item@area`), so that nobody else's morning moves.
    """
    found = list(wishes)
    for answer in answers:
        found = [part for wish in found for part in _answered(wish, answer, tree)]
    return tuple(found)


def is_chosen(wish: Wish) -> bool:
    """Whether somebody said where this wish stands among others."""
    return wish.rank[1] in (_FRONT, _BACK)


def _answered(wish: Wish, answer: Precedence, tree: Tree) -> tuple[Wish, ...]:
    moment = (wish.item, wish.recurrence_at)
    if wish.bulletin_class is not BulletinClass.PRIORITY or answer.area not in tree:
        return (wish,)
    if moment == answer.first and not answer.waits:
        here, rest = _divided(wish, answer.area, tree)
        return (*(_ranked(one, _FRONT) for one in here), *rest)
    if moment == answer.second:
        here, rest = _divided(wish, answer.area, tree)
        return (*(_ranked(one, _BACK) if answer.waits else one for one in here), *rest)
    return (wish,)


def _ranked(wish: Wish, level: int) -> Wish:
    after_approval, _, approved_at, item = wish.rank
    return replace(wish, rank=(after_approval and level > 0, level, approved_at, item))


def _divided(wish: Wish, area: AreaCode, tree: Tree) -> tuple[tuple[Wish, ...], tuple[Wish, ...]]:
    """What of a wish lies in the area, and what lies elsewhere; a wish wholly inside stays as it is."""
    inside = tuple(code for code in wish.targets if tree.descends(code, area))
    if len(inside) == len(wish.targets):
        return (wish,), ()
    reached = any(tree.descends(area, code) for code in wish.targets)
    here = (area,) if reached else inside
    if not here:
        return (), (wish,)
    around = tuple(code for target in wish.targets for code in _without(target, area, tree))
    part = replace(wish, targets=here, identity=AnnouncementId(f"{wish.identity}@{area}"))
    return (part,), ((replace(wish, targets=around),) if around else ())


def _without(target: AreaCode, area: AreaCode, tree: Tree) -> tuple[AreaCode, ...]:
    """The target's ground but for the area, in as few areas as that takes."""
    if tree.descends(target, area):
        return ()
    if not tree.descends(area, target):
        return (target,)
    return tuple(code for child in tree.children(target) for code in _without(child, area, tree))
