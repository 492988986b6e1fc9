"""Accounts and logins: whoever is logged out, disabled or given another role is out at once."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from controller.access import Failures, Role, token_hash
from controller.store import people
from tests.support.store_ground import APPROVER, AUTHOR, NOW, ONE, OTHER, PROVINCE, STRANGER, Ground, ground

TOKEN = token_hash("a token")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as opened:
        opened.write(people.begin_login, TOKEN, AUTHOR.id, "127.0.0.1", NOW)
        yield opened


def test_a_login_is_found_by_its_token_alone(store: Ground) -> None:
    login = store.read(people.login, TOKEN)
    assert login is not None
    assert (login.person, login.created_at, login.seen_at) == (AUTHOR, NOW, NOW)
    assert store.read(people.login, token_hash("another")) is None


@pytest.mark.promise("S35")
@pytest.mark.parametrize("how", ["logged out", "disabled", "other role", "other password"])
def test_a_login_ends_at_once(store: Ground, how: str) -> None:
    match how:
        case "logged out":
            store.write(people.end_login, TOKEN)
        case "disabled":
            store.write(people.disable, AUTHOR.id)
        case "other role":
            store.write(people.change_role, AUTHOR.id, Role.VIEWER, ONE)
        case _:
            store.write(people.change_password, AUTHOR.id, "another hash")
    assert store.read(people.login, TOKEN) is None


def test_being_seen_only_moves_forward(store: Ground) -> None:
    store.write(people.saw_login, TOKEN, NOW + timedelta(minutes=5))
    store.write(people.saw_login, TOKEN, NOW + timedelta(minutes=1))
    login = store.read(people.login, TOKEN)
    assert login is not None
    assert login.seen_at == NOW + timedelta(minutes=5)


def test_names_are_the_same_in_any_case_and_never_twice(store: Ground) -> None:
    account = store.read(people.by_username, "AN")
    assert account is not None
    assert account.person == AUTHOR
    twin = people.Person(id=people.PersonId("x"), username="An", name="X", role=Role.VIEWER, area=ONE)
    with pytest.raises(sqlite3.IntegrityError):
        store.write(people.add, twin, "hash", NOW)


def test_a_branch_holds_its_own_people_only(store: Ground) -> None:
    assert [a.person for a in store.read(people.of_branch, ONE)] == [AUTHOR, APPROVER]
    assert [a.person for a in store.read(people.of_branch, OTHER)] == [STRANGER]
    assert len(store.read(people.of_branch, PROVINCE)) == 4


def test_failures_are_counted_cleared_and_forgotten(store: Ground) -> None:
    store.write(people.save_failures, "account:an", Failures(count=6, last_at=NOW))
    assert store.read(people.failures, "account:an") == Failures(count=6, last_at=NOW)
    store.write(people.save_failures, "account:an", Failures(count=7, last_at=NOW))
    assert store.read(people.failures, "account:an") == Failures(count=7, last_at=NOW)
    store.write(people.clear_failures, "account:an")
    assert store.read(people.failures, "account:an") is None
    store.write(people.save_failures, "address:1", Failures(count=1, last_at=NOW))
    assert store.write(people.forget_failures, NOW + timedelta(seconds=1)) == 1


def test_old_logins_are_cleared_away(store: Ground) -> None:
    assert store.write(people.forget_logins, NOW) == 0
    assert store.write(people.forget_logins, NOW + timedelta(seconds=1)) == 1
