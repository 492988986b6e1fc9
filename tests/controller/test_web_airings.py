"""Nghỉ một lượt: one airing of a repeated bài left out and put back from its page."""

from datetime import date, time
from pathlib import Path

from controller.deploy.commune_data import QUANG_DIEN
from controller.store import announcements
from schedules.approval import is_approved
from schedules.recurrence import Weekly
from tests.controller.test_web_week import NEXT_DAY, lines
from tests.support.doors import AUTHOR, STRANGER, Home, door, play
from tests.support.pages import form_token

NOON = Weekly(
    at=time(12), days=frozenset(range(7)), first=date(2026, 11, 23), last=date(2026, 11, 25)
)  # fmt: skip


def test_one_airing_is_left_out_and_put_back_without_another_approval(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        item = await house.on_air(
            "Nhắc đeo khẩu trang",
            timing=NOON,
            targets=(QUANG_DIEN,),
            expires_at=house.loa.clock.now().replace(day=28, microsecond=0),
        )
        await house.planned()
        assert len(await lines(house)) == 3
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/bai/{item}")
            assert f"/bai/{item}/luot-phat" in page.text
            token = await form_token(client)

            async def press(do: str, day: str = NEXT_DAY) -> tuple[int, str]:
                data = {"token": token, "do": do, "day": day}
                answer = await client.post(f"/bai/{item}/luot-phat", data=data, follow_redirects=True)
                return answer.status_code, answer.text

            status, text = await press("skip")
            assert status == 200
            assert "Đã nghỉ lượt này." in text
            await house.planned()
            assert len(await lines(house)) == 2
            kept = await house.loa.db.read(announcements.get, item)
            assert kept is not None
            assert is_approved(kept.announcement)
            assert (await press("skip"))[0] == 409
            assert (await press("put_back", "2026-11-25"))[0] == 409
            assert (await press("put_back"))[0] == 200
            await house.planned()
            assert len(await lines(house)) == 3
            assert (await press("dance"))[0] == 422
            assert (await press("skip", "2026-02-30"))[0] == 422
        async with door(house, STRANGER) as client:
            assert (await client.get(f"/bai/{item}/luot-phat")).status_code == 404

    play(tmp_path, story)
