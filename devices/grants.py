"""Who may stream, and what: the part of a live command, and of a programme's entry, that opens a stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WHEN_GIVEN: Mapping[str, bool] = {"when_given": True}
"""Marks a member that is written only where it is not None, so that older documents keep their octets."""

LONGEST = timedelta(hours=4)
"""A grant is renewed by further commands of the same name up to its ``ends_at``, so long at most."""


class StreamKind(StrEnum):
    """``live``: a voice now, short delay, ends when it breaks off. ``relay``: a station, more patience."""

    LIVE = "live"
    RELAY = "relay"


class StreamCodec(StrEnum):
    """What the packets are: Opus (RFC 6716), mono, 48 kHz."""

    OPUS = "opus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a live command opens. Its name is the command's ``grant``, its ground and class the command's.

    Each command opens it until its own ``expires_at`` (15 minutes at most); renewals never pass ``ends_at``.
    """

    ends_at: datetime
    volume: int = 80
    kind: StreamKind = StreamKind.LIVE
    codec: StreamCodec = StreamCodec.OPUS
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """An entry that is a stream: from its due instant for ``length_ms``, whenever a node begins.

    The entry's own clip is the resident filler: it sounds while the stream is away.
    """

    grant: str
    length_ms: int
    codec: StreamCodec = StreamCodec.OPUS
