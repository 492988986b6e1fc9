"""A relay with three sources: the dead one, the silent one and the one that works; what is heard."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from controller.streams import choosing
from controller.streams.address import Allowed
from controller.streams.choosing import Health, Seen, Switch
from controller.streams.fetching import Fetcher
from controller.streams.frames import FRAME_S, SAMPLES, frames_of, level_dbfs
from controller.streams.pulling import pull
from controller.streams.voices import Relay
from tests.support.stations import Station, answers, hls, make_hls, on_air, tone, wav_stream

Heard = list[bytes]


async def listen(relay: Relay, until: Callable[[Heard], bool], limit_s: float) -> Heard:
    """The relay's frames at the pace of the clock, until something has been heard."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    heard: Heard = []
    while not until(heard):
        assert loop.time() - began < limit_s, "not in time"
        frame = relay.next()
        assert frame is not None
        heard.append(frame)
        await asyncio.sleep(max(0.0, began + len(heard) * FRAME_S - loop.time()))
    return heard


def steepest(heard: Heard) -> int:
    """The largest step between two samples that follow each other: a click is a large one."""
    samples = np.frombuffer(b"".join(heard), dtype="<i2").astype(int)
    return int(np.abs(np.diff(samples)).max())


def is_loud(heard: Heard) -> bool:
    return bool(heard) and level_dbfs(heard[-1]) > -30


@pytest.mark.realtime
@pytest.mark.timeout(90)
def test_the_first_source_is_dead_the_second_silent_and_the_third_is_heard_within_ten_seconds(
    tmp_path: Path,
) -> None:
    make_hls(tmp_path, seconds=60)

    async def story() -> None:
        loop = asyncio.get_running_loop()
        dead, mute = Station(answers("404 Not Found")), Station(wav_stream(tone(volume=0)))
        works = Station(hls(tmp_path, loop.time()))
        async with on_air(dead, mute, works):
            fetcher = Fetcher(Allowed(own=(dead.own, mute.own, works.own)))
            urls = (dead.url(), mute.url(), works.url("/live.m3u8"))
            switches: list[Switch] = []
            relay = Relay([partial(pull, fetcher, url) for url in urls], (), loop.time, switches.append)
            relay.start()
            try:
                heard = await listen(relay, is_loud, 20)
                assert len(heard) * FRAME_S < 10
                assert [switch.after for switch in switches] == [2]
            finally:
                await relay.stop()
                await fetcher.close()

    asyncio.run(story())


@pytest.mark.realtime
@pytest.mark.timeout(90)
def test_a_source_that_dies_gives_way_within_ten_seconds_and_without_a_click() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        first = Station(wav_stream(tone(440), ends_after=gone.is_set))
        second = Station(wav_stream(tone(300, 0.25)))
        filler = frames_of(_sine(200, 2.0))
        async with on_air(first, second):
            fetcher = Fetcher(Allowed(own=(first.own, second.own)))
            switches: list[Switch] = []
            relay = Relay(
                [partial(pull, fetcher, one.url()) for one in (first, second)],
                filler,
                loop.time,
                switches.append,
            )
            relay.start()
            try:
                heard = await listen(relay, lambda now: relay.on_air == 0 and is_loud(now), 20)
                heard += await listen(relay, lambda now: len(now) > 25, 5)
                gone.set()
                died = loop.time()
                heard += await listen(relay, lambda _: relay.on_air == 1, 20)
                assert loop.time() - died < 10
                heard += await listen(relay, lambda now: len(now) > 25, 5)
                # a sine of 440 Hz at this volume climbs by 560 from one sample to the next
                assert steepest(heard) < 1500
                assert switches[0].after == 0
                assert switches[-1].after == 1
            finally:
                await relay.stop()
                await fetcher.close()

    asyncio.run(story())


def test_the_filler_is_heard_where_every_source_is_dead() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        dead = Station(answers("503 Service Unavailable"))
        async with on_air(dead):
            fetcher = Fetcher(Allowed(own=(dead.own,)))
            relay = Relay([partial(pull, fetcher, dead.url())], frames_of(_sine(200, 1.0)), loop.time, print)
            relay.start()
            try:
                await listen(relay, is_loud, 5)
                assert relay.on_air is None
            finally:
                await relay.stop()
                await fetcher.close()

    asyncio.run(story())


def test_an_earlier_source_is_believed_again_only_after_ten_good_seconds() -> None:
    choice = choosing.begin(2, 0.0)
    good = Seen(opened_at=0.0, frame_at=4.0, loud_at=4.0)
    choice, switch = choosing.step(choice, {0: Seen(opened_at=0.0, failed="HTTP 404"), 1: good}, 4.0)
    assert switch == Switch(before=None, after=1, why=Health.GOOD)
    assert choice.open == {1}
    now, back_at = 4.0, None
    while back_at is None and now < 120:
        now += 1.0
        seen = {index: Seen(opened_at=now - 1, frame_at=now, loud_at=now) for index in choice.open}
        choice, switch = choosing.step(choice, seen, now)
        if switch is not None:
            back_at = now
    assert switch == Switch(before=1, after=0, why=Health.GOOD)
    assert back_at is not None
    assert back_at >= choosing.AGAIN_S + choosing.STEADY_S


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Seen(opened_at=95.0), Health.NEW),
        (Seen(opened_at=80.0), Health.STALLED),
        (Seen(opened_at=0.0, frame_at=99.9, loud_at=99.9), Health.GOOD),
        (Seen(opened_at=0.0, frame_at=98.0, loud_at=98.0), Health.DOUBTFUL),
        (Seen(opened_at=0.0, frame_at=96.0, loud_at=96.0), Health.STALLED),
        (Seen(opened_at=0.0, frame_at=99.9, loud_at=93.0), Health.SILENT),
        (Seen(opened_at=92.0, frame_at=99.9), Health.SILENT),
        (Seen(opened_at=99.0, frame_at=99.9, loud_at=99.9, failed="HTTP 500"), Health.FAILED),
    ],
)
def test_a_source_is_judged_by_what_it_gave_lately(seen: Seen, expected: Health) -> None:
    assert choosing.health(seen, 100.0) is expected


def _sine(hertz: float, seconds: float) -> npt.NDArray[np.float32]:
    count = int(seconds * 50) * SAMPLES
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(count) / 48_000)).astype(np.float32)
