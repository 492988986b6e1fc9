"""How states look: shape, word and tone together, never colour alone. Unknown has its own look."""

from dataclasses import dataclass

from controller.dispatch.forms.alerts import AlertView
from controller.dispatch.forms.day import DeliveryLine, OccurrenceLine
from controller.dispatch.forms.nodes import NodeLine
from controller.store.alerts import AlertPhase
from controller.web.says import Says
from controller.web.words import Words
from devices.messages import Heard, Mode
from schedules.announcement import State

SOUND = frozenset({"aired", "aired_late"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """``tone`` is a class of the style sheet: good, warn, bad, live, void, rest."""

    tone: str
    shape: str
    word: str


ITEMS: dict[State, tuple[str, str]] = {
    State.DRAFT: ("rest", "✎"),
    State.SUBMITTED: ("live", "○"),
    State.APPROVED: ("live", "◆"),
    State.RETURNED: ("warn", "▲"),
    State.WITHDRAWN: ("rest", "■"),
}
NODES = {
    "well": ("good", "✔"),
    "uneasy": ("warn", "▲"),
    "silent": ("bad", "✖"),
    "retired": ("rest", "■"),
    "unknown": ("void", "?"),
}
PHASES: dict[AlertPhase, tuple[str, str]] = {
    AlertPhase.PENDING_SECOND: ("warn", "▲"),
    AlertPhase.ACTIVE: ("bad", "●"),
    AlertPhase.CANCELLED: ("rest", "■"),
    AlertPhase.ENDED: ("rest", "■"),
    AlertPhase.REFUSED: ("bad", "✖"),
}
OPEN = {
    "planned": ("rest", "○"),
    "accepted": ("rest", "○"),
    "cached": ("rest", "○"),
    "playing": ("live", "●"),
}


def item_look(state: State, t: Words, *, corrected: bool = False) -> Look:
    """A bài; what was put right later is never shown as plainly approved."""
    if corrected:
        return Look(tone="warn", shape="▲", word=t("state.corrected"))
    tone, shape = ITEMS[state]
    return Look(tone=tone, shape=shape, word=t(f"state.{state.value}"))


def played_look(t: Words) -> Look:
    """A bài of which nothing is to come; whether it was heard is said where each airing is."""
    return Look(tone="rest", shape="■", word=t("state.played"))


def relay_look(t: Words) -> Look:
    """A stretch kept for a higher station; what was heard of it is said where relays are watched."""
    return Look(tone="rest", shape="○", word=t("slot.relay"))


def node_look(line: NodeLine, says: Says) -> Look:
    """A cụm loa; what is lost or unknown says since when."""
    health = line.health if line.health in NODES else "unknown"
    tone, shape = NODES[health]
    if line.since is not None and health in ("silent", "unknown"):
        word = says.t(f"health.{health}_since", when=says.when(line.since))
    else:
        word = says.t(f"health.{health}")
    return Look(tone=tone, shape=shape, word=word)


def phase_look(a: AlertView, t: Words) -> Look:
    """An alert; a drill never wears the colour of danger."""
    tone, shape = PHASES[a.phase]
    if a.mode is Mode.EXERCISE and a.phase is AlertPhase.ACTIVE:
        return Look(tone="live", shape=shape, word=t("phase.active_drill"))
    return Look(tone=tone, shape=shape, word=t(f"phase.{a.phase.value}"))


def delivery_look(line: DeliveryLine, says: Says) -> Look:
    """One occurrence on one node: the newest verdict together with what the sense heard."""
    t = says.t
    if line.verdict is None:
        tone, shape = OPEN.get(line.state, ("void", "?"))
        return Look(
            tone=tone, shape=shape, word=t.known(f"verdict.open_{line.state}", t("verdict.open_waiting"))
        )
    if line.verdict in SOUND:
        return _sounded(line, says)
    if line.verdict in ("partial", "expired"):
        return Look(tone="warn", shape="▲", word=t(f"verdict.{line.verdict}"))
    if line.verdict == "cancelled":
        return Look(tone="rest", shape="■", word=t("verdict.cancelled"))
    return Look(tone="bad", shape="✖", word=t(f"verdict.{line.verdict}"))


def slot_look(line: OccurrenceLine, *, playing: int, due: bool, over: bool, t: Words) -> Look:
    """One planned time of the day over all its nodes; on air is what nodes say, not what the clock says."""
    tally, total = line.tally, line.tally.total
    if playing:
        return Look(tone="live", shape="●", word=t("slot.now", n=playing, total=total))
    if not over:
        if due:
            return Look(tone="void", shape="?", word=t("slot.due"))
        word = t("slot.cached", cached=tally.cached, total=total) if tally.cached else t("slot.planned")
        return Look(tone="rest", shape="○", word=word)
    trouble = sum(tally.verdicts.get(verdict, 0) for verdict in ("missed", "refused", "expired"))
    if total and tally.verdicts.get("cancelled", 0) == total:
        return Look(tone="rest", shape="■", word=t("slot.cancelled"))
    if total and tally.heard == total:
        return Look(tone="good", shape="✔", word=t("slot.heard", heard=tally.heard, total=total))
    if trouble:
        return Look(tone="bad", shape="✖", word=t("slot.trouble", trouble=trouble, total=total))
    if tally.heard or tally.unheard:
        return Look(tone="warn", shape="▲", word=t("slot.unsure", heard=tally.heard, total=total))
    return Look(tone="void", shape="?", word=t("verdict.open_waiting"))


def _sounded(line: DeliveryLine, says: Says) -> Look:
    if line.heard is Heard.YES:
        if line.verdict == "aired_late":
            word = says.t("verdict.heard_late", late=says.seconds(line.late_ms))
        else:
            word = says.t("verdict.heard")
        return Look(tone="good", shape="✔", word=word)
    key = "verdict.unheard" if line.heard is Heard.NO else "verdict.unconfirmed"
    return Look(tone="warn", shape="▲", word=says.t(key))
