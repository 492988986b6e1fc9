"""The command line of the controller, as a person at a new machine uses it."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from controller.__main__ import build
from controller.cli import refusal_of
from controller.errors import Problem
from controller.store.leadership import take_lead
from firmware_sim.fleet import read_fleet

PASSWORD = "mua-dong-hoa-cai-vang"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LOA_TENANT", "vn-46")
    return tmp_path


def loa(*words: str, said: str | None = None) -> Result:
    return CliRunner().invoke(build(), list(words), input=said)


def add_account(name: str, password: str = PASSWORD) -> Result:
    return loa(
        *("account", "add", name, "--name", "Nguyễn Văn An", "--role", "author", "--area", "19867"),
        *("--password-stdin",),
        said=password + "\n",
    )


def test_a_new_house_is_made_in_four_commands(home: Path) -> None:
    assert loa("init").exit_code == 0
    assert loa("init").exit_code == 0, "again is safe"
    made = loa("keys", "init")
    assert made.exit_code == 0
    assert (home / "data/root/root.pem").stat().st_mode & 0o077 == 0
    assert loa("keys", "show").stdout.split("Keep")[0].splitlines()[0] == made.stdout.splitlines()[0]
    assert add_account("an").exit_code == 0
    verified = loa("audit", "verify")
    assert verified.exit_code == 0, verified.stdout
    assert loa("doctor").exit_code == 0


@pytest.mark.promise("F78", "S70")
def test_a_restored_house_is_fenced_with_one_command_while_nothing_runs(home: Path) -> None:
    loa("init")
    loa("keys", "init")
    database = home / "data" / "loa.db"
    with take_lead(database):
        assert loa("fence").exit_code != 0, "a running controller would go on in the old epoch"
    for epoch in (1, 2):
        assert f"epoch {epoch};" in loa("fence").stdout
    assert loa("audit", "verify").exit_code == 0


@pytest.mark.promise("S32", "P20")
def test_a_weak_password_makes_no_account(home: Path) -> None:
    loa("init")
    result = add_account("an", "12345678")

    assert result.exit_code != 0
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "E_PASSWORD_WEAK"
    assert "12345678" not in (refusal_of(result.exception) or "")


@pytest.mark.promise("P20")
def test_the_doctor_says_that_keys_are_missing(home: Path) -> None:
    loa("init")
    result = loa("doctor")

    assert result.exit_code == 1
    assert "loa keys init" in result.stdout


def test_nodes_are_provisioned_by_file_and_the_simulator_reads_it(home: Path) -> None:
    loa("init")
    loa("keys", "init")
    sites = home / "sites.json"
    sites.write_text(json.dumps([{"id": "n-1", "name": "Cột đình", "area": "19867-01"}]), encoding="utf-8")
    out = home / "fleet.json"

    result = loa("nodes", "provision", str(sites), "--out", str(out))

    assert result.exit_code == 0, result.output
    assert out.stat().st_mode & 0o077 == 0
    fleet = read_fleet(out)
    assert [member.node for member in fleet.members] == ["n-1"]
    assert "n-1" in loa("nodes", "list").stdout
    again = loa("nodes", "provision", str(sites), "--out", str(out))
    assert isinstance(again.exception, Problem)


@pytest.mark.promise("S24")
@pytest.mark.parametrize("name", ["+", "#", "a/b", "", "n 1", "n\0", "x" * 65_535, "cụm-1", "$SYS", 5, None])
def test_an_id_that_a_broker_would_read_otherwise_is_no_node(home: Path, name: object) -> None:
    loa("init")
    loa("keys", "init")
    sites = home / "sites.json"
    good = {"id": "n-1", "name": "Cột đình", "area": "19867-01"}
    sites.write_text(json.dumps([good, {**good, "id": name}]), encoding="utf-8")

    refused = loa("nodes", "provision", str(sites), "--out", str(home / "fleet.json"))

    assert isinstance(refused.exception, Problem)
    assert refused.exception.code == "E_SITES"
    assert not (home / "fleet.json").exists()
    assert "n-1" not in loa("nodes", "list").stdout, "all of them or none"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("init",),
        ("serve",),
        ("doctor",),
        ("demo",),
        ("keys",),
        ("keys", "init"),
        ("account", "add"),
        ("audit", "verify"),
        ("nodes", "provision"),
        ("sim",),
        ("speech",),
        ("wire",),
    ],
)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    result = loa(*words, "--help")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 5
