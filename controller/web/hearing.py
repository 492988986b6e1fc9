"""What the page says about a sound: who spoke it, what the checks found, what a recogniser made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from controller.dispatch.forms.alerts import Gate
from controller.dispatch.forms.sound import Rendering
from controller.doors.ranges import given
from controller.store.clips import ClipFacts
from controller.store.sounds import RenderState
from controller.store.speech import Hearing, Report
from controller.studio.voices import abroad
from controller.web.page import Page
from controller.web.says import Says
from controller.web.telling import sound
from tts.engines.engine import Style

MOST_LINES = 12
CHECKS_ALONE = "nghe"
FirstShown = Annotated[str, Query(max_length=64)]
Piece = Annotated[str, Query(max_length=8)]
_PRIVATE = {"Cache-Control": "private, max-age=3600", "Content-Type": "audio/ogg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A sentence around what was not heard as written."""

    before: str
    written: str
    after: str
    said: str
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """``lines`` want to be looked at; ``hearing`` says whether anybody listened; ``waits``: it goes on."""

    measured: str
    lines: tuple[str, ...]
    hearing: str
    waits: bool
    unsure: bool
    doubts: tuple[Doubt, ...]


async def sound_facts(
    page: Page, rendering: Rendering | None, place: str, first_shown: str = ""
) -> dict[str, Any]:
    """What ``_sound.html`` shows of a sound; ``place`` is the address under which its pieces are asked for.

    ``first_shown`` is the first sentence whose player the page has already.
    """
    says = page.says
    first = rendering.first if rendering is not None else None
    facts: dict[str, Any] = {**sound(rendering, says), "place": place, "first": first}
    facts["first_shown"] = first is not None and first == first_shown
    if rendering is not None and rendering.state is RenderState.READY:
        report, clip = await page.house.views.sound_facts(rendering)
        if clip is not None:
            facts["checks"] = checks(report, clip, says, default_voice(page))
    return {"sound": facts, "sound_url": f"{place}/tieng"}


async def sound_piece(
    page: Page, rendering: Rendering, place: str, first_shown: str = "", part: str = ""
) -> str:
    """The piece of a page that follows how far a sound is; ``part`` ``nghe`` asks for the checks alone."""
    facts = await sound_facts(page, rendering, place, first_shown)
    if part == CHECKS_ALONE and facts["sound"]["checks"] is not None:
        return page.part("_checks.html", **facts)
    return page.part("_sound.html", **facts)


def checks(report: Report | None, clip: ClipFacts, says: Says, usual: str) -> Checks:
    """The measured level always; the rest only where something is to be said about it."""
    if report is None:
        return Checks(
            measured=_measured(clip, 0.0, says), lines=(), hearing="", waits=False, unsure=False, doubts=()
        )
    lines = (*_by_others(report.said, usual, says), *_findings(report.findings, says))
    doubts = tuple(_doubt(one) for one in report.doubts)
    return Checks(
        measured=_measured(clip, report.words_a_minute, says),
        lines=lines[:MOST_LINES],
        hearing=_hearing(report, says),
        waits=report.hearing is Hearing.WAITING,
        unsure=bool(doubts),
        doubts=doubts[:MOST_LINES],
    )


def default_voice(page: Page) -> str:
    """The engine that normally speaks."""
    return page.house.settings.engines[0]


def leaving(page: Page) -> str:
    """The sentence that warns where the text of a bài leaves the house; empty where it never does."""
    hosts = list(dict.fromkeys(one.host for one in abroad(page.house.settings)))
    return page.says.t("sound.abroad", hosts=page.says.names(hosts)) if hosts else ""


def gate_facts(
    page: Page, gate: Gate | None, action: str, *, apart: bool = False, player: bool = False
) -> dict[str, Any]:
    """What ``_gate.html`` shows: words that are held, and the button for whoever has listened."""
    gate = gate or Gate()
    says = page.says
    heard = ""
    if gate.heard_by_name and gate.heard_at is not None:
        heard = says.t("gate.heard", name=gate.heard_by_name, when=says.when(gate.heard_at))
    return {
        "gate": gate,
        "gate_heard": heard,
        "gate_action": action,
        "gate_apart": apart,
        "gate_player": player,
        "token": page.visitor.form_token if page.visitor else "",
    }


async def horn(request: Request, page: Page, rendering: Rendering) -> Response:
    """The sound as at the foot of the pole, in parts and with a tag like any clip."""
    path = await page.house.views.horn(rendering)
    return await given(request, page.house.lanes.files, path, path.name, _PRIVATE)


async def first_sentence(request: Request, page: Page, rendering: Rendering) -> Response:
    """The first sentence while the rest is being spoken."""
    path = page.house.views.first_sentence(rendering)
    return await given(request, page.house.lanes.files, path, path.name, _PRIVATE)


def _measured(clip: ClipFacts, words_a_minute: float, says: Says) -> str:
    facts = {"lufs": says.decimal(clip.lufs), "peak": says.decimal(clip.peak_dbfs)}
    if words_a_minute:
        return says.t("checks.measured_pace", pace=round(words_a_minute), **facts)
    return says.t("checks.measured", **facts)


def _by_others(said: Sequence[Mapping[str, Any]], usual: str, says: Says) -> tuple[str, ...]:
    """One line for each voice that stood in, with its first sentence; the usual voice needs no mention."""
    sentences: dict[str, list[str]] = {}
    for one in said:
        if one["engine"] != usual:
            sentences.setdefault(str(one["engine"]), []).append(str(one["sentence"]))
    total = len(said)
    return tuple(
        says.t("checks.all_by_other", voice=engine)
        if len(theirs) == total
        else says.t("checks.by_other", voice=engine, n=len(theirs), of=total, sentence=_short(theirs[0]))
        for engine, theirs in sentences.items()
    )


def _findings(findings: Sequence[Mapping[str, Any]], says: Says) -> tuple[str, ...]:
    language = "vi" if says.t.language == "vi" else "en"
    return tuple(
        says.t("checks.finding", sentence=_short(str(one["sentence"])), said=str(one[language]))
        if one.get("sentence")
        else str(one[language])
        for one in findings
    )


def _hearing(report: Report, says: Says) -> str:
    match report.hearing:
        case Hearing.WAITING:
            return says.t("hearing.waiting")
        case Hearing.ABSENT:
            return says.t("hearing.absent")
        case Hearing.FAILED:
            return says.t("hearing.failed")
        case Hearing.HEARD if not report.doubts:
            return says.t("hearing.good", percent=round(100 * report.alike / max(1, report.words)))
        case Hearing.HEARD:
            key = (
                "hearing.differs" if report.differs and report.style == Style.EMERGENCY else "hearing.doubts"
            )
            return says.t(key, n=len(report.doubts))


def _doubt(one: Mapping[str, Any]) -> Doubt:
    sentence, start, end = str(one["sentence"]), int(one["start"]), int(one["end"])
    return Doubt(
        before=sentence[:start],
        written=sentence[start:end],
        after=sentence[end:],
        said=str(one["heard"]),
        differs=bool(one["differs"]),
    )


def _short(sentence: str) -> str:
    words = sentence.split()
    return " ".join(words[:8]) + ("…" if len(words) > 8 else "")
