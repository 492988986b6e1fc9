"""Lanes: one thread each, in order; what has begun is finished."""

import asyncio
import threading

import pytest

from controller.lanes import InlineLane, Lane, ThreadLane, inline_lanes, thread_lanes


async def use(lane: Lane) -> None:
    done: list[int] = []
    await asyncio.gather(*(lane.run(done.append, k) for k in range(20)))
    assert done == list(range(20))
    assert await lane.run(lambda a, b: a - b, 5, b=3) == 2
    with pytest.raises(ZeroDivisionError):
        await lane.run(lambda: 1 // 0)
    await lane.close()
    await lane.close()


@pytest.mark.parametrize("make", [lambda: ThreadLane("x"), InlineLane])
def test_work_is_done_in_the_order_asked_for(make: type[InlineLane]) -> None:
    asyncio.run(use(make()))


def test_a_thread_lane_leaves_the_loop_free_and_always_uses_its_own_thread() -> None:
    async def story() -> None:
        lane = ThreadLane("writer")
        release = threading.Event()
        waiting = asyncio.create_task(lane.run(release.wait, 10))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        release.set()
        assert await waiting
        names = {await lane.run(lambda: threading.current_thread().name) for _ in range(3)}
        assert len(names) == 1
        assert names.pop().startswith("lane-writer")
        await lane.close()

    asyncio.run(story())


def test_what_has_begun_is_finished_though_its_asker_has_left() -> None:
    async def story() -> list[str]:
        lane = ThreadLane("writer")
        begun, release = threading.Event(), threading.Event()
        done: list[str] = []

        def work() -> None:
            begun.set()
            release.wait(10)
            done.append("written")

        asker = asyncio.create_task(lane.run(work))
        await asyncio.to_thread(begun.wait, 10)
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker
        release.set()
        await lane.close()
        return done

    assert asyncio.run(story()) == ["written"]


def test_all_lanes_of_a_house_close_and_leave_no_thread() -> None:
    async def story() -> None:
        for lanes in (thread_lanes(readers=3), inline_lanes()):
            assert await lanes.writer.run(int, "7") == 7
            for reader in lanes.readers:
                await reader.run(int)
            await lanes.close()

    before = threading.active_count()
    asyncio.run(story())
    assert threading.active_count() == before
