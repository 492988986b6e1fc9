"""The listening bench: counting what was understood, and the two sets that it is counted on."""

import pytest

from bench.speech_report import Row, sentences, table
from bench.understood import Count, align, syllables
from tts.engines.kokoro_vn.g2p import unreadable
from tts.phrases import syllables as length


def counted(written: str, heard: str) -> Count:
    count = Count()
    count.add(written, heard)
    return count


def test_what_was_heard_rightly_counts_as_right() -> None:
    count = counted("Hoà bình, kỳ lạ!", "hòa bình kì lạ")
    assert (count.wrong, count.written, count.tone_accuracy, count.first_error) == (0, 4, 1.0, 0.0)


def test_a_wrong_tone_is_a_wrong_syllable_and_a_wrong_tone() -> None:
    count = counted("bão mạnh lên", "bão mành lên")
    assert count.wrong == 1
    assert count.tone_accuracy == pytest.approx(2 / 3)
    assert count.confused == {("nặng", "huyền"): 1}


def test_wrong_letters_leave_the_tone_right() -> None:
    count = counted("điện thoại", "tiện thoại")
    assert count.syllable_error == 0.5
    assert count.tone_accuracy == 1.0


@pytest.mark.parametrize(
    ("heard", "wrong", "first"), [("nhắc lại", 1, 1), ("xin nhắc nhắc lại", 1, 0), ("", 3, 1)]
)
def test_missed_and_added_syllables_count(heard: str, wrong: int, first: int) -> None:
    count = counted("Xin nhắc lại", heard)
    assert (count.wrong, count.first_wrong, count.written) == (wrong, first, 3)


def test_alike_syllables_are_laid_side_by_side() -> None:
    pairs = align(syllables("một hai ba"), syllables("hải ba"))
    assert [(left and left[0], right and right[0]) for left, right in pairs] == [
        ("môt", None),
        ("hai", "hai"),
        ("ba", "ba"),
    ]


def test_the_sets_are_large_apart_and_can_be_spoken() -> None:
    tuning, heldout = sentences("tuning"), sentences("heldout")
    assert min(len(tuning), len(heldout)) >= 60
    assert not {text for _, text in tuning} & {text for _, text in heldout}
    for kind, text in tuning + heldout:
        assert kind in ("short", "bulletin")
        assert unreadable(text) == ()
        assert length(text) <= 27


def test_the_table_has_a_line_for_each_row() -> None:
    figures = {"syllable_error": 0.125, "tone_accuracy": 0.5, "first_error": 0.25}
    row: Row = {
        "engine": "mine", "licence": "Apache-2.0", "set": "heldout", "sentences": 2, "syllables": 9,
        "clean": figures, "horn": figures, "short": figures,
        "realtime_factor": 0.4, "peak_mb": 500.0, "cold_start_s": 1.5,
    }  # fmt: skip
    head, rule, line = table([row]).splitlines()
    assert head.count("|") == rule.count("|") == line.count("|")
    assert "| mine | heldout: 2, 9 syllables | 12.5% | 50.0% | 25%" in line
