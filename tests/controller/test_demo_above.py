"""The demo's in-tray: the province's bulletin lies with both communes and is heard by nobody as yet."""

from datetime import timedelta
from pathlib import Path

from controller.deploy.commune_data import FROM_ABOVE, QUANG_DIEN
from controller.deploy.demo_above import approve_from_above, lies_in_every_tray, write_from_above
from controller.deploy.demo_house import Cast
from schedules.calendar import local
from tests.support.doors import AUTHOR, Home, door, play


def test_the_provinces_bulletin_waits_in_the_communes_trays(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        loa, cast = house.loa, Cast(people=house.cast, password="")
        now = loa.clock.now().replace(microsecond=0)
        dates = {"in_7_days": local(now) + timedelta(days=7)}
        item = await write_from_above(loa, cast, dates, now)
        await house.rendered_by(house.cast["bientap.hue"], item)
        assert not await lies_in_every_tray(loa, cast, item)
        await approve_from_above(loa, cast, item)
        assert await lies_in_every_tray(loa, cast, item)
        async with door(house, AUTHOR) as client:
            assert FROM_ABOVE.title in (await client.get("/hop-tin")).text
            assert "/hop-tin" in (await client.get("/")).text
        day = await loa.views.day(house.cast[AUTHOR], QUANG_DIEN, local(now).date() + timedelta(days=1))
        assert day.occurrences == ()

    play(tmp_path, story)
