"""One run of a session laid on ground where other things are heard too."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from schedules.announcement import AnnouncementId, AreaCode, BulletinClass
from schedules.area import Tree
from schedules.blocks import Block, Laid, LeftOut, Part, lay_out
from schedules.calendar import QuietHours
from schedules.session import Run, relay_id, taped_at, taped_id, whole
from schedules.timeline import Timeline
from schedules.wish import Ready, Slot, Trouble, Wish, refusal_at, wish_for

Key = tuple[AnnouncementId, datetime]
_CHIME_GRACE = timedelta(minutes=5)
_TAPED_GRACE = timedelta(minutes=10)
"""So late a recorded relay may begin, as any ordinary item; a live one has no other time than its own."""
_SPOKEN = frozenset({Part.PROVINCE, Part.COMMUNE})
_CHIMES = frozenset({Part.OPENING, Part.CLOSING})
_FRAME = _CHIMES | {Part.FILLER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A sound with its place; `behind` is what it had to wait for."""

    part: Part
    slot: Slot
    behind: Slot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A run with its sounds, and what is not heard in it."""

    placed: tuple[Placed, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What a run may say: the wishes of its items in their order, and what is kept for its other blocks."""

    wishes: tuple[Wish, ...]
    above: frozenset[AnnouncementId]
    kept: Mapping[AnnouncementId, Ready]


def fill(
    run: Run,
    hand: Hand,
    tree: Tree,
    durations: Mapping[AnnouncementId, timedelta],
    quiet: QuietHours,
    timeline: Timeline,
    claimed: Set[Key],
) -> Filled:
    """The run laid out. One in which nothing is said neither opens, fills nor closes."""
    ground = _Ground(run, hand, tree, durations, quiet, timeline, claimed)
    blocks = tuple(_blocks(run, hand))
    named = {item for block in blocks for item in block.items}
    lengths = {item: durations[item] for item in named if item in durations}
    lengths |= {wish.item: wish.duration for wish in hand.wishes}
    layout = lay_out(blocks, run.start_at, lengths, run.session.cap, ground=ground)
    said = [one for one in ground.placed if one.part not in _FRAME]
    parts = {block.id: block.part for block in blocks}
    troubles = [
        trouble
        for left in _left(layout.left_out, said)
        if said or parts[left.block] not in _FRAME
        if (trouble := ground.trouble(left, parts[left.block])) is not None
    ]
    if not said:
        return Filled(placed=(), troubles=tuple(troubles))
    cover = tree.cover(code for one in said for code in one.slot.wish.targets)
    placed = (_settled(one, cover) if one.part in _CHIMES else one for one in ground.placed)
    return Filled(placed=tuple(placed), troubles=tuple(troubles))


class _Ground:
    """The ground of one run: what lies there already, and what this run has laid there so far."""

    def __init__(
        self,
        run: Run,
        hand: Hand,
        tree: Tree,
        durations: Mapping[AnnouncementId, timedelta],
        quiet: QuietHours,
        timeline: Timeline,
        claimed: Set[Key],
    ) -> None:
        self.run = run
        self.hand = hand
        self.tree = tree
        self.durations = durations
        self.quiet = quiet
        self.timeline = timeline
        self.claimed = claimed
        self.mine: set[Key] = set()
        self.wishes = {wish.item: wish for wish in hand.wishes}
        self.asked: dict[tuple[str, AnnouncementId | None], tuple[Wish, Slot | None]] = {}
        self.placed: list[Placed] = []
        self.parts: dict[str, Part] = {}
        self.fillers = 0

    def free(
        self, block: Block, item: AnnouncementId | None, start_at: datetime, length: timedelta
    ) -> datetime | str:
        wish = self._wish(block, item, start_at, length)
        self.parts[block.id] = block.part
        key = (wish.identity, wish.recurrence_at)
        if key in self.claimed or key in self.mine:
            self.asked[block.id, item] = (wish, None)
            return "E_DOUBLE"
        due_at, behind = self._first_free(wish, start_at)
        self.asked[block.id, item] = (wish, behind)
        return refusal_at(wish, due_at, self.quiet) or due_at

    def take(self, laid: Laid) -> None:
        wish, behind = self.asked[laid.block, laid.item]
        if laid.item is None:
            grace = _TAPED_GRACE if wish.item == taped_id(self.run.session.id) else timedelta()
            wish = replace(wish, duration=laid.length, expires_at=laid.end_at + grace)
        self.mine.add((wish.identity, wish.recurrence_at))
        part = self.parts[laid.block]
        self.fillers += part is Part.FILLER
        slot = Slot(wish=wish, due_at=laid.at)
        self.placed.append(Placed(part=part, slot=slot, behind=behind))

    def trouble(self, left: LeftOut, part: Part) -> Trouble | None:
        """What was left out and why; a filler that is crowded out is no news."""
        wish, behind = self.asked.get((left.block, left.item), (None, None))
        if part is Part.FILLER and left.code in ("E_CAP", "E_BORDER"):
            return None
        title = wish.title if wish is not None else self.run.session.name
        item = left.item or _relay_item(self.run)
        if part in _CHIMES and wish is None:
            return Trouble(item=item, title=title, code=left.code, at=self.run.start_at)
        return Trouble(item=item, title=title, code=left.code, at=self.run.start_at, wish=wish, behind=behind)

    def _wish(self, block: Block, item: AnnouncementId | None, at: datetime, length: timedelta) -> Wish:
        session = self.run.session
        if item is None:
            return _own(self.run, _relay_item(self.run), f"Tiếp âm ({session.name})", at, length)
        if block.part in _CHIMES:
            return _own(self.run, item, session.name, at, length)
        if block.part in _SPOKEN:
            return self.wishes[item]
        ready = self.hand.kept[item]
        targets, whole_ground = within(self.tree, ready.announcement.targets, session.area)
        name = item if whole_ground else f"{item}@{session.area}"
        if block.part is Part.FILLER:
            name = f"{item}@{session.id}#{self.fillers}"
        return wish_for(
            ready,
            self.run.recurrence_at,
            at,
            session=session.id,
            targets=targets,
            identity=AnnouncementId(name),
        )

    def _first_free(self, wish: Wish, at: datetime) -> tuple[datetime, Slot | None]:
        if wish.bulletin_class is BulletinClass.EMERGENCY:
            return at, None
        priority = wish.bulletin_class is BulletinClass.PRIORITY
        return self.timeline.first_free(
            at, wish.duration, wish.targets, lambda slot: slot.wish.session is not None or priority
        )


def within(tree: Tree, targets: tuple[AreaCode, ...], area: AreaCode) -> tuple[tuple[AreaCode, ...], bool]:
    """The targets as far as they lie in the area, and whether that is all of them."""
    inside = tuple(target for target in targets if tree.descends(target, area))
    if len(inside) == len(targets):
        return targets, True
    if any(tree.descends(area, target) for target in targets):
        return (area,), False
    return inside, False


def _blocks(run: Run, hand: Hand) -> Iterable[Block]:
    """The session's blocks with what each says in this run.

    An item with a fixed time splits its block: the others are tried before it and again behind it.
    """
    every = whole(run.session)
    for_above = any(block.part is Part.PROVINCE for block in every)
    fixed = {one.item: one.at for one in run.session.fixed}
    for block in every:
        if block.part in _SPOKEN:
            items = [
                wish.item
                for wish in hand.wishes
                if not for_above or (wish.item in hand.above) is (block.part is Part.PROVINCE)
            ]
            yield from _split(replace(block, items=tuple(items)), fixed)
        elif block.part in (Part.ANTHEM, Part.FILLER):
            yield replace(block, items=tuple(item for item in block.items if item in hand.kept))
        else:
            yield block


def _split(block: Block, fixed: Mapping[AnnouncementId, time]) -> Iterable[Block]:
    soft = tuple(item for item in block.items if item not in fixed)
    hard = sorted((fixed[item], item) for item in block.items if item in fixed)
    yield replace(block, items=soft)
    for n, (at, item) in enumerate(hard):
        yield replace(block, id=f"{block.id}/{n}", items=(item,), hard_start=at)
        yield replace(block, id=f"{block.id}/{n}/more", items=soft, hard_start=None)


def _left(left_out: Iterable[LeftOut], said: Iterable[Placed]) -> Iterable[LeftOut]:
    """What no block of the run took, once."""
    heard = {one.slot.wish.item for one in said}
    found: dict[AnnouncementId | None, LeftOut] = {}
    for left in left_out:
        if left.item not in heard:
            found.setdefault(left.item, left)
    return found.values()


def _settled(chime: Placed, ground: tuple[AreaCode, ...]) -> Placed:
    """A chime only where something is said, and not long after its moment."""
    slot = chime.slot
    wish = replace(slot.wish, targets=ground, expires_at=slot.end_at + _CHIME_GRACE)
    return replace(chime, slot=replace(slot, wish=wish))


def _relay_item(run: Run) -> AnnouncementId:
    session = run.session
    return relay_id(session.id) if taped_at(session, run.start_at) is None else taped_id(session.id)


def _own(run: Run, item: AnnouncementId, title: str, at: datetime, length: timedelta) -> Wish:
    """What is the session's own: its opening, its closing, its relay."""
    return Wish(
        item=item,
        identity=item,
        title=title,
        revision=1,
        recurrence_at=run.recurrence_at,
        wanted_at=at,
        duration=length,
        valid_from=run.start_at,
        expires_at=run.start_at + timedelta(days=1),
        targets=(run.session.area,),
        bulletin_class=BulletinClass.NORMAL,
        session=run.session.id,
        repeat=1,
        rank=(False, 0, run.start_at, item),
    )
