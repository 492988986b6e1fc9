"""Alerts in force on a node: their rounds and their order, over all the lists that it holds."""

from bisect import bisect_right
from datetime import datetime, timedelta

from devices import topics
from devices.items import Item, round_claim
from devices.memory import Held, Memory
from devices.messages import Alert, AlertId, Alerts, AlertState, BulletinClass, ClipRef, Mode
from devices.tones import PATTERNS, duration_ms

ISSUER_RANK = {"village": 0, "commune": 1, "province": 2, "nation": 3}
FALLBACK_TONE = "attention"
TONE_MS = {name: duration_ms(pattern) for name, pattern in PATTERNS.items()}
"""How long each resident tone lasts."""


def topic_of(alerts: Alerts) -> str:
    """The list's own place, also for the copy that was signed for one node."""
    if alerts.group is not None:
        return topics.group_alerts(alerts.group)
    return topics.alerts(alerts.area)


def in_force(memory: Memory, now: datetime) -> tuple[tuple[Alert, Held], ...]:
    """Active alerts that have not ended, the gravest first.

    The document's own expiry does not count: a node that accepted an alert goes on with it until its end or a
    later version. An alert supersedes what it references, but only in its own list and mode: nobody silences
    another issuer, nor a drill the real thing.
    """
    found = [
        (alert, held)
        for held in memory.documents.values()
        if isinstance(held.message, Alerts)
        for alert in _unsuperseded(held.message, now)
    ]
    if len(found) < 2:
        return tuple(found)
    return tuple(sorted(found, key=lambda pair: gravity(pair[0]), reverse=True))


def ended(memory: Memory) -> tuple[AlertId, ...]:
    """Ids that a list names as cancelled and no other list as active: what sounds of them ends at once."""
    lists = [held.message for held in memory.documents.values() if isinstance(held.message, Alerts)]
    states: dict[AlertId, set[AlertState]] = {}
    for document in lists:
        for alert in document.alerts:
            states.setdefault(alert.id, set()).add(alert.state)
    return tuple(alert for alert, found in states.items() if AlertState.ACTIVE not in found)


def gravity(alert: Alert) -> tuple[int, int, int, datetime]:
    """Between two emergencies: real before drill, then severity, then issuer, then the newest."""
    return (
        int(alert.mode is Mode.ACTUAL),
        alert.level,
        ISSUER_RANK.get(alert.issuer_level, 0),
        alert.issued_at,
    )


def round_at(alert: Alert, number: int) -> datetime:
    """When a round begins, also one that the alert's end comes before."""
    first = _first_ms(alert)
    if number < len(first):
        return alert.issued_at + timedelta(milliseconds=first[number])
    return alert.issued_at + timedelta(milliseconds=first[-1] + (number - len(first) + 1) * alert.every_ms)


def round_times(alert: Alert) -> tuple[datetime, ...]:
    """When each of its rounds begins, in order."""
    times = (round_at(alert, number) for number in range(alert.rounds))
    return tuple(at for at in times if at < alert.ends_at)


def round_due(alert: Alert, now: datetime) -> int | None:
    """The number of the round whose time it is; missed rounds coalesce into the newest.

    None before and after.
    """
    if not alert.issued_at <= now < alert.ends_at or alert.state is not AlertState.ACTIVE:
        return None
    if alert.rounds == 1:
        return 0
    first, elapsed_ms = _first_ms(alert), (now - alert.issued_at) // timedelta(milliseconds=1)
    number = bisect_right(first, elapsed_ms) - 1
    if elapsed_ms > first[-1] and alert.every_ms:
        number += (elapsed_ms - first[-1]) // alert.every_ms
    return min(alert.rounds - 1, number)


def next_round_at(alert: Alert, now: datetime) -> datetime | None:
    """When the next round begins after now, if there is one."""
    if now < alert.issued_at:
        return alert.issued_at
    number = round_due(alert, now)
    if number is None or number + 1 >= alert.rounds:
        return None
    at = round_at(alert, number + 1)
    return at if at < alert.ends_at else None


def due_rounds(memory: Memory, now: datetime) -> tuple[Item, ...]:
    """The rounds that should sound now and were not claimed, the gravest first."""
    found = []
    for alert, held in in_force(memory, now):
        number = round_due(alert, now)
        if number is not None and round_claim(alert.id, number) not in memory.claims:
            found.append(item_of(alert, number, held))
    return tuple(found)


def item_of(alert: Alert, number: int, held: Held) -> Item:
    """One round as the thing that may sound: the resident tone at once, then the words."""
    document = held.message
    clips = document.clips if isinstance(document, Alerts) else ()
    words = next((clip for clip in clips if clip.sha256 == alert.words), None)
    return round_item(alert, number, words, held)


def round_item(alert: Alert, number: int, words: ClipRef | None, held: Held) -> Item:
    document = held.message
    tone = alert.tone if alert.tone in TONE_MS else FALLBACK_TONE
    return Item(
        claim=round_claim(alert.id, number),
        bulletin_class=BulletinClass.EMERGENCY,
        mode=alert.mode,
        kid=held.kid,
        issued_at=alert.issued_at,
        due_at=round_at(alert, number),
        latest_at=alert.ends_at,
        expires_at=alert.ends_at,
        duration_ms=TONE_MS[tone] + (words.duration_ms if words is not None else 0),
        volume=alert.volume,
        clip=words,
        tone=tone,
        alert=alert.id,
        round=number,
        level=alert.level,
        issuer_level=alert.issuer_level,
        topic=topic_of(document) if isinstance(document, Alerts) else "",
        version=held.version,
        title=alert.headline,
        hush_at=alert.ends_at,
    )


def _first_ms(alert: Alert) -> tuple[int, ...]:
    return alert.offsets_ms or (0,)


def _unsuperseded(document: Alerts, now: datetime) -> list[Alert]:
    active = [alert for alert in document.alerts if alert.state is AlertState.ACTIVE and now < alert.ends_at]
    if len(active) < 2:
        return active
    superseded = {
        (reference, alert.mode) for alert in active for reference in alert.references if reference != alert.id
    }
    return [alert for alert in active if (alert.id, alert.mode) not in superseded]
