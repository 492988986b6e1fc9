"""Check 6: what a key may say, where, in which mode and class, how loud, at which hours and for how long."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from devices import wall
from devices.errors import Code
from devices.incoming import Fault, Incoming
from devices.messages import (
    Action,
    Alerts,
    Answer,
    AreaCode,
    Beacon,
    BulletinClass,
    ClipHash,
    Command,
    CommandKind,
    Desired,
    Downward,
    Entry,
    Mode,
    Programme,
)
from devices.tracks import heard

SHORT_LIFE = timedelta(minutes=15)
PROGRAMME_LIFE = timedelta(days=31)
DEFAULT_ZONE = "Asia/Ho_Chi_Minh"

_ACTION: dict[type[Downward], Action] = {
    Programme: Action.PROGRAMME,
    Alerts: Action.ALERTS,
    Desired: Action.DESIRED,
    Beacon: Action.TIME,
    Answer: Action.ANSWER,
}


def covers(chain: tuple[AreaCode, ...], key_area: AreaCode, area: AreaCode) -> bool:
    """Whether a key for ``key_area`` may speak for ``area``: both in the chain, the key's at or above it."""
    return key_area in chain and area in chain and chain.index(key_area) <= chain.index(area)


def action(given: Incoming) -> Fault | None:
    """The key may do this kind of thing at all."""
    message = given.message
    needed = Action(message.kind.value) if isinstance(message, Command) else _ACTION[type(message)]
    if needed not in given.key.delegation.actions:
        return Fault(code=Code.DELEGATION, detail=f"action {needed}")
    return None


def mode(given: Incoming) -> Fault | None:
    """A drill's key says nothing real, a real key plays no drill."""
    for one in _modes(given.message):
        if one not in given.key.delegation.modes:
            return Fault(code=Code.DELEGATION, detail=f"mode {one}", alarm=True)
    return None


def bulletin_class(given: Incoming) -> Fault | None:
    """Every class in it is the key's. A stop has none: stopping is easier than starting."""
    for one in _classes(given.message):
        if one not in given.key.delegation.classes:
            return Fault(code=Code.DELEGATION, detail=f"class {one}")
    return None


def area(given: Incoming) -> Fault | None:
    """One of the key's areas stands at or above the ground that the message speaks to.

    Ground outside the node's chain is left to the target check, which refuses it with the right word.
    """
    chain, ground = _ground(given)
    if ground is None or ground not in chain:
        return None
    if any(covers(chain, one, ground) for one in given.key.delegation.areas):
        return None
    return Fault(code=Code.DELEGATION, detail=f"area {ground}")


def volume(given: Incoming) -> Fault | None:
    """Nothing in it is louder than the key may be."""
    if any(one > given.key.delegation.volume_max for one in _volumes(given.message)):
        return Fault(code=Code.DELEGATION, detail="volume")
    return None


def hours(given: Incoming) -> Fault | None:
    """Every ordinary sound in it lies within the key's local hours."""
    bounds = given.key.delegation.hours
    if bounds is None:
        return None
    desired = given.memory.desired
    zone = desired.zone if desired is not None else DEFAULT_ZONE
    for begins_at, ends_at in _spans(given):
        if wall.touches(begins_at, ends_at, bounds[1], bounds[0], zone):
            return Fault(code=Code.DELEGATION, detail="hours")
    return None


def life(given: Incoming) -> Fault | None:
    """From issue to expiry: emergencies and commands 15 minutes, a programme a month at most."""
    message = given.message
    if isinstance(message, Alerts | Command):
        limit = SHORT_LIFE
    elif isinstance(message, Programme):
        limit = PROGRAMME_LIFE
    else:
        return None
    if message.expires_at - message.issued_at > limit:
        return Fault(code=Code.DELEGATION, detail="lives too long")
    return None


def _modes(message: Downward) -> Iterable[Mode]:
    match message:
        case Programme() | Command():
            return (message.mode,)
        case Alerts():
            return {alert.mode for alert in message.alerts}
    return ()


def _classes(message: Downward) -> Iterable[BulletinClass]:
    match message:
        case Programme():
            return {entry.bulletin_class for entry in message.entries}
        case Alerts():
            return (BulletinClass.EMERGENCY,)
        case Command() if message.kind is not CommandKind.STOP:
            return (message.bulletin_class,)
    return ()


def _volumes(message: Downward) -> Iterable[int]:
    match message:
        case Programme():
            return (entry.volume for entry in message.entries)
        case Alerts():
            return (alert.volume for alert in message.alerts)
        case Command() if message.live is not None:
            return (message.live.volume,)
    return ()


def _ground(given: Incoming) -> tuple[tuple[AreaCode, ...], AreaCode | None]:
    chain = given.memory.chain
    match given.message:
        case Desired(areas=areas):
            return areas, areas[-1]
        case Programme(area=code) | Alerts(area=code):
            return chain, code
        case Command(area=code) if code is not None:
            return chain, code
        case Command() | Answer() if chain:
            return chain, chain[-1]
    return chain, None


def _spans(given: Incoming) -> Iterable[tuple[datetime, datetime]]:
    match given.message:
        case Programme(entries=entries, clips=clips):
            lengths = {clip.sha256: timedelta(milliseconds=clip.duration_ms) for clip in clips}
            return [
                (entry.starts_at, entry.starts_at + _length(entry, lengths, given.memory.languages))
                for entry in entries
                if entry.bulletin_class is not BulletinClass.EMERGENCY
            ]
        case Command(kind=CommandKind.TEST, pattern="beep") if not given.unsure:
            return [(given.at, given.at)]
        case Command(kind=CommandKind.LIVE, bulletin_class=one) if not given.unsure:
            return [(given.at, given.at)] if one is not BulletinClass.EMERGENCY else []
    return ()


def _length(entry: Entry, lengths: Mapping[ClipHash, timedelta], languages: tuple[str, ...]) -> timedelta:
    if entry.relay is not None:
        return timedelta(milliseconds=entry.relay.length_ms)
    return sum((lengths[clip] for clip in heard(entry, languages)), timedelta())
