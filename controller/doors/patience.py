"""A connection that does not say what it wants: a request's head comes whole in seconds, or it is closed."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN_S = 12.0
"""A slow telephone needs one or two; whoever needs more keeps a place that others want (S78)."""


class HeadInTime(H11Protocol):
    """uvicorn's own protocol with a term for each head. A request that came whole is none of its business.

    Bodies have bounds of their own (`gate`, `streams`), and between two requests uvicorn counts itself.
    """

    _term: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin_term()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_term()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_asked() or self.transport.is_closing():
            self._end_term()
        elif self._term is None:
            self._begin_term()

    def _is_asked(self) -> bool:
        """A whole head has come and is being answered, or the connection became a WebSocket."""
        answering = self.cycle is not None and not self.cycle.response_complete
        return answering or self.transport.get_protocol() is not self

    def _begin_term(self) -> None:
        self._term = self.loop.call_later(HEAD_WITHIN_S, self.transport.close)

    def _end_term(self) -> None:
        if self._term is not None:
            self._term.cancel()
            self._term = None
