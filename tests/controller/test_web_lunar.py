"""A bài by the lunar calendar, from the page to the programme."""

import asyncio
from pathlib import Path

from tests.controller.test_web_pages import TEXT
from tests.support.doors import APPROVER, AUTHOR, VILLAGE, Home, door, play
from tests.support.pages import fill, looked_at

PLACE = {
    "where": "some",
    "targets": [VILLAGE],
    "when": "lunar",
    "lunar_days": ["15"],
    "lunar_more": "18; 20",
    "lunar_time": "17:15",
    "lunar_first": "2026-11-23",
    "lunar_last": "2027-02-28",
    "until_date": "2027-03-01",
    "until_time": "08:00",
    "repeat": "1",
    "do": "next",
}


async def sheet(house: Home, client: object) -> tuple[str, object]:
    first = await client.get("/viet-bai")
    step2 = await fill(client, first, "/viet-bai", title="Phiên chợ", text=TEXT, do="next")
    return step2.url.path.split("/")[2], step2


def test_a_bai_repeats_by_the_lunar_calendar_and_says_so(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            identity, step2 = await sheet(house, client)
            step3 = await fill(client, step2, f"/viet-bai/{identity}/phat", **PLACE)
            assert "17:15 ngày 15, 18 và 20 âm lịch hằng tháng" in step3.text
            await fill(client, step3, f"/viet-bai/{identity}/gui", **looked_at(step3))
            again = await client.get(f"/bai/{identity}")
            assert "Phiên chợ" in again.text
        await house.rendered(identity)
        async with door(house, APPROVER) as client:
            page = await client.get(f"/duyet/{identity}")
            done = await fill(client, page, f"/duyet/{identity}")
            assert "17:15" in done.text
        await asyncio.sleep(0.6)
        async with door(house, AUTHOR) as client:
            item = (await client.get(f"/bai/{identity}")).text
            for day in ("thứ Năm 26/11", "thứ Bảy 28/11"):
                assert f"Phát lúc 17:15 {day} vì được đặt lặp lại." in item
            step2 = await client.get(f"/viet-bai/{identity}/phat")
            assert 'value="18, 20"' in step2.text
            assert 'value="17:15"' in step2.text

    play(tmp_path, story)


def test_what_is_no_lunar_day_is_refused_where_it_stands(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            identity, step2 = await sheet(house, client)
            for typed, said in (
                ({"lunar_more": "31"}, "từ 1 đến 30"),
                ({"lunar_more": "rằm"}, "từ 1 đến 30"),
                ({"lunar_more": "", "lunar_days": []}, "Chưa chọn ngày nào"),
                ({"lunar_last": "2026-11-01"}, ""),
            ):
                page = await fill(client, step2, f"/viet-bai/{identity}/phat", **{**PLACE, **typed})
                assert page.status_code == 422, typed
                assert said in page.text, typed
                assert 'value="2026-11-23"' in page.text

    play(tmp_path, story)
