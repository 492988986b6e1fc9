"""What stands at the top of every page: a lost link, alerts that run, and a colleague who waits for a yes."""

from dataclasses import dataclass
from datetime import timedelta

from controller.access import RIGHTS, Person, Right
from controller.dispatch.forms.alerts import AlertView
from controller.dispatch.house import House
from controller.store.alerts import AlertPhase
from controller.web.naming import short_title
from controller.web.says import Says
from devices.messages import AlertId, Mode
from schedules.area import Tree

RUNNING = (AlertPhase.ACTIVE, AlertPhase.PENDING_SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One line; ``tone`` is a class of the style sheet, ``call`` one that asks this person to act."""

    tone: str
    said: str
    href: str = ""
    word: str = ""
    call: bool = False


async def notices(
    house: House, person: Person, says: Says, *, shown: AlertId | None = None
) -> tuple[Notice, ...]:
    """Those of this moment for this visitor; the alert that the page shows anyway is left out."""
    alerts = await house.views.alerts(person, limit=20)
    told = [_alert(a, says, house.tree) for a in alerts if a.phase in RUNNING and a.id != shown]
    lost_at = house.link_lost_at
    lost = (
        () if lost_at is None else (Notice(tone="warn", said=says.t("notice.link", when=says.when(lost_at))),)
    )
    return (
        *_clock(house, says),
        *lost,
        *sorted(told, key=lambda notice: not notice.call),
        *_relays(house, person, says),
        *(await _tapes(house, person, says)),
    )


def _relays(house: House, person: Person, says: Says) -> tuple[Notice, ...]:
    """A relay that is about to begin with a source that is not well, while there is time to act."""
    if not RIGHTS[person.role] & {Right.LIVE, Right.RULES}:
        return ()
    return tuple(
        Notice(
            tone="warn" if one.good else "bad",
            said=says.t("relay.finding", title=one.title, when=says.clock(one.due_at)),
            href="/nguon-tiep-am",
            word=says.t("relay.see"),
        )
        for one in house.relaying.findings.values()
        if house.tree.meet((one.area,), (person.area,)) is not None
    )


async def _tapes(house: House, person: Person, says: Says) -> tuple[Notice, ...]:
    """A recorded relay that failed, until its time has come: the filler is heard in its place."""
    if not RIGHTS[person.role] & {Right.LIVE, Right.RULES, Right.APPROVE}:
        return ()
    return tuple(
        Notice(
            tone="warn",
            said=says.t(
                "tape.lost", title=one.title, when=says.when(one.due_at), why=says.t(f"tape.why_{one.why}")
            ),
            href=f"/nguon-tiep-am?noi={one.area}#ban-thu",
            word=says.t("tape.see"),
        )
        for one in await house.tapes.lost(person)
    )


def _clock(house: House, says: Says) -> tuple[Notice, ...]:
    leap = house.leap
    if leap is None:
        return ()
    key = "notice.clock_ahead" if leap.by > timedelta() else "notice.clock_behind"
    said = says.t(key, by=says.span(abs(leap.by)), when=says.when(leap.since_at))
    return (Notice(tone="warn", said=said),)


def _alert(a: AlertView, says: Says, tree: Tree) -> Notice:
    t, title = says.t, short_title(a, says, tree)
    href = f"/canh-bao/{a.id}"
    tone = "live" if a.mode is Mode.EXERCISE else "bad"
    if a.may_confirm:
        said = t("notice.second", name=a.fired_by_name, headline=title)
        return Notice(tone=tone, said=said, href=href, word=t("notice.second_see"), call=True)
    if a.gate is not None and a.gate.held and a.gate.may_release:
        return Notice(
            tone="bad", said=t("notice.held", headline=title), href=href, word=t("notice.held_see"), call=True
        )
    pending = a.phase is AlertPhase.PENDING_SECOND
    said = t("notice.pending" if pending else "today.alert", headline=title)
    return Notice(tone="warn" if pending else tone, said=said, href=href, word=t("today.alert_see"))
