"""What the rules of a place say: what holds where, since when, by which document, and who said so."""

from dataclasses import dataclass
from datetime import date, datetime

from controller.access import Person, Right
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.errors import Problem
from controller.store import people, rules
from controller.store.database import Conn
from controller.store.revisions import Revision, RevisionDeed, seen_of, undo_of
from controller.store.rules import Rule, pack_subject
from schedules.announcement import AreaCode
from schedules.area import Level
from schedules.calendar import local
from schedules.holidays import HolidayRow, Holidays, statutory
from schedules.local_rules import LocalRules, nearest_pack, pack_at
from schedules.profile import Manner, Profile, in_force, manner_on
from schedules.rulepack import RulePack


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """A rule with its last change. ``seen`` names the state that a change starts from."""

    rule: Rule
    seen: int
    by: str
    at: datetime | None
    undo: RevisionDeed | None
    may_edit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """What holds in one area today. ``chosen_in``: the area whose choice holds here; None: the house's own.

    ``pack`` has the quiet hours of the nodes; ``today`` is what the profiles make of it; ``profiles`` are
    those that hold here now or later, the nearest first.
    """

    area: AreaCode
    pack: RulePack
    chosen_in: AreaCode | None
    own: RuleView | None
    seen: int
    undo: RevisionDeed | None
    today: Manner
    profiles: tuple[RuleView, ...]
    may_edit: bool


class RuleViews:
    """Read-only, within the asker's branch."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def look(self, person: Person, area: AreaCode) -> PlaceView:
        """What holds in an area, as the plan and the nodes take it."""
        room = self._room
        allow(person, Right.READ, area, room.tree)
        held, events, names = await room.db.read(_read)
        return self._place(person, area, held, events, names)

    async def decreed(self, person: Person) -> tuple[RuleView, ...]:
        """The days that this house has decreed beside the law's table, in order."""
        allow(person, Right.READ, person.area, self._room.tree)
        held, events, names = await self._room.db.read(_read)
        found = [one for one in held if isinstance(one.value, HolidayRow)]
        views = (self._view(person, one, events.get(one.subject), names) for one in found)
        return tuple(sorted(views, key=lambda view: (decreed_day(view.rule), view.rule.subject)))

    async def last_change(self, person: Person, subject: str) -> Revision[Rule]:
        """The newest change of one rule, also of one that was taken away."""
        event = await self._room.db.read(rules.last_event, subject)
        if event is None:
            raise missing()
        allow(person, Right.READ, event.thing.area, self._room.tree)
        return event

    def holidays(self) -> Holidays:
        """The year's table as the plan takes it."""
        return self._room.rules.holidays or statutory()

    def may_decree(self, person: Person) -> bool:
        """Whether somebody may change the year's table: it is one for the whole house."""
        return self.may_rule(person, person.area) and self._room.tree.area(person.area).level in (
            Level.NATION,
            Level.PROVINCE,
        )

    def _place(
        self,
        person: Person,
        area: AreaCode,
        held: tuple[Rule, ...],
        events: dict[str, Revision[Rule]],
        names: dict[str, str],
    ) -> PlaceView:
        room, today = self._room, self.today()
        every = LocalRules(
            packs=tuple((one.area, one.value) for one in held if isinstance(one.value, RulePack)),
            profiles=tuple(one.value for one in held if isinstance(one.value, Profile)),
        )
        nearest = nearest_pack(every, room.tree, area)
        pack = pack_at(every, room.tree, area, room.quiet)
        subject = pack_subject(area)
        event = events.get(subject)
        own = next((one for one in held if one.subject == subject), None)
        here = [
            one
            for one in held
            if isinstance(one.value, Profile)
            and one.value.last >= today
            and in_force((one.value,), room.tree, area, one.value.last)
        ]
        return PlaceView(
            area=area,
            pack=pack,
            chosen_in=nearest[0] if nearest is not None else None,
            own=None if own is None else self._view(person, own, event, names),
            seen=seen_of(event),
            undo=undo_of(event),
            today=manner_on(every.profiles, room.tree, area, today, pack.limits),
            profiles=tuple(
                self._view(person, one, events.get(one.subject), names)
                for one in sorted(here, key=lambda one: (_first(one), one.subject))
            ),
            may_edit=self.may_rule(person, area),
        )

    def _view(
        self, person: Person, rule: Rule, event: Revision[Rule] | None, names: dict[str, str]
    ) -> RuleView:
        return RuleView(
            rule=rule,
            seen=seen_of(event),
            by=names.get(event.who, "") if event is not None else "",
            at=event.at if event is not None else None,
            undo=undo_of(event),
            may_edit=self.may_rule(person, rule.area),
        )

    def may_rule(self, person: Person, area: AreaCode) -> bool:
        """Whether somebody may change the rules of an area."""
        try:
            allow(person, Right.RULES, area, self._room.tree)
        except Problem:
            return False
        return True

    def today(self) -> date:
        """The field's date now."""
        return local(self._room.clock.now()).date()


def decreed_day(rule: Rule) -> date:
    """The day that a decree is about."""
    row = rule.value
    return row.on if isinstance(row, HolidayRow) and row.on is not None else date.min


def _first(rule: Rule) -> date:
    return rule.value.first if isinstance(rule.value, Profile) else date.min


def _read(conn: Conn) -> tuple[tuple[Rule, ...], dict[str, Revision[Rule]], dict[str, str]]:
    names = {str(person): name for person, name in people.names(conn).items()}
    return rules.everything(conn), rules.newest(conn), names
