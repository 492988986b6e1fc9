"""An older copy of the database is restored while the nodes are ahead of it (F78, S70)."""

import shutil
from collections import Counter
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.dispatch.plan.compile import VERSIONS_AN_EPOCH
from controller.store import audit, meta, receipts
from controller.store.database import Database
from devices import topics
from devices.messages import NodeId
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, VILLAGE, House, inline_lanes, play, wall

NODE = NodeId(FEW[0])
FIRST, SECOND, THIRD, FOURTH = (instant_of(DAY, time(hour, 0)) for hour in (6, 7, 8, 9))


def file_of(house: House) -> Path:
    return house.settings.database


def desired_version(house: House) -> int:
    """Of its own place, as the node holds it."""
    return house.village.nodes[NODE].state.memory.documents[topics.desired(NODE)].version


@pytest.mark.promise("F78", "S70")
def test_nothing_is_heard_twice_and_nothing_is_sent_again_for_ever(place: Path, tmp_path: Path) -> None:
    seen: dict[str, Any] = {}
    copy = tmp_path / "older.db"

    async def story(house: House) -> None:
        for at in (FIRST, SECOND):
            await house.say(f"Họp lúc {at:%H}", targets=(VILLAGE,), timing=Once(at=at))
        await house.until(FIRST - timedelta(minutes=10))
        kid = house.up.room.keyring.online.kid
        await house.close()
        seen["desired"] = desired_version(house)
        shutil.copyfile(file_of(house), copy)
        await house.open()
        # the nodes play, report and forget; the copy knows nothing of it
        await house.say("Chỉ có trong bản mới", targets=(VILLAGE,), timing=Once(at=THIRD))
        await house.until(SECOND + timedelta(minutes=10))
        seen["ahead"] = await house.up.db.read(receipts.through, NODE)
        await house.close()

        for leftover in file_of(house).parent.glob(f"{file_of(house).name}-*"):
            leftover.unlink()
        shutil.copyfile(copy, file_of(house))
        db = await Database.open(file_of(house), inline_lanes(), wall())
        await db.write(meta.bump_epoch, kid)
        seen["behind"] = await db.read(receipts.through, NODE)
        await db.close()

        await house.open()
        await house.rest(60)
        new = await house.say("Sau khi khôi phục", targets=(VILLAGE,), timing=Once(at=FOURTH))
        await house.until(FOURTH + timedelta(minutes=20))
        seen["new"] = new.announcement.id
        seen["through"] = await house.up.db.read(receipts.through, NODE)
        seen["last"] = house.village.nodes[NODE].state.outbox
        seen["lost"] = [
            row for row in await house.up.db.read(audit.newest, 200) if row.deed == "receipts.lost"
        ]
        metrics = house.up.metrics.receipts_repeated
        seen["repeated"] = metrics._value.get()
        await house.rest(3600)
        seen["desired"] = seen["desired"], desired_version(house)
        seen["repeated_later"] = metrics._value.get()

    house = play(story, place)

    assert seen["behind"] < seen["ahead"]
    assert max(Counter(house.claims(NODE)).values()) == 1
    starts = [span.begin.first_sample_at for span in house.heard(NODE)]
    assert [round((at - FIRST).total_seconds() / 3600, 2) for at in starts] == [0, 1, 3], (
        "not what was forgotten"
    )
    assert seen["last"].receipts == (), "every receipt was answered"
    assert seen["through"] == seen["last"].outgoing.last
    assert NODE in {row.subject for row in seen["lost"]}
    assert seen["repeated_later"] == seen["repeated"]
    assert seen["desired"][0] < VERSIONS_AN_EPOCH < seen["desired"][1], "its place is told anew as well"
