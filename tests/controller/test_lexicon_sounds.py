"""A lexicon and what is heard: the voice reads by it, and only what is not approved is read anew."""

from collections.abc import Awaitable, Callable
from datetime import time
from pathlib import Path

import pytest

from controller.dispatch.forms.alerts import EmergencyForm
from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.plan.lexicon_use import used_in
from controller.dispatch.plan.sounds import Order
from controller.store import alerts, lexicon
from controller.store.alerts import Part
from controller.store.lexicon import Line, Own
from controller.store.sounds import RenderState
from controller.studio.speech import SpeechOrder
from devices.messages import AlertId
from schedules.announcement import AnnouncementId, AreaCode, State
from tests.controller.test_deeds import at_desk, draft, refused
from tests.support.house import FEW, PROVINCE, QUANG_DIEN, VILLAGE, House
from tts.normalize import Reading
from tts.reading.regions import Region

TEXT = "Kính mời bà con đến HTX Phò họp lúc 7h, mang theo 24 nghìn đồng."
HTX = Line(written="HTX", reading="hợp tác xã nhà")
ELSEWHERE = Line(written="TTHC", reading="thủ tục hành chính")
Story = Callable[[House], Awaitable[None]]


def told(story: Story, place: Path) -> None:
    at_desk(story, place, members=FEW[:1])


def orders(house: House) -> list[SpeechOrder]:
    found: list[SpeechOrder] = house.up._speaker.orders  # type: ignore[attr-defined]
    return found


async def handed_in(house: House, text: str = TEXT) -> AnnouncementView:
    desk = house.up.desk
    view = await desk.write_announcement(house.author, draft(house, text=text))
    await desk.submit(house.author, view.announcement.id)
    await house.rest(5)
    return await look(house, view.announcement.id)


async def look(house: House, name: AnnouncementId) -> AnnouncementView:
    return await house.up.views.announcement(house.author, name)


async def add(house: House, line: Line, area: AreaCode = QUANG_DIEN, by: str = "bientap.qd") -> None:
    await house.up.lexicons.add(house.cast[by], area, line, f"add-{line.written}-{area}")
    await house.rest(5)


def test_the_lexicon_of_the_place_reaches_the_voice(place: Path) -> None:
    async def story(house: House) -> None:
        await add(house, HTX)
        await add(house, ELSEWHERE)
        view = await handed_in(house)
        assert orders(house)[-1].lexicon == (Reading(written="HTX", reading="hợp tác xã nhà"),)
        assert "hợp tác xã nhà Phò" in view.rendering.spoken

    told(story, place)


def test_what_is_not_approved_is_read_anew_and_an_unrelated_line_renders_nothing(place: Path) -> None:
    async def story(house: House) -> None:
        view = await handed_in(house)
        before, count = view.rendering, len(orders(house))
        await add(house, ELSEWHERE)
        assert len(orders(house)) == count
        assert (await look(house, view.announcement.id)).rendering == before

        await add(house, HTX)
        after = (await look(house, view.announcement.id)).rendering
        assert after.state is RenderState.READY
        assert after.clip != before.clip
        assert "hợp tác xã nhà Phò" in after.spoken

        done = await house.up.lexicons.remove(house.author, QUANG_DIEN, "HTX", "bo")
        await house.rest(5)
        assert (await look(house, view.announcement.id)).rendering == before
        await house.up.lexicons.undo(house.author, QUANG_DIEN, done.id, "undo")
        await house.rest(5)
        assert (await look(house, view.announcement.id)).rendering == after

    told(story, place)


@pytest.mark.promise("S38")
def test_an_approved_sound_stays_what_the_approver_heard(place: Path) -> None:
    async def story(house: House) -> None:
        view = await handed_in(house)
        name = view.announcement.id
        approved = await house.up.desk.approve(house.approver, name, view.content_hash, view.rendering.wanted)
        heard, count = approved.rendering, len(orders(house))
        await add(house, HTX)
        await house.up.desk.render_now(house.author, name)
        await house.rest(60)
        assert len(orders(house)) == count
        assert (await look(house, name)).rendering == heard
        views = house.up.lexicon_views
        assert await views.is_read_otherwise(house.author, name)
        assert [a.id for a in await views.read_otherwise(house.author, QUANG_DIEN)] == [name]

        edited = draft(house, text=TEXT, title="Sửa tên", expires_at=view.announcement.expires_at)
        await house.up.desk.edit_announcement(house.author, name, edited, revision=view.announcement.revision)
        await house.up.desk.submit(house.author, name)
        await house.rest(5)
        anew = await look(house, name)
        assert "hợp tác xã nhà Phò" in anew.rendering.spoken
        assert not await views.is_read_otherwise(house.author, name)

    told(story, place)


@pytest.mark.promise("S38")
def test_nobody_approves_a_reading_that_is_no_longer_what_was_heard(place: Path) -> None:
    async def story(house: House) -> None:
        view = await handed_in(house)
        name, heard = view.announcement.id, view.rendering.wanted
        await add(house, HTX)
        late = await refused(house.up.desk.approve(house.approver, name, view.content_hash, heard))
        assert (late.code, late.status, late.field) == ("E_CHANGED", 409, "heard")
        now = (await look(house, name)).rendering.wanted
        done = await house.up.desk.approve(house.approver, name, view.content_hash, now)
        assert done.announcement.state is State.APPROVED

    told(story, place)


def test_a_sound_approved_before_it_was_ready_is_read_by_the_lexicon_of_that_moment(place: Path) -> None:
    async def story(house: House) -> None:
        desk = house.up.desk
        await add(house, HTX)
        view = await desk.write_announcement(house.author, draft(house, text=TEXT))
        view = await desk.submit(house.author, view.announcement.id)
        assert view.rendering.state is not RenderState.READY
        await desk.approve(house.approver, view.announcement.id, view.content_hash, view.rendering.wanted)
        await house.up.lexicons.remove(house.author, QUANG_DIEN, "HTX", "bo")
        await house.rest(30)
        after = (await look(house, view.announcement.id)).rendering
        assert after.state is RenderState.READY
        assert "hợp tác xã nhà Phò" in after.spoken

    at_desk(story, place, members=FEW[:1], speech_takes_s=3.0)


def test_a_change_that_a_restart_interrupted_is_read_anew_at_the_next_start(place: Path) -> None:
    async def story(house: House) -> None:
        view = await handed_in(house)

        def behind_its_back(conn: lexicon.Conn) -> None:
            now, who = house.clock.now(), house.author.id
            lexicon.put(conn, QUANG_DIEN, HTX, who, now)
            done = lexicon.Done(
                id="x-1", area=QUANG_DIEN, at=now, who=who, deed=lexicon.LexiconDeed.ADDED, changes=()
            )
            lexicon.note(conn, done)

        await house.up.db.write(behind_its_back)
        await house.close()
        await house.open()
        await house.rest(5)
        assert "hợp tác xã nhà Phò" in (await look(house, view.announcement.id)).rendering.spoken

    told(story, place)


def test_the_province_speaks_for_its_communes_until_they_speak_for_themselves(place: Path) -> None:
    async def story(house: House) -> None:
        view = await handed_in(house)
        await add(house, Line(written="HTX", reading="hợp tác xã tỉnh"), PROVINCE, "truc.hue")
        assert "hợp tác xã tỉnh Phò" in (await look(house, view.announcement.id)).rendering.spoken
        await add(house, HTX)
        assert "hợp tác xã nhà Phò" in (await look(house, view.announcement.id)).rendering.spoken

    told(story, place)


def test_the_region_is_heard_and_renders_nothing_without_numbers(place: Path) -> None:
    async def story(house: House) -> None:
        numbers = await handed_in(house, "Nộp 105 nghìn và 24 cân lúa.")
        plain = await handed_in(house, "Kính mời bà con đến dự họp đông đủ.")
        await house.up.lexicons.set_region(house.author, QUANG_DIEN, Region.SOUTH, "k")
        count = len(orders(house))
        await house.rest(5)
        assert [order.region for order in orders(house)[count:]] == [Region.SOUTH]
        after = (await look(house, numbers.announcement.id)).rendering
        assert "một trăm lẻ năm ngàn và hai mươi bốn cân" in after.spoken
        assert (await look(house, plain.announcement.id)).rendering == plain.rendering

    told(story, place)


def test_emergency_words_and_their_retraction_are_read_by_the_lexicon_of_the_preview(place: Path) -> None:
    async def story(house: House) -> None:
        await add(house, Line(written="Phò", reading="phò trạch"))
        form = EmergencyForm(
            area=QUANG_DIEN, targets=(VILLAGE,), hazard="flood", level=2, text="Bà con HTX Phò lên cao ngay."
        )
        preview = await house.up.desk.preview_emergency(house.operator, form)
        await house.up.lexicons.remove(house.author, QUANG_DIEN, "Phò", "bo")
        await house.rest(5)
        row = await house.up.db.read(alerts.get, AlertId(preview.id))
        assert row is not None
        assert "phò trạch" in row.words[Part.WORDS].sound.spoken
        urgent = [order for order in orders(house) if order.urgent]
        assert {line.written for order in urgent for line in order.lexicon} == {"Phò"}

    told(story, place)


def test_an_opening_of_a_session_is_said_by_the_place_s_own_words(place: Path) -> None:
    async def story(house: House) -> None:
        await house.add_session(time(17, 0), opening=True)
        await house.rest(5)
        await add(house, Line(written="Quảng Điền", reading="quảng điền nhà"))
        last = [order for order in orders(house) if "xin kính chào" in order.text][-1]
        assert last.lexicon == (Reading(written="Quảng Điền", reading="quảng điền nhà"),)

    told(story, place)


def test_only_what_occurs_belongs_to_the_print() -> None:
    lines = (
        Reading(written="HTX", reading="hợp tác xã"),
        Reading(written="TT", reading="tê tê"),
        Reading(written="htx phò", reading="hợp tác xã phò", priority=1),
    )
    assert used_in("Đến HTX họp", Own(lines=lines)).lines == lines[:1]
    assert used_in("Đến HTX Phò họp", Own(lines=lines)).lines == lines[2:]
    assert used_in("Đến chợ", Own(lines=lines, region=Region.SOUTH)) == Own()
    assert used_in("Đến 24 nhà", Own(region=Region.SOUTH)).region is Region.SOUTH


def test_what_is_read_as_everywhere_keeps_the_print_that_it_always_had() -> None:
    order = Order(text="a")
    assert order.print == "a1dbfbbe4f6cfcccf74c1d7a1aebf82f8ff6a545ba9d33e24286c26aa99b3eef"
    other = Order(text="a", own=Own(lines=(Reading(written="a", reading="b"),)))
    assert other.print != order.print
    assert Order(text="a", own=Own(region=Region.SOUTH)).print not in (order.print, other.print)
