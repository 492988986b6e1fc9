"""Settings: one table, a file, then the environment; a wrong name or value is refused with its reason."""

from pathlib import Path

import pytest

from controller.config import Settings, load, settle, table
from controller.errors import SettingsRefused


def test_without_anything_the_defaults_stand() -> None:
    settings = load(environ={})
    assert settings.host == "127.0.0.1"
    assert settings.engines == ("kokoro_vn", "espeak")
    assert settings.database == Path("data/loa.db")


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "loa.toml"
    file.write_text('port = 9000\ntenant = "hue"\nengines = ["espeak"]\n')
    settings = load(file, {"LOA_PORT": "9100", "PATH": "/bin", "LOA_HOSTS": "a.vn, b.vn,"})
    assert (settings.port, settings.tenant, settings.engines) == (9100, "hue", ("espeak",))
    assert settings.hosts == ("a.vn", "b.vn")


@pytest.mark.parametrize("said", ["false", "0", "no"])
def test_false_and_zero_do_override(tmp_path: Path, said: str) -> None:
    file = tmp_path / "loa.toml"
    file.write_text("cookie_secure = true\nport = 8080\n")
    settings = load(file, {"LOA_COOKIE_SECURE": said, "LOA_PORT": "0"})
    assert settings.cookie_secure is False
    assert settings.port == 0


def test_a_wrong_name_is_refused_with_the_nearest_right_one(tmp_path: Path) -> None:
    file = tmp_path / "loa.toml"
    file.write_text('brokr_host = "x"\n')
    with pytest.raises(SettingsRefused, match="did you mean 'broker_host'") as refusal:
        load(file, {})
    assert refusal.value.key == "brokr_host"
    with pytest.raises(SettingsRefused, match="did you mean 'quiet_from'"):
        load(environ={"LOA_QUIET_FORM": "21:00"})
    with pytest.raises(SettingsRefused, match="unknown setting 'zzzz'"):
        settle({"zzzz": 1})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("port", "70000"),
        ("port", "eight"),
        ("quiet_from", "25:00"),
        ("broker_protocol", "4"),
        ("tenant", "Huế"),
        ("readers", "0"),
    ],
)
def test_a_value_that_does_not_fit_names_its_setting(key: str, value: str) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        load(environ={f"LOA_{key.upper()}": value})
    assert refusal.value.key == key


def test_a_secret_may_lie_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush-hush\n")
    settings = load(environ={"LOA_BROKER_PASSWORD_FILE": str(secret)})
    assert settings.broker_password.get_secret_value() == "hush-hush"
    assert "hush" not in repr(settings)
    assert "hush" not in settings.model_dump_json()


@pytest.mark.promise("S74")
def test_a_refused_secret_is_not_repeated_in_the_refusal() -> None:
    with pytest.raises(SettingsRefused) as refusal:
        settle({"broker_password": ["hush-hush"]})
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize("text", [b"port = = 1", b"\xff\xfe"])
def test_a_broken_file_is_refused(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "loa.toml"
    file.write_bytes(text)
    with pytest.raises(SettingsRefused, match="not TOML"):
        load(file, {})
    with pytest.raises(SettingsRefused, match="does not exist"):
        load(tmp_path / "none.toml", {})


def test_every_setting_has_a_type_a_default_and_a_help() -> None:
    rows = table()
    assert {name for name, *_ in rows} == set(Settings.model_fields)
    assert all(kind and help_text.endswith(".") for _, kind, _, help_text in rows)


@pytest.mark.promise("P20", "S31")
def test_no_setting_carries_a_secret_by_default() -> None:
    assert Settings().broker_password.get_secret_value() == ""
    assert not [name for name in Settings.model_fields if "disable" in name or "insecure" in name]
