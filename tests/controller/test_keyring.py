"""Keys: made once, kept from other eyes, and each able to say only what was delegated to it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.dispatch.keyring import EXERCISE_FILE, LIST_FILE, ONLINE_FILE, load_keyring, make_keys
from controller.errors import Problem
from devices.codec import decode
from devices.messages import AreaCode, KeyList, Mode, Programme, TenantId
from devices.signing import load_public, open_envelope, verify

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TENANT = TenantId("hue")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    make_keys(tmp_path / "keys", tmp_path / "root", TENANT, (AreaCode("46"),), NOW)
    return tmp_path


def programme(mode: Mode) -> Programme:
    return Programme(
        tenant=TENANT,
        area=AreaCode("46"),
        date=date(2026, 11, 22),
        version=1,
        epoch=0,
        mode=mode,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=1),
        clips=(),
        entries=(),
    )


def test_the_list_is_signed_by_the_root_and_names_both_keys(keys: Path) -> None:
    ring = load_keyring(keys / "keys", TENANT)
    envelope = open_envelope(ring.key_list_signed)

    assert verify(envelope, load_public(ring.root_public))
    assert {key.kid for key in decode(envelope.payload, KeyList).keys} == {ring.online.kid, ring.exercise.kid}


def test_no_private_key_is_readable_by_others(keys: Path) -> None:
    for path in (keys / "keys" / ONLINE_FILE, keys / "keys" / EXERCISE_FILE, keys / "root" / "root.pem"):
        assert path.stat().st_mode & 0o077 == 0


def test_the_root_key_is_not_needed_to_run(keys: Path) -> None:
    (keys / "root" / "root.pem").unlink()

    assert load_keyring(keys / "keys", TENANT).tenant == TENANT


@pytest.mark.promise("P11")
def test_a_drill_is_signed_by_the_key_that_can_not_speak_as_actual(keys: Path) -> None:
    ring = load_keyring(keys / "keys", TENANT)
    delegated = {key.kid: key.modes for key in ring.key_list.keys}

    drill = open_envelope(ring.sign(programme(Mode.EXERCISE)))
    real = open_envelope(ring.sign(programme(Mode.ACTUAL)))

    assert delegated[drill.kid] == (Mode.EXERCISE,)
    assert Mode.EXERCISE not in delegated[real.kid]


def test_keys_are_never_replaced(keys: Path) -> None:
    before = (keys / "keys" / ONLINE_FILE).read_bytes()

    with pytest.raises(Problem) as refused:
        make_keys(keys / "keys", keys / "root", TENANT, (AreaCode("46"),), NOW)

    assert refused.value.code == "E_KEYS_EXIST"
    assert (keys / "keys" / ONLINE_FILE).read_bytes() == before


@pytest.mark.promise("P20")
@pytest.mark.parametrize("missing", [ONLINE_FILE, EXERCISE_FILE, LIST_FILE])
def test_a_house_without_its_keys_does_not_start(keys: Path, missing: str) -> None:
    (keys / "keys" / missing).unlink()

    with pytest.raises(Problem) as refused:
        load_keyring(keys / "keys", TENANT)

    assert refused.value.code == "E_KEYS"


def test_a_key_list_that_the_root_did_not_sign_is_refused(keys: Path) -> None:
    path = keys / "keys" / LIST_FILE
    signed = path.read_bytes()
    path.write_bytes(signed[:-1] + (b"A" if signed[-1:] != b"A" else b"Q"))

    with pytest.raises(Problem):
        load_keyring(keys / "keys", TENANT)


def test_another_tenants_keys_are_refused(keys: Path) -> None:
    with pytest.raises(Problem):
        load_keyring(keys / "keys", TenantId("quang-nam"))
