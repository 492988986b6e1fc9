"""The rules of each place over a whole plan: packs and profiles by area, and what they leave of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from schedules.announcement import AnnouncementId, AreaCode
from schedules.area import Level, Tree
from schedules.calendar import QuietHours
from schedules.caps import Breach, Heard, judged
from schedules.holidays import Holidays
from schedules.profile import Profile
from schedules.rulepack import Limits, RulePack
from schedules.session import is_chime

Ground = tuple[AreaCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRules:
    """Which pack holds in which area (the nearest above a place), the profiles, the table of holidays.

    Without any of them everything is allowed that the house's own quiet hours allow.
    """

    packs: tuple[tuple[AreaCode, RulePack], ...] = ()
    profiles: tuple[Profile, ...] = ()
    holidays: Holidays | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What the rules leave: the ground of each sound that they narrow (empty: it is not heard), and why."""

    ground: Mapping[str, Ground]
    breaches: tuple[Breach, ...]


def cut(
    occurrences: Sequence[Heard],
    rules: LocalRules,
    tree: Tree,
    quiet: QuietHours,
    music: frozenset[AnnouncementId] = frozenset(),
) -> Cut:
    """Judge the sounds in every place that has rules, as its people hear them. `music` only fills time.

    Whoever listens elsewhere hears a sound that is refused here. Chimes are heard only where something
    between them is left.
    """
    ruled = tuple(area for area in _named(rules) if area in tree)
    if not ruled:
        return Cut(ground={}, breaches=())
    by_target: defaultdict[AreaCode, list[Heard]] = defaultdict(list)
    for one in occurrences:
        for target in one.targets:
            by_target[target].append(one)
    places = _Places(_cells(ruled, frozenset(by_target), tree), tree)
    found: list[tuple[AreaCode, Breach]] = []
    for cell in sorted(places.cells):
        heard = {one.id: one for code in tree.chain(cell) for one in by_target.get(code, ())}
        pack = pack_at(rules, tree, cell, quiet)
        for breach in judged(heard.values(), cell, pack, rules.profiles, tree, music):
            places.refused[breach.occurrence].add(cell)
            found.append((cell, breach))
    narrowed = (one for one in occurrences if one.id in places.refused)
    ground = {one.id: tuple(places.left(one)) for one in narrowed}
    return Cut(ground=_with_chimes(occurrences, ground, tree), breaches=_once(found))


def _named(rules: LocalRules) -> Iterator[AreaCode]:
    yield from (area for area, _ in rules.packs)
    yield from (profile.area for profile in rules.profiles)


def _cells(ruled: Iterable[AreaCode], targets: frozenset[AreaCode], tree: Tree) -> frozenset[AreaCode]:
    """The places in which all people hear the same under the same rules: ruled communes as a whole,

    and by themselves those villages that are spoken to alone or have rules of their own.
    """
    ruled = frozenset(ruled)
    return frozenset(
        area.code
        for area in tree.areas
        if not ruled.isdisjoint(tree.chain(area.code))
        if area.level is Level.COMMUNE
        or (area.level is Level.VILLAGE and (area.code in targets or area.code in ruled))
    )


def pack_at(rules: LocalRules, tree: Tree, area: AreaCode, quiet: QuietHours) -> RulePack:
    """The pack that holds in an area, its quiet hours united with the house's: what its nodes are told."""
    found = nearest_pack(rules, tree, area)
    if found is None:
        return RulePack(id="none", name="", source="", quiet=quiet, limits=Limits())
    return replace(found[1], quiet=found[1].quiet.united(quiet))


def nearest_pack(rules: LocalRules, tree: Tree, area: AreaCode) -> tuple[AreaCode, RulePack] | None:
    """The pack chosen for an area, or for the nearest area above it, with where it was chosen."""
    by_area = dict(rules.packs)
    for code in reversed(tree.chain(area)):
        if code in by_area:
            return code, by_area[code]
    return None


def quiet_of(rules: LocalRules, tree: Tree, targets: Iterable[AreaCode], quiet: QuietHours) -> QuietHours:
    """The quiet hours that all these places share; where they differ, the house's own."""
    found = {pack_at(rules, tree, target, quiet).quiet for target in targets if target in tree}
    return found.pop() if len(found) == 1 else quiet


class _Places:
    """The cells of one judgement, and who refused what."""

    def __init__(self, cells: frozenset[AreaCode], tree: Tree) -> None:
        self.cells = cells
        self.tree = tree
        self.refused: defaultdict[str, set[AreaCode]] = defaultdict(set)
        self.inside: defaultdict[AreaCode, list[AreaCode]] = defaultdict(list)
        for cell in cells:
            for code in tree.chain(cell)[:-1]:
                self.inside[code].append(cell)

    def left(self, one: Heard) -> Iterator[AreaCode]:
        """The ground on which a sound stays."""
        refused = self.refused[one.id]
        for target in one.targets:
            ruling = next((code for code in reversed(self.tree.chain(target)) if code in self.cells), None)
            yield from self._kept(target, ruling in refused, refused)

    def _kept(self, code: AreaCode, is_refused: bool, refused: set[AreaCode]) -> Iterator[AreaCode]:
        """The parts of an area where it stays: below, what the nearest cell says holds."""
        if code in self.cells:
            is_refused = code in refused
        if all((cell in refused) is is_refused for cell in self.inside[code]):
            if not is_refused:
                yield code
            return
        for child in self.tree.children(code):
            yield from self._kept(child, is_refused, refused)


def _with_chimes(occurrences: Sequence[Heard], ground: dict[str, Ground], tree: Tree) -> dict[str, Ground]:
    """The same, and each chime only where something of its run is left."""
    spoken: defaultdict[tuple[str, object], list[AreaCode]] = defaultdict(list)
    touched: set[tuple[str, object]] = set()
    for one in occurrences:
        if one.session is not None and not is_chime(one.item):
            spoken[one.session, one.recurrence_at] += ground.get(one.id, one.targets)
            if one.id in ground:
                touched.add((one.session, one.recurrence_at))
    found = dict(ground)
    for one in occurrences:
        if one.session is not None and is_chime(one.item) and (one.session, one.recurrence_at) in touched:
            said = tree.cover(spoken[one.session, one.recurrence_at])
            found[one.id] = tuple(_shared(ground.get(one.id, one.targets), said, tree))
    return found


def _shared(one: Ground, other: Ground, tree: Tree) -> Iterator[AreaCode]:
    """The ground that two sets of areas have in common."""
    common = {
        a if tree.descends(a, b) else b
        for a in one
        for b in other
        if tree.descends(a, b) or tree.descends(b, a)
    }
    yield from tree.cover(common)


def _once(breaches: Iterable[tuple[AreaCode, Breach]]) -> tuple[Breach, ...]:
    """One sentence for each sound and code, with the areas that say it; a silent chime needs none."""
    found: dict[tuple[str, str], Breach] = {}
    areas: defaultdict[tuple[str, str], list[AreaCode]] = defaultdict(list)
    for area, breach in breaches:
        if not is_chime(breach.item):
            key = breach.occurrence, breach.code
            found[key] = breach
            areas[key].append(area)
    every = (replace(breach, areas=tuple(areas[key])) for key, breach in found.items())
    return tuple(sorted(every, key=lambda breach: (breach.at, breach.occurrence, breach.code)))
