"""What the types alone don't say about a message: ranges, names, order of instants, closed references."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from devices.errors import FormatError
from devices.grants import LONGEST, Grant
from devices.messages import (
    WIRE_VERSION,
    Alert,
    Alerts,
    Answer,
    Beacon,
    BulletinClass,
    ClipRef,
    Command,
    CommandKind,
    Delegation,
    Desired,
    Entry,
    Hello,
    KeyList,
    Message,
    Mode,
    Programme,
    Receipt,
    Report,
    State,
    Telemetry,
)
from devices.topics import NAME

MAX_TEXT = 300
MOST_STEPS = 24
MOST_TRACKS = 8
MOST_OFFSETS = 24
MILLISECOND = timedelta(milliseconds=1)
MAX_COUNTER = 2**63
TEST_PATTERNS = frozenset({"beep", "silent"})
ISSUER_LEVELS = ("village", "commune", "province", "nation")
_HASH = re.compile(r"[0-9a-f]{64}")
_WALL = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_PUBLIC = re.compile(r"[A-Za-z0-9_-]{43}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BASE = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")


def check(message: Message) -> None:
    """Raises FormatError naming the first rule that is broken."""
    _need(message.v == WIRE_VERSION, "v")
    for rule in _RULES[type(message)]:
        rule(message)


def _need(fine: bool, detail: str) -> None:
    if not fine:
        raise FormatError(detail)


def _names(*values: str | None) -> None:
    for value in values:
        if value is not None and not NAME.fullmatch(value):
            raise FormatError(f"name {value!r:.80}")


def _text(value: str | None, limit: int = MAX_TEXT) -> None:
    if value is not None:
        clean = value.isprintable() or not _CONTROL.search(value)
        _need(len(value) <= limit and clean, "text")


def _count(*values: int) -> None:
    for value in values:
        if not 0 <= value <= MAX_COUNTER:
            raise FormatError(f"counter {value}")


def _volume(value: int) -> None:
    _need(0 <= value <= 100, f"volume {value}")


def _aware(*instants: datetime) -> None:
    _need(None not in [instant.tzinfo for instant in instants], "instant without a zone")


def _rising(*instants: datetime) -> None:
    _aware(*instants)
    _need(sorted(instants) == list(instants), "order of instants")


def _lives(message: KeyList | Programme | Alerts | Command | Desired) -> None:
    _names(message.tenant)
    _rising(message.issued_at, message.expires_at)
    _need(message.issued_at < message.expires_at, "no life")


def _clips(clips: Iterable[ClipRef], used: Iterable[str]) -> None:
    hashes = set()
    for clip in clips:
        _need(_HASH.fullmatch(clip.sha256) is not None, "clip hash")
        _need(0 < clip.bytes <= 2**32 and 0 < clip.duration_ms <= 4 * 3_600_000, "clip measure")
        _text(clip.media_type, 40)
        _need(clip.sha256 not in hashes, "clip listed twice")
        hashes.add(clip.sha256)
    _need(hashes.issuperset(used), "clip not listed")


def _branch(area: str | None, group: str | None, group_version: int) -> None:
    _names(area, group)
    _count(group_version)
    _need((group is None) == (group_version == 0), "group and its version go together")


def _key_list(message: KeyList) -> None:
    _count(message.version)
    kids = [key.kid for key in message.keys]
    _need(len(set(kids)) == len(kids) and "root" not in kids, "key ids")
    for key in message.keys:
        _delegation(key)


def _delegation(key: Delegation) -> None:
    _names(key.kid, *key.areas)
    _need(_PUBLIC.fullmatch(key.public) is not None, "public key")
    _volume(key.volume_max)
    _rising(key.not_before, key.expires_at)
    _need(not {Mode.ACTUAL, Mode.EXERCISE} <= set(key.modes), "one key for drill and for real")
    _need(key.hours is None or all(_WALL.fullmatch(bound) for bound in key.hours), "hours")


def _beacon(message: Beacon) -> None:
    _names(message.tenant)
    _count(message.epoch, message.audit_n)
    _aware(message.now)
    _text(message.audit_head, 128)


def _programme(message: Programme) -> None:
    _branch(message.area, message.group, message.group_version)
    _count(message.version, message.epoch)
    used = (track.clip for entry in message.entries for track in entry.tracks or ())
    _clips(message.clips, (*(entry.clip for entry in message.entries), *used))
    for entry in message.entries:
        _entry(entry)


def _entry(entry: Entry) -> None:
    _names(entry.occurrence)
    _count(entry.revision)
    _rising(entry.starts_at, entry.latest_at, entry.expires_at)
    _volume(entry.volume)
    _text(entry.title)
    if entry.relay is not None:
        _names(entry.relay.grant)
        _need(1_000 <= entry.relay.length_ms <= LONGEST // MILLISECOND, "length of a relay")
    if entry.tracks is not None:
        _tracks(entry)


def _tracks(entry: Entry) -> None:
    tags = [track.language.lower() for track in entry.tracks or ()]
    _need(entry.relay is None, "a stream has no tracks")
    _need(entry.bulletin_class is not BulletinClass.EMERGENCY, "an emergency has no tracks")
    _need(1 <= len(tags) <= MOST_TRACKS and len(set(tags)) == len(tags), "tracks")
    _need(all(_TAG.fullmatch(tag) for tag in tags), "language of a track")


def _alerts(message: Alerts) -> None:
    _branch(message.area, message.group, message.group_version)
    _count(message.version, message.epoch)
    _nonce(message.boot_nonce)
    _clips(message.clips, (alert.words for alert in message.alerts if alert.words is not None))
    _need(len({alert.id for alert in message.alerts}) == len(message.alerts), "alert listed twice")
    for alert in message.alerts:
        _alert(alert)


def _offsets(offsets_ms: tuple[int, ...]) -> int:
    """How many rounds have an offset of their own: the first one at once, each a second or more later."""
    _need(2 <= len(offsets_ms) <= MOST_OFFSETS and offsets_ms[0] == 0, "offsets")
    _need(all(b - a >= 1_000 for a, b in pairwise(offsets_ms)), "offsets not rising")
    _need(offsets_ms[-1] <= 86_400_000, "offsets")
    return len(offsets_ms)


def _alert(alert: Alert) -> None:
    _names(alert.id, alert.tone, *alert.references)
    _need(1 <= alert.level <= 5, "level")
    _need(alert.issuer_level in ISSUER_LEVELS, "issuer level")
    _rising(alert.issued_at, alert.ends_at)
    _need(alert.ends_at - alert.issued_at <= timedelta(days=31), "life of an alert")
    _need(1 <= alert.rounds <= 10_000 and 0 <= alert.every_ms <= 86_400_000, "rounds")
    named = 1 if alert.offsets_ms is None else _offsets(alert.offsets_ms)
    _need(alert.rounds >= named, "more offsets than rounds")
    _need(alert.rounds == named or alert.every_ms >= 1_000, "rounds without a distance")
    _volume(alert.volume)
    for text in (alert.event, alert.issuer, alert.headline):
        _text(text)


def _nonce(value: str | None) -> None:
    _need(value is None or _NONCE.fullmatch(value) is not None, "boot nonce")


def _command(message: Command) -> None:
    _names(message.id, message.node, message.grant, *message.references)
    _branch(message.area, message.group, message.group_version)
    _need((message.area is None) != (message.node is None), "exactly one of area and node")
    _need(message.group is None or message.area is not None, "a group stands in an area")
    _count(message.epoch, message.seq)
    _need(message.seq >= 1, "seq")
    _nonce(message.boot_nonce)
    _need((message.kind is CommandKind.TEST) == (message.pattern is not None), "pattern belongs to test")
    _need(message.pattern is None or message.pattern in TEST_PATTERNS, "pattern")
    _need((message.kind is CommandKind.LIVE) == (message.grant is not None), "grant belongs to live")
    if message.live is not None:
        _grant(message, message.live)


def _grant(message: Command, grant: Grant) -> None:
    _need(message.kind is CommandKind.LIVE, "what it opens belongs to live")
    _rising(message.expires_at, grant.ends_at)
    _need(grant.ends_at - message.issued_at <= LONGEST, "length of a grant")
    _volume(grant.volume)
    _text(grant.title)


def _desired(message: Desired) -> None:
    _names(message.node, *message.areas, *message.groups)
    _count(message.version, message.epoch, *message.groups.values())
    _need(len(message.areas) >= 1 and len(set(message.areas)) == len(message.areas), "area chain")
    _need(len(message.clip_base) <= 200 and _BASE.fullmatch(message.clip_base) is not None, "clip base")
    _names(*message.languages)
    _volume(message.volume_ceiling)
    _need(all(_WALL.fullmatch(bound) for bound in (message.quiet_from, message.quiet_to)), "quiet hours")
    if message.volume_steps is not None:
        since = [step.since for step in message.volume_steps]
        _need(1 <= len(since) <= MOST_STEPS and len(set(since)) == len(since), "volume steps")
        _need(all(_WALL.fullmatch(one) for one in since), "volume steps")
        for step in message.volume_steps:
            _need(1 <= step.percent <= 100, "volume steps")
    try:
        ZoneInfo(message.zone)
    except (ValueError, OSError, KeyError) as error:
        raise FormatError("zone") from error


def _answer(message: Answer) -> None:
    _names(message.tenant, message.node)
    _nonce(message.boot_nonce)
    _count(message.epoch, message.through, message.held_ms)
    _aware(message.now)


def _hello(message: Hello) -> None:
    _names(message.node, message.boot)
    _nonce(message.boot_nonce)
    _count(message.last_seq, *message.documents.values())
    _text(message.protocol, 16)
    _text(message.firmware, 64)
    _aware(message.sent_at)


def _state(message: State) -> None:
    _names(message.node, message.boot)


def _telemetry(message: Telemetry) -> None:
    _names(message.node, message.boot)
    _count(message.seq, message.uptime_s, message.storage_free_mb, message.clips_cached)
    _count(message.clips_missing, message.refusals)
    _need(0 <= message.battery_percent <= 100, "battery")
    _need(-100 <= message.temperature_c <= 200 and 0 <= message.sense_level <= 1, "sense")
    _need(abs(message.clock_offset_ms) <= MAX_COUNTER, "clock offset")
    _text(message.sounding)
    _aware(message.sent_at)


def _report(message: Report) -> None:
    _names(message.node, message.boot)
    _count(message.through)
    for receipt in message.receipts:
        _receipt(receipt)


def _receipt(receipt: Receipt) -> None:
    _names(receipt.occurrence, receipt.alert, receipt.command)
    _count(receipt.seq, receipt.round, receipt.revision, receipt.version)
    _count(receipt.played_ms, receipt.duration_ms, receipt.cuts, receipt.restarts)
    _need(abs(receipt.late_ms) <= MAX_COUNTER, "lateness")
    _need(receipt.clip is None or _HASH.fullmatch(receipt.clip) is not None, "clip hash")
    for text in (receipt.topic, receipt.code, receipt.reason):
        _text(text)
    _aware(receipt.at)
    given = sum(one is not None for one in (receipt.occurrence, receipt.alert, receipt.command))
    _need(given == 1 or (given == 0 and bool(receipt.topic)), "what the receipt is about")


_RULES: dict[type[Message], tuple[Callable[[Any], None], ...]] = {
    KeyList: (_lives, _key_list),
    Beacon: (_beacon,),
    Programme: (_lives, _programme),
    Alerts: (_lives, _alerts),
    Command: (_lives, _command),
    Desired: (_lives, _desired),
    Answer: (_answer,),
    Hello: (_hello,),
    State: (_state,),
    Telemetry: (_telemetry,),
    Report: (_report,),
}
