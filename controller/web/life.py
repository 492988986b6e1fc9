"""The strip of a bài's life: each step by shape, word and colour, with who, when and how many."""

from dataclasses import dataclass

from controller.dispatch.announcements.lives import Deed, Life, Linked
from controller.store.lives import Aired
from controller.web.looks import Look
from controller.web.says import Says
from schedules.announcement import State

HANDED_IN = frozenset({State.SUBMITTED, State.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; ``href`` leads to the other bài that it is about."""

    look: Look
    lines: tuple[str, ...]
    now: bool = False
    href: str = ""
    link: str = ""


def steps(life: Life, says: Says) -> tuple[Step, ...]:
    """From draft to what became of it."""
    found = [_written(life, says), _submitted(life, says), _approved(life, says)]
    if life.state is State.WITHDRAWN:
        if life.aired.played:
            found.append(_aired(life, says))
        found.append(_withdrawn(life, says))
    else:
        found += [_planned(life, says), _aired(life, says)]
    return (*found, *(_corrected(one, says) for one in life.corrections))


def short_hash(content_hash: str) -> str:
    """`3f9a 12bc`: enough for two people to compare by eye."""
    return f"{content_hash[:4]} {content_hash[4:8]}" if content_hash else ""


def heard_words(aired: Aired, says: Says) -> str:
    """How many nodes let it out and what was sensed there; zeros that say nothing are left out."""
    t = says.t
    parts = [t("life.heard", n=says.number(aired.heard))] if aired.heard or not aired.played else []
    counts = (("life.unknown", aired.unknown), ("life.unheard", aired.unheard), ("life.missed", aired.missed))
    parts += [t(key, n=says.number(n)) for key, n in counts if n]
    if aired.cancelled:
        parts.append(t("life.cancelled", n=says.number(aired.cancelled)))
    return " · ".join(parts)


def _written(life: Life, says: Says) -> Step:
    if life.state is State.RETURNED:
        return Step(look=_look("warn", "▲", "state.returned", says), lines=_by(life.wrote, says), now=True)
    if life.state is State.DRAFT:
        return Step(look=_look("live", "✎", "life.draft", says), lines=_by(life.wrote, says), now=True)
    return Step(look=_look("good", "✔", "life.written", says), lines=_by(life.wrote, says))


def _submitted(life: Life, says: Says) -> Step:
    if life.state is State.SUBMITTED:
        return Step(
            look=_look("live", "●", "state.submitted", says), lines=_by(life.submitted, says), now=True
        )
    if life.state is State.APPROVED or (life.state is State.WITHDRAWN and life.submitted is not None):
        return Step(look=_look("good", "✔", "life.submitted", says), lines=_by(life.submitted, says))
    return _to_come("life.submitted", says)


def _approved(life: Life, says: Says) -> Step:
    if life.approved is None:
        return _to_come("life.approved", says)
    mark = says.t("life.hash", hash=short_hash(life.content_hash))
    return Step(look=_look("good", "✔", "life.approved", says), lines=(*_by(life.approved, says), mark))


def _planned(life: Life, says: Says) -> Step:
    t = says.t
    if life.state is not State.APPROVED:
        return _to_come("life.planned", says)
    if not life.ahead:
        if life.aired.played or life.sounding:
            return Step(look=_look("good", "✔", "life.planned", says), lines=(t("life.no_more"),))
        waits = t("life.waits_report") if life.corrects is not None else t("life.waits_place")
        return Step(look=_look("live", "●", "life.planned", says), lines=(waits,), now=True)
    first = life.ahead[0]
    lines = [t("life.next", when=says.names([says.when(one.due_at) for one in life.ahead]))]
    if first.nodes:
        lines.append(t("life.holding", holding=says.number(first.holding), n=says.number(first.nodes)))
    return Step(look=_look("live", "●", "life.planned", says), lines=tuple(lines), now=True)


def _aired(life: Life, says: Says) -> Step:
    aired, t = life.aired, says.t
    if life.sounding:
        look = Look(tone="live", shape="●", word=t("life.sounding", n=says.number(life.sounding)))
        return Step(look=look, lines=(heard_words(aired, says),) if aired.played else (), now=True)
    if not aired.played and not aired.missed:
        return _to_come("life.aired", says)
    lines = (
        [t("life.last", n=says.number(aired.times), when=says.when(aired.last_at))] if aired.last_at else []
    )
    lines.append(heard_words(aired, says))
    if not aired.played:
        return Step(look=_look("bad", "✖", "life.not_aired", says), lines=tuple(lines))
    sure = aired.heard == aired.played and not aired.missed
    look = _look("good", "✔", "life.aired", says) if sure else _look("warn", "▲", "life.aired", says)
    return Step(look=look, lines=tuple(lines))


def _withdrawn(life: Life, says: Says) -> Step:
    lines = list(_by(life.withdrew, says))
    if life.withdrew is not None and life.withdrew.reason:
        lines.append(says.t("life.reason", reason=life.withdrew.reason))
    if life.stopped:
        lines.append(says.t("life.was_stopped"))
    return Step(look=_look("rest", "■", "state.withdrawn", says), lines=tuple(lines), now=True)


def _corrected(one: Linked, says: Says) -> Step:
    heard = one.aired
    done = one.state is State.APPROVED and heard.played >= one.asked > 0
    look = _look("good", "✔", "life.corrected", says) if done else _look("warn", "▲", "life.correcting", says)
    said = says.t("life.correction_told", n=says.number(heard.played), total=says.number(one.asked))
    lines = (said,) if one.state is State.APPROVED else (says.t(f"state.{one.state.value}"),)
    return Step(look=look, lines=lines, href=f"/bai/{one.id}", link=one.title)


def _by(deed: Deed | None, says: Says) -> tuple[str, ...]:
    return () if deed is None else (says.t("life.by", who=deed.who, when=says.when(deed.at)),)


def _to_come(key: str, says: Says) -> Step:
    return Step(look=_look("rest", "○", key, says), lines=())


def _look(tone: str, shape: str, key: str, says: Says) -> Look:
    return Look(tone=tone, shape=shape, word=says.t(key))
