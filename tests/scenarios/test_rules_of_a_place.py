"""The rules of a place as the village hears them: mourning, free days, a cap, a place's own night."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from controller.access import Person, Role
from controller.deploy.commune_data import DAN_DIEN
from controller.dispatch.forms.items import Draft
from controller.errors import Problem
from controller.store import documents
from devices import topics
from devices.codec import decode
from devices.messages import Desired, NodeId
from devices.signing import open_envelope
from schedules.announcement import AreaCode, PersonId
from schedules.calendar import instant_of
from schedules.loudness import Zone
from schedules.profile import Profile, ProfileKind, mourning
from schedules.recurrence import NextSession, Once, Weekly
from schedules.rulepack import Limits
from tests.support.house import DAY, FEW, QUANG_DIEN, VILLAGE, House, play

DOCUMENT = "Thông báo số 12/TB ngày 22/11/2026"
EVERY_DAY = frozenset(range(7))
FRIDAY, SATURDAY = date(2026, 11, 27), date(2026, 11, 28)


def administrator(area: AreaCode = QUANG_DIEN) -> Person:
    """Of the fixed cast: whoever keeps the rules of a branch."""
    return Person(
        id=PersonId("quantri.hue"), username="quantri.hue", name="", role=Role.ADMINISTRATOR, area=area
    )


async def choose(house: House, pack: str, area: AreaCode = QUANG_DIEN) -> None:
    view = await house.up.rule_views.look(administrator(), area)
    await house.up.ruling.choose(administrator(), area, pack, view.seen)
    await house.rest(2)


def heard_on(house: House, node: str, day: date) -> list[str]:
    start, end = instant_of(day, time()), instant_of(day + timedelta(days=1), time())
    return [span.begin.claim for span in house.heard(node) if start <= span.begin.first_sample_at < end]


def test_mourning_silences_ordinary_items_and_chimes_but_not_the_flood_alert(place: Path) -> None:
    async def story(house: House) -> None:
        await house.add_session(time(5))
        await house.say("Lịch gieo cấy vụ Đông Xuân", timing=NextSession())
        one = Once(at=instant_of(DAY, time(6)))
        ordinary = await house.say("Họp thôn", timing=one, targets=(VILLAGE,))
        by_document = mourning("", "Quốc tang", "Thông báo số 12/TB ngày 22/11/2026", QUANG_DIEN, DAY, DAY)
        await house.up.ruling.add_profile(administrator(), by_document, "mourning-1")
        await house.rest(5)
        told = await house.up.views.why(house.author, ordinary.announcement.id)
        assert [one.fate.value for one in told] == ["refused"]
        assert f"theo {DOCUMENT}" in told[0].vi
        refused = [c for c in house.up.views.conflicts(QUANG_DIEN, DAY) if c.kind == "E_MUTED"]
        assert {c.announcement for c in refused} >= {ordinary.announcement.id}
        assert house.up.views.conflicts(DAN_DIEN, DAY) == ()
        await house.until(instant_of(DAY, time(6, 30)))
        await house.alarm()
        await house.rest(120)

    house = play(story, place)

    spoken = [span.begin for node in FEW[:2] for span in house.heard(node)]
    assert {one.bulletin_class.value for one in spoken} == {"emergency"}


def test_an_inner_ward_of_ha_noi_lets_saturday_pass_in_silence(place: Path) -> None:
    async def story(house: House) -> None:
        daily = Weekly(at=time(6), days=EVERY_DAY, first=DAY, last=date(2026, 11, 30))
        await house.say("Phòng chống dịch", timing=daily, expires_at=instant_of(date(2026, 12, 2), time()))
        await choose(house, "ha_noi_inner")
        await house.until(instant_of(SATURDAY, time(7)))

    house = play(story, place, members=FEW[:1], start=instant_of(FRIDAY, time(5, 30)))

    assert heard_on(house, FEW[0], FRIDAY)
    assert heard_on(house, FEW[0], SATURDAY) == []


def test_a_cap_cuts_the_third_session_with_one_code_on_the_page_and_in_the_plan(place: Path) -> None:
    async def story(house: House) -> None:
        await choose(house, "ha_noi_inner")
        for hour in (5, 6, 8):
            await house.say(f"Bài lúc {hour} giờ", timing=Once(at=instant_of(DAY, time(hour, 15))))
        draft = await house.write("Bài lúc 9 giờ", timing=Once(at=instant_of(DAY, time(9))))
        beforehand = await house.up.foretelling.item(house.author, draft.announcement.id)
        assert len(beforehand) == 1
        assert "mỗi ngày chỉ có 2 buổi phát" in beforehand[0].vi
        await house.rest(5)
        codes = {c.kind for c in house.up.views.conflicts(QUANG_DIEN, DAY)}
        planned = {(one.code, one.item) for one in house.up.planner.last.plan.refusals}  # type: ignore[union-attr]
        assert codes == {"E_SESSIONS"}
        assert {code for code, _ in planned} == {"E_SESSIONS"}
        order = Profile(
            id="",
            kind=ProfileKind.EVENT,
            name="Ngày hội đại đoàn kết",
            document="Kế hoạch 45/KH-UBND ngày 20/11/2026",
            area=QUANG_DIEN,
            first=DAY,
            last=DAY,
            raised=Limits(sessions_a_day=4, a_session=timedelta(minutes=30)),
        )
        await house.until(instant_of(DAY, time(7)))
        await house.up.ruling.add_profile(administrator(), order, "event-1")
        await house.until(instant_of(DAY, time(8, 30)))

    house = play(story, place, members=FEW[:1])

    assert len(set(heard_on(house, FEW[0], DAY))) == 3, "under the event order the third is heard"


@pytest.mark.promise("P13")
def test_a_places_own_night_is_kept_by_server_and_node_alike(place: Path) -> None:
    """Here the pack is the house's own hours; what counts is that both hold the united ones."""
    quiet: list[tuple[str, str]] = []

    async def story(house: House) -> None:
        await house.rest(5)
        await choose(house, "lien_chieu")
        await house.rest(5)
        for node in (FEW[0], FEW[3]):
            document = await house.up.db.read(documents.get, topics.desired(NodeId(node)))
            assert document is not None
            desired = decode(open_envelope(document.payload).payload, Desired)
            quiet.append((desired.quiet_from, desired.quiet_to))
        early = Once(at=instant_of(DAY + timedelta(days=1), time(4, 45)))
        with pytest.raises(Problem) as refused:
            await house.write("Họp sớm", timing=early, targets=(VILLAGE,))
        assert refused.value.code == "E_QUIET"
        assert "21:00–05:00" in refused.value.vi
        neighbour = house.cast["bientap.dd"]
        facts = {
            "area": DAN_DIEN,
            "title": "Họp sớm",
            "text": "Mời bà con đi họp sớm.",
            "targets": (DAN_DIEN,),
        }
        until = instant_of(DAY + timedelta(days=2), time())
        draft = Draft(**facts, timing=early, expires_at=until)  # type: ignore[arg-type]
        assert (await house.up.desk.write_announcement(neighbour, draft)).faults == ()

    house = play(story, place, members=(FEW[0], FEW[3]), quiet_from="22:00", quiet_to="04:30")

    assert quiet == [("21:00", "05:00"), ("22:00", "04:30")]
    assert house


def test_near_a_school_the_morning_is_quieter_and_the_alert_is_not(place: Path) -> None:
    async def story(house: House) -> None:
        await house.rest(5)
        technician = house.cast["kythuat.hue"]
        before = await house.up.zoning.look(technician, QUANG_DIEN)
        near_school = {NodeId(FEW[0]): Zone.SPECIAL}
        assert await house.up.zoning.change(technician, QUANG_DIEN, near_school, before.seen) == 1
        with pytest.raises(Problem) as late:
            await house.up.zoning.change(technician, QUANG_DIEN, {NodeId(FEW[1]): Zone.SPECIAL}, before.seen)
        assert late.value.code == "E_STALE"
        await house.say("Họp thôn", timing=Once(at=instant_of(DAY, time(6, 15))))
        await house.until(instant_of(DAY, time(6, 30)))
        await house.alarm()
        await house.rest(60)

    house = play(story, place, members=FEW[:2])

    volumes = {
        node: {span.begin.bulletin_class.value: span.begin.volume for span in house.heard(node)}
        for node in FEW[:2]
    }
    ordinary, alert = volumes[FEW[1]]["normal"], volumes[FEW[1]]["emergency"]
    assert volumes[FEW[0]] == {"normal": round(ordinary * 0.32), "emergency": alert}
