"""An emergency before it is fired and while it stands: its words, its scope, its document."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.dispatch.forms.alerts import EmergencyForm, Hand
from controller.store.folding import fold
from devices.messages import (
    Alert,
    Alerts,
    AreaCode,
    ClipHash,
    ClipRef,
    Mode,
    NodeId,
    TenantId,
)
from devices.tones import PATTERNS, duration_ms
from schedules.announcement import AreaCode as PlaceCode
from schedules.area import Level, Tree, inside
from schedules.emergency import NAMES, Hazard, headline, siren_code, spoken_time
from schedules.repeat import RepeatPolicy, count_rounds, repeat_policy

DOCUMENT_LIFE = timedelta(minutes=15)
STANDS = timedelta(hours=6)
RETRACTION_STANDS = timedelta(minutes=15)
RETRACTION_ROUNDS = 2
RETRACTION_EVERY = timedelta(minutes=2)
MOST_ROUNDS = 48
_NO_DRILL = re.compile(r"\b(khong|chang)\s+phai\s+(la\s+)?(mot\s+)?((cuoc|buoi|bai|dot)\s+)?dien\s+tap\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Everything that is said, written down before anything is fired."""

    headline: str
    spoken: str
    correction: str
    all_clear: str
    tone: str

    def taken_back(self, hand: Hand) -> str:
        return self.correction if hand is Hand.CORRECTION else self.all_clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How often it is said, how far apart, and until when it stands."""

    rounds: int
    every_ms: int
    ends_at: datetime
    offsets_ms: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who is reached; ``wide`` needs a second person (DOMAIN.md 6)."""

    place: str
    typed_name: str
    people: int
    wide: bool


def word(form: EmergencyForm, tree: Tree, now: datetime) -> Wording:
    """The words; Refused (``E_LEVEL``) for an unknown level, ValueError for an unknown hazard."""
    hazard = Hazard(form.hazard)
    place = place_name(form.targets, tree)
    name, _ = NAMES[hazard]
    first = headline(hazard, form.level, place, now)
    drill = "Diễn tập. Diễn tập. " if form.mode is Mode.EXERCISE else ""
    about = f"Cảnh báo {name} tại {place} phát lúc {spoken_time(now)}"
    return Wording(
        headline=first,
        spoken=f"{drill}{first} {form.text.strip()}",
        correction=f"{drill}Thông báo đính chính. {about} là không đúng, bà con bỏ qua.",
        all_clear=f"{drill}Thông báo báo yên. {about} nay đã kết thúc. Bà con trở lại sinh hoạt bình thường.",
        tone=siren_code(hazard, form.level).value,
    )


def plan_rounds(form: EmergencyForm, now: datetime) -> Rounds:
    """The form's own rounds, or the hazard's repeat policy until the alert's end."""
    ends_at = form.ends_at or now + STANDS
    policy = repeat_policy(Hazard(form.hazard), form.level)
    if form.every_ms is not None:
        every = timedelta(milliseconds=form.every_ms) if form.every_ms >= 1000 else None
        policy = RepeatPolicy(offsets=(timedelta(),), every=every)
    most = len(policy.offsets) if policy.every is None else MOST_ROUNDS
    wanted = form.rounds if form.rounds is not None else count_rounds(policy, ends_at - now)
    rounds = min(max(wanted, 1), most)
    named = tuple(_ms(offset) for offset in policy.offsets[:rounds])
    return Rounds(
        rounds=rounds,
        every_ms=_ms(policy.every) if policy.every is not None and rounds > len(named) else 0,
        ends_at=ends_at,
        offsets_ms=named if len(named) > 1 else None,
    )


def scope(form: EmergencyForm, tree: Tree, wide_people: int) -> Scope:
    """How many people, what to type, and whether one person may decide it."""
    people = tree.population(form.targets)
    communes = {commune for target in form.targets for commune in _communes(tree, target)}
    return Scope(
        place=place_name(form.targets, tree),
        typed_name=_name_to_type(form, tree),
        people=people,
        wide=len(communes) > 1 or people > wide_people,
    )


def same_name(typed: str, wanted: str) -> bool:
    """Letters matter, not case, spaces or how a keyboard composed the accents."""
    return _folded(typed) == _folded(wanted)


def denies_drill(text: str) -> bool:
    """Whether the words say that this is no drill, with or without accents (S64)."""
    return _NO_DRILL.search(fold(text)) is not None


def target_print(areas: Iterable[str], nodes: Iterable[NodeId]) -> str:
    """A name for exactly this set of areas and nodes: a change after the preview shows (F67)."""
    text = "|".join((*sorted(areas), "", *sorted(nodes)))
    return hashlib.sha256(text.encode()).hexdigest()


def tone_ms(tone: str) -> int:
    """How long the resident tone sounds before the first word."""
    return duration_ms(PATTERNS[tone])


def place_name(targets: Iterable[PlaceCode], tree: Tree) -> str:
    """The targets in words: one name, or names joined, or the unit that holds too many of them."""
    codes = tree.cover(targets)
    names = [inside(tree.area(code).name) for code in codes]
    if len(names) <= 3:
        return ", ".join(names)
    return inside(tree.area(common(codes, tree)).name)


def common(codes: Iterable[PlaceCode], tree: Tree) -> PlaceCode:
    """The deepest area that holds them all."""
    chains = [tree.chain(code) for code in codes]
    shared: tuple[PlaceCode, ...] = tuple(
        level[0] for level in zip(*chains, strict=False) if len(set(level)) == 1
    )
    return shared[-1]


def document(
    *,
    tenant: TenantId,
    area: AreaCode,
    version: int,
    epoch: int,
    alerts: tuple[Alert, ...],
    clips: Iterable[ClipRef],
    now: datetime,
    boot_nonce: str | None = None,
) -> Alerts:
    """The area's alerts as one document; each clip once, only those that an alert names."""
    used: dict[ClipHash, ClipRef] = {}
    wanted = {alert.words for alert in alerts if alert.words is not None}
    for clip in clips:
        if clip.sha256 in wanted:
            used[clip.sha256] = clip
    kept = tuple(alert if alert.words in used else replace(alert, words=None) for alert in alerts)
    return Alerts(
        tenant=tenant,
        area=area,
        version=version,
        epoch=epoch,
        issued_at=now,
        expires_at=now + DOCUMENT_LIFE,
        clips=tuple(used.values()),
        alerts=kept,
        boot_nonce=boot_nonce,
    )


def _communes(tree: Tree, target: PlaceCode) -> tuple[PlaceCode, ...]:
    chain = [code for code in tree.chain(target) if tree.area(code).level is Level.COMMUNE]
    if chain:
        return tuple(chain)
    return tuple(a.code for a in tree.areas if a.level is Level.COMMUNE and tree.descends(a.code, target))


def _name_to_type(form: EmergencyForm, tree: Tree) -> str:
    """The commune's name (or that of the wider unit which holds all targets)."""
    place = common(form.targets, tree)
    communes = [code for code in tree.chain(place) if tree.area(code).level is Level.COMMUNE]
    return tree.area(communes[0] if communes else place).name


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _ms(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
