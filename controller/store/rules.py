"""The rules of places in the store: packs by area, profiles by document, decreed days, and their history."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.store.database import Conn, Row, changed, first, insert, marks, rows, upsert
from controller.store.revisions import Revision, RevisionDeed, revision, revision_row, thing_of
from schedules.announcement import AreaCode, PersonId
from schedules.holidays import HolidayRow, with_decreed
from schedules.local_rules import LocalRules
from schedules.profile import Profile
from schedules.rulepack import PACKS, RulePack, rule_pack
from schedules.rules_json import profile_from_json, profile_to_json, swap_from_json, swap_to_json


class RuleKind(StrEnum):
    """What a rule is about."""

    PACK = "pack"
    PROFILE = "profile"
    SWAP = "swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of an area: ``value`` is a pack of the house, a profile, or a decreed day."""

    subject: str
    area: AreaCode
    value: RulePack | Profile | HolidayRow

    @property
    def kind(self) -> RuleKind:
        match self.value:
            case RulePack():
                return RuleKind.PACK
            case Profile():
                return RuleKind.PROFILE
            case HolidayRow():
                return RuleKind.SWAP


def pack_subject(area: AreaCode) -> str:
    """The one name of an area's choice of a pack."""
    return f"pack:{area}"


def in_force(conn: Conn) -> LocalRules:
    """All rules of all places, as the plan takes them."""
    every = everything(conn)
    return LocalRules(
        packs=tuple((one.area, one.value) for one in every if isinstance(one.value, RulePack)),
        profiles=tuple(one.value for one in every if isinstance(one.value, Profile)),
        holidays=with_decreed(tuple(one.value for one in every if isinstance(one.value, HolidayRow))),
    )


def pack_above(conn: Conn, chain: Sequence[AreaCode]) -> RulePack | None:
    """The pack of the last area of a chain (from the nation down) that has one."""
    subjects = tuple(pack_subject(area) for area in chain)
    found = rows(conn, f"SELECT * FROM local_rule WHERE subject IN ({marks(len(subjects))})", *subjects)
    every = {rule.area: rule.value for rule in (_rule(row) for row in found)}
    packs = (every.get(area) for area in reversed(chain))
    return next((pack for pack in packs if isinstance(pack, RulePack)), None)


def everything(conn: Conn) -> tuple[Rule, ...]:
    """Every rule, by kind and name."""
    return tuple(_rule(row) for row in rows(conn, "SELECT * FROM local_rule ORDER BY kind, subject"))


def get(conn: Conn, subject: str) -> Rule | None:
    """One rule as it stands."""
    row = first(conn, "SELECT * FROM local_rule WHERE subject = ?", subject)
    return None if row is None else _rule(row)


def save(conn: Conn, rule: Rule) -> None:
    """Insert or update."""
    upsert(conn, "local_rule", (_row(rule),), key="subject")


def remove(conn: Conn, subject: str) -> None:
    """It holds no more; its history stays."""
    changed(conn, "DELETE FROM local_rule WHERE subject = ?", subject)


def note(
    conn: Conn, deed: RevisionDeed, before: Rule | None, after: Rule | None, who: PersonId, now: datetime
) -> None:
    """One line of the history."""
    rule = thing_of(before, after)
    about = {"subject": rule.subject, "kind": rule.kind.value, "area": rule.area}
    row = revision_row(deed, before, after, who, now, lambda one: str(_row(one)["value"]))
    insert(conn, "local_rule_event", {**about, **row})


def last_event(conn: Conn, subject: str) -> Revision[Rule] | None:
    """The newest change of one rule."""
    row = first(conn, "SELECT * FROM local_rule_event WHERE subject = ? ORDER BY n DESC LIMIT 1", subject)
    return None if row is None else _event(row)


def newest(conn: Conn) -> dict[str, Revision[Rule]]:
    """The newest change of every rule that ever was."""
    sql = "SELECT * FROM local_rule_event WHERE n IN (SELECT MAX(n) FROM local_rule_event GROUP BY subject)"
    return {row["subject"]: _event(row) for row in rows(conn, sql)}


def _event(row: Row) -> Revision[Rule]:
    return revision(row, lambda value: _rule({**row, "value": value}))


def _row(rule: Rule) -> Row:
    match rule.value:
        case RulePack():
            value: dict[str, object] = {"pack": rule.value.id}
        case Profile():
            value = profile_to_json(rule.value)
        case HolidayRow():
            value = swap_to_json(rule.value)
    return {
        "subject": rule.subject,
        "kind": rule.kind.value,
        "area": rule.area,
        "value": json.dumps(value, ensure_ascii=False),
    }


def _rule(row: Row) -> Rule:
    return Rule(subject=row["subject"], area=AreaCode(row["area"]), value=_value(row))


def _value(row: Row) -> RulePack | Profile | HolidayRow:
    value = json.loads(row["value"])
    match RuleKind(row["kind"]):
        case RuleKind.PACK:
            # a pack that a later version no longer brings is as strict as the strictest that it does
            return rule_pack(value["pack"] if value["pack"] in PACKS else "ha_noi_inner")
        case RuleKind.PROFILE:
            return profile_from_json("profile", value)
        case RuleKind.SWAP:
            return swap_from_json("swap", value)
