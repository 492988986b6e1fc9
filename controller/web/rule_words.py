"""The rules of a place in plain sentences: what holds, until when, by which document."""

from dataclasses import dataclass
from datetime import date, timedelta

from controller.dispatch.places.rule_views import PlaceView, RuleView
from controller.dispatch.plan.foretelling import Silenced
from controller.web.page import Page
from controller.web.says import Says
from schedules.calendar import QuietHours
from schedules.profile import Profile
from schedules.rulepack import Limits, RulePack

UNPROVEN = "[?]"
EVERY_DAY = frozenset(range(7))
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLine:
    """A profile as it is listed."""

    subject: str
    name: str
    document: str
    days: str
    effects: tuple[str, ...]
    by: str
    seen: int
    may_end: bool
    held_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencedLine:
    """A planned sound that would not be heard."""

    when: str
    title: str
    why: str


def pack_sentences(pack: RulePack, says: Says) -> tuple[str, ...]:
    """What a pack allows, one sentence a rule."""
    return (_quiet(pack.quiet, says), *limit_sentences(pack.limits, says))


def limit_sentences(limits: Limits, says: Says) -> tuple[str, ...]:
    """Days, sessions and minutes; where nothing is limited one sentence says so."""
    t = says.t
    silent = sorted(EVERY_DAY - limits.days)
    found = [t("rules.silent_days", days=says.names([says.day_names()[day] for day in silent]))] * bool(
        silent
    )
    if limits.sessions_a_day is not None:
        found.append(t("rules.sessions", n=limits.sessions_a_day))
    if limits.a_session is not None:
        found.append(t("rules.a_session", length=_minutes(limits.a_session, says)))
    if limits.a_day is not None:
        found.append(t("rules.a_day", length=_minutes(limits.a_day, says)))
    return tuple(found) or (t("rules.no_limits"),)


def today_sentences(view: PlaceView, says: Says) -> tuple[str, ...]:
    """What a profile makes of today."""
    manner, t = view.today, says.t
    if not manner.documents:
        return ()
    key = "rules.today_event" if manner.ordinary else "rules.today_muted"
    return (t(key, document="; ".join(manner.documents)),)


def source_sentence(pack: RulePack, says: Says) -> str:
    """Where a pack comes from; a document that nobody has looked at yet is named so."""
    if pack.source.startswith(UNPROVEN):
        return says.t("rules.source_unproven", source=pack.source.removeprefix(UNPROVEN).strip())
    return says.t("rules.source", source=pack.source) if pack.source else ""


def origin_sentence(view: PlaceView, page: Page) -> str:
    """Whose choice holds here."""
    if view.chosen_in is None:
        return page.says.t("rules.chosen_by_nobody")
    if view.chosen_in == view.area:
        return page.says.t("rules.chosen_here", name=view.pack.name)
    above = page.house.tree.area(view.chosen_in).name
    return page.says.t("rules.chosen_above", name=view.pack.name, area=above)


def profile_line(view: RuleView, page: Page) -> ProfileLine:
    """A profile of the list; only profiles may be given."""
    profile, says = view.rule.value, page.says
    assert isinstance(profile, Profile)
    return ProfileLine(
        subject=view.rule.subject,
        name=profile.name,
        document=profile.document,
        days=days_words(profile.first, profile.last, says),
        effects=effects(profile, says),
        by=view.by,
        seen=view.seen,
        may_end=view.may_edit,
        held_from="" if profile.area == page.person.area else page.house.tree.area(profile.area).name,
    )


def effects(profile: Profile, says: Says) -> tuple[str, ...]:
    """What a profile changes."""
    t = says.t
    found = []
    if not profile.ordinary:
        found.append(t("rules.no_ordinary"))
    if not (profile.chimes and profile.music):
        found.append(t("rules.no_chimes"))
    if profile.raised is not None:
        found += limit_sentences(profile.raised, says)
    return (*found, t("rules.emergency_passes"))


def days_words(first: date, last: date, says: Says) -> str:
    """One day, or from one to another."""
    if first == last:
        return says.day(first)
    return says.t("rules.from_to", first=says.day(first), last=says.day(last))


def silenced_lines(found: tuple[Silenced, ...], says: Says) -> tuple[SilencedLine, ...]:
    """The first of them, in the page's language."""
    vi = says.t.language == "vi"
    return tuple(
        SilencedLine(
            when=says.when(one.occurrence.due_at),
            title=one.title,
            why="" if one.refusal is None else (one.refusal.vi if vi else one.refusal.en),
        )
        for one in found[:MOST_SHOWN]
    )


def _quiet(quiet: QuietHours, says: Says) -> str:
    if quiet.start == quiet.end:
        return says.t("rules.no_quiet")
    return says.t("rules.quiet", start=says.wall(quiet.start), end=says.wall(quiet.end))


def _minutes(length: timedelta, says: Says) -> str:
    return says.seconds(length // timedelta(milliseconds=1))
