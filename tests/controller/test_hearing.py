"""What comes back from speech is kept and shown, and the words of an emergency pass the gate."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from controller.dispatch.forms.alerts import EmergencyForm, EmergencyPreview, Hand
from controller.dispatch.signals import Wake
from controller.dispatch.sound import hearing
from controller.errors import Problem
from controller.store import alerts, audit, documents, speech
from controller.store.alerts import Part
from controller.store.sounds import RenderState
from controller.store.speech import Hearing
from controller.studio.speech import Listening, OnFirst, OnProgress, SpeechDone, SpeechFailed, SpeechOrder
from devices import topics
from devices.codec import decode
from devices.messages import Alerts, AreaCode
from devices.signing import open_envelope
from tests.support.doors import AUTHOR, LOCAL_OPERATOR, STRANGER, VILLAGE, Home, door, play
from tests.support.inline_speaker import InlineSpeaker
from tests.support.pages import fill
from tts.engines.engine import Style

RIGHT = str.lower
WORDS = "Nước sông lên ba mét, bà con rời nhà trước bảy giờ."


def wrong(sentence: str) -> str:
    return sentence.lower().replace("bảy", "tám")


def speaker(house: Home) -> InlineSpeaker:
    found = house.loa._speaker
    assert isinstance(found, InlineSpeaker)
    return found


async def item(house: Home, text: str = "Mời bà con họp lúc 7 giờ. Xin cảm ơn bà con.") -> str:
    view = await house.loa.desk.write_announcement(house.cast[AUTHOR], house.draft(text=text))
    await house.rendered(view.announcement.id)
    return view.announcement.id


async def settled(house: Home, identity: str) -> speech.Report:
    """The report once listening is over."""
    for _ in range(300):
        rendering = await house.loa.desk.render_now(house.cast[AUTHOR], identity)
        report = await house.loa.db.read(speech.find, rendering.wanted)
        if report is not None and report.hearing is not Hearing.WAITING:
            return report
        await asyncio.sleep(0.02)
    raise AssertionError("nobody listened")


async def preview(house: Home, text: str = WORDS) -> EmergencyPreview:
    """Looked at until its words are there."""
    person = house.cast[LOCAL_OPERATOR]
    form = EmergencyForm(area=person.area, targets=(VILLAGE,), hazard="flood", level=2, text=text)
    found = await house.loa.desk.preview_emergency(person, form)
    for _ in range(300):
        if found.words.state is RenderState.READY:
            return found
        await asyncio.sleep(0.02)
        found = await house.loa.desk.look_at_preview(person, found.id)
    raise AssertionError("no words")


async def document(house: Home) -> Alerts:
    """What the village's loudspeakers are told now."""
    held = await house.loa.db.read(documents.get, topics.alerts(AreaCode(VILLAGE)))
    assert held is not None
    return decode(open_envelope(held.payload).payload, Alerts)


def test_who_spoke_what_the_checks_found_and_the_level_stand_on_the_pages(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await item(house)
        report = await settled(house, identity)
        assert [one["engine"] for one in report.said] == ["stub", "stub"]
        async with door(house, AUTHOR) as client:
            for place in (f"/bai/{identity}", f"/viet-bai/{identity}", f"/viet-bai/{identity}/gui"):
                page = (await client.get(place)).text
                assert "Cả bài do giọng dự phòng stub đọc" in page, place
                assert "quá nhanh, có thể bị cắt mất chữ" in page, place
                assert "LUFS, đỉnh −" in page, place
                assert "Chưa có máy nghe lại bản này" in page, place

    play(tmp_path, story)


def test_the_usual_voice_needs_no_mention(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await item(house)
        async with door(house, AUTHOR) as client:
            assert "giọng dự phòng" not in (await client.get(f"/bai/{identity}")).text

    # the name under which the stub speaks
    play(tmp_path, story, engines=("stub",))


def test_what_a_recogniser_did_not_hear_as_written_is_marked_and_blocks_nothing(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        speaker(house).hears = wrong
        identity = await item(house)
        report = await settled(house, identity)
        assert report.differs
        async with door(house, AUTHOR) as client:
            page = (await client.get(f"/bai/{identity}")).text
            assert '<mark class="differs">bảy</mark>' in page
            assert "máy nghe thành “tám”" in page
            assert "Tai người mới quyết định" in page
            step3 = await client.get(f"/viet-bai/{identity}/gui")
            assert "Đã gửi duyệt" in (await fill(client, step3, f"/viet-bai/{identity}/gui")).text

    play(tmp_path, story)


def test_where_all_was_heard_the_page_says_so(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        speaker(house).hears = RIGHT
        identity = await item(house)
        assert (await settled(house, identity)).doubts == ()
        async with door(house, AUTHOR) as client:
            page = (await client.get(f"/bai/{identity}")).text
            assert "số, giờ, tên riêng đều nghe ra (100% số chữ khớp)" in page
            checks = (await client.get(f"/bai/{identity}/tieng?phan=nghe")).text
            assert checks.lstrip().startswith('<div id="checks">')

    play(tmp_path, story)


class HoldingSpeaker(InlineSpeaker):
    """Says that the first sentence is there and then waits to be let go on."""

    def __init__(self, clips_dir: Path) -> None:
        super().__init__(clips_dir)
        self.go_on = asyncio.Event()

    async def render(self, order: SpeechOrder, on_progress: OnProgress, on_first: OnFirst) -> SpeechDone:
        name = "f" * 64
        place = self._clips_dir.parent / "speech" / "previews" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"OggS first sentence")
        on_first(name)
        on_progress(1, 2)
        await self.go_on.wait()
        return await super().render(order, on_progress)


def test_the_first_sentence_can_be_heard_while_the_rest_is_spoken(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        house.loa.studio._speaker = held = HoldingSpeaker(house.loa.clips)
        view = await house.loa.desk.write_announcement(house.cast[AUTHOR], house.draft())
        identity = view.announcement.id
        await house.loa.desk.render_now(house.cast[AUTHOR], identity)
        await asyncio.sleep(0.3)
        async with door(house, AUTHOR) as client, door(house, STRANGER) as stranger:
            piece = (await client.get(f"/bai/{identity}/tieng")).text
            assert "Câu đầu đã đọc xong" in piece
            assert f"/bai/{identity}/cau-dau" in piece
            again = (await client.get(f"/bai/{identity}/tieng?dau={'f' * 64}")).text
            assert "Câu đầu đã đọc xong" not in again
            assert "Đang đọc câu 2/2" in again
            assert (await client.get(f"/bai/{identity}/cau-dau")).content == b"OggS first sentence"
            assert (await stranger.get(f"/bai/{identity}/cau-dau")).status_code == 404
            held.go_on.set()
            await house.rendered(identity)
            assert (await client.get(f"/bai/{identity}/cau-dau")).status_code == 409
            assert "/clips/" in (await client.get(f"/bai/{identity}/tieng?dau={'f' * 64}")).text

    play(tmp_path, story)


def test_the_horn_preview_comes_in_parts_and_only_to_those_who_may_see_the_bai(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await item(house)
        async with door(house, AUTHOR) as client, door(house, STRANGER) as stranger:
            page = (await client.get(f"/bai/{identity}")).text
            assert "Nghe như ở cột loa" in page
            url = f"/bai/{identity}/cot-loa"
            whole = await client.get(url)
            assert whole.headers["content-type"] == "audio/ogg"
            assert whole.content.startswith(b"OggS")
            part = await client.get(url, headers={"Range": "bytes=0-3"})
            assert (part.status_code, part.content) == (206, b"OggS")
            same = await client.get(url, headers={"If-None-Match": whole.headers["etag"]})
            assert same.status_code == 304
            assert (await stranger.get(url)).status_code == 404
            assert whole.content != (await client.get(page.split('src="')[1].split('"')[0])).content

    play(tmp_path, story)


def test_an_emergency_with_another_number_sounds_its_siren_and_keeps_its_words_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        speaker(house).hears = wrong
        desk, person = house.loa.desk, house.cast[LOCAL_OPERATOR]
        found = await preview(house)
        assert found.gate.held
        assert found.words.clip is not None
        alert = await desk.fire(person, found.id, found.typed_name, "key-1")
        told = await document(house)
        assert [(one.tone, one.words) for one in told.alerts] == [(found.tone, None)]
        assert alert.gate is not None
        assert alert.gate.held
        with pytest.raises(Problem) as refusal:
            await desk.confirm_heard(person, alert.id, "0" * 64)
        assert refusal.value.code == "E_CHANGED"
        with pytest.raises(Problem) as refusal:
            await desk.confirm_heard(house.cast[AUTHOR], alert.id, found.words.clip)
        assert refusal.value.status == 403
        for _ in range(2):
            await desk.confirm_heard(person, alert.id, found.words.clip)
        for _ in range(200):
            told = await document(house)
            if told.alerts[0].words is not None:
                break
            await asyncio.sleep(0.02)
        assert told.alerts[0].words == found.words.clip
        rows = [row for row in await house.loa.db.read(audit.newest) if row.deed == "alert.words_heard"]
        (row,) = rows
        assert (row.who, row.subject, row.facts["clip"]) == (person.id, alert.id, found.words.clip)

    play(tmp_path, story)


def test_the_preview_asks_for_ears_and_confirmed_words_go_along_with_the_siren(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        speaker(house).hears = wrong
        found = await preview(house)
        async with door(house, LOCAL_OPERATOR) as client:
            place = f"/khan-cap/xem-truoc/{found.id}"
            page = await client.get(place)
            assert "Lời đọc đang được giữ lại" in page.text
            assert "Máy nghe ra số khác" in page.text
            done = await fill(client, page, f"{place}/da-nghe")
            assert "đã nghe lời đọc và xác nhận đúng" in done.text
            assert "đang được giữ lại" not in done.text
            fired = await fill(client, done, "/khan-cap/phat", typed_name=found.typed_name)
            assert fired.status_code == 200
        assert (await document(house)).alerts[0].words == found.words.clip

    play(tmp_path, story)


def test_held_words_are_told_on_every_page_and_released_from_the_alert(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        speaker(house).hears = wrong
        found = await preview(house)
        person = house.cast[LOCAL_OPERATOR]
        alert = await house.loa.desk.fire(person, found.id, found.typed_name, "key-2")
        async with door(house, LOCAL_OPERATOR) as client:
            assert "lời đang được giữ lại" in (await client.get("/")).text
            page = await client.get(f"/canh-bao/{alert.id}")
            assert "Đã nghe, đúng" in page.text
            done = await fill(client, page, f"/canh-bao/{alert.id}/da-nghe")
            assert "xác nhận đúng" in done.text
            assert "lời đang được giữ lại" not in (await client.get("/")).text

    play(tmp_path, story)


@pytest.mark.parametrize("hears", [None, RIGHT])
def test_an_emergency_that_nobody_doubts_goes_with_its_words(hears: object, tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        speaker(house).hears = hears
        found = await preview(house)
        assert not found.gate.held
        await house.loa.desk.fire(house.cast[LOCAL_OPERATOR], found.id, found.typed_name, "key-3")
        assert (await document(house)).alerts[0].words == found.words.clip

    play(tmp_path, story)


class DeafSpeaker(InlineSpeaker):
    """Its recogniser hangs or falls over."""

    hangs = False

    async def listen(self, style: Style, said: object) -> Listening:
        if self.hangs:
            await asyncio.sleep(3600)
        raise SpeechFailed("E_HEARING_FAILED", "Hỏng.", "fell over")


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.promise("P3")
def test_a_recogniser_that_fails_or_hangs_holds_no_words_back(
    hangs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PATIENCE_S", 0.2)

    async def story(house: Home) -> None:
        deaf = DeafSpeaker(house.loa.clips)
        deaf.hangs = hangs
        house.loa.studio._speaker = deaf
        house.loa.studio._listener._speaker = deaf
        found = await preview(house)
        assert not found.gate.held
        async with door(house, LOCAL_OPERATOR) as client:
            page = (await client.get(f"/khan-cap/xem-truoc/{found.id}")).text
            assert ("Máy đang nghe lại" if hangs else "Lần này máy không nghe lại được") in page
        await house.loa.desk.fire(house.cast[LOCAL_OPERATOR], found.id, found.typed_name, "key-4")
        assert (await document(house)).alerts[0].words == found.words.clip

    play(tmp_path, story)


class LateSpeaker(InlineSpeaker):
    """Its recogniser hears another number, but not before it is let go on."""

    def __init__(self, clips_dir: Path) -> None:
        super().__init__(clips_dir)
        self.go_on = asyncio.Event()
        self.hears = wrong

    async def listen(self, style: Style, said: Sequence[tuple[str, str]]) -> Listening:
        await self.go_on.wait()
        return await super().listen(style, said)


@pytest.mark.parametrize("fired", [False, True])
def test_what_is_heard_late_holds_a_draft_and_calls_back_nothing_that_was_fired(
    fired: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PATIENCE_S", 0.2)

    async def story(house: Home) -> None:
        late = LateSpeaker(house.loa.clips)
        house.loa.studio._speaker = late
        house.loa.studio._listener._speaker = late
        desk, person = house.loa.desk, house.cast[LOCAL_OPERATOR]
        found = await preview(house)
        assert not found.gate.held
        if fired:
            await desk.fire(person, found.id, found.typed_name, "key-6")
        late.go_on.set()
        for _ in range(300):
            report = await house.loa.db.read(speech.find, found.words.wanted)
            if report is not None and report.hearing is Hearing.HEARD:
                break
            await asyncio.sleep(0.02)
        assert report is not None
        assert report.differs
        assert (await desk.look_at_preview(person, found.id)).gate.held is not fired
        if fired:
            house.loa.signals.wake(Wake.RENEWER)
            await asyncio.sleep(0.3)
            assert (await document(house)).alerts[0].words == found.words.clip

    play(tmp_path, story)


@pytest.mark.promise("P4")
def test_a_correction_is_never_held_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        speaker(house).hears = lambda sentence: sentence.lower().replace("sáu", "bảy").replace("bảy", "tám")
        found = await preview(house)
        person = house.cast[LOCAL_OPERATOR]
        alert = await house.loa.desk.fire(person, found.id, found.typed_name, "key-5")
        assert alert.gate is not None
        assert alert.gate.held
        back = await house.loa.desk.retract(person, alert.id, Hand.CORRECTION, "back-5")
        for _ in range(200):
            words = {one.id: one.words for one in (await document(house)).alerts}
            if words[back.id] is not None:
                break
            await asyncio.sleep(0.02)
        assert words[back.id] is not None
        row = await house.loa.db.read(alerts.get, back.id)
        assert row is not None
        report = await house.loa.db.read(speech.find, row.words[Part.WORDS].sound.wanted)
        assert report is not None
        assert report.differs

    play(tmp_path, story)


def test_a_report_of_an_older_sound_is_not_shown_for_a_newer_one(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        speaker(house).hears = wrong
        identity = await item(house)
        report = await settled(house, identity)
        older = replace(report, clip="0" * 64)
        assert not await house.loa.db.write(speech.save_heard, older)
        assert (await settled(house, identity)).clip == report.clip

    play(tmp_path, story)
