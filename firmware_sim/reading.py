"""Reading flash back: what a boot finds, one copy before it sounds, all copies once an hour; all hashed."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from devices.messages import BootId, ClipHash
from firmware_sim import flash as rows
from firmware_sim.effects import Examined, PowerOn
from firmware_sim.flash import Flash
from firmware_sim.sound import measure


def power_on_from(flash: Flash, *, boot: BootId, boot_nonce: str, rtc_at: datetime | None) -> PowerOn:
    """Everything that the node still has; clips only where their hash is right."""
    clips: dict[ClipHash, tuple[int, int | None]] = {}
    for sha, data in flash.rows(rows.CLIPS).items():
        if hashlib.sha256(data).hexdigest() == sha:
            clips[ClipHash(sha)] = (len(data), measure(data))
    return PowerOn(
        boot=boot,
        boot_nonce=boot_nonce,
        documents=flash.rows(rows.DOCUMENTS),
        clips=clips,
        claims=flash.rows(rows.CLAIMS),
        receipts=flash.rows(rows.RECEIPTS),
        facts=flash.rows(rows.FACTS),
        rtc_at=rtc_at,
    )


def examine(flash: Flash, claim: str, sha: ClipHash) -> Examined:
    """What lies under that name now."""
    data = flash.read(rows.CLIPS, sha)
    if data is None:
        return Examined(claim=claim, sha256=sha)
    digest = hashlib.sha256(data).hexdigest()
    return Examined(claim=claim, sha256=sha, digest=digest, size=len(data), duration_ms=measure(data))


def spoilt(flash: Flash, clips: Iterable[ClipHash]) -> tuple[ClipHash, ...]:
    """Those of them that are missing or no longer what their name says."""
    return tuple(sha for sha in clips if examine(flash, "", sha).digest != sha)
