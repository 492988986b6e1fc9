"""A relay of the programme: a signed entry with its filler, tried beforehand, sent on time, without a URL."""

import asyncio
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.plan.relay_entries import grant_of
from controller.errors import Problem
from controller.store import audit, deliveries
from controller.streams.choosing import Health
from devices import topics
from devices.chunks import open_chunk
from devices.messages import AreaCode
from schedules.calendar import instant_of
from tests.support.doors import ADMINISTRATOR, AUTHOR, LOCAL_OPERATOR, STRANGER, home
from tests.support.relayed import plan_relay
from tests.support.stations import Station, answers, on_air, tone, wav_stream
from tests.support.wiretap import listening

DAY = date(2026, 11, 23)
SLOT = time(6, 0)
LENGTH = timedelta(seconds=10)


@pytest.mark.timeout(120)
@pytest.mark.promise("S13")
def test_a_planned_relay_is_sent_on_time_from_the_source_that_works(tmp_path: Path) -> None:
    async def story() -> None:
        dead, works = Station(answers("404 Not Found")), Station(wav_stream(tone(440)))
        async with on_air(dead, works):
            start = instant_of(DAY, SLOT) - timedelta(seconds=14)
            own = (dead.own, works.own)
            async with home(tmp_path, start=start, relay_own_hosts=own) as house:
                loa = house.loa
                assert house.air is not None
                wire, link = await listening(house.air, QUANG_DIEN)
                await plan_relay(house, SLOT, LENGTH, dead, works)
                async with asyncio.timeout(40):
                    while not any(programme.entries for programme in wire.programmes()):
                        await asyncio.sleep(0.05)
                    entries = [entry for listed in wire.programmes() for entry in listed.entries]
                    entry = min(entries, key=lambda one: one.starts_at)
                    assert entry.relay is not None
                    grant = entry.relay.grant
                    assert grant == grant_of(entry.occurrence)
                    assert entry.relay.length_ms == LENGTH // timedelta(milliseconds=1)
                    while grant not in loa.onair.grants:
                        await asyncio.sleep(0.05)
                    finding = loa.relaying.findings.get(entry.occurrence)
                    while grant in loa.onair.grants:
                        await asyncio.sleep(0.05)
                assert finding is not None
                assert (finding.good, [one.health for one in finding.bad]) == (1, [Health.FAILED])
                await link.stop()
                chunks = [
                    open_chunk(one.payload).chunk
                    for one in wire.came
                    if one.topic == topics.live(AreaCode(QUANG_DIEN), grant)
                ]
                sounding = [chunk for chunk in chunks if not chunk.last]
                first = sounding[0].sent_at - entry.starts_at
                assert timedelta(seconds=-2.5) < first < timedelta(seconds=0)
                assert [chunk.sequence for chunk in sounding] == list(range(len(sounding)))
                # the filler would be bells: nothing of them, the good source was found beforehand
                assert sum(len(p) for chunk in sounding for p in chunk.packets) > 5_000
                assert chunks[-1].last
                rows = await loa.db.read(deliveries.of_subject, entry.occurrence)
                assert rows
                # S13: no address ever leaves the house
                assert not any(b"http" in one.payload or b"127.0.0.1" in one.payload for one in wire.came)
                deeds = [row.deed for row in await loa.db.read(audit.newest, 100)]
                assert {"relay.checked", "relay.begun", "relay.ended"} <= set(deeds)

    asyncio.run(story())


def test_a_list_of_sources_is_changed_by_whoever_may_and_taken_back(tmp_path: Path) -> None:
    async def story() -> None:
        own = ("127.0.0.1:9", "127.0.0.1:10")
        async with home(tmp_path, relay_own_hosts=own) as house:
            desk, keeper = house.loa.sourcing, house.cast[ADMINISTRATOR]
            one = await desk.add(keeper, QUANG_DIEN, "VOV 1", "http://127.0.0.1:9/a", version=0)
            two = await desk.add(keeper, QUANG_DIEN, "VOV 2", "http://127.0.0.1:10/b", version=one.version)
            assert [line.source.name for line in two.lines] == ["VOV 1", "VOV 2"]
            with pytest.raises(Problem, match="E_STALE"):
                await desk.move(keeper, QUANG_DIEN, 1, -1, version=one.version)
            moved = await desk.move(keeper, QUANG_DIEN, 1, -1, version=two.version)
            assert [line.source.name for line in moved.lines] == ["VOV 2", "VOV 1"]
            back = await desk.undo(keeper, QUANG_DIEN, version=moved.version)
            assert [line.source.name for line in back.lines] == ["VOV 1", "VOV 2"]
            gone = await desk.remove(keeper, QUANG_DIEN, 0, version=back.version)
            assert [line.source.name for line in gone.lines] == ["VOV 2"]
            for username in (AUTHOR, LOCAL_OPERATOR):
                with pytest.raises(Problem, match="E_RIGHT"):
                    await desk.remove(house.cast[username], QUANG_DIEN, 0, version=gone.version)
            with pytest.raises(Problem, match="E_NOT_FOUND"):
                await desk.look(house.cast[STRANGER], QUANG_DIEN)

    asyncio.run(story())


@pytest.mark.promise("S57")
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:11/x", "https://169.254.169.254/", "https://[::1]/", "file:///etc/passwd", "x"]
)
def test_a_list_takes_no_forged_address(tmp_path: Path, url: str) -> None:
    async def story() -> None:
        async with home(tmp_path) as house:
            with pytest.raises(Problem, match="E_URL"):
                await house.loa.sourcing.add(house.cast[ADMINISTRATOR], QUANG_DIEN, "Đài", url, version=0)

    asyncio.run(story())
