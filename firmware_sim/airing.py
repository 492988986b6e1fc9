"""From a cleared item to sound and back: the floor, the parts of an item, the wait for the words."""

from dataclasses import replace
from datetime import datetime

from devices import arbitration
from devices.alerts import TONE_MS
from devices.arbitration import Cut, Drop, Play
from devices.errors import Code
from devices.items import ClaimId, Content, Item
from devices.messages import BulletinClass, ClipHash, ClockState, Heard, ReceiptKind
from firmware_sim import claims, listening, reporting, storing, streaming
from firmware_sim.effects import Examine, SoundBegan, SoundOver, StartSound, StopSound, Sync
from firmware_sim.parts import STREAM, before, place, source_of
from firmware_sim.state import Airing, Stretch, Turn

REPEATED_TONE = "attention"


def floor_input(turn: Turn, given: arbitration.Input) -> None:
    """One more fact for the floor, and what follows from it."""
    step = arbitration.step(turn.state.floor, given, _wall(turn))
    wake = turn.state.clock.mono(step.wake_at) if step.wake_at is not None else None
    turn.change(floor=step.floor, floor_wake=wake)
    for effect in step.effects:
        match effect:
            case Play(item=item, from_ms=from_ms):
                _play(turn, item, from_ms)
            case Cut(item=item, reason=reason, resumes=resumes):
                _cut(turn, item, str(reason), resumes)
            case Drop(item=item, reason=reason):
                _drop(turn, item, str(reason))


def part_examined(turn: Turn, claim: ClaimId, sha: ClipHash, content: Content) -> None:
    """The copy of a part that is next was read: it sounds, or it went bad since the gate."""
    airing = turn.state.airings.get(claim)
    stretch = turn.state.stretch
    if airing is None or stretch is None or stretch.claim != claim:
        return
    part = airing.parts[stretch.index]
    if part.name == STREAM:
        if content.sha256 not in (None, sha):
            storing.spoilt(turn, sha)
        streaming.filler_examined(turn, airing, content.sha256 == sha)
        return
    if part.clip == sha and content.sha256 == sha:
        _sound(turn, replace(airing, checked=True), stretch.index, stretch.from_ms)
        return
    if content.sha256 is not None:
        storing.spoilt(turn, sha)
    _no_content(turn, airing)


def began(turn: Turn, given: SoundBegan) -> None:
    """The first sample is out: only now is it started."""
    stretch = turn.state.stretch
    if stretch is None or stretch.number != given.number:
        return
    airing = turn.state.airings[stretch.claim]
    turn.change(mark_at=max(turn.now, stretch.since + turn.state.habits.mark_s))
    if not airing.started:
        turn.airing(replace(airing, started=True))
        item = airing.item
        began_at = turn.state.clock.wall(stretch.since)
        late_ms = round((began_at - item.due_at).total_seconds() * 1000)
        if turn.state.clock.state is ClockState.UNSURE:
            late_ms = 0
        reporting.receipt(
            turn,
            ReceiptKind.STARTED,
            at_own=stretch.since,
            late_ms=late_ms,
            restarts=airing.restarts,
            **reporting.about(item),
        )


def over(turn: Turn, given: SoundOver) -> None:
    """A stretch ended or was stopped; the next part follows, or the item is finished."""
    claim = turn.state.stopped.get(given.number)
    if claim is not None:
        rest = {number: other for number, other in turn.state.stopped.items() if number != given.number}
        turn.change(stopped=rest)
        _stopped(turn, claim, given)
        return
    stretch = turn.state.stretch
    if stretch is None or stretch.number != given.number:
        return
    airing = turn.state.airings[stretch.claim]
    airing = replace(airing, heard=_merge(airing.heard, given.heard))
    _note_amplifier(turn, given)
    if given.trouble is not None:
        turn.airing(airing)
        finish(turn, airing, given.trouble)
        return
    if airing.parts[stretch.index].name == STREAM:
        turn.airing(airing)
        streaming.over(turn, airing)
        stream_due(turn)
        return
    if airing.silent_since is not None:
        _next_part(turn, airing, stretch.index)
        return
    done_ms = airing.done_ms + airing.parts[stretch.index].length_ms
    _next_part(turn, replace(airing, done_ms=done_ms, checked=False), stretch.index + 1)


def stream_due(turn: Turn) -> None:
    """A stream on air goes on, or is over by now."""
    ending = streaming.ending(turn)
    if ending is None:
        streaming.pump(turn)
        return
    airing, reason = ending
    if reason == streaming.LOST:
        listening.lose(turn, airing)
    airing = streaming.cut(turn, replace(airing, closing=reason, ended=True))
    airing = replace(airing, done_ms=airing.done_ms + before(airing, airing.index))
    turn.airing(airing)
    stretch = turn.state.stretch
    if stretch is not None and stretch.number:
        # What was heard is known when the player has stopped.
        streaming.hush(turn, airing)
    else:
        _next_part(turn, airing, airing.index + 1)


def words_came(turn: Turn) -> None:
    """A clip was stored: an emergency that waits in silence for it speaks now."""
    stretch = turn.state.stretch
    if stretch is None:
        return
    airing = turn.state.airings[stretch.claim]
    if airing.silent_since is not None and stretch.number == 0:
        _next_part(turn, airing, airing.index)


def silence_due(turn: Turn) -> None:
    """An emergency that waits for its words is not silent for long (EN 50849), and not for ever."""
    stretch = turn.state.stretch
    airing = turn.state.airings.get(stretch.claim) if stretch is not None else None
    if stretch is None or airing is None or airing.silent_since is None or stretch.number != 0:
        return
    if airing.words_due is not None and turn.now >= airing.words_due:
        _after_words(turn, airing)
    elif turn.now >= airing.silent_since + turn.state.habits.silence_most_s:
        _start(turn, airing, stretch.index, 0, tone=REPEATED_TONE)


def silence_wake(turn: Turn) -> float | None:
    """When that has to be looked at."""
    stretch = turn.state.stretch
    airing = turn.state.airings.get(stretch.claim) if stretch is not None and stretch.number == 0 else None
    if airing is None or airing.silent_since is None:
        return None
    repeat = airing.silent_since + turn.state.habits.silence_most_s
    return min(repeat, airing.words_due) if airing.words_due is not None else repeat


def mark_due(turn: Turn) -> None:
    """Each second the position is noted in flash, so that a power cut does not say it all again."""
    state = turn.state
    if state.mark_at is None or turn.now < state.mark_at:
        return
    stretch = state.stretch
    if stretch is None or stretch.number == 0:
        turn.change(mark_at=None)
        return
    turn.change(mark_at=turn.now + state.habits.mark_s)
    claims.keep_claim(turn, state.airings[stretch.claim], position(turn))
    turn.do(Sync())


def position(turn: Turn) -> int:
    """How far the sounding item is, in ms of its whole."""
    stretch = turn.state.stretch
    if stretch is None:
        return 0
    airing = turn.state.airings[stretch.claim]
    if airing.parts[stretch.index].name == STREAM:
        return before(airing, stretch.index) + streaming.played_ms(turn, airing)
    if stretch.number == 0 or airing.silent_since is not None:
        return airing.done_ms
    out_ms = stretch.from_ms + round((turn.now - stretch.since) * 1000)
    return airing.done_ms + min(out_ms, airing.parts[stretch.index].length_ms)


def finish(turn: Turn, airing: Airing, reason: str | None) -> None:
    """The item is at its end: receipts, then the floor gives the word to whoever waits."""
    turn.airing(airing)
    claims.close(turn, airing, reason if reason is not None else airing.closing)
    _leave_floor(turn, airing)


def _play(turn: Turn, item: Item, from_ms: int) -> None:
    airing = turn.state.airings.get(item.claim)
    if airing is None:
        return
    if item.stream is not None:
        # A drill's stream is framed anew; one that is over needs only what follows it.
        _next_part(turn, airing, len(airing.parts) - 1 if airing.ended else 0)
        return
    whole = item.bulletin_class is BulletinClass.EMERGENCY
    index, offset = place(airing, 0 if whole and not from_ms else airing.base_ms + from_ms)
    done_ms = before(airing, index)
    if (airing.index, airing.done_ms, airing.silent_since) != (index, done_ms, None):
        airing = replace(airing, index=index, done_ms=done_ms, silent_since=None)
    _next_part(turn, airing, index, offset)


def _next_part(turn: Turn, airing: Airing, index: int, from_ms: int = 0) -> None:
    if index >= len(airing.parts):
        finish(turn, airing, None)
        return
    part = airing.parts[index]
    if airing.index != index:
        airing = replace(airing, index=index)
    if part.name == STREAM:
        if airing.ended:
            finish(turn, airing, None)
        else:
            streaming.enter(turn, airing, index)
    elif part.clip is None:
        _sound(turn, airing, index, from_ms)
    elif part.name == "words" and (part.clip not in turn.state.clips or airing.words_refused):
        _wait_for_words(turn, airing, index)
    elif airing.checked:
        _sound(turn, airing, index, from_ms)
    else:
        turn.airing(airing)
        _set_stretch(turn, airing, index, from_ms)
        turn.do(Examine(claim=airing.item.claim, sha256=part.clip))


def _wait_for_words(turn: Turn, airing: Airing, index: int) -> None:
    due = airing.words_due if airing.words_due is not None else turn.now + turn.state.habits.words_wait_s
    waiting = replace(airing, silent_since=turn.now, words_due=due)
    if turn.now >= due:
        _after_words(turn, waiting)
        return
    turn.airing(waiting)
    _set_stretch(turn, waiting, index, 0)


def _after_words(turn: Turn, airing: Airing) -> None:
    """The words never came: what follows them (a drill's frame) still sounds."""
    airing = replace(airing, silent_since=None, closing="no_words")
    _next_part(turn, airing, airing.index + 1)


def _set_stretch(turn: Turn, airing: Airing, index: int, from_ms: int) -> None:
    """The item has the floor but nothing goes out (yet): stretch number 0."""
    turn.change(
        stretch=Stretch(number=0, claim=airing.item.claim, index=index, from_ms=from_ms, since=turn.now)
    )


def _sound(turn: Turn, airing: Airing, index: int, from_ms: int) -> None:
    if airing.silent_since is not None:
        airing = replace(airing, silent_since=None)
    _start(turn, airing, index, from_ms, tone=None)


def _start(turn: Turn, airing: Airing, index: int, from_ms: int, tone: str | None) -> None:
    """Tells the player; ``tone`` is given where the attention tone fills the wait for the words."""
    part, item, number = airing.parts[index], airing.item, turn.state.number + 1
    filling = tone is not None
    turn.change(number=number)
    turn.airing(airing if not filling else replace(airing, silent_since=turn.now))
    turn.change(
        stretch=Stretch(number=number, claim=item.claim, index=index, from_ms=from_ms, since=turn.now)
    )
    turn.do(
        StartSound(
            number=number,
            claim=item.claim,
            part="attention" if filling else part.name,
            source=source_of(item),
            bulletin_class=item.bulletin_class,
            mode=item.mode,
            due_at=item.due_at,
            expires_at=item.expires_at,
            from_ms=from_ms,
            length_ms=TONE_MS[tone] if tone is not None else part.length_ms,
            volume=airing.volume,
            restarts=airing.restarts,
            clip=None if filling else part.clip,
            tone=tone if tone is not None else part.tone,
        )
    )


def _cut(turn: Turn, item: Item, reason: str, resumes: bool) -> None:
    airing = turn.state.airings.get(item.claim)
    if airing is None:
        return
    stretch = turn.state.stretch
    reached_ms = position(turn) if stretch is not None and stretch.claim == item.claim else airing.done_ms
    if not airing.ended:
        airing = streaming.cut(turn, airing) if item.stream is not None else airing
        airing = replace(airing, cuts=airing.cuts + 1, done_ms=reached_ms, silent_since=None)
        airing = airing if resumes else replace(airing, closing=reason)
    turn.airing(airing)
    claims.keep_claim(turn, airing, reached_ms)
    if stretch is not None and stretch.claim == item.claim:
        turn.change(stretch=None)
        if stretch.number:
            turn.change(stopped={**turn.state.stopped, stretch.number: item.claim})
            turn.do(StopSound(number=stretch.number))
            return
    if airing.ended and item.claim in turn.state.stopped.values():
        return
    if not resumes:
        claims.close(turn, airing, airing.closing if airing.ended else reason)


def _stopped(turn: Turn, claim: ClaimId, given: SoundOver) -> None:
    airing = turn.state.airings.get(claim)
    if airing is None:
        return
    airing = replace(airing, heard=_merge(airing.heard, given.heard))
    turn.airing(airing)
    stretch = turn.state.stretch
    if airing.ended and stretch is not None and stretch.claim == claim and not stretch.number:
        _next_part(turn, airing, stretch.index + 1)
        return
    if (airing.closing is not None or airing.ended) and (stretch is None or stretch.claim != claim):
        claims.close(turn, airing, airing.closing)


def _drop(turn: Turn, item: Item, reason: str) -> None:
    airing = turn.state.airings.get(item.claim)
    if airing is not None and airing.started:
        # What was broken off by a power cut and found no moment to go on ended there, not in the queue.
        late = reason in (arbitration.Reason.LATE, arbitration.Reason.PREEMPTED)
        claims.close(turn, airing, "power_cut" if airing.restarts and late else reason)
        return
    claims.forget(turn, item.claim)
    code = Code.STOPPED if reason == arbitration.Reason.STOPPED else Code.EXPIRED
    claims.refuse(turn, item, str(code), reason)
    claims.keep_done(turn, item)


def _no_content(turn: Turn, airing: Airing) -> None:
    """The stored copy went bad between the gate and its turn."""
    part = airing.parts[airing.index]
    if part.name == "words":
        _wait_for_words(turn, airing, airing.index)
        return
    if airing.started:
        finish(turn, airing, "content")
        return
    claims.refuse(turn, airing.item, str(Code.CONTENT), "the stored copy is not the one that was signed")
    _leave(turn, airing)


def _leave(turn: Turn, airing: Airing) -> None:
    claims.forget(turn, airing.item.claim)
    claims.keep_done(turn, airing.item)
    _leave_floor(turn, airing)


def _leave_floor(turn: Turn, airing: Airing) -> None:
    if turn.state.stretch is not None and turn.state.stretch.claim == airing.item.claim:
        turn.change(stretch=None)
    if not airing.item.silent:
        floor_input(turn, arbitration.Ended(claim=airing.item.claim, played_ms=airing.done_ms))


def _note_amplifier(turn: Turn, given: SoundOver) -> None:
    if given.heard is not Heard.UNKNOWN and given.trouble is None:
        turn.change(amplifier_fault=given.heard is Heard.NO)


def _merge(old: Heard, new: Heard) -> Heard:
    """Heard once is heard; not heard anywhere it could be sensed is not heard."""
    if Heard.YES in (old, new):
        return Heard.YES
    return Heard.NO if Heard.NO in (old, new) else Heard.UNKNOWN


def _wall(turn: Turn) -> datetime:
    return turn.state.clock.wall(turn.now)
