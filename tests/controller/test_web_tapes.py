"""Ghi rồi phát chậm, as people choose it, see what became of it, listen to it and say no."""

from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import httpx

from controller.deploy.commune_data import QUANG_DIEN
from controller.store import sessions, tapes
from controller.store.tapes import Tape, TapeState
from schedules.blocks import Part
from schedules.calendar import instant_of
from schedules.plan import OccurrenceId
from tests.support.doors import APPROVER, AUTHOR, LOCAL_OPERATOR, STRANGER_APPROVER, Home, door, play
from tests.support.pages import fill

SLOT = instant_of(date(2026, 11, 24), time(5, 15))
PLACE = "/nguon-tiep-am"


async def recorded(house: Home) -> Tape:
    """One that was kept for tomorrow, and one that failed."""
    loa = house.loa
    kept = Tape(
        occurrence=OccurrenceId("b" * 32),
        session="s",
        area=QUANG_DIEN,
        title="Tiếp âm phát chậm (Buổi sáng)",
        due_at=SLOT,
        begins_at=SLOT - timedelta(hours=12),
        length=timedelta(minutes=25),
        state=TapeState.KEPT,
        changed_at=loa.clock.now(),
        source="VOV1",
        sound=timedelta(minutes=24, seconds=51),
        clip=await loa.tuner.bells_clip(),
    )
    failed = replace(
        kept,
        occurrence=OccurrenceId("c" * 32),
        due_at=SLOT - timedelta(hours=12),
        state=TapeState.FAILED,
        why="gaps",
        clip=None,
    )
    for tape in (kept, failed):
        assert await loa.db.write(tapes.add, tape)
    return kept


def test_a_session_is_made_with_a_relay_that_is_recorded_first(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            sheet = await client.get("/buoi-phat/moi?mau=sang-tiep-am")
            assert "4,3 MB" in sheet.text
            assert "11,5 MB" in sheet.text
            long = await fill(client, sheet, "/buoi-phat", relay="31", way="taped", record_at="18:00")
            assert long.status_code == 422
            assert "dài nhất 30 phút" in long.text
            without = await fill(client, sheet, "/buoi-phat", way="taped", record_at="")
            assert without.status_code == 422
            assert await house.loa.db.read(sessions.everything) == ()
            made = await fill(client, sheet, "/buoi-phat", way="taped", record_at="18:00")
            assert made.status_code == 200
            (session,) = await house.loa.db.read(sessions.everything)
            (relay,) = (block for block in session.blocks if block.part is Part.RELAY)
            assert (relay.length, relay.record_at) == (timedelta(minutes=25), time(18))
            shown = await client.get(f"/buoi-phat/{session.id}")
            assert 'value="taped" checked' in shown.text
            assert 'value="18:00"' in shown.text
            await fill(client, shown, f"/buoi-phat/{session.id}", way="")
            (session,) = await house.loa.db.read(sessions.everything)
            assert [block.record_at for block in session.blocks if block.part is Part.RELAY] == [None]

    play(tmp_path, story)


def test_whoever_may_approve_listens_before_it_airs_and_may_say_no_and_yes_again(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        tape = await recorded(house)
        mine = f"{PLACE}/ban-thu/{tape.occurrence}"
        async with door(house, APPROVER) as client:
            page = await client.get(PLACE)
            for said in ("Đã ghi", "VOV1, dài 24 phút 51 giây", "Hỏng", "đài mất tiếng giữa chừng"):
                assert said in page.text
            heard = await client.get(mine, headers={"Range": "bytes=0-99"})
            assert (heard.status_code, heard.headers["content-type"], len(heard.content)) == (
                206,
                "audio/ogg",
                100,
            )
            dropped = await fill(client, page, mine, do="drop")
            assert "Không phát" in dropped.text
            assert (await now(house, tape)) is TapeState.DROPPED
            kept = await fill(client, dropped, mine, do="keep")
            assert "Không phát bản này" in kept.text
            assert (await now(house, tape)) is TapeState.KEPT
            # what has failed has nothing to hear, and the top of every page says so until its slot
            assert (await client.get(f"{PLACE}/ban-thu/{'c' * 32}")).status_code == 409
            assert "bản thu bị hỏng" in (await client.get("/")).text
        for username, status in ((AUTHOR, 403), (LOCAL_OPERATOR, 403), (STRANGER_APPROVER, 404)):
            async with door(house, username) as client:
                assert (await client.get(mine)).status_code == status
                page = await client.get(PLACE)
                assert "<audio" not in page.text
                assert (await told(client)) is (username == LOCAL_OPERATOR)

    play(tmp_path, story)


async def now(house: Home, tape: Tape) -> TapeState:
    found = await house.loa.db.read(tapes.get, tape.occurrence)
    assert found is not None
    return found.state


async def told(client: httpx.AsyncClient) -> bool:
    """Whether the top of the page says that a recording failed."""
    return "bản thu bị hỏng" in (await client.get("/")).text
