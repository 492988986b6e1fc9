"""If its time is missed: the late rule of a bài as step 2 asks and as the page says it."""

from collections.abc import Sequence
from datetime import timedelta

from controller.errors import Problem
from controller.web.page import Form
from controller.web.says import Says
from schedules.announcement import Announcement, BulletinClass
from schedules.late_rule import (
    LONGEST_UNDER,
    Coalesce,
    LateRule,
    PlayIfLateUnder,
    PlayOnce,
    Skip,
    late_words,
)
from schedules.lateness import default_rule

USUAL_MINUTES = 30
_NAMES: dict[type[LateRule], str] = {
    Skip: "skip",
    PlayOnce: "once",
    PlayIfLateUnder: "minutes",
    Coalesce: "newest",
}


def late_choice(rule: LateRule | None) -> str:
    """The name of the choice in the form; empty for the usual."""
    return "" if rule is None else _NAMES[type(rule)]


def late_minutes(rule: LateRule | None) -> str:
    """The minutes of the form."""
    under = rule.under if isinstance(rule, PlayIfLateUnder) else timedelta(minutes=USUAL_MINUTES)
    return str(under // timedelta(minutes=1))


def typed_late(form: Form, says: Says) -> LateRule | None:
    """What was chosen; nothing chosen leaves it to the class. Problem ``E_FIELD`` at ``late``."""
    match form.get("late"):
        case "":
            return None
        case "skip":
            return Skip()
        case "once":
            return PlayOnce()
        case "newest":
            return Coalesce()
        case "minutes":
            typed = form.get("late_minutes").strip()
            if typed.isascii() and typed.isdecimal() and 1 <= int(typed[:6]) <= LONGEST_UNDER:
                return PlayIfLateUnder(under=timedelta(minutes=int(typed)))
    said = says.t("late.wrong", most=LONGEST_UNDER)
    raise Problem("E_FIELD", field="late", vi=said, en=said)


def late_sentence(rule: LateRule | None, bulletin_class: BulletinClass, says: Says) -> str:
    """What becomes of a missed airing, in words."""
    vi, en = late_words(rule or default_rule(bulletin_class))
    said = vi if says.t.language == "vi" else en
    return said[:1].upper() + said[1:]


def late_choices(item: Announcement, says: Says) -> Sequence[tuple[str, str, str]]:
    """Value, word and hint of each choice; the usual first, so that nobody must choose."""
    t = says.t
    usual = late_sentence(None, item.bulletin_class, says)
    return (
        ("", t("late.usual"), usual),
        ("skip", t("late.skip"), t("late.skip_hint")),
        ("minutes", t("late.minutes"), ""),
        ("once", t("late.once"), t("late.once_hint")),
        ("newest", t("late.newest"), t("late.newest_hint")),
    )
