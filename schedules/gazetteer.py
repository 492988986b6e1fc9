"""The country's places as its book of codes has them: 34 provinces, 3,321 communes, what each was before.

Since 1 July 2025 there are two levels; villages (thôn, tổ dân phố) have no official code and stay the
commune's own. The table is ``data/areas.tsv``; its head says from where and how it was made.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from schedules.announcement import AreaCode
from schedules.area import Area, Level
from schedules.errors import AreaRefused

NATION = Area(
    code=AreaCode("vn"), parent=None, level=Level.NATION, name="Việt Nam", latitude=16.0, longitude=107.5
)
COLUMNS = ("code", "parent", "kind", "name", "latitude", "longitude", "old")
PROVINCE_KINDS = ("Thành phố", "Tỉnh")
COMMUNE_KINDS = ("Xã", "Phường", "Đặc khu")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One row: a province or a commune; ``old`` are the units that it was made of, by their old names."""

    code: AreaCode
    parent: AreaCode
    kind: str
    short: str
    latitude: float
    longitude: float
    old: tuple[str, ...]

    @property
    def name(self) -> str:
        """`Xã Quảng Điền`."""
        return f"{self.kind} {self.short}"

    @property
    def level(self) -> Level:
        return Level.PROVINCE if self.parent == NATION.code else Level.COMMUNE

    def area(self) -> Area:
        """The place as the tree of areas holds it; the book does not count its people."""
        return Area(
            code=self.code,
            parent=self.parent,
            level=self.level,
            name=self.name,
            latitude=self.latitude,
            longitude=self.longitude,
        )


class Gazetteer:
    """All rows of one table, to look up and to search."""

    __slots__ = ("_by_code", "_spelt", "places", "source")

    def __init__(self, places: Iterable[Place], source: str) -> None:
        self.places = tuple(places)
        self.source = source
        self._by_code = {place.code: place for place in self.places}
        self._spelt: dict[AreaCode, tuple[_Spelt, ...]] = {}

    def place(self, code: AreaCode) -> Place | None:
        return self._by_code.get(code)

    def communes(self, province: AreaCode) -> tuple[Place, ...]:
        """The communes of a province, by code."""
        return tuple(place for place in self.places if place.parent == province)

    def search(self, typed: str, within: AreaCode | None = None) -> tuple[Place, ...]:
        """Places of which one name has every typed word, or its beginning; what they are called now is first.

        A word typed without accents finds all accents, one typed with accents only these. A commune's name
        may be followed by its province's.
        """
        words = _WORD.findall(unicodedata.normalize("NFC", typed).lower())
        ranked = [
            (rank, place.level is Level.COMMUNE, place.code, place)
            for place in self.places
            if words
            and within in (None, place.code, place.parent)
            and (rank := _rank(words, self._spellings(place))) is not None
        ]
        return tuple(place for *_, place in sorted(ranked, key=lambda row: row[:3]))

    def province(self, named: str) -> Place:
        """The one province of this code or name (`46`, `hue`, `Thành phố Huế`); AreaRefused otherwise."""
        wanted = _fold(named.strip())
        found = [
            place
            for place in self.places
            if place.level is Level.PROVINCE and wanted in (place.code, _fold(place.short), _fold(place.name))
        ]
        if len(found) != 1:
            raise AreaRefused(
                "E_AREA",
                f"Không có tỉnh, thành phố nào tên hoặc mã là “{named}”.",
                f"No province has the name or code “{named}”.",
            )
        return found[0]

    def branch(self, province: AreaCode) -> tuple[Area, ...]:
        """The nation, the province and its communes: what a province's house needs before its villages."""
        own = self._by_code[province]
        return (NATION, own.area(), *(place.area() for place in self.communes(province)))

    def _spellings(self, place: Place) -> "tuple[_Spelt, ...]":
        if not self._spelt:
            self._spelt = {one.code: self._spelt_out(one) for one in self.places}
        return self._spelt[place.code]

    def _spelt_out(self, place: Place) -> "tuple[_Spelt, ...]":
        above = self._by_code.get(place.parent)
        province = f" {above.name}" if above is not None else ""
        return tuple(_spelt(name, f"{name} {place.code}{province}") for name in (place.name, *place.old))


def parse(text: str) -> Gazetteer:
    """Read the table; AreaRefused with the row's number for the first row that does not fit."""
    head, rows, places = [], text.splitlines(), []
    for number, line in enumerate(rows, 1):
        if line.startswith("#"):
            head.append(line.removeprefix("#").strip())
            continue
        if tuple(line.split("\t")) == COLUMNS:
            continue
        places.append(_place(number, line))
    codes = {place.code: place for place in places}
    if len(codes) != len(places):
        raise _refused(len(rows), "a code stands there twice")
    for place in places:
        above = codes.get(place.parent)
        if place.parent != NATION.code and (above is None or above.level is not Level.PROVINCE):
            raise _refused(len(rows), f"{place.code} has no province")
    return Gazetteer(places, " ".join(head))


@cache
def gazetteer() -> Gazetteer:
    """The table that came with this version."""
    return parse(files("schedules").joinpath("data/areas.tsv").read_text(encoding="utf-8"))


def _place(number: int, line: str) -> Place:
    try:
        code, parent, kind, short, latitude, longitude, old = line.split("\t")
        place = Place(
            code=AreaCode(code),
            parent=AreaCode(parent),
            kind=kind,
            short=short,
            latitude=float(latitude),
            longitude=float(longitude),
            old=tuple(old.split("|")) if old else (),
        )
    except ValueError as error:
        raise _refused(number, str(error)) from error
    kinds, digits = (PROVINCE_KINDS, 2) if place.level is Level.PROVINCE else (COMMUNE_KINDS, 5)
    if kind not in kinds or not (code.isascii() and code.isdecimal() and len(code) == digits):
        raise _refused(number, f"{kind} with code {code}")
    if not short or line != unicodedata.normalize("NFC", line):
        raise _refused(number, "a name that is empty or not composed")
    return place


def _refused(number: int, why: str) -> AreaRefused:
    return AreaRefused(
        "E_AREA", f"Bảng địa bàn sai ở dòng {number}.", f"The table of areas is wrong in row {number}: {why}."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spelt:
    """One name to be searched: each word after a blank, as written and without accents."""

    name: str
    written: str
    plain: str


def _spelt(name: str, text: str) -> _Spelt:
    words = " ".join(_WORD.findall(text.lower()))
    return _Spelt(name=f" {_fold(name)} ", written=f" {words} ", plain=f" {_fold(words)} ")


def _rank(words: list[str], spelt: tuple[_Spelt, ...]) -> int | None:
    """0: called so now; 1: these words are in its name; 2: it begins so; 3: an old name; None: neither."""
    for at, one in enumerate(spelt):
        if all(f" {word}" in (one.plain if word.isascii() else one.written) for word in words):
            if at:
                return 3
            phrase = " ".join(_fold(word) for word in words)
            return 0 if one.name.endswith(f" {phrase} ") else 1 if f" {phrase} " in one.name else 2
    return None


def _fold(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(part for part in parts if not unicodedata.combining(part))
