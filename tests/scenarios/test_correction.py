"""Đính chính: exactly the nodes that played the wrong bài hear its correction, each after that airing."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.errors import Problem
from controller.store import corrections, occurrences
from controller.store.deliveries import Delivery
from devices.items import occurrence_claim
from devices.messages import OccurrenceId
from schedules.announcement import AnnouncementId
from schedules.calendar import instant_of, local
from schedules.recurrence import Once, Weekly
from tests.support.house import DAY, House, play

TEN = (
    *("n-da23f0cb", "n-c2230783", "n-11d55f4d", "n-0d1bb9d0"),
    *("n-bee07a6c", "n-1ffbeb34", "n-166c1bf9"),
    *("n-7798e188", "n-02061fed", "n-ffdccfde"),
)
LATE, NEVER, LOST = TEN[2], TEN[5], TEN[9]
AT = instant_of(DAY, time(5, 12))
RIGHT = "Nội dung đúng là: cuộc họp bắt đầu lúc tám giờ, không phải bảy giờ."


async def correct(house: House, wrong: AnnouncementId, more: str = RIGHT) -> AnnouncementView:
    """Written and handed in by the author, approved by the other."""
    desk = house.up.desk
    view = await desk.correct(house.author, wrong)
    draft = draft_of(view, f"{view.announcement.text}\n{more}")
    await desk.edit_announcement(
        house.author, view.announcement.id, draft, revision=view.announcement.revision
    )
    await desk.submit(house.author, view.announcement.id)
    return await house.approve(view.announcement.id)


def draft_of(view: AnnouncementView, text: str, **changes: Any) -> Draft:
    a = view.announcement
    facts: dict[str, Any] = {
        "area": a.area,
        "title": a.title,
        "text": text,
        "targets": a.targets,
        "timing": a.timing,
        "expires_at": a.expires_at,
        "bulletin_class": a.bulletin_class,
        "valid_from": a.valid_from,
        "repeat": a.repeat,
    }
    return Draft(**{**facts, **changes})


async def airings(house: House, item: AnnouncementId) -> tuple[Delivery, ...]:
    """What became of every time of an item on every node."""
    planned = await house.up.db.read(occurrences.of_item, item)
    return tuple([row for one in planned for row in await house.deliveries(one.occurrence.id)])


def begun(house: House, node: str, rows: tuple[Delivery, ...]) -> list[Any]:
    """When this node let out anything of these."""
    claims = {occurrence_claim(OccurrenceId(row.subject)) for row in rows}
    return [span.begin.first_sample_at for span in house.heard(node) if span.begin.claim in claims]


def test_exactly_the_nodes_that_played_the_wrong_one_hear_the_correction_after_it(place: Path) -> None:
    """Ten nodes; three have no network at 05:12. One of them plays it from flash and says so hours later; one
    had not got the programme; one has no power."""
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        # these two are away before the item is approved: nothing of it lies in their flash
        house.clients_away(NEVER, LOST)
        wrong = await house.say("Họp thôn", timing=Once(at=AT))
        await house.until(AT - timedelta(minutes=2))
        house.clients_away(LATE)
        await house.until(AT + timedelta(minutes=5))
        seen["wrong"] = wrong.announcement.id
        right = await correct(house, wrong.announcement.id)
        seen["opening"] = right.announcement.text
        await house.until(AT + timedelta(hours=1))
        seen["first"] = await airings(house, right.announcement.id)
        house.air.unblock(LATE)
        house.air.unblock(NEVER)
        await house.rest(600)
        house.air.unblock(LOST)
        await house.rest(1800)
        seen["wrongs"] = await airings(house, wrong.announcement.id)
        seen["rights"] = await airings(house, right.announcement.id)
        seen["line"] = await house.up.views.announcement(house.author, right.announcement.id)

    house = play(story, place, members=TEN)

    heard_wrong = {node for node in TEN if begun(house, node, seen["wrongs"])}
    heard_right = {node for node in TEN if begun(house, node, seen["rights"])}
    assert heard_wrong == set(TEN) - {NEVER, LOST}
    assert len(heard_wrong) == 8
    assert heard_right == heard_wrong
    assert {row.node for row in seen["first"]} == heard_wrong - {LATE}
    for node in heard_right:
        wrong_at, right_at = begun(house, node, seen["wrongs"]), begun(house, node, seen["rights"])
        assert len(wrong_at) == len(right_at) == 1
        assert wrong_at[0] < right_at[0]
    assert {row.ruling.verdict.value for row in seen["rights"] if row.ruling} == {"aired"}
    assert seen["opening"].startswith("Đính chính bản tin “Họp thôn” phát lúc 05:12 ngày 23/11/2026.")


@pytest.mark.promise("S38")
def test_a_correction_is_approved_by_another_person_and_keeps_its_opening(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        desk = house.up.desk
        wrong = await house.say("Họp thôn", timing=Once(at=AT))
        item = wrong.announcement.id
        seen["early"] = await refused(desk.correct(house.author, item))
        await house.until(AT + timedelta(minutes=5))
        begun_twice = [await desk.correct(house.author, item) for _ in range(2)]
        seen["same"] = {view.announcement.id for view in begun_twice}
        view = begun_twice[0]
        a = view.announcement
        seen["empty"] = await refused(desk.submit(house.author, a.id))
        opened = draft_of(view, "Cuộc họp bắt đầu lúc tám giờ.")
        seen["opening"] = await refused(
            desk.edit_announcement(house.author, a.id, opened, revision=a.revision)
        )
        moved = draft_of(view, f"{a.text} {RIGHT}", timing=Once(at=AT + timedelta(hours=1)))
        seen["when"] = await refused(desk.edit_announcement(house.author, a.id, moved, revision=a.revision))
        fine = draft_of(view, f"{a.text} {RIGHT}")
        await desk.edit_announcement(house.author, a.id, fine, revision=a.revision)
        handed = await desk.submit(house.author, a.id)
        seen["own"] = await refused(desk.approve(house.author, a.id, handed.content_hash))
        await house.rest(600)
        seen["unapproved"] = await airings(house, a.id)

    play(story, place)

    assert seen["early"].code == "E_STATE"
    assert len(seen["same"]) == 1
    assert (seen["empty"].code, seen["empty"].field) == ("E_CORRECTION", "text")
    assert (seen["opening"].code, seen["opening"].field) == ("E_CORRECTION", "text")
    assert (seen["when"].code, seen["when"].field) == ("E_CORRECTION", "targets")
    assert seen["own"].code in ("E_SECOND_PERSON", "E_RIGHT")
    assert seen["unapproved"] == ()


def test_a_correction_withdrawn_before_its_time_is_heard_by_nobody_and_undone_it_is_heard(
    place: Path,
) -> None:
    """Approved at night, so that its time is the morning."""
    seen: dict[str, Any] = {}
    evening = instant_of(DAY, time(20, 30))

    async def story(house: House) -> None:
        desk = house.up.desk
        wrong = await house.say("Họp thôn", timing=Once(at=evening))
        await house.until(evening + timedelta(hours=1))
        right = await correct(house, wrong.announcement.id)
        item = right.announcement.id
        await house.rest(60)
        seen["night"] = await airings(house, item)
        (planned,) = await house.up.db.read(occurrences.of_item, item)
        seen["due"] = local(planned.occurrence.due_at)
        await desk.withdraw(house.approver, item, "Cần viết rõ hơn")
        await house.rest(60)
        seen["withdrawn"] = await airings(house, item)
        await desk.undo(house.approver, item)
        await house.rest(60)
        seen["open"] = await airings(house, item)
        await house.until(planned.occurrence.due_at + timedelta(minutes=10))
        seen["end"] = await airings(house, item)
        other = await correct(house, wrong.announcement.id, "Nói lại lần nữa cho rõ.")
        await house.rest(2)
        await desk.withdraw(house.author, other.announcement.id, "Không cần nữa")
        await house.rest(600)
        seen["gone"] = await airings(house, other.announcement.id)

    house = play(story, place)

    assert (seen["due"].hour, seen["due"].date()) == (5, DAY + timedelta(days=1))
    assert {row.ruling for row in seen["night"]} == {None}
    assert {(row.ruling.verdict, row.ruling.reason) for row in seen["withdrawn"]} == {
        ("cancelled", "withdrawn")
    }
    assert {row.ruling for row in seen["open"]} == {None}
    assert {row.ruling.verdict for row in seen["end"]} == {"aired"}
    assert all(len(begun(house, row.node, seen["end"])) == 1 for row in seen["end"])
    assert {row.ruling.verdict for row in seen["gone"]} == {"cancelled"}
    assert all(begun(house, row.node, seen["gone"]) == [] for row in seen["gone"])


@pytest.mark.promise("P4")
def test_what_sounds_is_stopped_by_a_withdrawal_and_its_hearers_are_told_what_is_right(place: Path) -> None:
    seen: dict[str, Any] = {}
    long = "Kính mời bà con đến nhà văn hóa thôn dự họp lúc bảy giờ. " * 40

    async def story(house: House) -> None:
        desk = house.up.desk
        wrong = await house.say("Họp thôn", text=long, timing=Once(at=AT))
        other = await house.say("Cắt điện", timing=Once(at=AT + timedelta(minutes=10)))
        item = wrong.announcement.id
        await house.until(AT + timedelta(seconds=20))
        seen["bare"] = await refused(desk.withdraw(house.author, item))
        await desk.withdraw(house.author, item, "Sai giờ họp")
        await house.rest(5)
        seen["stopped"] = await airings(house, item)
        seen["undo"] = await refused(desk.undo(house.author, item))
        life = await house.up.lives.look(house.author, item)
        seen["life"] = life
        await correct(house, item)
        await house.until(AT + timedelta(minutes=20))
        seen["told"] = await house.up.lives.look(house.author, item)
        seen["other"] = await airings(house, other.announcement.id)

    house = play(story, place, members=TEN[:4])

    assert (seen["bare"].code, seen["bare"].field) == ("E_REASON", "reason")
    assert {(row.ruling.verdict, row.ruling.reason) for row in seen["stopped"]} == {("cancelled", "stopped")}
    assert all(15_000 < row.played_ms < 30_000 for row in seen["stopped"])
    assert seen["undo"].code == "E_STATE"
    assert (seen["life"].withdrew.reason, seen["life"].stopped) == ("Sai giờ họp", True)
    (correction,) = seen["told"].corrections
    assert (correction.asked, correction.aired.played) == (4, 4)
    assert {row.ruling.verdict for row in seen["other"]} == {"aired"}, "nothing else falls silent"
    assert all(len(house.claims(node)) == 3 for node in TEN[:4])


def test_a_node_that_plays_the_wrong_one_again_is_told_again(place: Path) -> None:
    """Without network it goes on with what lies in its flash, also after it was told once."""
    seen: dict[str, Any] = {}
    away = TEN[0]
    daily = Weekly(at=time(6, 0), days=frozenset(range(7)), first=DAY, last=DAY + timedelta(days=3))

    async def story(house: House) -> None:
        wrong = await house.say(
            "Họp thôn", timing=daily, expires_at=instant_of(DAY + timedelta(days=4), time())
        )
        item = wrong.announcement.id
        await house.until(instant_of(DAY, time(6, 5)))
        right = await correct(house, item)
        await house.until(instant_of(DAY, time(6, 15)))
        house.clients_away(away)
        await house.up.desk.withdraw(house.author, item, "Sai giờ họp")
        await house.until(instant_of(DAY + timedelta(days=1), time(8, 0)))
        seen["once"] = await airings(house, right.announcement.id)
        house.air.unblock(away)
        await house.rest(900)
        seen["wrongs"] = await airings(house, item)
        seen["rights"] = await airings(house, right.announcement.id)

    house = play(story, place, members=TEN[:4])

    assert {node: len(begun(house, node, seen["wrongs"])) for node in TEN[:4]} == {
        node: 2 if node == away else 1 for node in TEN[:4]
    }
    assert len(seen["once"]) == 4
    assert {node: len(begun(house, node, seen["rights"])) for node in TEN[:4]} == {
        node: 2 if node == away else 1 for node in TEN[:4]
    }


def test_a_node_that_missed_the_correction_is_told_on_the_next_day(place: Path) -> None:
    seen: dict[str, Any] = {}
    away = TEN[0]

    async def story(house: House) -> None:
        wrong = await house.say("Họp thôn", timing=Once(at=AT))
        await house.until(AT + timedelta(minutes=3))
        house.clients_away(away)
        right = await correct(house, wrong.announcement.id)
        await house.until(instant_of(DAY, time(23, 0)))
        seen["first"] = await airings(house, right.announcement.id)
        await house.until(instant_of(DAY + timedelta(days=1), time(9, 0)))
        house.air.unblock(away)
        await house.rest(900)
        seen["rights"] = await airings(house, right.announcement.id)

    house = play(story, place, members=TEN[:4])

    verdicts = {row.node: row.ruling.verdict for row in seen["first"]}
    assert verdicts == {node: "missed" if node == away else "aired" for node in TEN[:4]}
    assert all(len(begun(house, node, seen["rights"])) == 1 for node in TEN[:4])
    told_at = local(begun(house, away, seen["rights"])[0])
    assert (told_at.date(), told_at.hour) == (DAY + timedelta(days=1), 9)


@pytest.mark.promise("P1", "F01")
def test_a_controller_that_dies_tells_nobody_twice(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        wrong = await house.say("Họp thôn", timing=Once(at=AT))
        await house.until(AT + timedelta(minutes=5))
        right = await correct(house, wrong.announcement.id)
        await house.rest(3)
        await house.kill()
        await house.rest(20)
        await house.open()
        await house.rest(120)
        await house.kill()
        await house.open()
        await house.rest(300)
        seen["rights"] = await airings(house, right.announcement.id)
        seen["played"] = await house.up.db.read(corrections.played, wrong.announcement.id)

    house = play(story, place, members=TEN[:4])

    assert set(seen["played"]) == set(TEN[:4])
    assert all(len(begun(house, node, seen["rights"])) == 1 for node in TEN[:4])


async def refused(deed: Any) -> Problem:
    """What a deed is answered with."""
    with pytest.raises(Problem) as caught:
        await deed
    return caught.value
