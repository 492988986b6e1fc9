"""Heard beside written: numbers, times and names are looked at, and another number is told from a mumble."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.heard import Kind, compare

MEETING = "Kính mời bà con thôn Khuông Phò họp lúc bảy giờ ba mươi."


def doubts(written: str, heard: str) -> list[tuple[str, str, str, bool]]:
    found = compare([(written, heard)]).doubts
    return [(one.written, one.heard, one.kind.value, one.differs) for one in found]


def test_what_was_heard_as_written_leaves_no_doubt() -> None:
    heard = compare([(MEETING, MEETING.lower().strip("."))])
    assert (heard.words, heard.alike, heard.doubts) == (13, 13, ())


@pytest.mark.parametrize(
    ("written", "heard", "found"),
    [
        ("Họp lúc bảy giờ.", "họp lúc tám giờ", [("bảy", "tám", "time", True)]),
        ("Họp lúc bảy giờ.", "họp lúc bãy giờ", []),
        ("Họp lúc bảy giờ.", "họp lúc cháy giờ", [("bảy", "cháy", "time", False)]),
        ("Họp lúc bảy giờ.", "họp lúc giờ", [("bảy", "", "time", False)]),
        ("Mưa năm mươi mét.", "mưa trăm năm mươi mét", [("năm mươi", "trăm năm mươi", "number", True)]),
        ("Ngày hai mươi sáu.", "ngày hai sáu", []),
        ("Ngày hai mươi lăm.", "ngày hai mươi năm", []),
        ("Nước lên ba mét.", "nước lên ba mét", []),
        ("Gọi một một bốn.", "gọi một một năm", [("một một bốn", "một một năm", "number", True)]),
        ("Giá hai nghìn đồng.", "giá hai ngàn đồng", []),
    ],
)  # fmt: skip
def test_numbers_are_compared_by_what_they_say(
    written: str, heard: str, found: list[tuple[str, str, str, bool]]
) -> None:
    assert doubts(written, heard) == found


@pytest.mark.parametrize(
    "written", ["Nước không lên nữa.", "Lúa đã chín vàng.", "Xin ba má yên lòng.", "Năm nay được mùa."]
)
def test_words_that_only_look_like_numbers_are_left_alone(written: str) -> None:
    assert doubts(written, "điều gì khác hẳn") == []


def test_a_name_counts_by_its_letters_and_never_as_another_number() -> None:
    assert doubts(MEETING, MEETING.lower().replace("khuông phò", "khuông phó")) == []
    assert doubts(MEETING, MEETING.lower().replace("khuông phò", "ba vụ")) == [
        ("Khuông Phò", "ba vụ", "name", False)
    ]


def test_a_capital_at_the_beginning_is_no_name_but_a_name_there_is_one() -> None:
    assert doubts("Mời bà con.", "mồi bà con") == []
    assert doubts("Quảng Điền có mưa.", "quảng bình có mưa") == [("Quảng Điền", "quảng bình", "name", False)]


def test_the_place_in_the_sentence_is_told() -> None:
    (doubt,) = compare([(MEETING, MEETING.lower().replace("bảy", "sáu"))]).doubts
    assert doubt.sentence[doubt.start : doubt.end] == "bảy"
    assert doubt.kind is Kind.TIME


@given(st.text(max_size=60), st.text(max_size=60))
def test_anything_can_be_compared(written: str, heard: str) -> None:
    found = compare([(written, heard)])
    assert 0 <= found.alike <= found.words
    for doubt in found.doubts:
        assert doubt.written == written[doubt.start : doubt.end]
