"""The controller's key is replaced in the middle of an emergency (F75): the siren goes on under both."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from devices import topics
from devices.messages import Alert, CommandKind, ReceiptKind
from devices.signing import SigningKey, generate_key
from tests.firmware_sim.desk import COMMUNE, MORNING
from tests.firmware_sim.rig import Stage, play

ROUND_S = 60
ROUNDS = 6


def renew(stage: Stage, flood: Alert, key: SigningKey) -> None:
    """The same alert in a new version of its list, signed by this key."""
    stage.desk.say(topics.alerts(COMMUNE), stage.desk.alerts((flood,)), key=key, retain=True)


@pytest.mark.promise("F75")
def test_a_key_is_replaced_in_the_middle_of_an_emergency_and_no_round_is_lost_or_refused() -> None:
    fresh, seen = generate_key("online-2"), {}

    async def story(stage: Stage) -> None:
        desk = stage.desk
        old = desk.keys.online
        await stage.settle()
        await stage.until(MORNING)
        flood = desk.alert("flood", rounds=ROUNDS, every_ms=ROUND_S * 1000)
        renew(stage, flood, old)
        await asyncio.sleep(ROUND_S * 1.5)
        desk.keys = replace(desk.keys, online=fresh)
        desk.publish_keys(desk.delegation(old))
        await asyncio.sleep(5)
        renew(stage, flood, fresh)
        await asyncio.sleep(ROUND_S)
        renew(stage, flood, old)  # both are good while both are listed, in any order
        await asyncio.sleep(5)
        renew(stage, flood, fresh)
        await asyncio.sleep(ROUND_S)
        desk.publish_keys(desk.delegation(old, revoked=True))
        await asyncio.sleep(ROUND_S * 3)
        seen["refused"] = [desk.codes(node) for node in stage.nodes]
        renew(stage, flood, old)
        await asyncio.sleep(5)
        seen["afterwards"] = [desk.codes(node) for node in stage.nodes]
        order = desk.command(CommandKind.STOP, references=(flood.id,))
        desk.say(topics.command(COMMUNE), order)
        await asyncio.sleep(10)

    stage = play(story, count=2)

    assert seen["refused"] == [[], []]
    assert seen["afterwards"] == [["E_KEY"], ["E_KEY"]], "the old key is worth nothing any more"
    for node in stage.nodes:
        rounds = [span.begin for span in stage.heard(node) if span.begin.part == "tone"]
        assert [begun.claim for begun in rounds] == [f"alert:flood:{n}" for n in range(ROUNDS)]
        for n, begun in enumerate(rounds):
            assert begun.first_sample_at - MORNING - timedelta(seconds=n * ROUND_S) < timedelta(seconds=2)
        accepted = [one.command for one in stage.desk.of(node, ReceiptKind.ACCEPTED) if one.command]
        assert len(accepted) == 1, "the new key may stop what the old one began"
