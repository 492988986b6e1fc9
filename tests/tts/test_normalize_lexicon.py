"""A place's own lexicon goes before every rule, and its table is checked."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tts.cli import app
from tts.lexicon import (
    MOST_READING,
    MOST_READINGS,
    MOST_WRITTEN,
    LexiconFault,
    Problem,
    check,
    other_number,
    parse,
    printed,
)
from tts.normalize import Reading, normalize, occurring

run = CliRunner().invoke


def readings(*pairs: tuple[str, str]) -> tuple[Reading, ...]:
    return tuple(Reading(written=written, reading=reading) for written, reading in pairs)


def test_it_goes_before_every_rule() -> None:
    own = readings(("5/10", "cầu năm mười"), ("QL1A", "đường cái quan"), ("UBND", "Ủy ban"))
    normalized = normalize("UBND xã: qua 5/10 trên QL1A, 9/10 hộ", own)
    assert normalized.spoken == "Ủy ban xã: qua cầu năm mười trên đường cái quan, chín trên mười hộ"
    assert [guess.rule for guess in normalized.guesses][:3] == ["lexicon"] * 3


def test_the_longest_wins_wherever_it_stands_in_the_table() -> None:
    own = readings(("Tà Rụt", "tà rụt"), ("Tà Rụt 2", "tà rụt hai mới"))
    assert normalize("Tà Rụt 2, Tà Rụt 3", own).spoken == "tà rụt hai mới, tà rụt ba"


def test_only_whole_words_are_found() -> None:
    own = readings(("ca", "ca trực"))
    assert normalize("ca ba, cam ca", own).spoken == "ca trực ba, cam ca trực"
    assert normalize("loca", own).spoken != "lo ca trực"


def test_what_is_written_small_is_found_in_any_case() -> None:
    own = readings(("hue-s", "huế ét"))
    assert normalize("Hue-S, HUE-S, hue-s", own).spoken == "huế ét, huế ét, huế ét"


def test_what_has_a_capital_is_found_only_so_or_all_in_capitals() -> None:
    own = readings(("Bến Ngự", "bến ngự cũ"), ("TT", "tê tê"))
    assert normalize("Bến Ngự, bến ngự, BẾN NGỰ", own).spoken == "bến ngự cũ, bến ngự, bến ngự cũ"
    assert normalize("tt, TT", own).spoken.endswith(", tê tê")


def test_it_holds_in_a_headline_and_over_two_spaces() -> None:
    own = readings(("A Lưới", "a lưới ngoài"))
    assert normalize("THÔNG BÁO CỦA HUYỆN A  LƯỚI", own).spoken == "thông báo của huyện a lưới ngoài"


def test_its_readings_are_made_speakable_too() -> None:
    assert normalize("loa X", readings(("loa X", "loa số 5"))).spoken == "loa số năm"


def test_rows_that_would_silence_a_word_are_not_applied() -> None:
    assert normalize("xã họp", readings(("họp", "  "), ("", "x"))).spoken == "xã họp"


@pytest.mark.parametrize(
    ("table", "problem", "line"),
    [
        ("UBND", Problem.COLUMNS, 1),
        ("a\tb\tc", Problem.COLUMNS, 1),
        ("# note\n \tỦy ban", Problem.EMPTY, 2),
        ("…\tba chấm", Problem.EMPTY, 1),
        (f"{'x' * (MOST_WRITTEN + 1)}\tx", Problem.TOO_LONG, 1),
        (f"x\t{'x' * (MOST_READING + 1)}", Problem.TOO_LONG, 1),
        ("UBND\tỦy ban\n\nUBND\tủy ban xã", Problem.DUPLICATE, 3),
        ("UBND\t…", Problem.UNSPEAKABLE, 1),
    ],
)
def test_a_line_that_cannot_stand_is_named(table: str, problem: Problem, line: int) -> None:
    (fault,) = parse(table).faults
    assert (fault.problem, fault.line) == (problem, line)
    assert str(line) in fault.vi
    assert str(line) in fault.en


def test_a_repeated_line_is_told_where_it_stood_first() -> None:
    parsed = parse("a x\tmột\nb\thai\na  x\tba")
    assert parsed.faults == (LexiconFault(line=3, problem=Problem.DUPLICATE, written="a x", first=1),)
    assert "dòng 1" in parsed.faults[0].vi


def test_a_lexicon_does_not_grow_without_end() -> None:
    parsed = check(readings(*((f"từ {number}", "đọc") for number in range(MOST_READINGS + 1))))
    assert len(parsed.readings) == MOST_READINGS
    assert parsed.faults[0].problem is Problem.TOO_MANY


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=6))
def test_what_passed_is_printed_and_read_back_the_same(pairs: list[tuple[str, str]]) -> None:
    passed = check(readings(*pairs)).readings
    again = parse(printed(passed))
    assert again.readings == passed
    assert again.faults == ()


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5), st.text(max_size=40))
def test_no_lexicon_makes_the_reader_raise_or_fall_silent(pairs: list[tuple[str, str]], text: str) -> None:
    assert normalize(text, readings(*pairs)).spoken or not text.strip()


def test_the_command_line_reads_a_lexicon_and_a_region(tmp_path: Path) -> None:
    table = tmp_path / "tu-dien.tsv"
    table.write_text("# cách viết\tcách đọc\nUBND\tỦy ban\n", encoding="utf-8")
    result = run(
        app,
        ["normalize", "--lexicon", str(table), "--region", "south", "--explain"],
        input="UBND xã có 1.105 hộ\n",
    )
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Ủy ban xã có một ngàn một trăm lẻ năm hộ\n")
    assert "0–4 'UBND' → 'Ủy ban' (lexicon, 1.00)" in result.output


def test_the_command_line_refuses_a_lexicon_with_a_fault_and_names_the_line(tmp_path: Path) -> None:
    table = tmp_path / "tu-dien.tsv"
    table.write_text("UBND\tỦy ban\nUBND\tủy ban\n", encoding="utf-8")
    result = run(app, ["normalize", "--lexicon", str(table)], input="x\n")
    assert result.exit_code == 1
    assert "Dòng 2" in result.output
    assert run(app, ["normalize", "--lexicon", str(tmp_path / "none.tsv")], input="x\n").exit_code == 1


def test_of_two_lines_that_claim_the_same_words_the_one_of_higher_priority_is_read() -> None:
    short = Reading(written="Xuân Bắc", reading="xuân bắc hai")
    long = Reading(written="An Xuân Bắc", reading="an xuân bắc một")
    assert normalize("thôn An Xuân Bắc", (short, long)).spoken == "thôn an xuân bắc một"
    first = Reading(written="Xuân Bắc", reading="xuân bắc hai", priority=1)
    assert normalize("thôn An Xuân Bắc", (long, first)).spoken == "thôn An xuân bắc hai"


def test_only_the_lines_by_which_a_text_is_read_occur_in_it() -> None:
    own = readings(("HTX", "hợp tác xã"), ("Phò", "phò"), ("HTX Phò", "hợp tác xã phò"), ("chợ", "chợ"))
    assert occurring("Đến HTX  Phò họp", own) == (own[2],)
    assert occurring("Chợ Phò", own) == (own[1], own[3])
    assert occurring("", own) == ()


@given(text=st.text(alphabet="HTXPhòchợ 12.", max_size=40))
@settings(max_examples=60, deadline=None)
def test_what_does_not_occur_changes_nothing(text: str) -> None:
    own = readings(("HTX", "hát tê ích"), ("Phò", "phò trạch"), ("chợ", "chợ lớn"), ("12", "mười hai nhà"))
    assert normalize(text, occurring(text, own)).spoken == normalize(text, own).spoken


def test_a_long_lexicon_costs_little_where_it_says_nothing() -> None:
    own = tuple(Reading(written=f"Thôn số {n} Phò", reading="thôn phò") for n in range(MOST_READINGS))
    assert normalize("Kính mời bà con đến họp.", own).spoken == "Kính mời bà con đến họp."
    assert occurring("Thôn số 7 Phò họp", own) == (own[7],)


@pytest.mark.parametrize(
    ("written", "reading", "problem", "said"),
    [
        ("HTX", "HTX", Problem.CHANGED, "hợp tác xã"),
        ("Phò", "25", Problem.CHANGED, "hai mươi lăm"),
        ("HT\u200bX", "hợp tác xã", Problem.HIDDEN, ""),
        ("HTX", "hợp\u202etác xã", Problem.HIDDEN, ""),
    ],
)
def test_a_strict_table_refuses_what_its_writer_would_not_hear(
    written: str, reading: str, problem: Problem, said: str
) -> None:
    own = readings((written, reading))
    (fault,) = check(own, strict=True).faults
    assert (fault.line, fault.problem, fault.said) == (1, problem, said)
    assert fault.vi == f"Dòng 1: {fault.why_vi}"
    assert fault.en == f"line 1: {fault.why_en}"
    assert check(own).faults == ()
    assert parse(f"{written}\t{reading}", strict=True).faults == (fault,)


@pytest.mark.parametrize(
    "reading", ["hợp tác xã", "in-tơ-nét", "phây búc", "A Lưới", "Đắk Lắk", "xã mình ơi"]
)
def test_a_strict_table_takes_plain_words(reading: str) -> None:
    assert check(readings(("chữ", reading)), strict=True).faults == ()


@pytest.mark.parametrize(
    ("written", "reading", "usual"),
    [
        ("114", "một một lăm", "một trăm mười bốn"),
        ("113", "công an", "một trăm mười ba"),
        ("QL49B", "đường bốn tám bê", "quốc lộ bốn mươi chín bê"),
        ("năm", "sáu", "năm"),
        ("114", "một một bốn", None),
        ("QL49B", "đường bốn chín bê", None),
        ("24/5", "hai mươi bốn tháng năm", None),
        ("ko", "không", None),
        ("HTX", "hợp tác xã", None),
    ],
)
def test_a_number_that_would_be_heard_as_another_one_is_asked_about(
    written: str, reading: str, usual: str | None
) -> None:
    assert other_number(Reading(written=written, reading=reading)) == usual
