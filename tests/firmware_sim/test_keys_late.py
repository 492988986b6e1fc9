"""What a node is told before it has keys is not lost: it hears it again once it can judge it."""

import asyncio

from tests.firmware_sim.rig import Stage, play


def test_a_place_told_live_before_the_keys_came_is_heard_again_and_the_node_can_be_warned() -> None:
    async def story(stage: Stage) -> None:
        await asyncio.sleep(5)
        await stage.settle(keys=False)
        assert stage.village.nodes[stage.nodes[0]].state.memory.desired is None
        stage.desk.publish_keys()
        await asyncio.sleep(30)
        stage.desk.publish_alerts(stage.desk.alert("flood", rounds=1))
        await asyncio.sleep(60)

    assert play(story).claims() == ["alert:flood:0"]
