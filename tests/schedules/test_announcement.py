"""What may be said: clean text, content hash and every fault with its field."""

import unicodedata
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.announcement import BulletinClass, clean_text, content_hash, validate
from schedules.errors import TextRefused
from schedules.recurrence import NextSession, Once, Weekly
from tests.schedules.cast import A1, APPROVER, MONDAY, QUIET, A, B, at, draft

NOW = at(8)


def faults(**changes: Any) -> set[tuple[str, str]]:
    return {(fault.field, fault.code) for fault in validate(draft(**changes), NOW, QUIET)}


def test_an_ordinary_item_has_no_fault() -> None:
    assert not validate(draft(), NOW, QUIET)


@pytest.mark.promise("S45")
@pytest.mark.parametrize(
    ("bad", "name"),
    [
        ("Họp\u202edân", "U+202E"),
        ("Họp\u2066dân", "U+2066"),
        ("Họp\u200bdân", "U+200B"),
        ("Họp\ufeffdân", "U+FEFF"),
        ("Họp\x00dân", "U+0000"),
        ("Họp\x1b[31mdân", "U+001B"),
        ("Họp\u2028dân", "U+2028"),
        ("Họp\ue000dân", "U+E000"),
        ("Họp\ud800dân", "U+D800"),
    ],
)
def test_hidden_characters_are_refused_and_shown_by_number(bad: str, name: str) -> None:
    with pytest.raises(TextRefused) as refused:
        clean_text(bad)
    assert refused.value.code == "E_TEXT"
    assert f"{name}) ở vị trí 4" in refused.value.vi
    assert faults(title=bad) == {("title", "E_TEXT")}
    assert faults(text=bad) == {("text", "E_TEXT")}


@pytest.mark.promise("S45")
def test_decomposed_vietnamese_becomes_one_form() -> None:
    written = "Tiêm vắc-xin ở Quảng Điền"
    assert clean_text(unicodedata.normalize("NFD", written)) == written
    assert faults(title=unicodedata.normalize("NFD", written)) == {("title", "E_TEXT")}


def test_pasted_spaces_and_line_ends_become_plain() -> None:
    assert clean_text("  Một\u00a0hai\tba\r\nbốn \n") == "Một hai ba\nbốn"


@given(st.text())
def test_clean_text_is_stable_or_refused(text: str) -> None:
    try:
        clean = clean_text(text)
    except TextRefused:
        assert any(unicodedata.category(c)[0] in "CZ" for c in unicodedata.normalize("NFC", text))
        return
    assert clean_text(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)


@pytest.mark.promise("S46")
def test_tags_are_text_and_too_much_text_is_refused() -> None:
    assert not faults(text='<speak><phoneme ph="x">Mời họp</phoneme></speak>')
    assert not faults(text="a" * 5000)
    assert faults(text="a" * 5001) == {("text", "E_TEXT_LONG")}
    assert faults(text="a" * 100_000) == {("text", "E_TEXT_LONG")}
    assert faults(title="a" * 201) == {("title", "E_TEXT_LONG")}


@pytest.mark.promise("S55")
@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"text": ""}, "text", "E_TEXT_EMPTY"),
        ({"text": " ... \n"}, "text", "E_TEXT_EMPTY"),
        ({"title": "   "}, "title", "E_TEXT_EMPTY"),
        ({"targets": ()}, "targets", "E_TARGET_EMPTY"),
        ({"targets": (A, A)}, "targets", "E_TARGET"),
        ({"repeat": 0}, "repeat", "E_REPEAT"),
        ({"repeat": 4}, "repeat", "E_REPEAT"),
        ({"valid_from": at(9), "expires_at": at(9)}, "expires_at", "E_ORDER"),
        ({"valid_from": at(10), "expires_at": at(9)}, "expires_at", "E_ORDER"),
        ({"expires_at": at(8)}, "expires_at", "E_EXPIRED"),
        ({"expires_at": at(0, day=3650)}, "expires_at", "E_WINDOW"),
        ({"expires_at": datetime(2027, 1, 1)}, "expires_at", "E_TIME"),
        ({"valid_from": at(0).replace(year=1970)}, "valid_from", "E_TIME"),
        ({"expires_at": at(0).replace(year=9999)}, "expires_at", "E_TIME"),
        ({"timing": Once(at=at(7))}, "timing.at", "E_PAST"),
        ({"timing": Once(at=at(12, day=40))}, "timing.at", "E_OUTSIDE"),
        ({"timing": Once(at=at(0).replace(year=9999))}, "timing.at", "E_TIME"),
        ({"timing": Once(at=at(3, 15, day=1))}, "timing.at", "E_QUIET"),
        (
            {"timing": Weekly(at=time(5), days=frozenset({0}), first=MONDAY, last=MONDAY)},
            "timing.last",
            "E_PAST",
        ),
        (
            {"timing": Weekly(at=time(9), days=frozenset(), first=MONDAY, last=MONDAY)},
            "timing.days",
            "E_TIMING",
        ),
        (
            {"timing": Weekly(at=time(22), days=frozenset({0}), first=MONDAY, last=MONDAY)},
            "timing.at",
            "E_QUIET",
        ),
    ],
)
def test_each_fault_names_its_field(changes: dict[str, Any], field: str, code: str) -> None:
    assert faults(**changes) == {(field, code)}


@pytest.mark.promise("S63")
@pytest.mark.parametrize("bulletin_class", list(BulletinClass))
def test_no_target_never_means_everyone(bulletin_class: BulletinClass) -> None:
    assert faults(targets=(), bulletin_class=bulletin_class) == {("targets", "E_TARGET_EMPTY")}


def test_several_faults_are_told_at_once() -> None:
    assert {field for field, _ in faults(title="", targets=(), repeat=9)} == {"title", "targets", "repeat"}


def test_an_emergency_may_be_wanted_at_night() -> None:
    assert not faults(timing=Once(at=at(3, 15, day=1)), bulletin_class=BulletinClass.EMERGENCY)


def test_a_quiet_hour_is_told_in_the_words_of_the_screens() -> None:
    (fault,) = validate(draft(timing=Once(at=at(3, 15, day=1))), NOW, QUIET)
    assert fault.vi.startswith("Không phát được lúc 03:15 vì đang giờ yên tĩnh (21:00–05:00).")


CONTENT: list[dict[str, Any]] = [
    {"title": "Khác"},
    {"text": "Khác"},
    {"bulletin_class": BulletinClass.PRIORITY},
    {"targets": (A, B)},
    {"timing": NextSession()},
    {"valid_from": at(1)},
    {"expires_at": at(0, day=29)},
    {"repeat": 2},
]


@pytest.mark.parametrize("change", CONTENT, ids=lambda change: next(iter(change)))
def test_the_hash_covers_everything_heard_or_decided(change: dict[str, Any]) -> None:
    assert content_hash(draft(**change)) != content_hash(draft())


def test_the_hash_ignores_people_state_and_order() -> None:
    one, other = draft(targets=(A1, B)), draft(targets=(B, A1), author=APPROVER, revision=7)
    assert content_hash(one) == content_hash(other)
    assert len(content_hash(one)) == 64
    shifted = replace(one, valid_from=one.valid_from.astimezone(at(0).tzinfo) + timedelta())
    assert content_hash(shifted) == content_hash(one)
