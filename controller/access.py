"""Who may do what where: roles, rights, the area branch, passwords, session tokens, guessing."""

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schedules.announcement import AreaCode, PersonId
from schedules.area import Tree

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
_STAND_INS = str.maketrans("@$!", "asi")


class Role(StrEnum):
    """What a person is in an area (DOMAIN.md 2)."""

    AUTHOR = "author"
    APPROVER = "approver"
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    VIEWER = "viewer"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One thing that can be allowed; every route names the one it needs."""

    READ = "read"
    WRITE = "write"
    APPROVE = "approve"
    EMERGENCY = "emergency"
    SECOND = "second"
    STOP = "stop"
    LIVE = "live"
    NODES = "nodes"
    ACCOUNTS = "accounts"
    RULES = "rules"
    AUDIT = "audit"
    METRICS = "metrics"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.AUTHOR: frozenset({Right.READ, Right.WRITE, Right.STOP}),
    Role.APPROVER: frozenset({Right.READ, Right.WRITE, Right.APPROVE, Right.SECOND, Right.STOP, Right.AUDIT}),
    Role.OPERATOR: frozenset(
        {Right.READ, Right.WRITE, Right.EMERGENCY, Right.SECOND, Right.STOP, Right.LIVE}
    ),
    # a technician looks after nodes and may not speak
    Role.TECHNICIAN: frozenset({Right.READ, Right.NODES, Right.METRICS}),
    Role.VIEWER: frozenset({Right.READ}),
    Role.ADMINISTRATOR: frozenset(
        {Right.READ, Right.NODES, Right.ACCOUNTS, Right.RULES, Right.AUDIT, Right.METRICS, Right.STOP}
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is logged in; ``area`` is the top of the branch in which the role holds."""

    id: PersonId
    username: str
    name: str
    role: Role
    area: AreaCode


def may(person: Person, right: Right, area: AreaCode, tree: Tree) -> bool:
    """Whether the role has the right and the area lies on the person's branch."""
    return right in RIGHTS[person.role] and within(person, area, tree)


def within(person: Person, area: AreaCode, tree: Tree) -> bool:
    """Whether the area exists and lies on the person's branch."""
    return area in tree and tree.descends(area, person.area)


class Passwords:
    """Argon2id, 64 MB and about 0.2 s each: call it in its own lane only."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = PasswordHasher() if hasher is None else hasher
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """The text to keep."""
        return self._hasher.hash(_composed(password))

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether this is the password. ``None`` (no such user) takes as long and is never right."""
        if kept is None:
            self._fits(password, self._dummy())
            return False
        return self._fits(password, kept)

    def _fits(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, _composed(password[:LONGEST_PASSWORD]))
        except (VerificationError, InvalidHashError):
            return False

    def _dummy(self) -> str:
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        return self._nobody


def is_weak(password: str, username: str) -> bool:
    """Shorter than 12, too uniform, like the user name, or common once decoration is taken off."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return True
    if len(set(password)) < 5:
        return True
    name = _bare(username)
    spellings = (_bare(password), _bare(password.translate(_STAND_INS)))
    return any(_like(spelling, name) or _is_common(spelling) for spelling in spellings)


def new_token() -> str:
    """A session token: 256 random bits, given to the browser and never stored."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the store keeps of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(token: str) -> str:
    """The form token that belongs to a session token; it can't be turned back into it."""
    return hmac.new(token.encode(), b"loa form token", hashlib.sha256).hexdigest()


def csrf_fits(token: str, given: str) -> bool:
    """Whether a form's token belongs to the session; takes the same time for every wrong one."""
    return hmac.compare_digest(csrf_token(token).encode(), given.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How long a login lives: until it is idle too long, or too old in any case."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)

    def holds(self, created_at: datetime, seen_at: datetime, now: datetime) -> bool:
        """Whether it still stands; one from the future (the clock was set back) does not."""
        return now - seen_at < self.idle and now - created_at < self.absolute and created_at <= now


FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Wrong passwords of one account, or from one address, in a row."""

    count: int
    last_at: datetime


def failed(before: Failures | None, now: datetime) -> Failures:
    """One more wrong password; what lies a day back is forgotten."""
    if before is None or now - before.last_at >= FORGOTTEN_AFTER:
        return Failures(count=1, last_at=now)
    return Failures(count=before.count + 1, last_at=now)


def wait_until(failures: Failures | None) -> datetime | None:
    """When the next attempt is looked at: five are free, then 1, 2, 4 … s, 15 min at most, never for ever."""
    if failures is None or failures.count < FREE_FAILURES:
        return None
    doublings = min(failures.count - FREE_FAILURES, 20)
    return failures.last_at + min(timedelta(seconds=2**doublings), LONGEST_WAIT)


def _composed(password: str) -> str:
    # one keyboard sends ạ as one character, another as two
    return unicodedata.normalize("NFC", password)


def _bare(text: str) -> str:
    """Lower case, no accents, letters and digits only."""
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(part for part in parts if part.isascii() and part.isalnum())


def _like(spelling: str, name: str) -> bool:
    return len(name) >= 3 and name in spelling and len(spelling) - len(name) < 8


def _is_common(spelling: str) -> bool:
    cores = {spelling, spelling.strip("0123456789"), _repeated(spelling)}
    return bool(cores & _common())


def _repeated(plain: str) -> str:
    """What is repeated, where the whole is one thing said several times."""
    for size in range(1, len(plain) // 2 + 1):
        if len(plain) % size == 0 and plain[:size] * (len(plain) // size) == plain:
            return plain[:size]
    return plain


@cache
def _common() -> frozenset[str]:
    text = resources.files("controller").joinpath("weak_passwords.txt").read_text(encoding="utf-8")
    return frozenset(_bare(line) for line in text.splitlines() if line and not line.startswith("#"))
