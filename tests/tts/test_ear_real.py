"""The real voice and the real recogniser: a number that was said is heard, one that was not is found out."""

from contextlib import closing

import pytest

from bench.speech_report import hearing
from tts.ear import Ear
from tts.engines.engine import Style
from tts.heard import compare
from tts.registry import open_engine

SENTENCE = "Bà con rời nhà trước mười bảy giờ ba mươi phút."
OTHERS = (
    "Bà con rời nhà trước mười tám giờ ba mươi phút.",
    "Bà con rời nhà trước mười bảy giờ bốn mươi phút.",
    "Bà con rời nhà trước bảy giờ ba mươi phút.",
)


@pytest.mark.voice
def test_a_wrong_time_is_found_out_and_the_right_one_is_not() -> None:
    with closing(open_engine("kokoro_vn", threads=1)) as voice, closing(Ear(str(hearing()))) as ear:
        heard = ear.hear(voice.speak(SENTENCE, Style.EMERGENCY))
        ear.rest()
    assert compare([(SENTENCE, heard)]).doubts == ()
    for other in OTHERS:
        (doubt,) = compare([(other, heard)]).doubts
        assert doubt.differs, other
