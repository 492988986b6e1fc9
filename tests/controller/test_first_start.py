"""The first start: no account that nobody made, no key that nobody made, and no start without them."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from controller.store.people import by_username
from tests.support.doors import Home, door, play

PLAIN = ("admin", "root", "loa", "user", "demo", "bientap", "pheduyet")


def loa(home: Path, word: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "LOA_DATA_DIR": str(home / "data"),
        "LOA_TENANT": "vn-46",
        "LOA_PORT": "0",
        "LOA_BROKER_PREFER": "none",
    }
    return subprocess.run(
        [sys.executable, "-m", "controller", word],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.promise("S31", "P20")
def test_without_keys_of_its_own_the_controller_refuses_to_start_and_makes_none(tmp_path: Path) -> None:
    assert loa(tmp_path, "init").returncode == 0
    served = loa(tmp_path, "serve")

    assert served.returncode == 2, served.stderr
    assert "Chưa có khóa ký dùng được" in served.stderr
    assert "Loa is at" not in served.stderr
    assert not list((tmp_path / "data").glob("keys/*"))
    with sqlite3.connect(tmp_path / "data/loa.db") as database:
        assert database.execute("SELECT count(*) FROM account").fetchone() == (0,)


@pytest.mark.promise("S31", "P20")
@pytest.mark.parametrize("content", [b"", b"changeme", b"-----BEGIN PRIVATE KEY-----\nMC4C\n"])
def test_a_placeholder_in_the_place_of_a_key_is_refused_as_none(tmp_path: Path, content: bytes) -> None:
    keys = tmp_path / "data/keys"
    keys.mkdir(parents=True)
    for name in ("online.pem", "exercise.pem", "keys.jws", "root.pub"):
        (keys / name).write_bytes(content)
    served = loa(tmp_path, "serve")

    assert served.returncode == 2, served.stderr
    assert "Chưa có khóa ký dùng được" in served.stderr


@pytest.mark.promise("S31", "S32")
def test_nobody_is_let_in_by_a_name_and_a_password_that_come_with_the_house(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for name in PLAIN:
            assert await house.loa.db.read(by_username, name) is None
        async with door(house) as client:
            for name in PLAIN[:3]:
                answer = await client.post("/api/sessions", json={"username": name, "password": name})
                assert (answer.status_code, answer.json()["code"]) == (401, "E_LOGIN")

    play(tmp_path, story)
