"""Whether somebody may speak to this ground now: rights, class, hours, and who speaks there already."""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.access import Person, Right
from controller.dispatch.broadcasts.ground import Ground, ground_of
from controller.dispatch.broadcasts.live_forms import DELAYS_S, LENGTHS_MIN, LONGEST_TITLE, BroadcastForm
from controller.dispatch.broadcasts.tuning import Tuner
from controller.dispatch.refusals import allow, told_as_problems
from controller.dispatch.room import Room
from controller.errors import Problem
from controller.store import broadcasts
from controller.store.broadcasts import BroadcastKind
from controller.streams.ffmpeg import program
from devices.messages import BulletinClass
from schedules.announcement import AreaCode, clean_text
from schedules.area import Level
from schedules.calendar import local


class Checks:
    """Asked at the preview, and again when it begins."""

    def __init__(self, room: Room, tuner: Tuner) -> None:
        self._room = room
        self._tuner = tuner

    async def form(self, person: Person, form: BroadcastForm, now: datetime) -> BroadcastForm:
        """Problem for what can't begin as it is; the form with clean text and covered ground."""
        room, tree = self._room, self._room.tree
        allow(person, Right.LIVE, form.area, tree)
        program()
        if not form.targets and not form.groups:
            raise Problem("E_TARGET_EMPTY", field="targets")
        if any(target not in tree or not tree.descends(target, form.area) for target in form.targets):
            raise Problem("E_FIELD", field="targets")
        form = replace(form, targets=tree.cover(form.targets), groups=tuple(dict.fromkeys(form.groups)))
        ground = await room.db.read(ground_of, room, form.targets, form.groups)
        self._check_groups(form, ground)
        with told_as_problems():
            title = " ".join(clean_text(form.title).split())
        if not 1 <= len(title) <= LONGEST_TITLE:
            raise Problem("E_FIELD", field="title")
        if form.longest not in (timedelta(minutes=minutes) for minutes in LENGTHS_MIN):
            raise Problem("E_FIELD", field="longest")
        if form.delay not in (timedelta(seconds=seconds) for seconds in DELAYS_S):
            raise Problem("E_FIELD", field="delay")
        if form.bulletin_class not in (BulletinClass.NORMAL, BulletinClass.PRIORITY):
            raise Problem("E_FIELD", field="bulletin_class")
        above = tree.area(form.area).level in (Level.NATION, Level.PROVINCE)
        if above and form.bulletin_class is BulletinClass.NORMAL:
            # Circular 39/2020: the commune chooses when a normal item from above is played
            raise Problem("E_LIVE_CLASS", field="bulletin_class")
        if form.kind is BroadcastKind.RECORDING:
            if form.item is None:
                raise Problem("E_FIELD", field="item")
            await self._tuner.clip_of(person, form.item)
        if form.kind is BroadcastKind.RELAY and not await self._tuner.names(form.area):
            raise Problem("E_SOURCE")
        self.hours(ground.areas, now, now + form.longest)
        await self._check_free(form, ground)
        return replace(form, title=title)

    def hours(self, targets: tuple[AreaCode, ...], start: datetime, end: datetime) -> None:
        """422 ``E_QUIET`` where any moment of it is quiet on any of that ground."""
        quiet = self._room.quiet_at(targets)
        if quiet.overlaps(start, end):
            raise Problem("E_QUIET", field="longest", quiet=str(quiet))

    def _check_groups(self, form: BroadcastForm, ground: Ground) -> None:
        """Groups of the presser's own branch only; and no node is reached by two ways at once."""
        tree = self._room.tree
        if len(ground.groups) < len(form.groups) or any(
            one.area not in tree or not tree.descends(one.area, form.area) for one in ground.groups
        ):
            raise Problem(
                "E_FIELD",
                field="groups",
                vi="Có nhóm loa không còn nữa.",
                en="A group does not exist any more.",
            )
        if not ground.nodes:
            raise Problem("E_TARGET_EMPTY", field="targets")
        if ground.doubled:
            raise Problem(
                "E_TARGET",
                field="targets",
                status=422,
                vi=f"Có {len(ground.doubled)} cụm loa nằm trong hai nơi đã chọn. Hãy chọn để mỗi cụm loa "
                "chỉ nghe một đường.",
                en=f"{len(ground.doubled)} nodes are in two of the chosen places; choose each of them once.",
            )

    async def _check_free(self, form: BroadcastForm, ground: Ground) -> None:
        """Two voices at one loudspeaker are one too many, unless the new one is of a higher class."""
        mine, read = {node.id for node in ground.nodes}, self._room.db.read
        for row in await read(broadcasts.running):
            theirs = await read(ground_of, self._room, row.targets, row.groups)
            if mine.isdisjoint(node.id for node in theirs.nodes):
                continue
            if (form.bulletin_class, row.bulletin_class) == (BulletinClass.PRIORITY, BulletinClass.NORMAL):
                continue
            ends_at = local(row.ends_at or row.made_at + row.longest)
            raise Problem("E_ON_AIR", name=row.title, until=f"{ends_at:%H:%M}")
