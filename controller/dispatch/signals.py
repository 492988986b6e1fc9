"""Who is woken when something changed: the loops by name, and the pages by a bounded stream of changes."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum


class Wake(StrEnum):
    """The loops of the runner that can be woken before their instant."""

    PLANNER = "planner"
    SENDER = "sender"
    INTAKE = "intake"
    AUDITOR = "auditor"
    RENEWER = "renewer"
    RENDERER = "renderer"
    RECORDER = "recorder"
    LEXICON = "lexicon"
    CORRECTOR = "corrector"
    BROADCASTS = "broadcasts"
    RELAYS = "relays"
    TAPES = "tapes"


class Topic(StrEnum):
    """What a page may want to draw anew."""

    ANNOUNCEMENT = "announcement"
    RENDERING = "rendering"
    PROGRAMME = "programme"
    DELIVERY = "delivery"
    ALERT = "alert"
    NODE = "node"
    LINK = "link"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something changed: the kind of thing and, where it is one thing, its id (else empty)."""

    topic: Topic
    subject: str = ""


class Subscription:
    """One page's stream of changes; equal ones are told once, and a slow reader never grows a queue."""

    LIMIT = 256

    def __init__(self) -> None:
        self._waiting: dict[Change, None] = {}
        self._event = asyncio.Event()

    def told(self, change: Change) -> None:
        if change not in self._waiting and len(self._waiting) >= self.LIMIT:
            change = Change(topic=change.topic)
        self._waiting[change] = None
        self._event.set()

    def take(self) -> tuple[Change, ...]:
        """All changes that wait, without waiting."""
        changes = tuple(self._waiting)
        self._waiting.clear()
        self._event.clear()
        return changes

    async def next(self, timeout_s: float) -> tuple[Change, ...]:
        """The changes since the last call; empty after ``timeout_s`` without any."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return ()
        return self.take()

    async def __aiter__(self) -> AsyncIterator[Change]:
        while True:
            await self._event.wait()
            for change in self.take():
                yield change


class Signals:
    """Wakes loops and tells pages. Everything here belongs to the event loop's own thread."""

    def __init__(self) -> None:
        self._wakes: dict[Wake, asyncio.Event] = {wake: asyncio.Event() for wake in Wake}
        self._subscriptions: list[Subscription] = []
        self._recent: deque[Change] = deque(maxlen=64)

    def wake(self, *loops: Wake) -> None:
        for loop in loops:
            self._wakes[loop].set()

    async def wait(self, loop: Wake, timeout_s: float) -> bool:
        """True when woken, False after ``timeout_s``; waking is remembered, never lost."""
        event = self._wakes[loop]
        try:
            async with asyncio.timeout(max(timeout_s, 0.0)):
                await event.wait()
        except TimeoutError:
            return False
        event.clear()
        return True

    def tell(self, topic: Topic, subject: str = "") -> None:
        change = Change(topic=topic, subject=subject)
        self._recent.append(change)
        for subscription in self._subscriptions:
            subscription.told(change)

    def subscribe(self) -> Subscription:
        subscription = Subscription()
        self._subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
