"""Accounts, logins and wrong passwords in the store."""

from dataclasses import dataclass
from datetime import datetime

from controller.access import Failures, Person, Role
from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, changed, first, insert, rows, upsert
from controller.store.instants import from_text, to_text
from schedules.announcement import AreaCode, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person with what the log-in page needs."""

    person: Person
    password_hash: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSession:
    """One login; the token itself is known to the browser alone."""

    token_hash: str
    person: Person
    address: str
    created_at: datetime
    seen_at: datetime


def add(conn: Conn, person: Person, password_hash: str, now: datetime) -> None:
    """A new account; raises sqlite3.IntegrityError where the id or the user name exists."""
    insert(
        conn,
        "account",
        {
            "id": person.id,
            "username": person.username.lower(),
            "name": person.name,
            "role": person.role.value,
            "area": person.area,
            "password_hash": password_hash,
            "created_at": to_text(now),
        },
    )


def by_username(conn: Conn, username: str) -> Account | None:
    """The account, also a disabled one; upper and lower case are the same."""
    row = first(conn, "SELECT * FROM account WHERE username = ?", username.lower())
    return None if row is None else _account(row)


def by_id(conn: Conn, person: PersonId) -> Account | None:
    """The account, also a disabled one."""
    row = first(conn, "SELECT * FROM account WHERE id = ?", person)
    return None if row is None else _account(row)


def names(conn: Conn) -> dict[PersonId, str]:
    """What everybody is called."""
    return {PersonId(row["id"]): row["name"] for row in rows(conn, "SELECT id, name FROM account")}


def of_branch(conn: Conn, area: AreaCode) -> tuple[Account, ...]:
    """The accounts of an area and everything in it."""
    sql = f"{BRANCH} SELECT account.* FROM account JOIN branch ON area = branch.code ORDER BY username"
    return tuple(_account(row) for row in rows(conn, sql, area))


def change_role(conn: Conn, person: PersonId, role: Role, area: AreaCode) -> None:
    """Another role or area; every login of the person ends at once."""
    changed(conn, "UPDATE account SET role = ?, area = ? WHERE id = ?", role.value, area, person)
    end_logins(conn, person)


def change_password(conn: Conn, person: PersonId, password_hash: str) -> None:
    """Another password; every login of the person ends at once."""
    changed(conn, "UPDATE account SET password_hash = ? WHERE id = ?", password_hash, person)
    end_logins(conn, person)


def disable(conn: Conn, person: PersonId) -> None:
    """No log-in any more; every login of the person ends at once."""
    changed(conn, "UPDATE account SET active = 0 WHERE id = ?", person)
    end_logins(conn, person)


def begin_login(conn: Conn, token_hash: str, person: PersonId, address: str, now: datetime) -> None:
    """A new login."""
    insert(
        conn,
        "login_session",
        {
            "token_hash": token_hash,
            "account": person,
            "address": address,
            "created_at": to_text(now),
            "seen_at": to_text(now),
        },
    )


def login(conn: Conn, token_hash: str) -> LoginSession | None:
    """The login of this token where its account is active; its age is for the caller to judge."""
    row = first(
        conn,
        "SELECT login_session.token_hash, login_session.address, login_session.created_at AS began_at,"
        " login_session.seen_at, account.* FROM login_session JOIN account ON account = account.id"
        " WHERE token_hash = ? AND active = 1",
        token_hash,
    )
    if row is None:
        return None
    return LoginSession(
        token_hash=row["token_hash"],
        person=_person(row),
        address=row["address"],
        created_at=from_text(row["began_at"]),
        seen_at=from_text(row["seen_at"]),
    )


def saw_login(conn: Conn, token_hash: str, now: datetime) -> None:
    """The login is in use."""
    changed(
        conn,
        "UPDATE login_session SET seen_at = ? WHERE token_hash = ? AND seen_at < ?",
        to_text(now),
        token_hash,
        to_text(now),
    )


def end_login(conn: Conn, token_hash: str) -> None:
    """Log out."""
    changed(conn, "DELETE FROM login_session WHERE token_hash = ?", token_hash)


def end_logins(conn: Conn, person: PersonId) -> None:
    """Log out everywhere."""
    changed(conn, "DELETE FROM login_session WHERE account = ?", person)


def forget_logins(conn: Conn, created_before: datetime) -> int:
    """Clear away logins that can't hold any more."""
    return changed(conn, "DELETE FROM login_session WHERE created_at < ?", to_text(created_before))


def failures(conn: Conn, subject: str) -> Failures | None:
    """Wrong passwords in a row of a subject: ``account:<username>`` or ``address:<ip>``."""
    row = first(conn, "SELECT * FROM login_failure WHERE subject = ?", subject)
    return None if row is None else Failures(count=row["failures"], last_at=from_text(row["last_at"]))


def save_failures(conn: Conn, subject: str, failed: Failures) -> None:
    """Keep the count."""
    upsert(
        conn,
        "login_failure",
        ({"subject": subject, "failures": failed.count, "last_at": to_text(failed.last_at)},),
        key="subject",
    )


def clear_failures(conn: Conn, subject: str) -> None:
    """A right password came."""
    changed(conn, "DELETE FROM login_failure WHERE subject = ?", subject)


def forget_failures(conn: Conn, last_before: datetime) -> int:
    """Clear away old counts, so that guessed names don't fill the disk."""
    return changed(conn, "DELETE FROM login_failure WHERE last_at < ?", to_text(last_before))


def _account(row: Row) -> Account:
    return Account(
        person=_person(row),
        password_hash=row["password_hash"],
        active=bool(row["active"]),
        created_at=from_text(row["created_at"]),
    )


def _person(row: Row) -> Person:
    return Person(
        id=PersonId(row["id"]),
        username=row["username"],
        name=row["name"],
        role=Role(row["role"]),
        area=AreaCode(row["area"]),
    )
