"""What is written is read as people read it."""

import csv
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.engines.kokoro_vn.g2p import unreadable
from tts.normalize import Reading, normalize
from tts.phrases import split
from tts.reading.regions import Choices, Region, choices_of
from tts.reading.tables import table, third

DATA = Path(__file__).parent / "data"
TONES = {"\u0300": "2", "\u0301": "3", "\u0309": "4", "\u0303": "5", "\u0323": "6"}
SAME = {"ngàn": "nghìn", "lẻ": "linh", "mồng": "mùng", "tỉ": "tỷ", "phảy": "phẩy", "kỉ": "kỷ", "uỷ": "ủy"}

READINGS = [
    ("readings.tsv", 60),
    ("readings_more.tsv", 22),
    ("readings_dev.tsv", 100),
    ("official.tsv", 107),
    # 95 at first sight; seen and mended since
    ("readings_heldout.tsv", 100),
    # 98 at first sight, and nothing was mended by it: the two misread ones are addresses in the net
    ("readings_unseen.tsv", 98),
]
OURS = tuple(tuple(line.split("\t")) for line in (DATA / "ours.tsv").read_text(encoding="utf-8").splitlines())


def cases(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as source:
        return list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))


def canonical(text: str) -> str:
    """Lower case, no stops, tone marks apart from their letters: hoà is hòa."""
    words = re.sub(r'[-–—_/.,;:!?()"“”\[\]<>…&+]', " ", unicodedata.normalize("NFC", text).lower()).split()
    return " ".join(_canonical_word(SAME.get(word, word)) for word in words)


def _canonical_word(word: str) -> str:
    signs = unicodedata.normalize("NFD", word)
    tone = next((TONES[sign] for sign in signs if sign in TONES), "")
    return unicodedata.normalize("NFC", "".join(sign for sign in signs if sign not in TONES)) + tone


def accepts(pattern: str, spoken: str) -> bool:
    """(a|b): one of; [a|b]: one of or nothing."""
    source = ""
    for token in re.findall(r"\([^)]*\)|\[[^\]]*\]|[^\s()\[\]]+", pattern):
        if token[0] in "([":
            choices = "|".join(re.escape(canonical(choice)) + " " for choice in token[1:-1].split("|"))
            source += f"(?:{choices})" + ("?" if token[0] == "[" else "")
        else:
            source += re.escape(canonical(token)) + " "
    return re.fullmatch(source, canonical(spoken) + " ") is not None


def plain_signs(text: str) -> list[str]:
    """Letters and digits, wide, ringed and capital ones as plain ones."""
    return [sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum()]


@pytest.mark.parametrize(("name", "reached"), READINGS)
def test_official_language_is_read_as_the_table_accepts_it(name: str, reached: int) -> None:
    rows = cases(name)
    wrong = [
        (row["category"], row["input"], normalize(row["input"]).spoken)
        for row in rows
        if not accepts(row["accept"], normalize(row["input"]).spoken)
    ]
    assert len(rows) - len(wrong) >= reached, wrong


def test_the_table_does_not_accept_everything() -> None:
    rows = cases("readings.tsv")
    assert all(accepts(row["accept"], row["expected"]) for row in rows)
    assert not any(accepts(row["accept"], row["expected"] + " sai") for row in rows)


@pytest.mark.parametrize(("written", "spoken"), OURS, ids=[written for written, _ in OURS])
def test_our_bulletins_are_read_right(written: str, spoken: str) -> None:
    assert normalize(written).spoken.lower() == spoken.lower()


def test_each_line_is_a_sentence_of_its_own() -> None:
    spoken = normalize("Thời gian: 8h\nĐịa điểm: NVH").spoken
    assert spoken == "Thời gian: tám giờ. Địa điểm: nhà văn hóa"


PIECES = st.sampled_from(
    [
        *table("abbreviations"), *table("units"), *table("foreign"), *table("symbols"), *table("titles"),
        *table("codes"), *table("per"), *table("numbered"), "75A-123.45", "16°27'30\"", "T2-T6",
        "thứ 2, 4, 6",
        "gọi 113, 114", "tỷ lệ 1:500", "|", "🌊", "中", "Ж", "½", "\u200b", "<br/>",
        "12", "3/4", "5/9/2025", "7h30", "1.000", "-", "ngày", "tháng 4", "từ", "cấp", "II", "I", "(AI)",
        "QL1A", "Km 3+5", "15/QĐ-UBND", "0912345678", " ", ", ", ". ", "\n", "bà con", "XÃ TA HỌP", "B",
        "a@b.vn", "/", "và",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(PIECES, PIECES.map(lambda piece: piece + " "), st.text(max_size=3)), max_size=14).map(
        "".join
    ),
)


@pytest.mark.promise("S45")
@settings(max_examples=250, deadline=None)
@given(TEXTS)
def test_any_text_is_read_without_an_error_and_reading_twice_changes_nothing(text: str) -> None:
    spoken = normalize(text).spoken
    assert spoken or not text.strip()
    assert normalize(spoken).spoken == spoken


@settings(max_examples=80, deadline=None)
@given(TEXTS)
def test_each_guess_points_at_what_was_written(text: str) -> None:
    written = unicodedata.normalize("NFC", text)
    for guess in normalize(text).guesses:
        assert written[guess.start : guess.end] == guess.written
        assert guess.start < guess.end
        assert 0 <= guess.confidence <= 1


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_nothing_is_dropped_in_silence(text: str) -> None:
    """Each letter and digit is heard, in order, or lies within a guess that says what became of it."""
    written, normalized = unicodedata.normalize("NFC", text), normalize(text)
    guessed = {place for guess in normalized.guesses for place in range(guess.start, guess.end)}
    rest = "".join(" " if place in guessed else sign for place, sign in enumerate(written))
    heard = iter(plain_signs(normalized.spoken))
    assert all(any(sign == said for said in heard) for sign in plain_signs(rest))


@settings(max_examples=120, deadline=None)
@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyABCDĐEIKLMNTUXwzfj0123456789 .,:-/%", max_size=80))
def test_no_latin_word_is_left_that_the_voice_would_drop(text: str) -> None:
    assert unreadable(normalize(text).spoken) == ()


@pytest.mark.promise("S46")
def test_markup_is_read_as_text() -> None:
    spoken = normalize('<speak><break time="5s"/>xin chào</speak>').spoken
    assert "xin chào" in spoken
    assert "<" not in spoken


@pytest.mark.promise("S45")
def test_decomposed_vietnamese_is_read_like_composed() -> None:
    text = "Ủy ban nhân dân xã Quảng Điền họp lúc 7h30"
    assert normalize(unicodedata.normalize("NFD", text)) == normalize(text)


def test_the_places_own_lexicon_comes_first() -> None:
    lexicon = (Reading(written="UBND", reading="Ủy ban"), Reading(written="Tà Rụt 2", reading="tà rụt hai"))
    normalized = normalize("UBND xã, trạm Tà Rụt 2", lexicon)
    assert normalized.spoken == "Ủy ban xã, trạm tà rụt hai"
    assert [guess.rule for guess in normalized.guesses] == ["lexicon", "lexicon"]


def test_a_doubtful_reading_is_shown_as_doubtful() -> None:
    doubts = {guess.written: guess.confidence for guess in normalize("Vượt cầu 5/10, tải Macrohard").guesses}
    assert doubts["5/10"] < 0.8
    assert doubts["Macrohard"] < 0.8


def test_what_no_rule_can_read_is_kept_and_not_dropped_in_silence() -> None:
    normalized = normalize("gặp 中国 nhé")
    assert normalized.spoken == "gặp 中国 nhé"
    assert [(guess.written, guess.confidence) for guess in normalized.guesses] == [("中国", 0.0)]


def test_an_emoji_is_not_spoken_and_that_is_said() -> None:
    normalized = normalize("🌊 Nước lên")
    assert normalized.spoken == "Nước lên"
    assert [(guess.start, guess.end, guess.reading) for guess in normalized.guesses] == [(0, 1, "")]


def test_hidden_characters_part_no_word() -> None:
    assert normalize("th\u200bông bá\u00ado\x00 lúc 7\u200dh").spoken == "thông báo lúc bảy giờ"


def test_wide_ringed_and_bold_signs_are_read_as_plain_ones() -> None:
    assert normalize("\uff11\uff12 hộ, \u2462, 5\u33a1, \U0001d413hông báo").spoken == (
        "mười hai hộ, ba, năm mét vuông, Thông báo"
    )


def test_a_reading_that_could_not_settle_in_one_go_is_doubted_as_a_whole() -> None:
    (guess,) = normalize("°E").guesses
    assert (guess.rule, guess.start, guess.end) == ("whole", 0, 2)
    assert guess.confidence < 0.5


TABLES = (
    "abbreviations", "codes", "document_kinds", "foreign", "issuers", "letters", "numbered", "per", "roads",
    "symbols", "titles", "units",
)  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_what_a_table_says_can_be_spoken_and_is_read_as_itself(name: str) -> None:
    assert [reading for reading in table(name).values() if normalize(reading).spoken != reading] == []
    assert [reading for reading in table(name).values() if unreadable(reading)] == []


@pytest.mark.parametrize("name", ["abbreviations", "titles"])
def test_a_confidence_in_a_table_is_one(name: str) -> None:
    assert all(0 < float(sure) < 1 for sure in third(name).values())


@pytest.mark.parametrize(
    ("region", "spoken"),
    [
        (Region.NORTH, "một nghìn một trăm linh năm hộ, hai mươi tư em, ngày mùng ba tháng tư"),
        (Region.CENTRE, "một nghìn một trăm lẻ năm hộ, hai mươi bốn em, ngày mồng ba tháng tư"),
        (Region.SOUTH, "một ngàn một trăm lẻ năm hộ, hai mươi bốn em, ngày mùng ba tháng tư"),
    ],
)
def test_a_number_is_said_in_the_listeners_words(region: Region, spoken: str) -> None:
    assert normalize("1.105 hộ, 24 em, ngày 3/4", choices=choices_of(region)).spoken == spoken


def test_what_the_author_wrote_out_is_left_in_the_authors_words() -> None:
    assert normalize("hai mươi tư nghìn", choices=Choices(thousand="ngàn", four="bốn")).spoken == (
        "hai mươi tư nghìn"
    )


def test_ten_thousand_characters_are_read_to_the_end() -> None:
    line = "Lúc 7h30 ngày 5/11/2025 UBND xã phát 1.250 kg gạo cho 45 hộ. "
    text = line * (10_000 // len(line) + 1)
    once = normalize(line).spoken
    assert normalize(text).spoken == " ".join([once] * (len(text) // len(line)))


class TestPhrases:
    def test_a_long_sentence_is_cut_so_that_one_breath_carries_it(self) -> None:
        spoken = normalize("Đề nghị bà con ở vùng thấp trũng sơ tán ngay lên nơi cao " * 6).spoken
        phrases = split(spoken)
        assert len(phrases) > 2
        assert all(len(phrase.text.split()) < 28 for phrase in phrases)

    def test_a_cut_falls_before_a_word_that_begins_a_clause(self) -> None:
        words = ["ba"] * 14 + ["và"] + ["bốn"] * 20
        assert split(" ".join(words))[1].text.startswith("và")

    @settings(max_examples=80, deadline=None)
    @given(TEXTS)
    def test_no_word_is_lost_or_added(self, text: str) -> None:
        spoken = normalize(text).spoken
        phrases = split(spoken)
        joined = " ".join(phrase.text for phrase in phrases)
        assert re.findall(r"\w+", joined) == re.findall(r"\w+", spoken)
        assert all(phrase.pause_ms > 0 for phrase in phrases)

    def test_a_sentence_rests_longer_than_a_clause(self) -> None:
        first, second, third = split("Một; hai. Ba!")
        assert (first.pause_ms, second.pause_ms, third.pause_ms) == (250, 450, 450)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("gió 8÷10 m/s", "gió tám đến mười mét một giây"),
        ("nhiệt độ 20 ÷ 25°C", "nhiệt độ hai mươi đến hai mươi lăm độ xê"),
        ("từ 7h÷9h30", "từ bảy giờ đến chín giờ ba mươi"),
        ("12÷3 = 4", "mười hai chia ba bằng bốn"),
        ("lấy 12 ÷ 3", "lấy mười hai chia ba"),
        ("tàu BĐ 90567 TS", "tàu bê đê, chín không năm sáu bảy, tê ét"),
        ("tàu KH-91234-TS", "tàu ca hát, chín một hai ba bốn, tê ét"),
        (
            "lúc 19h30/2/9/2026",
            "lúc mười chín giờ ba mươi ngày mùng hai tháng chín năm hai nghìn không trăm hai mươi sáu",
        ),
        ("hồi 07h/15/10 tâm bão", "hồi bảy giờ ngày mười lăm tháng mười tâm bão"),
        ("ngày 3, 4 và 5/9 học sinh nghỉ", "ngày mùng ba, mùng bốn và mùng năm tháng chín học sinh nghỉ"),
        ("cho 7/11 học sinh", "cho bảy trên mười một học sinh"),
        ("số 7/KVX-UBND", "số bảy, ca vê ích của Ủy ban nhân dân"),
        ("số 15/KH-BCH", "số mười lăm của Ban Chỉ huy"),
    ],
)
def test_what_the_held_out_set_taught(written: str, spoken: str) -> None:
    """In other words than those of the set: the rules were mended, not its lines."""
    assert normalize(written).spoken == spoken
