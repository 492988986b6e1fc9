"""The checks of the start gate: expiry, clock, quiet hours, rate, content, store (PROMISES 3.4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices import alerts, wall
from devices.errors import Code
from devices.incoming import Fault
from devices.items import Content, Item, round_claim
from devices.memory import AlertStart, CommandStart, Memory, changed
from devices.messages import BulletinClass, ClockState, Mode

QUIET = ("21:00", "05:00", "Asia/Ho_Chi_Minh")
EARLY_TOLERANCE = timedelta(milliseconds=100)
LENGTH_TOLERANCE_MS = 1_000
ORDINARY_STARTS_AN_HOUR = 6
ORDINARY_MS_AN_HOUR = 3_600_000
STORM_SPAN = timedelta(minutes=1)
STORM_STARTS = 5
FRAME_AFTER_STREAM = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """An item at the moment it would sound. ``at`` is the node's own idea of now."""

    item: Item
    memory: Memory
    at: datetime
    content: Content
    store_ok: bool

    @property
    def emergency(self) -> bool:
        return self.item.bulletin_class is BulletinClass.EMERGENCY

    @property
    def length_ms(self) -> int:
        """How long it will sound from now on, as far as it is known: a live stream until its grant's end."""
        item = self.item
        if item.stream is None:
            return item.duration_ms
        ends_at = min(item.expires_at, item.stream_ends_at or item.expires_at)
        return max(0, (ends_at - self.at) // timedelta(milliseconds=1))


CueCheck = Callable[[Cue], Fault | None]


def not_stopped(cue: Cue) -> Fault | None:
    """A stop that overtook what it stops (F57). Emergencies end by their own list only."""
    item = cue.item
    if cue.emergency and item.stream is None:
        return None
    names = {item.claim, item.occurrence, item.command}
    for stop in cue.memory.stops:
        drill_only = stop.mode is not Mode.ACTUAL and item.mode is Mode.ACTUAL
        if cue.at < stop.expires_at and not drill_only and names & set(stop.references):
            return Fault(code=Code.STOPPED, detail=f"stopped by {stop.command}")
    return None


def in_time(cue: Cue) -> Fault | None:
    """12: due, not too late to begin, not expired."""
    if cue.at >= cue.item.expires_at or cue.at > cue.item.latest_at:
        return Fault(code=Code.EXPIRED, detail="too late to begin")
    if cue.at < cue.item.due_at - EARLY_TOLERANCE:
        return Fault(code=Code.EARLY, detail="not yet due")
    return None


def not_over(cue: Cue) -> Fault | None:
    """12, for what had begun before the power went: only its end counts."""
    return Fault(code=Code.EXPIRED, detail="expired") if cue.at >= cue.item.expires_at else None


def clock_is_sure(cue: Cue) -> Fault | None:
    """13: ordinary items play in trusted and held."""
    if cue.memory.clock is ClockState.UNSURE and not cue.emergency:
        return Fault(code=Code.CLOCK, detail="the clock is unsure")
    return None


def not_quiet(cue: Cue) -> Fault | None:
    """14: no part of an ordinary sound meets this node's own quiet hours."""
    if cue.emergency or cue.item.silent:
        return None
    # A live voice falls silent when quiet hours begin (``hush_at``), so only where it begins counts.
    voice = cue.item.stream is not None and cue.item.stream_ends_at is None
    ends_at = cue.at if voice else cue.at + timedelta(milliseconds=cue.length_ms)
    if wall.touches(cue.at, ends_at, *_quiet(cue.memory)):
        return Fault(code=Code.QUIET, detail="quiet hours")
    return None


def not_too_often(cue: Cue) -> Fault | None:
    """14: six ordinary starts and 60 minutes an hour, counting only what commands caused."""
    item = cue.item
    if cue.emergency or item.silent or not item.by_command:
        return None
    recent = _last_hour(cue)
    used_ms = sum(one.duration_ms for one in recent) + cue.length_ms
    if len(recent) >= ORDINARY_STARTS_AN_HOUR or used_ms > ORDINARY_MS_AN_HOUR:
        return Fault(code=Code.RATE, detail="too many ordinary starts by command", alarm=True)
    return None


def not_a_storm(cue: Cue) -> Fault | None:
    """14: after one new alert a minute only the newest begins, five at most; the rest may ask again."""
    if not in_storm(cue):
        return None
    recent = _recent_alerts(cue)
    newest_at = max(
        [one.issued_at for one in recent]
        + [alert.issued_at for alert, _ in alerts.in_force(cue.memory, cue.at) if alert.mode is cue.item.mode]
    )
    if cue.item.issued_at >= newest_at and len(recent) < STORM_STARTS:
        return None
    retry_at = min(one.at for one in recent) + STORM_SPAN
    return Fault(code=Code.RATE, detail="a storm of alerts", alarm=True, retry_at=retry_at)


def content_is_right(cue: Cue) -> Fault | None:
    """15: hash, length and seconds are those that were signed. An emergency has its tone at least."""
    if cue.emergency or (cue.item.clip is None and (cue.item.tone is not None or cue.item.silent)):
        return None
    if cue.item.stream is not None:
        # Its sound is verified chunk by chunk; a filler that is not there is silence.
        return None
    return None if has_words(cue) else Fault(code=Code.CONTENT, detail="missing or not what was signed")


def store_works(cue: Cue) -> Fault | None:
    """16: no claim, no sound; but a full flash never silences an emergency."""
    if cue.store_ok or cue.emergency:
        return None
    return Fault(code=Code.STORE, detail="the claim could not be stored")


START: tuple[CueCheck, ...] = (
    *(not_stopped, in_time, clock_is_sure, not_quiet, not_too_often, not_a_storm),
    *(content_is_right, store_works),
)
RESTART: tuple[CueCheck, ...] = (not_stopped, not_over, clock_is_sure, not_quiet, content_is_right)


def in_storm(cue: Cue) -> bool:
    """Whether another alert of this mode began within the last minute, and this one would begin anew."""
    return cue.emergency and bool(_recent_alerts(cue)) and _begins(cue)


def has_words(cue: Cue) -> bool:
    """Whether the signed clip lies in flash, octet for octet."""
    clip, content = cue.item.clip, cue.content
    return (
        clip is not None
        and content.sha256 == clip.sha256
        and content.bytes == clip.bytes
        and content.duration_ms is not None
        and abs(content.duration_ms - clip.duration_ms) <= LENGTH_TOLERANCE_MS
    )


def ready(cue: Cue) -> Item:
    """The item within this node's own ceiling, and with the instant at which it is silent in any case."""
    item, memory = cue.item, cue.memory
    ceiling = memory.desired.volume_ceiling if memory.desired is not None else 100
    volume = min(item.volume, ceiling)
    hush_at = item.expires_at
    if not cue.emergency and not item.silent:
        quiet_at = wall.next_start(cue.at, *_quiet(memory))
        hush_at = min(hush_at, quiet_at) if quiet_at is not None else hush_at
        volume = _by_hour(cue, volume)
    if item.stream_ends_at is not None:
        # The stream's own end comes first; what is behind it is a drill's closing frame.
        hush_at = min(hush_at, item.stream_ends_at + FRAME_AFTER_STREAM)
    if (volume, hush_at) == (item.volume, item.hush_at):
        return item
    return replace(item, volume=volume, hush_at=hush_at)


def remembered(cue: Cue) -> Memory:
    """The memory with this start counted where starts are counted."""
    item, memory = cue.item, cue.memory
    if item.alert is not None and _begins(cue):
        begun = AlertStart(alert=item.alert, mode=item.mode, issued_at=item.issued_at, at=cue.at)
        alive = tuple(one for one in memory.alert_starts if cue.at - one.at < STORM_SPAN)
        return changed(memory, alert_starts=(*alive, begun))
    if item.by_command and not cue.emergency and not item.silent:
        start = CommandStart(at=cue.at, duration_ms=cue.length_ms)
        return replace(memory, command_starts=(*_last_hour(cue), start))
    return memory


def _by_hour(cue: Cue, volume: int) -> int:
    """An ordinary sound as quiet as hour and place want it; it is never turned down to nothing."""
    desired = cue.memory.desired
    if desired is None or not desired.volume_steps or not volume:
        return volume
    steps = [(step.since, step.percent) for step in desired.volume_steps]
    ends_at = cue.at + timedelta(milliseconds=cue.length_ms)
    percent = wall.lowest(steps, cue.at, ends_at, desired.zone)
    return volume if percent is None else max(1, round(volume * percent / 100))


def lengthened(memory: Memory, item: Item, by: timedelta) -> Memory:
    """A renewed voice uses more of its hour: no start of its own, but its minutes count."""
    if item.bulletin_class is BulletinClass.EMERGENCY or not memory.command_starts:
        return memory
    *before, newest = memory.command_starts
    longer = replace(newest, duration_ms=newest.duration_ms + max(0, by // timedelta(milliseconds=1)))
    return replace(memory, command_starts=(*before, longer))


def _quiet(memory: Memory) -> tuple[str, str, str]:
    desired = memory.desired
    return (desired.quiet_from, desired.quiet_to, desired.zone) if desired is not None else QUIET


def _last_hour(cue: Cue) -> tuple[CommandStart, ...]:
    return tuple(one for one in cue.memory.command_starts if cue.at - one.at < timedelta(hours=1))


def _recent_alerts(cue: Cue) -> tuple[AlertStart, ...]:
    return tuple(
        one
        for one in cue.memory.alert_starts
        if one.mode is cue.item.mode and one.alert != cue.item.alert and cue.at - one.at < STORM_SPAN
    )


def _begins(cue: Cue) -> bool:
    """The first round that this node plays of the alert; words without a tone follow one that has begun."""
    alert = cue.item.alert
    if alert is None or cue.item.tone is None:
        return False
    return not any(round_claim(alert, number) in cue.memory.claims for number in range(cue.item.round))
