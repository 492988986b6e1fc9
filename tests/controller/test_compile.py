"""The plan as programmes: only what changed becomes a new version, and nothing outgrows a node's limit."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from controller.dispatch.plan.compile import (
    Compiled,
    Day,
    Sound,
    compile_programmes,
    day_end,
    latest_start,
)
from devices.messages import ClipHash, ClipRef, Programme, TenantId
from devices.programme import LIMIT, fits, size
from schedules.announcement import AnnouncementId, BulletinClass
from schedules.announcement import AreaCode as Place
from schedules.area import Area, Level, Tree
from schedules.calendar import QuietHours, instant_of
from schedules.late_rule import Coalesce, Skip
from schedules.plan import Occurrence, occurrence_id

TODAY = date(2026, 11, 23)
NOW = instant_of(TODAY, time(4))
QUIET = QuietHours()
TREE = Tree(
    (
        Area(code=Place("46"), parent=None, level=Level.PROVINCE, name="Huế"),
        Area(code=Place("20005"), parent=Place("46"), level=Level.COMMUNE, name="Xã A"),
        Area(code=Place("20005-01"), parent=Place("20005"), level=Level.VILLAGE, name="Thôn 1"),
        Area(code=Place("20005-02"), parent=Place("20005"), level=Level.VILLAGE, name="Thôn 2"),
    )
)


def clip(letter: str) -> ClipRef:
    return ClipRef(sha256=ClipHash(letter * 64), bytes=9000, duration_ms=60_000)


def occurrence(
    item: str, at: time, targets: tuple[str, ...] = ("20005",), day: date = TODAY, **changes: object
) -> Occurrence:
    due = instant_of(day, at)
    whole = Occurrence(
        id=occurrence_id("hue", AnnouncementId(item), due),
        item=AnnouncementId(item),
        revision=1,
        recurrence_at=due,
        due_at=due,
        duration=timedelta(minutes=1),
        expires_at=due + timedelta(days=2),
        targets=tuple(Place(target) for target in targets),
        bulletin_class=BulletinClass.NORMAL,
        session=None,
        repeat=1,
    )
    return replace(whole, **changes)


def compiled(
    occurrences: Iterable[Occurrence], held: Mapping[Day, Programme] | None = None, days: int = 7
) -> Compiled:
    items = list(occurrences)
    return compile_programmes(
        tenant=TenantId("hue"),
        epoch=0,
        occurrences=items,
        sounds={row.item: Sound(clip=clip(row.item[0]), title=f"Bài {row.item}") for row in items},
        tree=TREE,
        quiet=QUIET,
        held=held or {},
        days=tuple(TODAY + timedelta(days=n) for n in range(days)),
        fits=fits,
        now=NOW,
    )


def as_held(*results: Compiled) -> dict[Day, Programme]:
    return {(p.area, p.date): p for result in results for p in result.changed}


def test_each_area_and_day_gets_its_own_list_in_order_of_time() -> None:
    result = compiled(
        [
            occurrence("b", time(6)),
            occurrence("a", time(5, 30)),
            occurrence("c", time(5, 30), ("20005-01",)),
            occurrence("d", time(5, 30), day=TODAY + timedelta(days=1)),
        ]
    )

    lists = {(p.area, p.date): [entry.title for entry in p.entries] for p in result.changed}
    assert lists == {
        ("20005", TODAY): ["Bài a", "Bài b"],
        ("20005", TODAY + timedelta(days=1)): ["Bài d"],
        ("20005-01", TODAY): ["Bài c"],
    }
    assert {p.version for p in result.changed} == {1}


def test_an_area_inside_another_target_is_not_told_twice() -> None:
    result = compiled([occurrence("a", time(6), ("20005-01", "20005"))])

    assert [p.area for p in result.changed] == ["20005"]


def test_compiling_the_same_plan_again_changes_nothing() -> None:
    rows = [occurrence("a", time(6)), occurrence("b", time(17))]

    assert compiled(rows, as_held(compiled(rows))).changed == ()


def test_only_the_day_that_changed_gets_a_new_version() -> None:
    tomorrow = TODAY + timedelta(days=1)
    before = compiled([occurrence("a", time(6)), occurrence("b", time(6), day=tomorrow)])

    after = compiled([occurrence("a", time(6)), occurrence("b", time(7), day=tomorrow)], as_held(before))

    assert [(p.date, p.version) for p in after.changed] == [(tomorrow, 2)]


def test_a_withdrawn_day_becomes_an_empty_list_once() -> None:
    before = compiled([occurrence("a", time(6))])

    empty = compiled([], as_held(before))

    assert [(p.version, p.entries, p.clips) for p in empty.changed] == [(2, (), ())]
    assert compiled([], as_held(before, empty)).changed == ()


def test_a_clip_that_is_said_three_times_is_listed_once() -> None:
    result = compiled([occurrence("a", time(6)), occurrence("a", time(11)), occurrence("a", time(17))])

    assert len(result.changed[0].entries) == 3
    assert len(result.changed[0].clips) == 1


def test_a_programme_dies_one_hour_after_its_local_day() -> None:
    result = compiled([occurrence("a", time(6))])

    assert result.changed[0].expires_at == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def test_an_ordinary_item_may_be_ten_minutes_late_but_never_past_its_expiry() -> None:
    late = occurrence("a", time(6))
    short = occurrence("a", time(6), expires_at=instant_of(TODAY, time(6, 4)))

    assert latest_start(late, QUIET) == late.due_at + timedelta(minutes=10)
    assert latest_start(short, QUIET) == short.expires_at - short.duration


def test_a_priority_item_may_still_be_said_until_its_day_grows_quiet() -> None:
    item = occurrence("a", time(6), bulletin_class=BulletinClass.PRIORITY)

    assert latest_start(item, QUIET) == instant_of(TODAY, time(20, 59))
    assert latest_start(item, QuietHours(start=time(0), end=time(0))) == day_end(TODAY) - timedelta(seconds=1)


def test_an_authors_late_rule_bounds_the_last_start() -> None:
    item = occurrence("a", time(6), late=Skip())
    newest = occurrence("a", time(6), late=Coalesce(), superseded_at=instant_of(TODAY, time(7)))

    assert latest_start(item, QUIET) == item.due_at + timedelta(seconds=30)
    assert latest_start(newest, QUIET) == instant_of(TODAY, time(6, 59, 59))


def test_what_does_not_fit_in_64_kb_is_left_out_and_named() -> None:
    rows = [occurrence(f"e{n:04}", time(5 + n // 60, n % 60)) for n in range(300)]

    result = compiled(rows)

    assert size(result.changed[0]) <= LIMIT
    assert len(result.changed[0].entries) + len(result.overfull) == 300
    assert result.overfull
    assert all("64 KB" in row.vi for row in result.overfull)
    last_kept = max(entry.starts_at for entry in result.changed[0].entries)
    left_out = {row.due_at for row in rows if row.id in {over.occurrence for over in result.overfull}}
    assert min(left_out) > last_kept


@pytest.mark.parametrize("count", [1, 40])
def test_an_occurrence_without_a_sound_is_not_promised_to_anyone(count: int) -> None:
    rows = [occurrence(f"f{n}", time(6)) for n in range(count)]

    result = compile_programmes(
        tenant=TenantId("hue"),
        epoch=0,
        occurrences=rows,
        sounds={},
        tree=TREE,
        quiet=QUIET,
        held={},
        days=(TODAY,),
        fits=fits,
        now=NOW,
    )

    assert result.changed == ()
