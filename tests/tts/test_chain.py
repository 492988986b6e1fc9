"""Who speaks when the first voice cannot: breaker, deadlines, order."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stub_voice import StubVoice
from tests.tts.voices import Broken, Empty, Hanging, Recording
from tts.breaker import FAILURES_TO_OPEN, FIRST_REST_S, LONGEST_REST_S, Breaker, Outcome, may_ask, step
from tts.chain import Chain, Recall
from tts.engines.engine import Pcm, Style
from tts.errors import EngineError, NoEngineLeft, SentenceUnfit


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class TestBreaker:
    def test_a_voice_that_works_is_always_asked(self) -> None:
        state = step(Breaker(), Outcome.SPOKE, 5.0).state
        assert may_ask(state, 5.0)

    def test_it_rests_after_failures_in_a_row(self) -> None:
        state = Breaker()
        for number in range(FAILURES_TO_OPEN):
            assert may_ask(state, 0.0)
            after = step(state, Outcome.FAILED, 0.0)
            state = after.state
            assert after.opened is (number == FAILURES_TO_OPEN - 1)
        assert after.wake_at == FIRST_REST_S
        assert not may_ask(state, FIRST_REST_S - 0.001)
        assert may_ask(state, FIRST_REST_S)

    def test_failing_again_at_once_doubles_the_rest(self) -> None:
        rested = Breaker(failures=3, rests=1, rests_until=15.0)
        again = step(rested, Outcome.FAILED, 15.0)
        assert again.wake_at == 15.0 + 2 * FIRST_REST_S

    def test_one_success_forgets_all(self) -> None:
        assert step(Breaker(failures=9, rests=4, rests_until=1.0), Outcome.SPOKE, 2.0).state == Breaker()

    @given(st.lists(st.tuples(st.sampled_from(Outcome), st.floats(0, 100)), max_size=40))
    def test_no_history_makes_it_rest_for_ever(self, history: list[tuple[Outcome, float]]) -> None:
        state, now = Breaker(), 0.0
        for outcome, passed in history:
            now += passed
            after = step(state, outcome, now)
            state = after.state
            assert after.wake_at is None or now < after.wake_at <= now + LONGEST_REST_S
            assert may_ask(state, now + LONGEST_REST_S)


class TestChain:
    @pytest.mark.promise("F71")
    @pytest.mark.parametrize(
        "first",
        [
            Broken(),
            Broken(failure=RuntimeError("a bug of its own")),
            Empty(),
            Empty(sound=np.zeros(24_000, dtype=np.float32)),
            Empty(sound=np.full(24_000, np.nan, dtype=np.float32)),
        ],
        ids=["fails", "has a bug", "empty", "silent", "not a number"],
    )
    def test_the_next_voice_speaks_where_the_first_cannot(self, first: Recording) -> None:
        spoken = Chain((first, StubVoice())).speak("xin chào", Style.BULLETIN)
        assert first.asked == ["xin chào"]
        assert spoken.engine == "stub"
        assert spoken.identity == "stub/1"

    def test_the_first_voice_speaks_where_it_can(self) -> None:
        second = Recording()
        assert Chain((StubVoice(), second)).speak("xin chào", Style.BULLETIN).engine == "stub"
        assert second.asked == []

    def test_a_failing_voice_is_left_alone_and_asked_again_later(self) -> None:
        clock, broken = Clock(), Broken()
        chain = Chain((broken, StubVoice()), clock=clock)
        for _ in range(10):
            chain.speak("xin chào", Style.BULLETIN)
        assert len(broken.asked) == FAILURES_TO_OPEN
        clock.now = FIRST_REST_S
        chain.speak("xin chào", Style.BULLETIN)
        assert len(broken.asked) == FAILURES_TO_OPEN + 1

    def test_a_sentence_that_does_not_fit_is_not_the_voices_fault(self) -> None:
        picky = Broken(failure=SentenceUnfit("picky", "too long"))
        chain = Chain((picky, StubVoice()), clock=Clock())
        for _ in range(6):
            chain.speak("xin chào", Style.BULLETIN)
        assert len(picky.asked) == 6

    def test_a_voice_that_hangs_is_passed_over_until_it_comes_back(self) -> None:
        hanging = Hanging()
        chain = Chain((hanging, StubVoice()), deadlines_s={"hanging": 0.05})
        try:
            for _ in range(2):
                assert chain.speak("xin chào", Style.BULLETIN).engine == "stub"
            assert len(hanging.asked) == 1
        finally:
            hanging.let_go.set()

    def test_an_emergency_never_goes_over_the_internet(self) -> None:
        online = Recording(online=True)
        chain = Chain((online, StubVoice()))
        assert chain.speak("nước lên", Style.EMERGENCY).engine == "stub"
        assert online.asked == []
        assert chain.speak("nước lên", Style.BULLETIN).engine == "recording"

    def test_without_a_voice_every_cause_is_named(self) -> None:
        with pytest.raises(NoEngineLeft) as refusal:
            Chain((Broken(), Empty())).speak("xin chào", Style.BULLETIN)
        assert len(refusal.value.causes) == 2
        assert "broken on purpose" in refusal.value.en
        assert refusal.value.code == "E_ENGINE_NONE"

    def test_a_chain_without_voices_says_so(self) -> None:
        with pytest.raises(NoEngineLeft, match="none is installed"):
            Chain(()).speak("xin chào", Style.BULLETIN)

    def test_errors_of_voices_carry_both_languages(self) -> None:
        failure = EngineError(code="E_TEST", vi="Hỏng.", en="broken", permanent=True)
        assert (failure.code, failure.vi, failure.permanent) == ("E_TEST", "Hỏng.", True)


class TestSpeakBy:
    """What can't be spoken by then is spoken by the next engine."""

    def test_a_voice_that_is_too_slow_for_the_moment_is_left_for_the_next(self) -> None:
        hanging = Hanging()
        chain = Chain((hanging, StubVoice()))
        spoken = chain.speak("một", Style.BULLETIN, speak_by=chain.now() + 0.2)
        hanging.let_go.set()
        assert spoken.engine == "stub"
        assert "E_ENGINE_SLOW" in spoken.causes[0]

    def test_no_time_left_means_that_only_the_last_voice_is_asked(self) -> None:
        clock = Clock()
        slow = Recording()
        chain = Chain((slow, StubVoice()), clock=clock)
        spoken = chain.speak("một", Style.BULLETIN, speak_by=clock.now - 1)
        assert (spoken.engine, spoken.causes) == ("stub", ("recording: no time left",))
        assert slow.asked == []

    def test_a_late_word_is_better_than_none(self) -> None:
        clock = Clock()
        only = Recording()
        assert Chain((only,), clock=clock).speak("một", Style.BULLETIN, speak_by=-1).engine == "recording"

    def test_where_the_last_voice_rests_the_one_before_it_may_take_its_time(self) -> None:
        clock = Clock()
        first, last = Broken(name="first", failure=SentenceUnfit("first", "not this one")), Broken()
        chain = Chain((first, last), clock=clock)
        for _ in range(FAILURES_TO_OPEN):
            with pytest.raises(NoEngineLeft):
                chain.speak("một", Style.BULLETIN)
        asked = len(first.asked)
        with pytest.raises(NoEngineLeft) as refusal:
            chain.speak("hai", Style.BULLETIN, speak_by=-1)
        assert len(first.asked) == asked + 1
        assert refusal.value.causes[1] == "broken rests"

    def test_hurrying_a_voice_is_no_failure_of_it(self) -> None:
        clock = Clock()
        hanging = Hanging()
        chain = Chain((hanging, StubVoice()), clock=clock)
        for _ in range(FAILURES_TO_OPEN + 1):
            chain.speak("một", Style.BULLETIN, speak_by=clock.now + 0.05)
            hanging.let_go.set()
            _until_back(chain, hanging)
            hanging.let_go.clear()
        hanging.let_go.set()
        assert chain.speak("một", Style.BULLETIN).engine == "hanging"

    def test_what_was_said_before_needs_no_time(self) -> None:
        kept = np.full(10, 0.5, np.float32)
        voice = Recording()
        spoken = Chain((voice,)).speak("một", Style.BULLETIN, speak_by=-1, recall=_only_if(voice, kept))
        assert spoken.recalled
        assert spoken.pcm is kept
        assert voice.asked == []


def _only_if(voice: Recording, kept: Pcm | None) -> Recall:
    return lambda engine: kept if engine.name == voice.name else None


def _until_back(chain: Chain, hanging: Hanging) -> None:
    """A voice that was left behind may be asked again as soon as its call has returned."""
    for thread in threading.enumerate():
        if thread.name == f"speech-{hanging.name}":
            thread.join(5)
