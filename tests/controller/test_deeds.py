"""The use cases of the Desk: who may what, what is refused, and that each deed is whole and audited."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.access import Person
from controller.dispatch.forms.alerts import EmergencyForm, Hand
from controller.dispatch.forms.items import Draft
from controller.errors import Problem
from controller.store import audit, nodes, people
from controller.store.sounds import RenderState
from devices.messages import AlertId, Mode, NodeId
from schedules.announcement import AreaCode, BulletinClass, State
from schedules.calendar import instant_of
from schedules.recurrence import AfterApproval, NextSession, Once
from tests.support.house import DAY, FEW, NEIGHBOUR, PROVINCE, QUANG_DIEN, VILLAGE, House, play

START = instant_of(DAY, time(6, 0))
PAST = {"expires_at": START - timedelta(days=1), "valid_from": START - timedelta(days=2)}


def at_desk(story: Callable[[House], Awaitable[None]], place: Path, **options: Any) -> House:
    async def told(house: House) -> None:
        await story(house)

    return play(told, place, start=START, **options)


def draft(house: House, **changes: Any) -> Draft:
    facts: dict[str, Any] = {
        "area": QUANG_DIEN,
        "title": "Họp thôn",
        "text": "Kính mời bà con đến họp.",
        "targets": (QUANG_DIEN,),
        "timing": NextSession(),
        "expires_at": house.clock.now().replace(microsecond=0) + timedelta(days=1),
    }
    return Draft(**{**facts, **changes})


def flood(**changes: Any) -> EmergencyForm:
    facts: dict[str, Any] = {
        "area": QUANG_DIEN,
        "targets": (VILLAGE,),
        "hazard": "flood",
        "level": 2,
        "text": "Nước lên nhanh, bà con lên nơi cao.",
    }
    return EmergencyForm(**{**facts, **changes})


async def refused(deed: Awaitable[object]) -> Problem:
    with pytest.raises(Problem) as caught:
        await deed
    return caught.value


@pytest.mark.promise("S38", "P14")
def test_nobody_approves_what_they_wrote_nor_what_has_changed(place: Path) -> None:
    async def story(house: House) -> None:
        desk = house.up.desk
        written = await desk.write_announcement(house.approver, draft(house))
        await desk.submit(house.approver, written.announcement.id)
        own = await refused(desk.approve(house.approver, written.announcement.id, written.content_hash))
        assert (own.code, own.status) == ("E_SECOND_PERSON", 403)

        view = await house.write("Tiêm phòng")
        a = view.announcement
        changed = replace(draft(house), title="Tiêm phòng dại", expires_at=a.expires_at)
        edited = await desk.edit_announcement(house.author, a.id, changed, revision=a.revision)
        assert edited.announcement.state is State.DRAFT
        await desk.submit(house.author, a.id)
        old = await refused(desk.approve(house.approver, a.id, view.content_hash))
        assert (old.code, old.status) == ("E_CHANGED", 409)

    at_desk(story, place, members=FEW[:1])


@pytest.mark.promise("F68")
def test_two_editors_of_one_item_do_not_overwrite_each_other(place: Path) -> None:
    async def story(house: House) -> None:
        view = await house.write("Họp thôn")
        a = view.announcement
        first = await house.up.desk.edit_announcement(
            house.author, a.id, draft(house, title="Một"), revision=a.revision
        )
        late = await refused(
            house.up.desk.edit_announcement(
                house.author, a.id, draft(house, title="Hai"), revision=a.revision
            )
        )
        assert (late.code, late.status) == ("E_STALE", 412)
        again = await house.up.views.announcement(house.author, a.id)
        assert again.announcement.title == "Một"
        assert again.announcement.revision == first.announcement.revision

    at_desk(story, place, members=FEW[:1])


@pytest.mark.promise("P19", "S40")
def test_another_communes_item_does_not_exist_for_a_stranger(place: Path) -> None:
    async def story(house: House) -> None:
        stranger = house.cast["bientap.dd"]
        other = house.cast["pheduyet.dd"]
        view = await house.write("Họp thôn")
        name = view.announcement.id
        desk, views = house.up.desk, house.up.views
        tried = (
            views.announcement(stranger, name),
            desk.submit(stranger, name),
            desk.withdraw(stranger, name),
            desk.approve(other, name, view.content_hash),
            desk.send_back(other, name, "không được"),
            desk.edit_announcement(stranger, name, draft(house), revision=1),
            desk.render_now(stranger, name),
            desk.write_announcement(stranger, draft(house)),
            views.day(stranger, QUANG_DIEN, DAY),
            views.board(stranger, QUANG_DIEN),
            views.deliveries(stranger, area=QUANG_DIEN),
            desk.stop_all(stranger, QUANG_DIEN, "k"),
        )
        for deed in tried:
            problem = await refused(deed)
            assert (problem.code, problem.status) == ("E_NOT_FOUND", 404)
        assert await views.announcements(stranger) == ()

    at_desk(story, place, members=FEW[:1])


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"title": "Họp\u202ethôn"}, "E_TEXT", "title"),
        ({"text": "  "}, "E_TEXT_EMPTY", "text"),
        ({"text": "a" * 5001}, "E_TEXT_LONG", "text"),
        ({"targets": ()}, "E_TARGET_EMPTY", "targets"),
        ({"targets": (AreaCode("19885"),)}, "E_FIELD", "targets"),
        ({"targets": (PROVINCE,)}, "E_FIELD", "targets"),
        ({"bulletin_class": BulletinClass.EMERGENCY}, "E_FIELD", "bulletin_class"),
        (PAST, "E_EXPIRED", "expires_at"),
        ({"timing": Once(at=instant_of(DAY, time(22, 0)))}, "E_QUIET", "timing.at"),
        ({"repeat": 4}, "E_REPEAT", "repeat"),
    ],
)
@pytest.mark.promise("S45", "S55")
def test_bad_content_is_refused_at_its_field(
    changes: dict[str, Any], code: str, field: str, place: Path
) -> None:
    async def story(house: House) -> None:
        problem = await refused(house.up.desk.write_announcement(house.author, draft(house, **changes)))
        assert (problem.code, problem.field) == (code, field)
        assert problem.status == 422
        assert problem.vi
        assert await house.up.views.announcements(house.author) == ()

    at_desk(story, place, members=())


def test_a_deed_can_be_undone_by_whoever_did_it(place: Path) -> None:
    async def story(house: House) -> None:
        view = await house.write("Họp thôn")
        name = view.announcement.id
        assert view.may_undo
        problem = await refused(house.up.desk.undo(house.approver, name))
        assert problem.code == "E_STATE"
        back = await house.up.desk.undo(house.author, name)
        assert back.announcement.state is State.DRAFT

    at_desk(story, place, members=())


def test_a_bulletin_can_be_listened_to_before_it_is_approved(place: Path) -> None:
    async def story(house: House) -> None:
        view = await house.up.desk.write_announcement(house.author, draft(house))
        assert view.rendering.state is RenderState.NONE
        await house.up.desk.render_now(house.author, view.announcement.id)
        await house.rest(1)
        ready = await house.up.views.announcement(house.author, view.announcement.id)
        assert ready.rendering.state is RenderState.READY
        assert (house.up.clips / str(ready.rendering.clip)).stat().st_size > 500
        assert ready.announcement.state is State.DRAFT

    at_desk(story, place, members=())


@pytest.mark.promise("P12", "S63")
def test_an_emergency_needs_a_place_with_loudspeakers(place: Path) -> None:
    async def story(house: House) -> None:
        desk = house.up.desk
        for form in (flood(targets=()), flood(targets=(AreaCode("19867-04"),))):
            problem = await refused(desk.preview_emergency(house.operator, form))
            assert (problem.code, problem.status) == ("E_TARGET_EMPTY", 422)
        outside = flood(targets=(AreaCode("19885-01"),))
        assert (await refused(desk.preview_emergency(house.operator, outside))).code == "E_FIELD"
        assert await house.up.views.alerts(house.operator) == ()

    at_desk(story, place)


@pytest.mark.promise("S64", "P11")
@pytest.mark.parametrize(
    "words",
    [
        "Đây không phải diễn tập!",
        "KHÔNG PHẢI LÀ DIỄN TẬP",
        "khong phai dien tap",
        "Chẳng phải\nbuổi  diễn tập.",
    ],
)
def test_a_drill_may_not_say_that_it_is_none(words: str, place: Path) -> None:
    async def story(house: House) -> None:
        desk, text = house.up.desk, f"Nước lên nhanh. {words} Bà con lên nơi cao."
        problem = await refused(desk.preview_emergency(house.operator, flood(mode=Mode.EXERCISE, text=text)))
        assert (problem.code, problem.status, problem.field) == ("E_TEXT", 422, "text")
        assert (await desk.preview_emergency(house.operator, flood(text=text))).words is not None
        said = "Đây là diễn tập, bà con không phải lo."
        assert (await desk.preview_emergency(house.operator, flood(mode=Mode.EXERCISE, text=said))).id

    at_desk(story, place)


@pytest.mark.promise("S63")
def test_only_silent_nodes_are_named_and_may_still_be_called(place: Path) -> None:
    async def story(house: House) -> None:
        house.clients_away(FEW[2])
        await house.rest(70)
        preview = await house.up.desk.preview_emergency(house.operator, flood(targets=(NEIGHBOUR,)))
        assert preview.only_offline
        assert [line.node for line in preview.unreachable] == [FEW[2]]
        fired = await house.up.desk.fire(house.operator, preview.id, preview.typed_name, "k")
        assert fired.phase == "active"

    at_desk(story, place)


@pytest.mark.promise("F67")
def test_nodes_that_changed_since_the_preview_stop_the_firing(place: Path) -> None:
    async def story(house: House) -> None:
        preview = await house.up.desk.preview_emergency(house.operator, flood())
        await house.up.db.write(nodes.move, NodeId(FEW[1]), NEIGHBOUR)
        await house.up.reload()
        problem = await refused(house.up.desk.fire(house.operator, preview.id, preview.typed_name, "k"))
        assert (problem.code, problem.status) == ("E_TARGET_CHANGED", 409)
        assert all(house.heard(node) == () for node in FEW)

    at_desk(story, place)


def test_the_name_of_the_place_must_be_typed_but_not_its_capitals(place: Path) -> None:
    async def story(house: House) -> None:
        desk = house.up.desk
        preview = await desk.preview_emergency(house.operator, flood())
        assert preview.typed_name == "Xã Quảng Điền"
        wrong = await refused(desk.fire(house.operator, preview.id, "Xã Đan Điền", "k"))
        assert (wrong.code, wrong.status) == ("E_TYPED_NAME", 422)
        fired = await desk.fire(house.operator, preview.id, "  xã quảng  điền ", "k")
        assert fired.phase == "active"

    at_desk(story, place)


def test_a_preview_grows_old(place: Path) -> None:
    async def story(house: House) -> None:
        preview = await house.up.desk.preview_emergency(house.operator, flood())
        await house.rest(16 * 60)
        problem = await refused(house.up.desk.fire(house.operator, preview.id, preview.typed_name, "k"))
        assert problem.code == "E_PREVIEW"

    at_desk(story, place, members=FEW[:1])


@pytest.mark.promise("P14", "S65")
def test_a_wide_alert_sounds_only_after_a_second_person(place: Path) -> None:
    async def story(house: House) -> None:
        desk = house.up.desk
        form = flood(area=PROVINCE, targets=(QUANG_DIEN, AreaCode("19885")))
        preview = await desk.preview_emergency(house.operator, form)
        assert preview.wide
        pending = await desk.fire(house.operator, preview.id, preview.typed_name, "k")
        assert pending.phase == "pending_second"
        await house.rest(30)
        assert all(house.heard(node) == () for node in FEW)
        own = await refused(desk.confirm_second(house.operator, pending.id))
        assert (own.code, own.status) == ("E_SECOND_PERSON", 403)
        second = replace(house.operator, id="second", username="second")  # type: ignore[arg-type]
        await add(house, second)
        fired = await desk.confirm_second(second, pending.id)
        assert fired.phase == "active"
        await house.rest(5)
        assert all(house.heard(node) for node in FEW)

    at_desk(story, place)


@pytest.mark.promise("P14", "S65")
def test_breaking_the_glass_needs_a_reason_and_is_written_down(place: Path) -> None:
    async def story(house: House) -> None:
        desk = house.up.desk
        preview = await desk.preview_emergency(house.operator, flood(targets=(QUANG_DIEN,)))
        pending = await desk.fire(house.operator, preview.id, preview.typed_name, "k")
        assert (await refused(desk.break_glass(house.operator, pending.id, "vội"))).code == "E_REASON"
        fired = await desk.break_glass(house.operator, pending.id, "Không gọi được người thứ hai")
        assert fired.phase == "active"
        rows = await house.up.db.read(audit.newest, 10, None, pending.id)
        assert [row.deed for row in rows] == ["alert.glass_broken", "alert.fired"]
        assert rows[0].facts["reason"] == "Không gọi được người thứ hai"

    at_desk(story, place)


@pytest.mark.parametrize("username", ["bientap.qd", "kythuat.hue", "lanhdao.hue", "quantri.hue"])
def test_only_an_operator_fires(username: str, place: Path) -> None:
    async def story(house: House) -> None:
        person: Person = house.cast[username]
        assert (await refused(house.up.desk.preview_emergency(person, flood()))).code == "E_RIGHT"
        preview = await house.up.desk.preview_emergency(house.operator, flood())
        fire = house.up.desk.fire(person, preview.id, preview.typed_name, "k")
        assert (await refused(fire)).status in (403, 404)

    at_desk(story, place, members=FEW[:1])


@pytest.mark.promise("F70")
def test_one_key_for_two_different_alerts_is_refused(place: Path) -> None:
    async def story(house: House) -> None:
        desk = house.up.desk
        one = await desk.preview_emergency(house.operator, flood())
        two = await desk.preview_emergency(house.operator, flood(level=3))
        await desk.fire(house.operator, one.id, one.typed_name, "same")
        problem = await refused(desk.fire(house.operator, two.id, two.typed_name, "same"))
        assert (problem.code, problem.status) == ("E_IDEMPOTENCY", 409)

    at_desk(story, place, members=FEW[:1])


def test_a_communes_stop_leaves_the_provinces_alert_and_names_it(place: Path) -> None:
    async def story(house: House) -> None:
        desk = house.up.desk
        preview = await desk.preview_emergency(house.operator, flood(area=PROVINCE))
        alert = await desk.fire(house.operator, preview.id, preview.typed_name, "k")
        await house.rest(5)
        stopped = await desk.stop_all(house.author, QUANG_DIEN, "stop")
        assert stopped.cancelled == ()
        assert [(one.alert, one.issuer) for one in stopped.standing] == [(alert.id, PROVINCE)]
        await house.rest(5)
        assert house.heard(FEW[0])[-1].end is None, "it still sounds"

    at_desk(story, place)


def test_what_is_over_can_not_be_taken_back(place: Path) -> None:
    async def story(house: House) -> None:
        alert = await house.alarm()
        await house.take_back(alert.id, Hand.CORRECTION)
        again = house.up.desk.retract(house.operator, alert.id, Hand.ALL_CLEAR, "another")
        assert (await refused(again)).code == "E_STATE"
        assert (await refused(house.take_back(AlertId("a-nothing")))).code == "E_NOT_FOUND"

    at_desk(story, place, members=FEW[:1])


@pytest.mark.promise("P15")
def test_every_deed_is_in_the_chain(place: Path) -> None:
    async def story(house: House) -> None:
        view = await house.say("Họp thôn", timing=AfterApproval())
        await house.rest(60)
        rows = await house.up.db.read(audit.newest, 100)
        deeds = {row.deed for row in rows if row.subject == view.announcement.id}
        assert deeds == {"announcement.wrote", "announcement.submitted", "announcement.approved"}
        assert any(row.deed == "programme.published" for row in rows)
        assert await house.up.db.read(audit.verify) is None

    at_desk(story, place, members=FEW[:1])


async def add(house: House, person: Person) -> None:
    await house.up.db.write(people.add, person, "no hash", house.clock.now())
