"""A commune's own villages (thôn, tổ dân phố) from a table that its office made: all of them or none."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from controller.errors import Problem
from controller.store import areas, audit
from controller.store.database import Conn
from schedules.announcement import AreaCode, clean_text
from schedules.area import Area, Level, Tree
from schedules.errors import TextRefused

LARGEST = 1024 * 1024
MOST = 999
MOST_TOLD = 20
LONGEST_NAME = 80
HEADS = {
    "ten": "name",
    "thon": "name",
    "name": "name",
    "dan so": "population",
    "population": "population",
    "vi do": "latitude",
    "latitude": "latitude",
    "kinh do": "longitude",
    "longitude": "longitude",
}
_GROUPED = re.compile(r"\d{1,3}([. ]\d{3})+|\d{1,7}")
_DEGREES = re.compile(r"\d{1,3}([.,]\d{1,8})?")
BOX = {"latitude": (6.0, 24.0), "longitude": (102.0, 118.0)}
"""Việt Nam with its islands: a swapped pair of numbers is seen at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """One row of the table; what stands empty is not known."""

    row: int
    name: str
    population: int | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the table."""

    added: tuple[Area, ...]
    changed: tuple[Area, ...]


class _Wrong(Exception):
    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


def read_villages(raw: bytes) -> tuple[Village, ...]:
    """Tab-separated, first row the heads: `tên`, and where known `dân số`, `vĩ độ`, `kinh độ`.

    As spreadsheets save it: UTF-8, or their “Unicode text”. Problem 422 ``E_ROWS`` names every wrong row.
    """
    if len(raw) > LARGEST:
        raise Problem("E_TOO_LARGE")
    rows = [(number, line) for number, line in enumerate(_text(raw).splitlines(), 1) if line.strip()]
    if not rows:
        raise _refusal([(1, "tệp trống", "the file is empty")])
    heads = _heads(rows[0][1])
    found: list[Village] = []
    wrong: list[tuple[int, str, str]] = []
    seen: dict[str, int] = {}
    for number, line in rows[1:]:
        try:
            village = _village(number, dict(zip(heads, _cells(line, len(heads)), strict=True)))
            first = seen.setdefault(_key(village.name), number)
            if first != number:
                raise _Wrong(f"trùng tên với dòng {first}", f"the same name as row {first}")
            found.append(village)
        except _Wrong as said:
            wrong.append((number, said.vi, said.en))
    if len(found) > MOST:
        wrong.append((rows[MOST + 1][0], f"quá {MOST} thôn", f"more than {MOST} villages"))
    if wrong:
        raise _refusal(wrong)
    return tuple(found)


def take_villages(conn: Conn, commune: AreaCode, villages: tuple[Village, ...], now: datetime) -> Taken:
    """Add the new ones under codes of their own, bring the known ones up to date; the same again is nothing.

    A village that is not in the table stays: nodes may hang there. AreaRefused, or Problem ``E_FIELD``
    where the code is no commune's.
    """
    tree = areas.tree(conn)
    if tree.area(commune).level is not Level.COMMUNE:
        raise Problem(
            "E_FIELD",
            field="commune",
            vi=f"Mã {commune} không phải mã của xã, phường, đặc khu.",
            en=f"{commune} is no commune.",
        )
    known = {_key(tree.area(code).name): tree.area(code) for code in tree.children(commune)}
    added: list[Area] = []
    changed: list[Area] = []
    for village in villages:
        before = known.get(_key(village.name))
        after = _area(village, before, commune, _free_code(tree, commune, len(added)))
        if before is None:
            added.append(after)
        elif after != before:
            changed.append(after)
    areas.save(conn, (*added, *changed))
    if added or changed:
        facts: dict[str, audit.Fact] = {
            "added": [area.code for area in added],
            "changed": [area.code for area in changed],
        }
        audit.append(conn, now, "loa", "area.villages_taken", commune, facts)
    return Taken(added=tuple(added), changed=tuple(changed))


def _area(village: Village, before: Area | None, commune: AreaCode, code: AreaCode) -> Area:
    kept = before or Area(code=code, parent=commune, level=Level.VILLAGE, name=village.name)
    return replace(
        kept,
        name=village.name,
        population=kept.population if village.population is None else village.population,
        latitude=kept.latitude if village.latitude is None else village.latitude,
        longitude=kept.longitude if village.longitude is None else village.longitude,
    )


def _free_code(tree: Tree, commune: AreaCode, ahead: int) -> AreaCode:
    """Above every number that was ever given: a code is never used for a second village."""
    tails = [code.removeprefix(f"{commune}-") for code in tree.children(commune)]
    highest = max((int(tail) for tail in tails if tail.isascii() and tail.isdecimal()), default=0)
    return AreaCode(f"{commune}-{highest + 1 + ahead:02d}")


def _text(raw: bytes) -> str:
    try:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw.decode("utf-16")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal([(1, "tệp không phải UTF-8", "the file is not UTF-8")]) from None


def _heads(line: str) -> tuple[str, ...]:
    heads = tuple(HEADS.get(_plain(cell), "") for cell in line.split("\t"))
    if "name" not in heads or "" in heads or len(set(heads)) != len(heads):
        raise _refusal(
            [
                (
                    1,
                    "dòng đầu phải là: tên, và nếu có: dân số, vĩ độ, kinh độ (cách nhau bằng phím Tab)",
                    "the first row must be: name, and where known population, latitude, longitude",
                )
            ]
        )
    return heads


def _cells(line: str, count: int) -> list[str]:
    cells = [cell.strip().removeprefix('"').removesuffix('"').strip() for cell in line.split("\t")]
    while len(cells) > count and not cells[-1]:
        cells.pop()
    if len(cells) > count:
        raise _Wrong("có thừa cột", "it has too many columns")
    return cells + [""] * (count - len(cells))


def _village(number: int, cells: dict[str, str]) -> Village:
    latitude = _degrees("latitude", cells.get("latitude", ""))
    longitude = _degrees("longitude", cells.get("longitude", ""))
    if (latitude is None) != (longitude is None):
        raise _Wrong("vĩ độ và kinh độ phải đi cùng nhau", "latitude and longitude go together")
    return Village(
        row=number,
        name=_name(cells["name"]),
        population=_population(cells.get("population", "")),
        latitude=latitude,
        longitude=longitude,
    )


def _name(cell: str) -> str:
    try:
        name = " ".join(clean_text(cell).split())
    except TextRefused as refused:
        raise _Wrong(refused.vi, refused.en) from None
    if not name:
        raise _Wrong("thiếu tên", "the name is missing")
    if len(name) > LONGEST_NAME:
        raise _Wrong(f"tên dài quá {LONGEST_NAME} chữ", f"the name is longer than {LONGEST_NAME}")
    # a spreadsheet that opens our own lists must find no formula in them
    if not name[0].isalnum() or not any(character.isalpha() for character in name):
        raise _Wrong("tên phải bắt đầu bằng chữ hoặc số", "a name begins with a letter or a digit")
    return name


def _population(cell: str) -> int | None:
    if not cell:
        return None
    if not cell.isascii() or not _GROUPED.fullmatch(cell):
        raise _Wrong(f"dân số “{cell[:20]}” không phải là số", f"“{cell[:20]}” is no number of people")
    return int(re.sub(r"[. ]", "", cell))


def _degrees(what: str, cell: str) -> float | None:
    if not cell:
        return None
    low, high = BOX[what]
    word = "vĩ độ" if what == "latitude" else "kinh độ"
    if not cell.isascii() or not _DEGREES.fullmatch(cell):
        raise _Wrong(f"{word} “{cell[:20]}” không đọc được", f"the {what} “{cell[:20]}” can't be read")
    value = float(cell.replace(",", "."))
    if not low <= value <= high:
        raise _Wrong(f"{word} {value:g} nằm ngoài Việt Nam", f"the {what} {value:g} lies outside Vietnam")
    return value


def _refusal(wrong: list[tuple[int, str, str]]) -> Problem:
    told = wrong[:MOST_TOLD]
    more = len(wrong) - len(told)
    vi = "; ".join(f"dòng {row}: {vi}" for row, vi, _ in told) + (f"; và {more} dòng nữa" if more else "")
    en = "; ".join(f"row {row}: {en}" for row, _, en in told) + (f"; and {more} more rows" if more else "")
    return Problem(
        "E_ROWS",
        vi=f"Chưa nhận dòng nào. {vi}.",
        en=f"Nothing was taken. {en}.",
        rows=[row for row, *_ in wrong],
    )


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).lower().split())


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.strip().strip('"').lower().replace("đ", "d"))
    return " ".join("".join(part for part in parts if not unicodedata.combining(part)).split())
