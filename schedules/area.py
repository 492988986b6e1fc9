"""Areas as a tree: nation, province, commune, village, by official code."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from schedules.announcement import AreaCode
from schedules.errors import AreaRefused


class Level(StrEnum):
    NATION = "nation"
    PROVINCE = "province"
    COMMUNE = "commune"
    VILLAGE = "village"


LEVELS = tuple(Level)
_KINDS = tuple(
    f"{kind} "
    for kind in ("Thành phố", "Thị trấn", "Thị xã", "Phường", "Thôn", "Tỉnh", "Xã", "Tổ", "Ấp", "Bản")
)


def inside(name: str) -> str:
    """`xã Quảng Điền`, as a name stands in the middle of a sentence: only the kind of place is small."""
    return name[:1].lower() + name[1:] if name.startswith(_KINDS) else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One unit; a village's code is `<commune>-<two digits>` and ours, the others are official."""

    code: AreaCode
    parent: AreaCode | None
    level: Level
    name: str
    population: int = 0
    latitude: float | None = None
    longitude: float | None = None


class Tree:
    """A set of areas that is one tree or several; refuses doubles, orphans and upside-down levels.

    Every question about a code that the tree does not hold raises AreaRefused (`E_AREA`).
    """

    __slots__ = ("_by_code", "_chains", "_communes", "areas")

    def __init__(self, areas: Iterable[Area]) -> None:
        self.areas: tuple[Area, ...] = tuple(areas)
        self._by_code = {area.code: area for area in self.areas}
        _check(self.areas, self._by_code)
        self._chains = {area.code: _chain(area, self._by_code) for area in self.areas}
        self._communes = {code: self._commune(chain) for code, chain in self._chains.items()}

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def area(self, code: AreaCode) -> Area:
        try:
            return self._by_code[code]
        except KeyError:
            raise AreaRefused("E_AREA", f"Không có địa bàn mã {code}.", f"No area has code {code}.") from None

    def chain(self, code: AreaCode) -> tuple[AreaCode, ...]:
        """The codes from the root down to `code`, itself included."""
        return self._chains[self.area(code).code]

    def descends(self, code: AreaCode, ancestor: AreaCode) -> bool:
        """Whether `code` lies in `ancestor`; every area lies in itself."""
        return ancestor in self.chain(code)

    def commune(self, codes: Iterable[AreaCode]) -> AreaCode | None:
        """The one commune that holds all of that ground, or None where it is more than one commune's."""
        found = {self._communes[self.area(code).code] for code in codes}
        return found.pop() if len(found) == 1 else None

    def children(self, code: AreaCode) -> tuple[AreaCode, ...]:
        self.area(code)
        return tuple(area.code for area in self.areas if area.parent == code)

    def villages(self, code: AreaCode) -> tuple[AreaCode, ...]:
        """The villages in `code`, in the tree's order; a village holds itself."""
        self.area(code)
        return tuple(a.code for a in self.areas if a.level is Level.VILLAGE and self.descends(a.code, code))

    def cover(self, codes: Iterable[AreaCode]) -> tuple[AreaCode, ...]:
        """The same ground without what another of the codes holds already, sorted."""
        asked = set(codes)
        return tuple(sorted(c for c in asked if not any(up in asked for up in self.chain(c)[:-1])))

    def population(self, codes: Iterable[AreaCode]) -> int:
        """People on that ground, nobody counted twice; a unit without own figure counts its parts."""
        return sum(self._people(code) for code in self.cover(codes))

    def meet(self, one: Iterable[AreaCode], other: Iterable[AreaCode]) -> AreaCode | None:
        """The deepest area that both sets of targets reach, or None where they share no ground."""
        shared = [
            max(a, b, key=lambda code: len(self.chain(code)))
            for a in one
            for b in other
            if self.descends(a, b) or self.descends(b, a)
        ]
        return max(shared, key=lambda code: (-len(self.chain(code)), code)) if shared else None

    def _commune(self, chain: tuple[AreaCode, ...]) -> AreaCode | None:
        return next((code for code in chain if self._by_code[code].level is Level.COMMUNE), None)

    def _people(self, code: AreaCode) -> int:
        own = self._by_code[code].population
        return own or sum(self._people(child) for child in self.children(code))


def _chain(area: Area, by_code: dict[AreaCode, Area]) -> tuple[AreaCode, ...]:
    codes = [area.code]
    parent = area.parent
    while parent is not None:
        codes.append(parent)
        parent = by_code[parent].parent
    return tuple(reversed(codes))


def _check(areas: tuple[Area, ...], by_code: dict[AreaCode, Area]) -> None:
    if len(by_code) != len(areas):
        raise AreaRefused("E_AREA", "Có hai địa bàn cùng một mã.", "Two areas have the same code.")
    for area in areas:
        if area.parent is None:
            continue
        parent = by_code.get(area.parent)
        # a parent of a strictly higher level also rules out every circle
        if parent is None or LEVELS.index(parent.level) >= LEVELS.index(area.level):
            raise AreaRefused(
                "E_AREA",
                f"Địa bàn {area.code} không có địa bàn cấp trên hợp lệ.",
                f"Area {area.code} has no valid parent.",
            )
