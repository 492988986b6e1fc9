"""A node plays its programme and an alert."""

import asyncio
from datetime import timedelta

from devices.messages import ReceiptKind
from tests.firmware_sim.desk import MORNING
from tests.firmware_sim.rig import Stage, play


def test_a_node_plays_its_programme_and_an_alert_and_resumes() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item, words = stage.desk.put(120.0), stage.desk.put(12.0, 600.0)
        stage.desk.publish_programme((stage.desk.entry("morning", MORNING, item),), (item,))
        await stage.until(MORNING + timedelta(seconds=20))
        alert = stage.desk.alert("flood", words=words.sha256)
        stage.desk.publish_alerts(alert, refs=(words,))
        await asyncio.sleep(600)

    stage = play(story)
    parts = [(span.begin.claim, span.begin.part) for span in stage.heard()]
    assert parts == [
        ("occurrence:morning", "clip"),
        ("alert:flood:0", "tone"),
        ("alert:flood:0", "words"),
        ("occurrence:morning", "clip"),
    ]
    first, tone, _, rest = stage.heard()
    assert abs((first.begin.first_sample_at - MORNING).total_seconds()) < 0.1
    assert first.end is not None
    assert rest.begin.from_ms == first.end.to_ms
    assert tone.begin.first_sample_at - MORNING < timedelta(seconds=20.2)
    assert rest.end is not None
    assert rest.end.whole
    kinds = [receipt.kind for receipt in stage.desk.of(stage.nodes[0])]
    assert kinds.count(ReceiptKind.FINISHED) == 2
    assert kinds.count(ReceiptKind.HEARD) == 2
