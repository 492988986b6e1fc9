"""What would be interrupted, asked beforehand of the nodes' own arbitration by each page that interrupts."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.dispatch.forms.alerts import CutLine
from controller.store.occurrences import Planned
from devices.arbitration import Cut, Drop, preview
from devices.items import Item, occurrence_claim
from devices.messages import BulletinClass, KeyId, Mode, OccurrenceId
from schedules.announcement import AreaCode
from schedules.area import Tree

PREVIEW_KEY = KeyId("preview")


def cut_lines(
    planned: Iterable[Planned], item: Item, targets: Iterable[AreaCode], tree: Tree, now: datetime
) -> tuple[CutLine, ...]:
    """What ``item`` cuts or puts off on this ground if it begins now, exactly as the nodes will."""
    ground = tuple(targets)
    met = {
        OccurrenceId(one.occurrence.id): one
        for one in planned
        if tree.meet(one.occurrence.targets, ground) and one.occurrence.due_at + one.occurrence.duration > now
    }
    lines: dict[OccurrenceId, CutLine] = {}
    for consequence in preview(tuple(planned_item(one) for one in met.values()), item, now):
        effect = consequence.effect
        key = effect.item.occurrence
        if key is None or not isinstance(effect, Cut | Drop):
            continue
        one = met[key]
        lines[key] = CutLine(
            occurrence=key,
            title=one.title,
            bulletin_class=one.occurrence.bulletin_class,
            areas=one.occurrence.targets,
            resumes=isinstance(effect, Cut) and effect.resumes,
        )
    return tuple(lines.values())


def planned_item(planned: Planned) -> Item:
    """A planned occurrence as the nodes will see it."""
    occurrence = planned.occurrence
    key = OccurrenceId(occurrence.id)
    return Item(
        claim=occurrence_claim(key),
        bulletin_class=BulletinClass(occurrence.bulletin_class.value),
        mode=Mode.ACTUAL,
        kid=PREVIEW_KEY,
        issued_at=occurrence.due_at,
        due_at=occurrence.due_at,
        latest_at=occurrence.expires_at,
        expires_at=occurrence.expires_at,
        duration_ms=occurrence.duration // timedelta(milliseconds=1),
        volume=100,
        occurrence=key,
        revision=occurrence.revision,
        title=planned.title,
    )
