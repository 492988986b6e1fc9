"""Two clocks: what a node believes (offset, state, drift) and what the world's clock really says."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from devices.messages import ClockState

ANSWER_WITHIN_S = 10.0
"""An answer that took longer says too little about now; the node asks again."""
CRYSTAL = 500e-6
"""How wrong a node takes its own crystal to count (F47): so fast the last answer's precision is lost."""
RATE_WITHIN = 50e-6
"""So well must the rate be known: half a minute in a week without anybody to ask."""
WHOLE_MS_S = 0.001
"""An instant comes in whole milliseconds: half a minute between two answers says nothing about a crystal."""
HELD_AFTER_S = 24 * 3600.0
"""Without a fresh answer for this long, trusted becomes held (PROMISES 3.7)."""
RTC_BACK_S = 120.0
"""The floor is stored each minute: a chip that reads earlier than that has lost its battery."""
RTC_AHEAD_S = 31 * 24 * 3600.0
"""A node stores seven days; a chip that says more than a month has passed is not believed."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """An answer of long ago, from which the crystal's own rate is measured."""

    at: datetime
    mono: float
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeClock:
    """A node's belief: at ``base_mono`` of its oscillator it was ``base_at``, give or take ``within_s``.

    ``rate`` is how many true seconds one of its own seconds lasts, as far as answers have told.
    """

    base_at: datetime
    base_mono: float
    state: ClockState
    answered_mono: float | None = None
    within_s: float = 0.0
    offset_ms: int = 0
    rate: float = 1.0
    anchor: Anchor | None = None

    def wall(self, mono: float) -> datetime:
        """What the node takes for now."""
        return self.base_at + timedelta(seconds=(mono - self.base_mono) * self.rate)

    def mono(self, at: datetime) -> float:
        """When, on its own oscillator, that instant comes."""
        return self.base_mono + (at - self.base_at).total_seconds() / self.rate


def booted(rtc_at: datetime | None, floor_at: datetime | None, mono: float) -> NodeClock:
    """The belief right after power-on: held where a chip with a battery agrees with the stored floor."""
    if rtc_at is not None and floor_at is not None and _plausible(rtc_at, floor_at):
        return NodeClock(base_at=max(rtc_at, floor_at), base_mono=mono, state=ClockState.HELD)
    return NodeClock(base_at=floor_at or rtc_at or EPOCH, base_mono=mono, state=ClockState.UNSURE)


def answered(
    clock: NodeClock, said: datetime, held_s: float, asked_mono: float | None, mono: float
) -> NodeClock:
    """The belief after a signed answer that echoed this boot's nonce; unchanged when it came too late.

    Half of the way there and back is added, without the time that the question lay at the other end. An
    answer that was long under way does not replace a better one that it agrees with (as in NTP, RFC 5905 10).
    ``asked_mono`` is None when the node asked nothing.
    """
    if asked_mono is None or mono - asked_mono > ANSWER_WITHIN_S:
        return clock
    half_s = max(0.0, mono - asked_mono - held_s) / 2
    now = said + timedelta(seconds=half_s)
    offset = now - clock.wall(mono)
    if clock.state is ClockState.TRUSTED:
        known_s = clock.within_s + CRYSTAL * (mono - clock.base_mono)
        if known_s < half_s and abs(offset.total_seconds()) <= known_s + half_s:
            return replace(clock, answered_mono=mono)
    here = Anchor(at=now, mono=mono, within_s=half_s)
    rate, anchor = _measured(clock, here)
    return NodeClock(
        base_at=now,
        base_mono=mono,
        state=ClockState.TRUSTED,
        answered_mono=mono,
        within_s=half_s,
        offset_ms=_whole_ms(offset) if clock.state is not ClockState.UNSURE else 0,
        rate=rate,
        anchor=anchor,
    )


def _measured(clock: NodeClock, here: Anchor) -> tuple[float, Anchor]:
    """The crystal's rate between a first answer and this one, once these lie far enough apart (F47)."""
    anchor = clock.anchor
    if anchor is None or here.mono <= anchor.mono:
        return clock.rate, here
    passed_s = here.mono - anchor.mono
    unsure_s = anchor.within_s + here.within_s + 2 * WHOLE_MS_S
    rate = (here.at - anchor.at).total_seconds() / passed_s
    if abs(rate - 1) > 2 * CRYSTAL + unsure_s / passed_s:
        return clock.rate, here  # no crystal: whoever answers has been set to another time
    return (rate if unsure_s <= RATE_WITHIN * passed_s else clock.rate), anchor


def aged(clock: NodeClock, mono: float) -> NodeClock:
    """Trusted becomes held when the last answer is a day old."""
    if clock.state is ClockState.TRUSTED and mono - (clock.answered_mono or mono) > HELD_AFTER_S:
        return replace(clock, state=ClockState.HELD)
    return clock


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The true time of a run, for the journal and for the chips: ``origin_at`` was at ``origin_mono``."""

    origin_at: datetime
    origin_mono: float

    def at(self, mono: float) -> datetime:
        """The true instant at that reading of the system-wide monotonic clock."""
        return self.origin_at + timedelta(seconds=mono - self.origin_mono)


def real_world(mono: float) -> World:
    """The host's own time, read once: later steps of the host clock do not move a run."""
    return World(origin_at=datetime.now(UTC), origin_mono=mono)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oscillator:
    """A node's crystal: counts seconds since its boot, ``drift_ppm`` too fast."""

    boot_mono: float
    drift_ppm: float = 0.0

    def read(self, mono: float) -> float:
        """The node's own seconds since boot."""
        return (mono - self.boot_mono) * (1 + self.drift_ppm / 1e6)

    def when(self, own: float) -> float:
        """The system's monotonic instant at which this crystal will read ``own``."""
        return self.boot_mono + own / (1 + self.drift_ppm / 1e6)


def _plausible(rtc_at: datetime, floor_at: datetime) -> bool:
    return -RTC_BACK_S <= (rtc_at - floor_at).total_seconds() <= RTC_AHEAD_S


def _whole_ms(delta: timedelta) -> int:
    return round(delta.total_seconds() * 1000)
