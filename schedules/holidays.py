"""Vietnam's days off: what the law gives each year, and what a year's document swapped."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from schedules.errors import TableRefused
from schedules.lunar import LunarDay, lunar_months, solar_of

DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6
# which neighbour of 2 September the government has given since 2021, by that day's weekday
_BESIDE = (+1, -1, -1, +1, -1, -1, +1)


class What(StrEnum):
    """How a row of the table names its days; the table's own head says what each means."""

    SOLAR = "solar"
    LUNAR = "lunar"
    BESIDE = "beside"
    TET = "tet"
    OFF = "off"
    WORK = "work"


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayRow:
    """One line: `month` and `day` for what comes each year, `on` for what one document decreed."""

    what: What
    since: int
    name: str
    source: str
    month: int = 0
    day: int = 0
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOff:
    """A day without work, its name as people say it and the document that gives it."""

    day: date
    name: str
    source: str


# compared as itself: a year's days are kept for each table
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holidays:
    """A table of days off; Saturdays and Sundays are off without standing in it."""

    rows: tuple[HolidayRow, ...]

    def is_working(self, day: date) -> bool:
        """Whether offices work on that day."""
        if any(row.on == day for row in self.rows if row.what is What.WORK):
            return True
        return day.weekday() < SATURDAY and day not in _by_day(self, day.year)

    def name_of(self, day: date) -> str | None:
        """Why it is off, where the table gives the reason."""
        found = _by_day(self, day.year).get(day)
        return found.name if found else None


def days_off(holidays: Holidays, year: int) -> tuple[DayOff, ...]:
    """The days off of a year that the table gives, in order; what falls on a weekend is given back."""
    return tuple(_by_day(holidays, year).values())


def parse_holidays(text: str) -> Holidays:
    """A table of tab-separated lines; TableRefused (`E_TABLE`) names the first line that is none."""
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                rows.append(_row(line.split("\t")))
            except ValueError:
                raise TableRefused(
                    f"Dòng {number} của bảng ngày nghỉ không đọc được.",
                    f"Line {number} of the table of holidays can't be read.",
                ) from None
    return Holidays(rows=tuple(rows))


@lru_cache(maxsize=1)
def statutory() -> Holidays:
    """The table that comes with the house."""
    return parse_holidays(files("schedules").joinpath("data/holidays.tsv").read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def with_decreed(rows: tuple[HolidayRow, ...]) -> Holidays:
    """The house's table and the decreed days of a place, which take the place of the table's own."""
    if not rows:
        return statutory()
    decreed = {row.on for row in rows}
    kept = (row for row in statutory().rows if row.on is None or row.on not in decreed)
    return Holidays(rows=(*kept, *rows))


def _row(cells: list[str]) -> HolidayRow:
    what, when, since, name, source = cells
    kind = What(what)
    on, month, day = None, 0, 0
    if kind in (What.OFF, What.WORK):
        on = date.fromisoformat(when)
    elif kind is not What.TET:
        month, day = (int(part) for part in when.split("-"))
        # a leap year, so that 29 February may stand in the table
        date(2000, month, 1 if kind is What.LUNAR else day)
        if not 1 <= day <= 31:
            raise ValueError(when)
    if not name:
        raise ValueError(what)
    return HolidayRow(what=kind, since=int(since), name=name, source=source, month=month, day=day, on=on)


@lru_cache(maxsize=512)
def _by_day(holidays: Holidays, year: int) -> dict[date, DayOff]:
    off: dict[date, DayOff] = {}
    # the neighbour of a day is known only when the days themselves are
    order = (What.TET, What.SOLAR, What.LUNAR, What.OFF, What.BESIDE)
    rows = [row for row in holidays.rows if row.since <= year]
    for row in sorted((row for row in rows if row.what in order), key=lambda row: order.index(row.what)):
        for day in _days(row, year):
            off.setdefault(day, DayOff(day=day, name=row.name, source=row.source))
    # what a document decrees is meant as it stands: a Saturday that is off after all gives no Monday
    decreed = {row.on for row in rows if row.what is What.OFF}
    lost = sorted(day for day in off if day.weekday() >= SATURDAY and day not in decreed)
    for day in lost:
        instead = _given_back(day, off, _is_tet(rows, year, day))
        off[instead] = DayOff(day=instead, name=f"{off[day].name} (nghỉ bù)", source=off[day].source)
    return {day: off[day] for day in sorted(off) if day.year == year}


def _days(row: HolidayRow, year: int) -> Iterator[date]:
    match row.what:
        case What.TET:
            yield from _tet(year)
        case What.SOLAR:
            yield from _existing(year, row.month, row.day)
        case What.LUNAR:
            found = solar_of(LunarDay(day=row.day, month=row.month, year=year))
            if found is not None:
                yield found
        case What.BESIDE:
            for day in _existing(year, row.month, row.day):
                yield day + _BESIDE[day.weekday()] * DAY
        case _:
            if row.on is not None and row.on.year == year:
                yield row.on


def _existing(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _tet(year: int) -> Iterable[date]:
    """The eve and the first four days of the lunar year that begins in a solar one."""
    first = lunar_months(year)[0].begins
    return (first + n * DAY for n in range(-1, 4))


def _is_tet(rows: list[HolidayRow], year: int, day: date) -> bool:
    return any(row.what is What.TET for row in rows) and day in _tet(year)


def _given_back(day: date, off: dict[date, DayOff], at_tet: bool) -> date:
    """The working day nearest behind; a Saturday of Tết is given before it."""
    step = -DAY if at_tet and day.weekday() == SATURDAY else DAY
    while day.weekday() >= SATURDAY or day in off:
        day += step
    return day
