"""The speech process under supervision: killed, stuck or gone, and what becomes of the readings."""

import asyncio
import hashlib
import os
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from controller.studio.child import SpeechProcess
from controller.studio.spawn import SpeechSettings
from controller.studio.speech import Speaker, SpeechDone, SpeechFailed, SpeechOrder
from tests.support.inline_speaker import InlineSpeaker
from tests.support.moody_voice import part_files
from tts.engines.engine import Style

VOICE = "tests.support.moody_voice:open_engine"
SHORT = SpeechOrder(text="Mời bà con họp thôn lúc 7 giờ.")
SLOW = SpeechOrder(text="Câu một đọc chậm. Câu hai đọc chậm. Câu ba đọc chậm. Câu bốn đọc chậm.")
SIREN = SpeechOrder(text="Lũ lên nhanh, bà con lên chỗ cao ngay.", style=Style.EMERGENCY, chime=False)


def settings(path: Path, *, engines: tuple[str, ...] = (VOICE,), deadline_s: float = 30.0) -> SpeechSettings:
    return SpeechSettings(
        cache_dir=path / "speech", clips_dir=path / "clips", engines=engines, threads=1, deadline_s=deadline_s
    )


def with_speech(
    chosen: SpeechSettings, story: Callable[[SpeechProcess], Awaitable[None]], told: list[str] | None = None
) -> None:
    reasons = [] if told is None else told

    async def whole() -> None:
        speech = SpeechProcess(chosen, random.Random(1), reasons.append)
        await speech.start()
        try:
            async with asyncio.timeout(90):
                await story(speech)
        finally:
            await speech.stop()
        assert speech.pid is None

    asyncio.run(whole())


def check_clip(path: Path, done: SpeechDone) -> None:
    data = (path / "clips" / done.clip.sha256).read_bytes()
    assert hashlib.sha256(data).hexdigest() == done.clip.sha256
    assert len(data) == done.clip.bytes
    assert done.clip.duration_ms > 300


def test_a_text_becomes_a_clip_with_progress_in_sentences(tmp_path: Path) -> None:
    async def story(speech: SpeechProcess) -> None:
        seen: list[tuple[int, int]] = []
        done = await speech.render(SLOW, lambda sentence, of: seen.append((sentence, of)))
        check_clip(tmp_path, done)
        assert seen == [(k, 4) for k in range(1, 5)]
        again = await speech.render(SLOW)
        assert again.clip.sha256 == done.clip.sha256
        spelled = await speech.spell("Họp lúc 7 giờ")
        assert "bảy" in spelled.spoken
        await speech.warm()
        assert speech.restarts == 0

    with_speech(settings(tmp_path), story)


def test_a_text_that_holds_nothing_to_say_is_refused_for_good(tmp_path: Path) -> None:
    async def story(speech: SpeechProcess) -> None:
        with pytest.raises(SpeechFailed) as refusal:
            await speech.render(SpeechOrder(text="…"))
        assert refusal.value.code == "E_TEXT_UNSPEAKABLE"
        assert refusal.value.permanent
        check_clip(tmp_path, await speech.render(SHORT))
        assert speech.restarts == 0

    with_speech(settings(tmp_path), story)


@pytest.mark.promise("F01")
def test_a_child_killed_in_mid_sentence_is_replaced_and_the_reading_done_once_more(tmp_path: Path) -> None:
    told: list[str] = []

    async def story(speech: SpeechProcess) -> None:
        begun = asyncio.Event()
        reading = asyncio.create_task(speech.render(SLOW, lambda sentence, of: begun.set()))
        await begun.wait()
        first = speech.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        check_clip(tmp_path, await reading)
        assert speech.restarts == 1
        assert speech.pid not in (None, first)
        assert part_files(tmp_path / "clips") == []

    with_speech(settings(tmp_path), story, told)
    assert told == ["ended"]


def test_what_a_dead_child_left_half_written_is_swept_away(tmp_path: Path) -> None:
    async def story(speech: SpeechProcess) -> None:
        await speech.render(SHORT)
        assert speech.pid is not None
        left = tmp_path / "clips" / f".{'a' * 64}.{speech.pid}.part"
        left.write_bytes(b"half")
        os.kill(speech.pid, signal.SIGKILL)
        while not speech.restarts:  # before anything else is read
            await asyncio.sleep(0.01)
        assert part_files(tmp_path / "clips") == []

    with_speech(settings(tmp_path), story)


def test_a_text_that_kills_the_child_twice_fails_and_the_next_one_is_read(tmp_path: Path) -> None:
    async def story(speech: SpeechProcess) -> None:
        poison = asyncio.create_task(speech.render(SpeechOrder(text="Câu này làm gục máy.")))
        after = asyncio.create_task(speech.render(SHORT))
        with pytest.raises(SpeechFailed) as failure:
            await poison
        assert failure.value.code == "E_SPEECH_BROKEN"
        assert not failure.value.permanent
        check_clip(tmp_path, await after)
        assert speech.restarts == 2

    with_speech(settings(tmp_path), story)


def test_a_child_that_falls_silent_is_killed_after_its_deadline(tmp_path: Path) -> None:
    told: list[str] = []

    async def story(speech: SpeechProcess) -> None:
        await speech.render(SHORT)
        with pytest.raises(SpeechFailed):
            await speech.render(SpeechOrder(text="Câu này làm treo máy."))
        check_clip(tmp_path, await speech.render(SIREN))

    with_speech(settings(tmp_path, deadline_s=3.0), story, told)
    assert told == ["fell silent", "fell silent"]


def test_idleness_is_no_silence_and_work_resets_the_deadline(tmp_path: Path) -> None:
    async def story(speech: SpeechProcess) -> None:
        await speech.render(SHORT)
        await asyncio.sleep(2.2)
        many = " ".join(f"Câu số {k} đọc chậm." for k in range(8))
        await speech.render(SpeechOrder(text=many))
        assert speech.restarts == 0

    with_speech(settings(tmp_path, deadline_s=2.0), story)


def test_an_emergency_goes_ahead_of_a_bulletin_that_is_half_done(tmp_path: Path) -> None:
    async def story(speech: SpeechProcess) -> None:
        order: list[str] = []

        async def read(name: str, what: SpeechOrder, began: asyncio.Event | None = None) -> None:
            await speech.render(what, lambda sentence, of: began.set() if began else None)
            order.append(name)

        begun = asyncio.Event()
        slow = asyncio.create_task(read("bulletin", SLOW, begun))
        await begun.wait()
        next_one = asyncio.create_task(read("next bulletin", SHORT))
        await asyncio.sleep(0)
        await asyncio.gather(slow, next_one, read("emergency", SIREN))
        assert order == ["emergency", "bulletin", "next bulletin"]

    with_speech(settings(tmp_path), story)


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
def test_a_child_that_never_starts_is_answered_too(tmp_path: Path, python: str) -> None:
    async def story(speech: SpeechProcess) -> None:
        with pytest.raises(SpeechFailed) as failure:
            await speech.render(SIREN)
        assert failure.value.code == "E_SPEECH_BROKEN"

    with_speech(replace(settings(tmp_path), python=python), story)


def test_stopping_ends_the_child_and_answers_everybody(tmp_path: Path) -> None:
    async def story(speech: SpeechProcess) -> None:
        begun = asyncio.Event()
        open_ones = [
            asyncio.create_task(speech.render(SLOW, lambda sentence, of: begun.set())),
            asyncio.create_task(speech.render(SHORT)),
        ]
        await begun.wait()
        pid = speech.pid
        assert pid is not None
        await speech.stop()
        for reading in open_ones:
            with pytest.raises(SpeechFailed) as failure:
                await reading
            assert failure.value.code == "E_SPEECH_STOPPED"
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(SpeechFailed):
            await speech.render(SHORT)

    with_speech(settings(tmp_path), story)


def test_an_order_nobody_waits_for_any_more_is_not_read(tmp_path: Path) -> None:
    async def story(speech: SpeechProcess) -> None:
        begun = asyncio.Event()
        slow = asyncio.create_task(speech.render(SLOW, lambda sentence, of: begun.set()))
        await begun.wait()
        given_up = asyncio.create_task(speech.render(SpeechOrder(text="Câu này làm gục máy.")))
        await asyncio.sleep(0)
        given_up.cancel()
        await slow
        await speech.render(SHORT)
        assert speech.restarts == 0

    with_speech(settings(tmp_path), story)


def test_the_inline_speaker_gives_the_same_kinds_of_answer(tmp_path: Path) -> None:
    async def story() -> None:
        speaker: Speaker = InlineSpeaker(tmp_path / "clips")
        await speaker.start()
        seen: list[tuple[int, int]] = []
        done = await speaker.render(SLOW, lambda sentence, of: seen.append((sentence, of)))
        check_clip(tmp_path, done)
        assert seen == [(k, 4) for k in range(1, 5)]
        with pytest.raises(SpeechFailed) as refusal:
            await speaker.render(SpeechOrder(text="…"))
        assert refusal.value.permanent
        assert "bảy" in (await speaker.spell("Họp lúc 7 giờ")).spoken
        await speaker.warm()
        await speaker.stop()

    asyncio.run(story())
