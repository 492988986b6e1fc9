"""Collisions of two priority items in a plan: which meet, who is asked, and the default noted in time."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from controller.store import announcements, audit, precedence
from controller.store.database import Conn
from controller.store.precedence import Order
from schedules.announcement import Announcement, AreaCode
from schedules.area import Tree
from schedules.collision import ConflictKind
from schedules.plan import Occurrence, Plan
from schedules.precedence import Moment, Precedence

_log = logging.getLogger("loa.plan")


def meetings(made: Plan) -> Iterator[tuple[Occurrence, Occurrence]]:
    """Each collision with the one that goes first and the one that waits."""
    by_id = {one.id: one for one in made.occurrences}
    for conflict in made.conflicts:
        if conflict.kind is ConflictKind.ASK:
            behind, ahead = (by_id.get(one) for one in conflict.occurrences)
            if ahead is not None and behind is not None:
                yield ahead, behind


def asked_of(owners: Iterable[Announcement], tree: Tree) -> AreaCode | None:
    """Who is asked: of the two owners the one further down."""
    known = [a.area for a in owners if a.area in tree]
    return max(known, key=lambda code: len(tree.chain(code)), default=None)


def moment(one: Occurrence) -> Moment:
    """Its name in an answer: the same before and after it was divided."""
    return one.item, one.recurrence_at


def note_defaults(conn: Conn, made: Plan, tree: Tree, now: datetime) -> None:
    """Each collision whose moment came unanswered, once: a line in the log and in the audit."""
    for ahead, behind in meetings(made):
        if min(ahead.due_at, behind.due_at) > now:
            continue
        kept = announcements.several(conn, (ahead.item, behind.item))
        area = asked_of([one.announcement for one in kept.values()], tree)
        if len(kept) != 2 or area is None:
            continue
        said = Precedence(area=area, first=moment(ahead), second=moment(behind))
        if precedence.default(conn, Order(precedence=said, who=None, at=now)):
            facts: dict[str, audit.Fact] = {"area": area, "before": behind.item}
            audit.append(conn, now, "loa", "precedence.default_taken", ahead.item, facts)
            _log.info("precedence.default_taken first=%s second=%s area=%s", ahead.item, behind.item, area)


def next_question(made: Plan, now: datetime) -> datetime | None:
    """When the next collision that may be asked about begins: then its default is noted."""
    coming = (min(ahead.due_at, behind.due_at) for ahead, behind in meetings(made))
    return min((at for at in coming if at > now), default=None)
