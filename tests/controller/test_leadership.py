"""Two controllers on one database by mistake: the second says so and touches nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from controller.errors import Problem
from controller.store.leadership import take_lead
from tests.support.house import CONTROLLER, House, play

HOLD = """
import sys
from pathlib import Path
from controller.store.leadership import take_lead
lead = take_lead(Path(sys.argv[1]))
print("leads", flush=True)
sys.stdin.read()
"""


def test_only_one_leads_and_the_next_may_when_it_has_let_go(tmp_path: Path) -> None:
    first = take_lead(tmp_path / "loa.db")
    with pytest.raises(Problem) as refused:
        take_lead(tmp_path / "loa.db")
    first.release()
    first.release()
    take_lead(tmp_path / "loa.db").release()

    assert refused.value.code == "E_NOT_LEADER"
    assert str(os.getpid()) in refused.value.en


@pytest.mark.promise("F10")
def test_a_second_house_on_the_same_database_neither_plans_nor_publishes(place: Path) -> None:
    seen: dict[str, object] = {}

    async def story(house: House) -> None:
        first = house.up
        with pytest.raises(Problem) as refused:
            await house.open()
        second = house.up
        seen["same"] = second is first
        seen["code"], seen["opened"] = refused.value.code, hasattr(second, "db")
        await second.stop()
        house.loa = first
        await house.rest(60)
        seen["up"] = first.link_up
        said = await house.say("Họp thôn")
        seen["said"] = said.announcement.state.value

    play(story, place)

    assert (seen["same"], seen["code"], seen["opened"]) == (False, "E_NOT_LEADER", False)
    assert seen["up"], f"{CONTROLLER} was not thrown off the broker"
    assert seen["said"] == "approved"


@pytest.mark.promise("F10")
def test_serve_beside_another_process_says_one_sentence_and_ends_with_2(tmp_path: Path) -> None:
    database = tmp_path / "data" / "loa.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "leads\n"
        environment = {**os.environ, "LOA_DATA_DIR": str(tmp_path / "data"), "LOA_TENANT": "vn-46"}
        served = subprocess.run(
            [sys.executable, "-m", "controller", "serve"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        holder.send_signal(signal.SIGKILL)

    assert served.returncode == 2, served.stderr
    assert served.stderr.count("\n") == 1
    assert "E_NOT_LEADER" in served.stderr
    assert str(holder.pid) in served.stderr
    take_lead(database).release()
