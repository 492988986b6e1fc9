"""Names inside a sentence: hazards, places, the short title of an alert."""

from controller.dispatch.forms.alerts import AlertView
from controller.web.says import Says
from devices.messages import Mode
from schedules.announcement import AreaCode
from schedules.area import Tree, inside
from schedules.emergency import NAMES, Hazard


def hazard_name(name: str, says: Says) -> str:
    """A hazard as people call it; also what takes an alert back."""
    if name not in tuple(Hazard):
        return says.t.known(f"hazard.{name}", name)
    vi, en = NAMES[Hazard(name)]
    word = vi if says.t.language == "vi" else en
    return word[:1].upper() + word[1:]


def what_and_where(a: AlertView, says: Says, tree: Tree) -> str:
    """Shorter than the words that are read out."""
    where = says.names([inside(tree.area(AreaCode(code)).name) for code in a.targets if code in tree])
    return says.t("alert.title", what=hazard_name(a.hazard, says), where=where)


def short_title(a: AlertView, says: Says, tree: Tree) -> str:
    """What and where; a drill says so, wherever it is named."""
    title = what_and_where(a, says, tree)
    return says.t("alert.drill", title=title) if a.mode is Mode.EXERCISE else title
