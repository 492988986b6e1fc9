"""What stands above every page: a colleague who waits, a lost link; and a drill that looks like one."""

import asyncio
from pathlib import Path

import httpx

from controller.dispatch.signals import Signals, Topic
from controller.web import live
from schedules.announcement import AreaCode
from tests.support.doors import AUTHOR, LOCAL_OPERATOR, OPERATOR, QUANG_DIEN, VILLAGE, Home, door, play
from tests.support.pages import fill
from tests.support.virtual_time import run_virtual

SECOND = "chihuy.hue"
WORDS = "Nước sông Bồ đang lên nhanh. Bà con lên chỗ cao ngay."


async def look_at(client: httpx.AsyncClient, path: str, place: AreaCode) -> httpx.Response:
    """The page before the button."""
    sheet = await client.get(path)
    chosen = {"hazard": "flood", "level": "2", "where": "some", "targets": [place], "text": WORDS}
    return await fill(client, sheet, "/khan-cap/xem-truoc", **chosen)


async def fire(client: httpx.AsyncClient, look: httpx.Response) -> httpx.Response:
    """Type the name that the page asks for, and press the button."""
    name = look.text.split("Gõ “")[1].split("”")[0]
    return await fill(client, look, "/khan-cap/phat", typed_name=name)


def test_the_second_person_finds_the_call_on_whatever_page_is_open(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with (
            door(house, OPERATOR) as first,
            door(house, SECOND) as second,
            door(house, AUTHOR) as author,
        ):
            look = await look_at(first, "/khan-cap", QUANG_DIEN)
            assert "Có thể gọi: Hoàng Thị Thu Hà, Phạm Văn Thành." in look.text
            wall = await fire(first, look)
            assert "Chờ người thứ hai" in wall.text
            assert "Có thể gọi: Hoàng Thị Thu Hà, Phạm Văn Thành." in wall.text
            for path in ("/", "/cum-loa", "/nhat-ky", "/viet-bai"):
                page = (await second.get(path)).text
                assert "Lê Quốc Bảo đang chờ ông/bà đồng ý: Lũ, ngập lụt tại xã Quảng Điền." in page, path
                assert f'<a class="button danger" href="{wall.url.path}">' in page, path
            assert "đang chờ ông/bà đồng ý" not in (await author.get("/")).text
            asked = await second.get(wall.url.path)
            agreed = await fill(second, asked, f"{wall.url.path}/dong-y")
            assert "Đang cảnh báo" in agreed.text
            assert "đang chờ ông/bà đồng ý" not in (await second.get("/")).text
            assert "Đang có cảnh báo: Lũ, ngập lụt tại xã Quảng Điền" in (await author.get("/")).text

    play(tmp_path, story)


def test_a_drill_looks_like_one_on_every_page_of_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, LOCAL_OPERATOR) as client:
            assert '<body class="drill">' not in (await client.get("/khan-cap")).text
            assert '<body class="drill">' in (await client.get("/khan-cap?dien-tap=1")).text
            look = await look_at(client, "/khan-cap?dien-tap=1", VILLAGE)
            assert '<body class="drill">' in look.text
            assert "PHÁT DIỄN TẬP" in look.text
            wall = await fire(client, look)
            assert '<body class="drill">' in wall.text
            assert "Đang diễn tập" in wall.text
            assert "Đang cảnh báo" not in wall.text
            today = (await client.get("/")).text
            assert "Đang có cảnh báo: Diễn tập: Lũ, ngập lụt tại thôn" in today
            assert '<div class="note live">' in today

    play(tmp_path, story)


def test_a_lost_link_is_said_on_every_page_with_its_hour(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            assert "Mất kết nối tới các cụm loa" not in (await client.get("/viet-bai")).text
            await house.loa.room.link.stop()
            for path in ("/", "/viet-bai", "/cum-loa", "/nhat-ky"):
                assert "Mất kết nối tới các cụm loa từ 06:00" in (await client.get(path)).text, path
            board = (await client.get("/cum-loa")).text
            assert "Chưa biết từ 06:00" in board or "Mất liên lạc" in board
            assert '<span class="state good"' not in board, "what nobody knows is never green"

    play(tmp_path, story)


def test_other_pages_changes_never_put_off_the_next_look() -> None:
    async def story() -> None:
        signals = Signals()
        subscription = signals.subscribe()

        async def chatter() -> None:
            while True:
                signals.tell(Topic.NODE)
                await asyncio.sleep(0.1)

        talking = asyncio.create_task(chatter())
        async with asyncio.timeout(live.EVERY_S["canh-bao"] + 1):
            await live.until_changed(subscription, "canh-bao")
        talking.cancel()

    run_virtual(story())
