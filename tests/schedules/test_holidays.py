"""Days off, against the lists that the government published."""

from datetime import date, timedelta

import pytest

from schedules.errors import TableRefused
from schedules.holidays import days_off, parse_holidays, statutory

DAY = timedelta(days=1)


# 2025 and 2026 are held by the reference in test_rule
@pytest.mark.parametrize(
    ("first", "last", "working"),
    [
        (date(2023, 1, 20), date(2023, 1, 26), []),
        (date(2023, 4, 29), date(2023, 5, 3), []),
        (date(2023, 9, 1), date(2023, 9, 4), []),
        (date(2023, 1, 19), date(2023, 1, 27), [date(2023, 1, 19), date(2023, 1, 27)]),
        (date(2024, 2, 8), date(2024, 2, 14), []),
        (date(2024, 4, 27), date(2024, 5, 1), []),
        # Saturday, worked for the Monday before the holiday
        (date(2024, 5, 4), date(2024, 5, 5), [date(2024, 5, 4)]),
        (date(2024, 8, 31), date(2024, 9, 3), []),
    ],
)
def test_the_days_off_of_past_years_are_those_that_were_published(
    first: date, last: date, working: list[date]
) -> None:
    days = [first + n * DAY for n in range((last - first).days + 1)]
    assert [day for day in days if statutory().is_working(day)] == working


def test_every_year_has_its_legal_number_of_working_days_off() -> None:
    """New year 1, Tết 5, Hùng kings 1, 30 April and 1 May, National Day 2; culture day from 2026."""
    for year in range(2021, 2100):
        weekdays = [off.day for off in days_off(statutory(), year) if off.day.weekday() < 5]
        swapped = sum(row.on is not None and row.on.year == year for row in statutory().rows) // 2
        # the 1st of January of the next year is given back in its own year only
        assert len(weekdays) == (12 if year >= 2026 else 11) + swapped, year


def test_every_day_off_has_its_name_and_its_document() -> None:
    assert statutory().name_of(date(2026, 4, 27)) == "Giỗ Tổ Hùng Vương (nghỉ bù)"
    assert statutory().name_of(date(2026, 4, 28)) is None
    assert all(off.name and off.source for off in days_off(statutory(), 2026))


def test_another_table_gives_other_days() -> None:
    ours = parse_holidays("# ours\nlunar\t01-15\t2020\tLễ hội làng\tQĐ 5/QĐ-UBND\n\n")
    assert [off.day for off in days_off(ours, 2026)] == [date(2026, 3, 3)]
    assert not ours.is_working(date(2026, 3, 3))
    assert ours.is_working(date(2026, 9, 2))
    assert days_off(ours, 2019) == ()


@pytest.mark.parametrize(
    "line",
    [
        "solar\t01-01\t1995\tTết",
        "moon\t01-01\t1995\tTết\tLuật",
        "solar\t02-30\t1995\tTết\tLuật",
        "lunar\t13-01\t1995\tTết\tLuật",
        "off\t2026-02-30\t2026\tNghỉ\tCông văn",
        "solar\t01-01\tsometime\tTết\tLuật",
        "solar\t01-01\t1995\t\tLuật",
    ],
)
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(TableRefused) as raised:
        parse_holidays(f"# head\n{line}\n")
    assert raised.value.code == "E_TABLE"
    assert "Dòng 2" in raised.value.vi
