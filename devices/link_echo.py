"""Supervision by round trip: a nonce to oneself now and then, and a verdict when it stays away."""

import asyncio
from collections.abc import Callable

from devices.link import RoundTrip


class Echo:
    """Sends by ``send(topic, nonce)``; calls ``give_up(reason)`` when a nonce has not come back in time."""

    def __init__(
        self,
        watch: RoundTrip,
        seed: bytes,
        send: Callable[[str, bytes], None],
        give_up: Callable[[str], None],
    ) -> None:
        self._watch = watch
        self._seed = seed
        self._send_nonce = send
        self._give_up = give_up
        self._count = 0
        self._sent_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(watch.every_s, self._send)
        self.topic = watch.topic
        self.measured_s: float | None = None

    def end(self) -> None:
        """Watch no longer."""
        self._timer.cancel()

    def came(self, payload: bytes) -> None:
        """Something came on the echo's topic; only the nonce under way counts."""
        if payload != self._nonce():
            return
        self._timer.cancel()
        self.measured_s = self._loop.time() - self._sent_at
        self._timer = self._loop.call_later(self._watch.every_s, self._send)

    def _nonce(self) -> bytes:
        return self._seed + self._count.to_bytes(4, "big")

    def _send(self) -> None:
        self._count += 1
        self._sent_at = self._loop.time()
        self._send_nonce(self.topic, self._nonce())
        within_s = self._watch.within_s
        self._timer = self._loop.call_later(within_s, self._give_up, f"no echo within {within_s:g} s")
