"""Who speaks when the first voice cannot: breaker, deadlines, order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stub_voice import StubVoice
from tests.tts.voices import Broken, Empty, Hanging, Recording
from tts.breaker import FAILURES_TO_OPEN, FIRST_REST_S, LONGEST_REST_S, Breaker, Outcome, may_ask, step
from tts.chain import Chain
from tts.engines.engine import Style
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
