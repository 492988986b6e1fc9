"""The keys of the house: made once, loaded at start, and the only place where the controller signs."""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from controller.errors import Problem
from devices.codec import decode
from devices.errors import DeviceError
from devices.messages import (
    Action,
    Alert,
    Alerts,
    AreaCode,
    BulletinClass,
    Command,
    Delegation,
    KeyList,
    Message,
    Mode,
    Programme,
    TenantId,
)
from devices.signing import (
    ROOT_KID,
    SigningKey,
    fingerprint,
    generate_key,
    load_key,
    load_public,
    open_envelope,
    sign,
    to_pem,
    verify,
)

ONLINE_FILE = "online.pem"
EXERCISE_FILE = "exercise.pem"
LIST_FILE = "keys.jws"
ROOT_PUBLIC_FILE = "root.pub"
ROOT_FILE = "root.pem"

VALIDITY = timedelta(days=366)
HOURS = None
SPOKEN = (Action.PROGRAMME, Action.ALERTS, Action.STOP, Action.TEST, Action.LIVE)
HOUSEKEEPING = (Action.DESIRED, Action.TIME, Action.ANSWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The house's own keys in memory. The root is not among them: it only ever signs the list."""

    tenant: TenantId
    online: SigningKey = field(repr=False)
    exercise: SigningKey = field(repr=False)
    key_list: KeyList
    key_list_signed: bytes = field(repr=False)
    root_public: str

    def sign(self, message: Message) -> bytes:
        """The signed bytes; a drill is signed by the exercise key, which can't speak as actual (P11)."""
        return sign(message, self.exercise if _mode(message) is Mode.EXERCISE else self.online)


def _mode(message: Message) -> Mode:
    match message:
        case Programme(mode=mode) | Command(mode=mode):
            return mode
        case Alerts(alerts=alerts) if alerts and all(_drill(alert) for alert in alerts):
            return Mode.EXERCISE
        case _:
            return Mode.ACTUAL


def _drill(alert: Alert) -> bool:
    return alert.mode is Mode.EXERCISE


def make_keys(
    directory: Path, root_directory: Path, tenant: TenantId, areas: tuple[AreaCode, ...], now: datetime
) -> Keyring:
    """Root, online and exercise keys and the signed list; replaces nothing (``E_KEYS_EXIST``).

    ``root_directory`` is meant to be taken away from the machine afterwards.
    """
    for path in (directory / ONLINE_FILE, directory / LIST_FILE, root_directory / ROOT_FILE):
        if path.exists():
            raise Problem(
                "E_KEYS_EXIST",
                status=409,
                vi=f"Đã có khóa ở {path}. Không tạo đè lên.",
                en=f"There is a key at {path} already; nothing was replaced.",
            )
    root = generate_key(ROOT_KID)
    stamp = f"{now:%Y%m%d}"
    online = generate_key(f"online-{stamp}")
    exercise = generate_key(f"exercise-{stamp}")
    key_list = KeyList(
        tenant=tenant,
        version=1,
        issued_at=now,
        expires_at=now + VALIDITY,
        keys=(
            _delegation(online, areas, (Mode.ACTUAL, Mode.TEST), SPOKEN + HOUSEKEEPING, now),
            _delegation(exercise, areas, (Mode.EXERCISE,), SPOKEN, now),
        ),
    )
    signed = sign(key_list, root)
    for folder in (directory, root_directory):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(root_directory / ROOT_FILE, to_pem(root))
    _write(directory / ONLINE_FILE, to_pem(online))
    _write(directory / EXERCISE_FILE, to_pem(exercise))
    _write(directory / ROOT_PUBLIC_FILE, root.public_text.encode())
    # the list comes last: it names the two others, so its presence means that all of them are there
    _write(directory / LIST_FILE, signed)
    return load_keyring(directory, tenant)


def load_keyring(directory: Path, tenant: TenantId) -> Keyring:
    """The keys of an initialised house; Problem ``E_KEYS`` where they are missing or do not fit together."""
    try:
        signed = (directory / LIST_FILE).read_bytes()
        root_public = (directory / ROOT_PUBLIC_FILE).read_text(encoding="ascii").strip()
        envelope = open_envelope(signed)
        if envelope.kid != ROOT_KID or not verify(envelope, load_public(root_public)):
            raise _broken(directory, "the key list is not signed by the root")
        key_list = decode(envelope.payload, KeyList)
        online = _private(directory / ONLINE_FILE, key_list, Mode.ACTUAL)
        exercise = _private(directory / EXERCISE_FILE, key_list, Mode.EXERCISE)
    except (OSError, UnicodeDecodeError, DeviceError) as error:
        raise _broken(directory, str(error)) from error
    if key_list.tenant != tenant:
        raise _broken(directory, f"the keys belong to tenant {key_list.tenant}")
    return Keyring(
        tenant=tenant,
        online=online,
        exercise=exercise,
        key_list=key_list,
        key_list_signed=signed,
        root_public=root_public,
    )


def fingerprints(keyring: Keyring) -> dict[str, str]:
    """Key id → short fingerprint, root first, for two people to compare."""
    return {
        "root": fingerprint(load_public(keyring.root_public)),
        **{
            delegation.kid: fingerprint(load_public(delegation.public))
            for delegation in keyring.key_list.keys
        },
    }


def _delegation(
    key: SigningKey,
    areas: tuple[AreaCode, ...],
    modes: tuple[Mode, ...],
    actions: tuple[Action, ...],
    now: datetime,
) -> Delegation:
    return Delegation(
        kid=key.kid,
        public=key.public_text,
        areas=areas,
        classes=tuple(BulletinClass),
        modes=modes,
        actions=actions,
        volume_max=100,
        not_before=now - timedelta(minutes=5),
        expires_at=now + VALIDITY,
        hours=HOURS,
    )


def _private(path: Path, key_list: KeyList, mode: Mode) -> SigningKey:
    pem = path.read_bytes()
    for delegation in key_list.keys:
        key = load_key(pem, delegation.kid)
        if key.public_text == delegation.public and mode in delegation.modes:
            return key
    raise _broken(path.parent, f"no delegation fits {path.name}")


def _write(path: Path, data: bytes) -> None:
    """Whole, once and for this user's eyes only, on the disk before it returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _broken(directory: Path, why: str) -> Problem:
    return Problem(
        "E_KEYS",
        status=503,
        vi=f"Chưa có khóa ký dùng được ở {directory}. Chạy “loa keys init” trước.",
        en=f"No usable keys in {directory} ({why}); run `loa keys init` first.",
    )
