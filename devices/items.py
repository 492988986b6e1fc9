"""One playable thing, whatever document or command brought it, and what the flash says about its sound."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

from devices.grants import StreamKind
from devices.messages import (
    AlertId,
    BulletinClass,
    ClipHash,
    ClipRef,
    CommandId,
    KeyId,
    Mode,
    OccurrenceId,
)

ClaimId = NewType("ClaimId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What may sound: an occurrence, a round of an alert, or a test.

    ``duration_ms`` is the whole sound (tone and words). ``hush_at`` is set by the start gate: at that instant
    it is silent, whatever is left of it. ``silent`` marks a test that never reaches the horn. ``stream``
    marks what comes in chunks under ``grant``: it never resumes where it was cut, but where it is by then.
    ``then`` follows ``clip`` without a pause: the same in further languages; ``spoken`` names the languages
    of all of them, where there are several tracks to choose from.
    """

    claim: ClaimId
    bulletin_class: BulletinClass
    mode: Mode
    kid: KeyId
    issued_at: datetime
    due_at: datetime
    latest_at: datetime
    expires_at: datetime
    duration_ms: int
    volume: int
    clip: ClipRef | None = None
    then: tuple[ClipRef, ...] = ()
    spoken: tuple[str, ...] = ()
    tone: str | None = None
    by_command: bool = False
    silent: bool = False
    occurrence: OccurrenceId | None = None
    alert: AlertId | None = None
    command: CommandId | None = None
    round: int = 0
    revision: int = 0
    level: int = 0
    issuer_level: str = ""
    topic: str = ""
    version: int = 0
    title: str = ""
    hush_at: datetime | None = None
    stream: StreamKind | None = None
    grant: str = ""

    @property
    def clips(self) -> tuple[ClipRef, ...]:
        """Everything of it that must lie on the node, in order."""
        return () if self.clip is None else (self.clip, *self.then)

    @property
    def stream_ends_at(self) -> datetime | None:
        """When a stream of a planned length is over, whenever it began; None for all else."""
        if self.stream is None or self.command is not None:
            return None
        return self.due_at + timedelta(milliseconds=self.duration_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What lies in flash for an item's clip, measured on the stored octets themselves. Absent: all None."""

    sha256: ClipHash | None = None
    bytes: int | None = None
    duration_ms: int | None = None


def occurrence_claim(occurrence: OccurrenceId) -> ClaimId:
    """One airing per node, whichever area, group or revision brought it."""
    return ClaimId(f"occurrence:{occurrence}")


def round_claim(alert: AlertId, number: int) -> ClaimId:
    return ClaimId(f"alert:{alert}:{number}")


def live_claim(grant: str) -> ClaimId:
    """One airing per node, whichever of its commands opened it here."""
    return ClaimId(f"live:{grant}")


def command_claim(command: CommandId) -> ClaimId:
    return ClaimId(f"command:{command}")
