"""What the tables of withdrawals and corrections answer, and what they refuse by themselves."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from controller.store import announcements, corrections, withdrawals
from controller.store.announcements import EventDeed
from controller.store.corrections import Correction
from controller.store.database import Conn
from schedules.announcement import Announcement, AnnouncementId, State, content_hash
from schedules.approval import approve, submit, withdraw
from tests.support.store_ground import APPROVER, AUTHOR, NOW, Ground, ground, item

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as opened:
        yield opened


def approved(name: str) -> Announcement:
    one = submit(item(name), AUTHOR.id, NOW)
    return approve(one, APPROVER.id, content_hash(one), NOW)


def kept(conn: Conn, *every: Announcement) -> None:
    for one in every:
        announcements.add(conn, one, NOW)


def corrects(store: Ground, right: str, wrong: str) -> None:
    found = Correction(
        announcement=AnnouncementId(right),
        wrong=AnnouncementId(wrong),
        opening="Đính chính.",
        written_at=NOW,
    )
    store.write(corrections.add, found)


def test_a_withdrawal_remembers_whose_approval_it_took(store: Ground) -> None:
    before = approved("b-1")
    store.write(kept, before)
    after = withdraw(before, AUTHOR.id, LATER)

    def taken(conn: Conn) -> None:
        announcements.save(conn, after, LATER)
        announcements.note(conn, after, AUTHOR.id, EventDeed.WITHDREW, LATER, "Sai giờ")
        withdrawals.keep(conn, after.id, before.state, before.approval, ("o-1",), LATER)

    store.write(taken)
    found = store.read(withdrawals.newest, after.id)
    assert found is not None
    assert (found.who, found.at, found.reason) == (AUTHOR.id, LATER, "Sai giờ")
    assert (found.state_before, found.approval_before) == (State.APPROVED, before.approval)
    assert (found.stopped, found.first_due_at) == (("o-1",), LATER)
    with pytest.raises(sqlite3.IntegrityError, match="not told otherwise"):
        store.write(lambda conn: conn.execute("UPDATE withdrawal SET stopped = '[]'"))


@pytest.mark.parametrize(
    ("stopped", "due", "is_open"),
    [
        ((), None, True),
        ((), LATER, True),
        ((), NOW, False),
        (("o-1",), None, False),
        (("o-1",), LATER, False),
    ],
)
def test_it_can_be_undone_until_something_came_of_it(
    stopped: tuple[str, ...], due: object, is_open: bool, store: Ground
) -> None:
    one = approved("b-1")
    store.write(kept, one)

    def taken(conn: Conn) -> None:
        announcements.note(conn, one, AUTHOR.id, EventDeed.WITHDREW, NOW)
        withdrawals.keep(conn, one.id, one.state, one.approval, stopped, due)  # type: ignore[arg-type]

    store.write(taken)
    found = store.read(withdrawals.newest, one.id)
    assert found is not None
    assert withdrawals.is_open(found, NOW + timedelta(seconds=1)) is is_open


def test_the_planner_is_not_given_a_correction(store: Ground) -> None:
    store.write(kept, approved("b-1"), approved("b-2"))
    corrects(store, "b-2", "b-1")
    assert [one.announcement.id for one in store.read(announcements.in_force, NOW)] == ["b-1"]
    assert [one.announcement for one in store.read(corrections.to_settle, NOW)] == ["b-2"]


def test_a_bai_is_corrected_once_somebody_stands_up_for_it(store: Ground) -> None:
    store.write(kept, approved("b-1"), item("b-2"))
    corrects(store, "b-2", "b-1")
    wrong = AnnouncementId("b-1")
    assert not store.read(corrections.is_corrected, wrong)
    assert [one.announcement for one in store.read(corrections.of_wrong, wrong)] == ["b-2"]
    store.write(announcements.save, approved("b-2"), NOW)
    assert store.read(corrections.is_corrected, wrong)


def test_a_correction_keeps_what_it_puts_right_and_is_never_its_own(store: Ground) -> None:
    store.write(kept, approved("b-1"), approved("b-2"))
    corrects(store, "b-2", "b-1")
    with pytest.raises(sqlite3.IntegrityError, match="keeps what it puts right"):
        store.write(lambda conn: conn.execute("UPDATE correction SET wrong = 'b-2'"))
    with pytest.raises(sqlite3.IntegrityError):
        corrects(store, "b-1", "b-1")
