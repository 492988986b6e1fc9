"""What was typed on the pages of Viết bài, as a draft; and a draft as what the fields show."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeGuard

from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.errors import Problem
from controller.web.late import late_choice, late_minutes, typed_late
from controller.web.page import Form, Page, day_of
from controller.web.says import Says
from schedules.announcement import AreaCode, BulletinClass
from schedules.calendar import ZONE, local
from schedules.lunar_pattern import LunarMonthly
from schedules.recurrence import AfterApproval, NextSession, Once, Timing, Weekly
from schedules.rule import Rule
from schedules.saying import rule_words

USUAL_LUNAR_DAYS = (1, 15)
FIRST_VALIDITY = timedelta(days=3)
EVENING = time(20)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFields:
    """Step 2 as its fields hold it."""

    where: str
    targets: tuple[AreaCode, ...]
    groups: tuple[str, ...]
    when: str
    once_date: str
    once_time: str
    days: frozenset[int]
    weekly_time: str
    first: str
    last: str
    lunar_days: frozenset[int]
    lunar_more: str
    lunar_time: str
    lunar_first: str
    lunar_last: str
    rule: str
    until_date: str
    until_time: str
    repeat: int
    late: str
    late_minutes: str


def new_draft(page: Page, form: Form) -> Draft:
    """Step 1 of a new bài; where and when stand at plain first values that step 2 shows and asks about."""
    last_day = local(page.house.clock.now()).date() + FIRST_VALIDITY
    return Draft(
        area=page.person.area,
        title=form.get("title"),
        text=form.get("text"),
        targets=(page.person.area,),
        timing=AfterApproval(),
        expires_at=datetime.combine(last_day, EVENING, tzinfo=ZONE).astimezone(UTC),
        bulletin_class=_class(form),
    )


def with_content(view: AnnouncementView, form: Form) -> Draft:
    """Step 1 of a stored bài: only its content changes. A correction stays what it is."""
    kept = view.correcting.wrong is not None
    chosen = view.announcement.bulletin_class if kept else _class(form)
    return replace(_draft(view), title=form.get("title"), text=form.get("text"), bulletin_class=chosen)


def with_place(view: AnnouncementView, form: Form, says: Says) -> Draft:
    """Step 2: only where and when change. Problem with the exact field for a time that can't be."""
    return replace(
        _draft(view),
        targets=chosen_targets(form, view.announcement.area),
        groups=chosen_groups(form),
        timing=_timing(form, says, view.announcement.timing),
        expires_at=typed_instant(form, "until_date", "until_time", "expires_at", says),
        repeat=form.whole("repeat", 0),
        late=typed_late(form, says),
    )


def chosen_targets(form: Form, whole: AreaCode) -> tuple[AreaCode, ...]:
    """The whole area where that was chosen, else the ticked places; nothing chosen is never everyone."""
    if form.get("where") == "all":
        return (whole,)
    if form.get("where") == "groups":
        return ()
    return tuple(dict.fromkeys(AreaCode(code) for code in form.all("targets")))


def chosen_groups(form: Form) -> tuple[str, ...]:
    """The ticked groups of nodes, where groups were chosen at all."""
    return tuple(dict.fromkeys(form.all("groups"))) if form.get("where") == "groups" else ()


def place_fields(view: AnnouncementView, *, vi: bool = True) -> PlaceFields:
    """A stored bài in the fields of step 2."""
    a = view.announcement
    once = local(a.timing.at) if isinstance(a.timing, Once) else None
    weekly = a.timing if isinstance(a.timing, Weekly) else None
    lunar = a.timing if is_lunar(a.timing) else None
    until = local(a.expires_at)
    return PlaceFields(
        where="groups" if a.groups else "all" if a.targets == (a.area,) else "some" if a.targets else "",
        targets=a.targets,
        groups=a.groups,
        when="lunar" if lunar is not None else _KINDS[type(a.timing)],
        once_date=once.date().isoformat() if once else "",
        once_time=f"{once:%H:%M}" if once else "",
        days=weekly.days if weekly else frozenset(),
        weekly_time=f"{weekly.at:%H:%M}" if weekly else "",
        first=weekly.first.isoformat() if weekly else "",
        last=weekly.last.isoformat() if weekly else "",
        **_lunar_fields(lunar),
        rule=rule_words(a.timing)[0 if vi else 1] if isinstance(a.timing, Rule) and lunar is None else "",
        until_date=until.date().isoformat(),
        until_time=f"{until:%H:%M}",
        repeat=a.repeat,
        late=late_choice(a.late),
        late_minutes=late_minutes(a.late),
    )


def typed_fields(form: Form, whole: AreaCode) -> PlaceFields:
    """What was typed in step 2, to be shown again as it was."""
    return PlaceFields(
        where=form.get("where")[:10],
        targets=chosen_targets(form, whole),
        groups=chosen_groups(form),
        when=form.get("when"),
        once_date=form.get("once_date")[:20],
        once_time=form.get("once_time")[:20],
        days=chosen_days(form),
        weekly_time=form.get("weekly_time")[:20],
        first=form.get("first")[:20],
        last=form.get("last")[:20],
        lunar_days=_lunar_ticks(form),
        lunar_more=form.get("lunar_more")[:60],
        lunar_time=form.get("lunar_time")[:20],
        lunar_first=form.get("lunar_first")[:20],
        lunar_last=form.get("lunar_last")[:20],
        rule=form.get("rule")[:300],
        until_date=form.get("until_date")[:20],
        until_time=form.get("until_time")[:20],
        repeat=form.whole("repeat", 1),
        late=form.get("late")[:20],
        late_minutes=form.get("late_minutes")[:10],
    )


_KINDS: dict[type[Timing], str] = {
    AfterApproval: "after_approval",
    NextSession: "next_session",
    Once: "once",
    Weekly: "weekly",
    Rule: "rule",
}


def _draft(view: AnnouncementView) -> Draft:
    a = view.announcement
    return Draft(
        area=a.area,
        title=a.title,
        text=a.text,
        targets=a.targets,
        groups=a.groups,
        timing=a.timing,
        expires_at=a.expires_at,
        bulletin_class=a.bulletin_class,
        valid_from=a.valid_from,
        repeat=a.repeat,
        late=a.late,
    )


def _class(form: Form) -> BulletinClass:
    return BulletinClass.PRIORITY if form.get("class") == "priority" else BulletinClass.NORMAL


def is_lunar(timing: Timing) -> TypeGuard[Rule]:
    """Whether step 2 has fields for it: some days of every lunar month, nothing skipped or moved."""
    return (
        isinstance(timing, Rule)
        and isinstance(timing.pattern, LunarMonthly)
        and timing == Rule(at=timing.at, pattern=timing.pattern, first=timing.first, last=timing.last)
    )


def _lunar_fields(rule: Rule | None) -> dict[str, Any]:
    days = rule.pattern.days if rule is not None and isinstance(rule.pattern, LunarMonthly) else ()
    return {
        "lunar_days": frozenset(days) & frozenset(USUAL_LUNAR_DAYS),
        "lunar_more": ", ".join(str(day) for day in days if day not in USUAL_LUNAR_DAYS),
        "lunar_time": f"{rule.at:%H:%M}" if rule is not None else "",
        "lunar_first": rule.first.isoformat() if rule is not None else "",
        "lunar_last": rule.last.isoformat() if rule is not None else "",
    }


def _lunar_ticks(form: Form) -> frozenset[int]:
    return frozenset(day for day in USUAL_LUNAR_DAYS if str(day) in form.all("lunar_days"))


def _lunar_days(form: Form, says: Says) -> tuple[int, ...]:
    words = form.get("lunar_more").replace(",", " ").replace(";", " ").split()
    if not all(word.isascii() and word.isdecimal() and 1 <= len(word) <= 2 for word in words):
        raise _problem("timing.pattern.days", "problem.lunar_days", says)
    days = {*_lunar_ticks(form), *(int(word) for word in words)}
    if not days:
        raise _problem("timing.pattern.days", "problem.days", says)
    if not days <= set(range(1, 31)):
        raise _problem("timing.pattern.days", "problem.lunar_days", says)
    return tuple(sorted(days))


def _timing(form: Form, says: Says, before: Timing) -> Timing:
    match form.get("when"):
        case "after_approval":
            return AfterApproval()
        case "next_session":
            return NextSession()
        case "once":
            return Once(at=typed_instant(form, "once_date", "once_time", "timing.at", says))
        case "weekly":
            days = chosen_days(form)
            if not days:
                raise _problem("timing.days", "problem.days", says)
            return Weekly(
                at=typed_time(form, "weekly_time", "timing.at", says),
                days=days,
                first=_date(form, "first", "timing.first", says),
                last=_date(form, "last", "timing.last", says),
            )
        case "lunar":
            return Rule(
                at=typed_time(form, "lunar_time", "timing.at", says),
                pattern=LunarMonthly(days=_lunar_days(form, says)),
                first=_date(form, "lunar_first", "timing.first", says),
                last=_date(form, "lunar_last", "timing.last", says),
            )
        case "rule" if isinstance(before, Rule):
            return before
        case _:
            raise _problem("timing", "problem.choose", says)


def chosen_days(form: Form) -> frozenset[int]:
    """The ticked days of the week, 0 = Monday."""
    return frozenset(int(day) for day in form.all("days") if day in tuple("0123456"))


def typed_instant(form: Form, day: str, wall: str, field: str, says: Says) -> datetime:
    """A date and a wall-clock time as browsers send them; Problem ``E_TIME`` at ``field`` otherwise."""
    found = datetime.combine(_date(form, day, field, says), typed_time(form, wall, field, says), tzinfo=ZONE)
    return found.astimezone(UTC)


def _date(form: Form, name: str, field: str, says: Says) -> date:
    typed = form.get(name).strip()
    if not typed:
        raise _problem(field, "problem.time_missing", says)
    found = day_of(typed)
    if found is None:
        raise _problem(field, "problem.time", says)
    return found


def typed_time(form: Form, name: str, field: str, says: Says) -> time:
    """A wall-clock time as browsers send it; Problem ``E_TIME`` at ``field`` for anything else."""
    typed = form.get(name).strip()
    if not typed:
        raise _problem(field, "problem.time_missing", says)
    try:
        if typed.isascii() and len(typed) in (5, 8) and typed[2] == ":":
            return time.fromisoformat(typed)
    except ValueError:
        pass
    raise _problem(field, "problem.time", says)


def _problem(field: str, key: str, says: Says) -> Problem:
    said = says.t(key)
    return Problem("E_TIME" if key.startswith("problem.time") else "E_FIELD", field=field, vi=said, en=said)
