"""Words that an alert was given after its round had begun: that round learns them and speaks them."""

from dataclasses import replace

from devices import alerts
from devices.items import ClaimId, Item, round_claim
from devices.messages import ClipRef
from firmware_sim import airing as sounding
from firmware_sim import gate
from firmware_sim.parts import parts_of
from firmware_sim.state import Airing, Turn

WORDS = "words"


def learn(turn: Turn) -> None:
    """Every round under way whose alert now names words that it does not know, and has not begun to speak."""
    rounds = [one for one in turn.state.airings.values() if one.item.alert is not None]
    if not rounds:
        return
    named = _named(turn)
    for airing in rounds:
        found = named.get(str(airing.item.alert))
        if found is not None and found[0] != airing.item.clip and _still_before(turn, airing):
            _taught(turn, airing, *found)
    sounding.words_came(turn)


def _named(turn: Turn) -> dict[str, tuple[ClipRef, int]]:
    """By alert: the words, and the version of the list that names them."""
    found: dict[str, tuple[ClipRef, int]] = {}
    for alert, held in alerts.in_force(turn.state.memory, turn.state.clock.wall(turn.now)):
        words = alerts.item_of(alert, 0, held).clip
        if words is not None:
            found.setdefault(str(alert.id), (words, held.version))
    return found


def _still_before(turn: Turn, airing: Airing) -> bool:
    """Whether its words are yet to come: a drill's closing frame, or words under way, are not broken off."""
    stretch = turn.state.stretch
    if stretch is None or stretch.claim != airing.item.claim or airing.silent_since is not None:
        return True
    begun = airing.parts[: stretch.index + 1]
    return not any(part.name == WORDS for part in begun) and any(
        part.name == "tone" for part in airing.parts[stretch.index :]
    )


def _taught(turn: Turn, airing: Airing, words: ClipRef, version: int) -> None:
    item = airing.item
    spoken = item.clip.duration_ms if item.clip is not None else 0
    item = replace(
        item, clip=words, duration_ms=item.duration_ms - spoken + words.duration_ms, version=version
    )
    turn.airing(replace(airing, item=item, parts=parts_of(item), checked=False, words_refused=False))
    _told_floor(turn, item)


def _told_floor(turn: Turn, item: Item) -> None:
    """The floor reckons with the whole sound, or a graver alert would end these words for good."""
    floor = turn.state.floor
    now = floor.sounding
    if now is not None and now.item.claim == item.claim:
        now = replace(now, item=item)
    waiting = tuple(replace(one, item=item) if one.item.claim == item.claim else one for one in floor.waiting)
    turn.change(floor=replace(floor, sounding=now, waiting=waiting))


def came(turn: Turn) -> None:
    """A clip was stored: whoever waited for it speaks, also for a round that has ended without it."""
    sounding.words_came(turn)
    follow(turn)


def follow(turn: Turn) -> None:
    """Words that lie ready and belong to the newest round, which ended before anybody named them."""
    state = turn.state
    if not state.wordless:
        return
    now = state.clock.wall(turn.now)
    for alert, held in alerts.in_force(state.memory, now):
        number = alerts.round_due(alert, now)
        if number is None or round_claim(alert.id, number) not in state.wordless:
            continue
        item = alerts.item_of(alert, number, held)
        claim = ClaimId(f"{item.claim}:{WORDS}")
        ready = item.clip is not None and item.clip.sha256 in turn.state.clips
        if ready and claim not in turn.state.memory.claims:
            gate.begin(turn, replace(item, claim=claim, due_at=now, tone=None))
