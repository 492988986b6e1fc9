"""The second look: what the rules notice in a bài, and what they leave alone."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.dispatch.announcements.precheck import (
    ALIKE,
    TO_ACKNOWLEDGE,
    Draft,
    Earlier,
    Hint,
    Kind,
    likeness,
    precheck,
    sentence_of,
)
from controller.store.likeness import MOST_WORDS, any_word, recent_alike
from schedules.announcement import AnnouncementId, BulletinClass
from tests.support.doors import AUTHOR, STRANGER, Home, play
from tts.normalize import normalize

TODAY = date(2026, 11, 22)


def look(
    text: str,
    *,
    bulletin_class: BulletinClass = BulletinClass.NORMAL,
    earlier: tuple[Earlier, ...] = (),
    last_day: date | None = None,
    today: date = TODAY,
) -> tuple[Hint, ...]:
    return precheck(
        Draft(
            text=text,
            guesses=normalize(text).guesses,
            bulletin_class=bulletin_class,
            today=today,
            earlier=earlier,
            last_day=last_day,
        )
    )


def kinds(text: str, **facts: object) -> set[str]:
    return {hint.kind.value for hint in look(text, **facts)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Họp lúc 7h30 ngày 20/11/2026 tại nhà văn hóa.", date(2026, 11, 20)),
        ("Họp lúc 7h30 ngày 20/11 tại nhà văn hóa.", date(2026, 11, 20)),
        ("Họp tại nhà văn hóa ngày 20-11-2026.", date(2026, 11, 20)),
        ("Ngày 20 tháng 11 năm 2026 họp tại nhà văn hóa.", date(2026, 11, 20)),
        ("Ngày 20 tháng 11 họp tại nhà văn hóa.", date(2026, 11, 20)),
        ("Phát quà tại đình từ 18-20/11.", date(2026, 11, 20)),
        ("Nộp hồ sơ tại xã trước ngày 02/01/2026.", date(2026, 1, 2)),
        ("Thu tiền tại xã vào sáng thứ Sáu, 20/11.", date(2026, 11, 20)),
        ("Họp tại xã lúc 14:00 20/11/2026.", date(2026, 11, 20)),
    ],
)
def test_a_day_that_is_over_is_noticed(text: str, day: date) -> None:
    hints = [hint for hint in look(text) if hint.kind is Kind.PAST_DATE]
    assert [hint.day for hint in hints] == [day]
    assert hints[0].written in text


@pytest.mark.parametrize(
    "text",
    [
        "Họp lúc 7h30 ngày 25/11/2026 tại nhà văn hóa.",
        "Họp ngày 22/11/2026 tại nhà văn hóa.",
        "Theo Quyết định số 12/QĐ-UBND ngày 5/3/2024 của UBND tỉnh, đường này cấm xe tải.",
        "Tiêm phòng tại trạm từ ngày 20/11 đến ngày 30/11.",
        "Lễ kỷ niệm ngày 20/11 tại trường sẽ bắt đầu lúc 8 giờ.",
        "Họp tại đình ngày 10/10 âm lịch.",
        "Số máy 0234.3.20.11.20 trực suốt đêm.",
        "Ngày 31/2/2026 không có thật.",
        "Tỷ lệ 20/11 là bao nhiêu.",
    ],
)
def test_a_day_to_come_a_paper_s_date_and_a_lunar_day_are_left_alone(text: str) -> None:
    assert "past_date" not in kinds(text)


def test_a_day_without_a_year_is_the_nearest_one() -> None:
    assert "past_date" not in kinds("Họp ngày 5/1 tại xã.", today=date(2026, 12, 28))
    assert "past_date" in kinds("Họp ngày 28/12 tại xã.", today=date(2027, 1, 5))


def test_a_bai_that_is_heard_after_its_last_day_is_noticed() -> None:
    text = "Mời họp lúc 7h ngày 24/11 và 25/11/2026 tại xã."
    (hint,) = look(text, last_day=date(2026, 11, 28))
    assert (hint.kind, hint.day, hint.until) == (Kind.OUTLIVES, date(2026, 11, 25), date(2026, 11, 28))
    assert look(text, last_day=date(2026, 11, 25)) == ()
    assert look("Bà con tưới lúa sớm.", last_day=date(2026, 11, 28)) == ()


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Kính mời bà con đi họp.", {"no_time", "no_place"}),
        ("Kính mời bà con đi họp lúc 7h30 ngày 25/11.", {"no_place"}),
        ("Kính mời bà con đến nhà văn hóa thôn họp.", {"no_time"}),
        ("Kính mời bà con họp tại đình sáng mai.", set()),
        ("Trạm y tế khám bệnh tận nhà vào thứ 2.", set()),
        ("Bà con chú ý giữ vệ sinh đường làng.", set()),
    ],
)
def test_an_invitation_says_where_and_when(text: str, missing: set[str]) -> None:
    assert kinds(text) & {"no_time", "no_place"} == missing


@pytest.mark.parametrize(
    "text", ["Cửa hàng KHUYẾN MÃI lớn.", "Sữa thật, mua 1 tặng 1.", "Thần dược chữa bệnh."]
)
def test_advertising_is_noticed(text: str) -> None:
    (hint,) = look(text)
    assert hint.kind is Kind.ADVERTISING
    assert hint.written in text


def test_whoever_warns_of_advertising_does_not_advertise() -> None:
    assert kinds("Bà con cảnh giác với các hội thảo bán thần dược giảm giá.") == set()
    assert kinds("Bà con cảnh giác. Cửa hàng tôi giảm giá.") == {"advertising"}


def test_urgent_news_in_a_normal_bai_is_noticed() -> None:
    assert kinds("Hồ Đồng Mỏ xả lũ, bà con lên chỗ cao.") == {"urgent"}
    assert kinds("Hồ Đồng Mỏ xả lũ.", bulletin_class=BulletinClass.PRIORITY) == set()
    assert kinds("Tối nay xã diễn tập sơ tán dân.") == set()


def test_the_likest_of_the_recent_ones_is_named_and_only_from_a_measure_on() -> None:
    old = "Kính mời bà con họp tại nhà văn hóa thôn lúc 7h ngày 25/11 để bàn việc làm đường."
    earlier = (
        Earlier(id=AnnouncementId("b-1"), title="Tưới lúa", text="Bà con tưới lúa ở đồng Sau từ sáng mai."),
        Earlier(id=AnnouncementId("b-2"), title="Họp thôn", text=old),
    )
    (hint,) = look(old.replace("25/11", "26/11"), earlier=earlier)
    assert (hint.kind, hint.other, hint.title) == (Kind.DUPLICATE, "b-2", "Họp thôn")
    assert look("Mời bà con họp tại nhà văn hóa thôn lúc 7h ngày 26/11 về tiền điện.", earlier=earlier) == ()
    assert likeness(old, old.upper()) == 1.0
    assert likeness(old, "") == 0.0
    assert likeness("họp", "họp") >= ALIKE


@given(st.text(max_size=400))
def test_whatever_is_typed_is_looked_through(text: str) -> None:
    for hint in look(text, last_day=TODAY, earlier=(Earlier(id=AnnouncementId("b"), title="", text=text),)):
        assert isinstance(hint.kind, Kind)


# ── Those that may say the same ───────────────────────────────────────────────────────────────────────────


@given(st.text(max_size=200))
def test_nothing_typed_is_an_operator_of_the_search(text: str) -> None:
    query = any_word(text)
    assert query.count('"') == 2 * query.count("folded:")
    assert query.count("folded:") <= MOST_WORDS


def test_the_recent_bai_of_the_own_branch_are_found_without_accents(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        author = house.cast[AUTHOR]
        text = "Kính mời bà con đến nhà văn hóa thôn họp bàn việc làm đường bê tông."
        view = await house.loa.desk.write_announcement(author, house.draft(text=text))
        await house.loa.desk.write_announcement(
            author, house.draft(title="Khác", text="Lịch tiêm phòng dại.")
        )
        since = house.loa.clock.now() - timedelta(days=1)
        typed = "hop ban viec lam duong be tong"
        found = await house.loa.db.read(recent_alike, author.area, typed, since, None)
        assert [one.announcement.id for one in found] == [view.announcement.id]
        stranger = house.cast[STRANGER]
        assert await house.loa.db.read(recent_alike, stranger.area, typed, since, None) == ()
        later = house.loa.clock.now() + timedelta(days=1)
        assert await house.loa.db.read(recent_alike, author.area, typed, later, None) == ()
        assert await house.loa.db.read(recent_alike, author.area, '" OR *', since, None) == ()

    play(tmp_path, story)


STALE = frozenset(kind.value for kind in TO_ACKNOWLEDGE)
CASES = tuple(
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("stale_cases.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)


def test_the_table_of_stale_and_doubled_items_has_both_sides() -> None:
    assert len(CASES) >= 30
    assert {len(case) for case in CASES} == {5}
    wanted = [word for case in CASES for word in case[0].split()]
    assert set(wanted) == STALE | {"-"}
    assert wanted.count("-") >= 12


@pytest.mark.parametrize(
    ("wanted", "first", "last", "text", "before"), CASES, ids=[str(n) for n in range(len(CASES))]
)
def test_what_is_stale_or_said_twice_is_noticed_and_nothing_else(
    wanted: str, first: str, last: str, text: str, before: str
) -> None:
    planned = first != "-"
    earlier = (Earlier(id=AnnouncementId("b-1"), title="Bài cũ", text=before),) if before else ()
    hints = precheck(
        Draft(
            text=text,
            guesses=normalize(text).guesses,
            bulletin_class=BulletinClass.NORMAL,
            today=TODAY,
            earlier=earlier,
            first_day=date.fromisoformat(first) if planned else None,
            last_day=date.fromisoformat(last) if planned else None,
            days_heard=planned,
        )
    )
    found = {hint.kind.value for hint in hints} & STALE
    assert found == set(wanted.split()) - {"-"}
    for hint in hints:
        if hint.written:
            assert hint.written.lower() in sentence_of(text, hint.written).lower()
