"""What administrators do to the rules of a place: packs, days of mourning and of events, decreed days."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from controller.access import Person, Right
from controller.dispatch.desired import renew_desired
from controller.dispatch.places.rule_views import RuleViews, decreed_day
from controller.dispatch.refusals import allow, missing, told_as_problems
from controller.dispatch.revising import Revised
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import audit, rules
from controller.store.database import Conn
from controller.store.revisions import Revision, RevisionDeed, thing_of
from controller.store.rules import Rule, RuleKind, pack_subject
from schedules.announcement import AreaCode
from schedules.errors import Invalid
from schedules.holidays import HolidayRow
from schedules.profile import Profile, profile_faults
from schedules.rulepack import PACKS, RulePack, rule_pack
from schedules.rules_json import swap_faults

DAY = timedelta(days=1)
AT_A_STRETCH = 200
"""Nodes told of new quiet hours in one transaction: an emergency never waits behind a whole province."""


class Ruling:
    """Each deed is one transaction: the rule, its history, the audit. 412 ``E_STALE`` for old news."""

    def __init__(self, room: Room, views: RuleViews) -> None:
        self._room = room
        self._views = views
        self._rules: Revised[Rule] = Revised(history=rules, kind=lambda rule: rule.kind.value, facts=_facts)

    async def choose(self, person: Person, area: AreaCode, pack: str, seen: int) -> None:
        """Another pack for an area; an empty name takes the choice away, so that the area above decides."""
        allow(person, Right.RULES, area, self._room.tree)
        if pack and pack not in PACKS:
            raise Problem("E_FIELD", field="pack")
        subject = pack_subject(area)
        after = Rule(subject=subject, area=area, value=rule_pack(pack)) if pack else None
        await self._change(person, subject, after, seen)
        await self._tell_nodes(area)

    async def add_profile(self, person: Person, profile: Profile, key: str) -> Profile:
        """A profile by document; the same ``key`` of the same person again gives the one that it made."""
        allow(person, Right.RULES, profile.area, self._room.tree)
        fresh = replace(profile, id=f"p-{_made(person, key)}")
        self.check(fresh)
        subject = f"profile:{fresh.id}"
        await self._add(person, Rule(subject=subject, area=fresh.area, value=fresh))
        return fresh

    def check(self, profile: Profile) -> None:
        """422 with the field of what is wrong with a profile; ``E_PAST`` for one that is over already."""
        with told_as_problems():
            if faults := profile_faults(profile):
                raise Invalid(faults)
        if profile.last < self._views.today():
            raise Problem(
                "E_PAST",
                field="profile.last",
                vi="Những ngày này đã qua.",
                en="These days are over.",
            )

    async def end_profile(self, person: Person, subject: str, seen: int) -> None:
        """From today on it holds no more; what it silenced before stays as it was."""
        rule = await self._standing(person, subject)
        if not isinstance(rule.value, Profile):
            raise missing()
        yesterday = self._views.today() - DAY
        begun = rule.value.first <= yesterday
        after = replace(rule, value=replace(rule.value, last=yesterday)) if begun else None
        if rule.value.last <= yesterday:
            raise Problem("E_STATE")
        await self._change(person, subject, after, seen)

    async def decree(self, person: Person, row: HolidayRow, key: str) -> str:
        """A day off or a working day by a document, for the whole house; gives the new row's name."""
        self._allow_decree(person)
        with told_as_problems():
            if faults := swap_faults(row):
                raise Invalid(faults)
        subject = f"swap:d-{_made(person, key)}"
        for other in await self._views.decreed(person):
            if decreed_day(other.rule) == row.on and other.rule.subject != subject:
                raise Problem(
                    "E_TAKEN",
                    field="on",
                    status=409,
                    vi="Ngày này đã có trong bảng. Xin bỏ dòng cũ trước.",
                    en="That day stands in the table already; take the old line out first.",
                )
        await self._add(person, Rule(subject=subject, area=person.area, value=row))
        return subject

    async def cancel_decree(self, person: Person, subject: str, seen: int) -> None:
        """The decreed day out of the table."""
        self._allow_decree(person)
        rule = await self._standing(person, subject)
        if not isinstance(rule.value, HolidayRow):
            raise missing()
        await self._change(person, subject, None, seen)

    async def undo(self, person: Person, subject: str, seen: int) -> Revision[Rule]:
        """Take back the newest change of a rule, whoever made it. 409 ``E_STATE`` where there is none."""
        event = await self._views.last_change(person, subject)
        if event.thing.kind is RuleKind.SWAP:
            self._allow_decree(person)
        allow(person, Right.RULES, event.thing.area, self._room.tree)
        await self._room.db.write(self._rules.undo, subject, seen, person.id, self._room.clock.now())
        await self._renew()
        if event.thing.kind is RuleKind.PACK:
            await self._tell_nodes(event.thing.area)
        return event

    def _allow_decree(self, person: Person) -> None:
        allow(person, Right.RULES, person.area, self._room.tree)
        if not self._views.may_decree(person):
            raise Problem("E_RIGHT")

    async def _standing(self, person: Person, subject: str) -> Rule:
        found = await self._room.db.read(rules.get, subject)
        if found is None:
            raise missing()
        allow(person, Right.RULES, found.area, self._room.tree)
        return found

    async def _add(self, person: Person, fresh: Rule) -> None:
        await self._room.db.write(self._added, fresh, person, self._room.clock.now())
        await self._renew()

    def _added(self, conn: Conn, fresh: Rule, person: Person, now: datetime) -> None:
        if rules.last_event(conn, fresh.subject) is None:
            self._rules.put(conn, fresh.subject, fresh, RevisionDeed.ADDED, person.id, now)

    async def _change(self, person: Person, subject: str, after: Rule | None, seen: int) -> None:
        await self._room.db.write(self._rules.change, subject, after, seen, person.id, self._room.clock.now())
        await self._renew()

    async def _renew(self) -> None:
        self._room.rules = await self._room.db.read(rules.in_force)
        self._room.signals.tell(Topic.PROGRAMME)
        self._room.signals.wake(Wake.PLANNER, Wake.RENDERER)

    async def _tell_nodes(self, area: AreaCode) -> None:
        """Each node below is told its quiet hours; a house that dies here tells the rest at its start."""
        nodes = [node.id for node in self._room.registry.on_ground((area,))]
        for start in range(0, len(nodes), AT_A_STRETCH):
            await self._room.db.write(
                renew_desired, self._room, nodes[start : start + AT_A_STRETCH], self._room.clock.now()
            )
        self._room.signals.wake(Wake.SENDER)


def _made(person: Person, key: str) -> str:
    if not 1 <= len(key) <= 200:
        raise Problem("E_IDEMPOTENCY_KEY")
    return hashlib.sha256(f"{person.id}\n{key}".encode()).hexdigest()[:16]


def _facts(before: Rule | None, after: Rule | None) -> dict[str, audit.Fact]:
    subject = thing_of(before, after)
    return {"area": subject.area, **_told("", after), **_told("before_", before)}


def _told(prefix: str, rule: Rule | None) -> dict[str, audit.Fact]:
    if rule is None:
        return {}
    match rule.value:
        case RulePack():
            return {f"{prefix}pack": rule.value.id}
        case Profile():
            return {
                f"{prefix}document": rule.value.document,
                f"{prefix}first": rule.value.first.isoformat(),
                f"{prefix}last": rule.value.last.isoformat(),
            }
        case HolidayRow():
            return {f"{prefix}day": decreed_day(rule).isoformat(), f"{prefix}document": rule.value.source}
