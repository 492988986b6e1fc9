"""When an engine that fails is left alone, and when it is asked again."""

from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES_TO_OPEN = 3
FIRST_REST_S = 15.0
LONGEST_REST_S = 600.0


class Outcome(StrEnum):
    """What came of asking the engine."""

    SPOKE = "spoke"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """`rests_until` is an instant of the caller's monotonic clock, in seconds; None: may be asked."""

    failures: int = 0
    rests: int = 0
    rests_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The new state, whether the engine has just been laid to rest, and when to ask it again."""

    state: Breaker
    opened: bool
    wake_at: float | None


def may_ask(state: Breaker, now: float) -> bool:
    """Whether the engine may be asked at `now`: always, but while it rests."""
    return state.rests_until is None or now >= state.rests_until


def step(state: Breaker, outcome: Outcome, now: float) -> Step:
    """After FAILURES_TO_OPEN failures in a row the engine rests; failing again at once doubles the rest."""
    if outcome is Outcome.SPOKE:
        return Step(state=Breaker(), opened=False, wake_at=None)
    failures = state.failures + 1
    if failures < FAILURES_TO_OPEN and state.rests == 0:
        return Step(state=replace(state, failures=failures), opened=False, wake_at=None)
    rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2 ** min(state.rests, 16))
    wake_at = now + rest_s
    opened = Breaker(failures=failures, rests=state.rests + 1, rests_until=wake_at)
    return Step(state=opened, opened=True, wake_at=wake_at)
