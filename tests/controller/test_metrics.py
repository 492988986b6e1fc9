"""What Prometheus reads is counted by the house itself, and only those who may see it do."""

import asyncio
import re
from pathlib import Path

from controller.dispatch.forms.alerts import EmergencyForm
from devices import topics
from devices.messages import AlertId, BootId, KeyId, NodeId, Receipt, ReceiptKind, Report
from devices.signing import sign
from tests.support.doors import (
    ADMINISTRATOR,
    AUTHOR,
    LOCAL_OPERATOR,
    QUANG_DIEN,
    SITES,
    VILLAGE,
    Home,
    door,
    play,
)

NODE = NodeId(next(site.node for site in SITES if site.village == VILLAGE))


def value(text: str, name: str) -> float:
    """The number printed for one sample."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, f"{name} is not printed"
    return float(found[1])


async def printed(home: Home) -> str:
    async with door(home, ADMINISTRATOR) as client:
        answer = await client.get("/metrics")
        assert answer.status_code == 200
        return answer.text


async def fire(home: Home) -> AlertId:
    desk, operator = home.loa.desk, home.cast[LOCAL_OPERATOR]
    form = EmergencyForm(
        area=QUANG_DIEN, targets=(VILLAGE,), hazard="flood", level=2, text="Nước lên nhanh, bà con lên cao."
    )
    preview = await desk.preview_emergency(operator, form)
    return (await desk.fire(operator, preview.id, preview.typed_name, "key-1")).id


def test_a_fired_alert_and_a_receipt_change_what_is_printed(tmp_path: Path) -> None:
    async def story(home: Home) -> None:
        for _ in range(100):
            if home.loa.link_up:
                break
            await asyncio.sleep(0.02)
        before = await printed(home)
        assert value(before, "loa_link_up") == 1
        assert value(before, "loa_receipts_total") == 0
        assert value(before, "loa_emergency_broker_seconds_count") == 0
        assert value(before, "loa_write_seconds_count") > 0

        alert = await fire(home)
        now = home.loa.clock.now()
        # longer than siren and words together, whether the words are out by now or not
        facts = {"at": now, "alert": alert, "played_ms": 600_000, "duration_ms": 600_000, "late_ms": 400}
        started = Receipt(seq=1, kind=ReceiptKind.STARTED, **facts)
        finished = Receipt(seq=2, kind=ReceiptKind.FINISHED, **facts)
        report = Report(node=NODE, boot=BootId("b1"), receipts=(started, finished))
        signed = sign(report, home.keys[KeyId(NODE)])
        await home.loa.room.link.publish(topics.report(NODE), signed)
        await home.loa.room.link.publish(topics.report(NODE), signed)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if value(await printed(home), "loa_receipts_repeated_total"):
                break

        after = await printed(home)
        assert value(after, "loa_receipts_total") == 2
        assert value(after, "loa_receipts_repeated_total") == 2
        assert value(after, 'loa_deliveries_total{verdict="aired"}') == 1
        assert value(after, "loa_emergency_broker_seconds_count") == 1
        assert value(after, "loa_emergency_reach_seconds_sum") == 0.4
        sent = 'loa_outbox_total{state="sent"}'
        assert value(after, sent) > value(before, sent)
        assert value(after, "loa_write_seconds_count") > value(before, "loa_write_seconds_count")
        assert value(after, 'loa_nodes{condition="silent"}') > 0

    play(tmp_path, story)


def test_who_writes_bulletins_may_not_read_the_metrics(tmp_path: Path) -> None:
    async def story(home: Home) -> None:
        async with door(home) as client:
            assert (await client.get("/metrics")).status_code == 401
        async with door(home, AUTHOR) as client:
            assert (await client.get("/metrics")).status_code == 403

    play(tmp_path, story)
