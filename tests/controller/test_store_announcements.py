"""Announcements in the store: they come back as they were, are found without accents, keep their history."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from controller.store import announcements, clips, sessions
from controller.store.announcements import EventDeed
from controller.store.clips import ClipFacts
from controller.store.folding import fold
from controller.store.sounds import RenderState, Sound
from schedules.announcement import AnnouncementId, Approval, BulletinClass, State, content_hash
from schedules.approval import approve, submit
from schedules.lunar_pattern import LunarMonthly
from schedules.recurrence import NextSession, Once, Timing, Weekly
from schedules.rule import Move, Rule
from schedules.session import Session
from tests.support.store_ground import (
    APPROVER,
    AUTHOR,
    NOW,
    ONE,
    ONE_A,
    OTHER,
    PROVINCE,
    STRANGER,
    Ground,
    ground,
    item,
)

CLIP = ClipFacts(sha256="c" * 64, bytes=999, duration_ms=12_345, lufs=-16.0, peak_dbfs=-1.5, engine="stub")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "timing",
    [
        NextSession(),
        Once(at=NOW + timedelta(hours=4)),
        Weekly(at=time(17, 5), days=frozenset({0, 3}), first=date(2026, 11, 22), last=date(2026, 12, 1)),
        Rule(
            at=time(5),
            pattern=LunarMonthly(days=(1, 15)),
            first=date(2026, 11, 22),
            last=date(2027, 1, 31),
            skipped=(date(2026, 12, 9),),
            moved=(Move(day=date(2026, 12, 23), to=date(2026, 12, 24), at=time(17)),),
        ),
    ],
)
def test_an_announcement_comes_back_as_it_was(store: Ground, timing: Timing) -> None:
    written = item(timing=timing, bulletin_class=BulletinClass.PRIORITY, repeat=3)
    store.write(announcements.add, written, NOW)
    kept = store.read(announcements.get, written.id)
    assert kept is not None
    assert kept.announcement == written
    assert kept.sound == Sound()
    approved = approve(submit(written, AUTHOR.id, NOW), APPROVER.id, content_hash(written), NOW)
    later = NOW + timedelta(minutes=1)
    assert store.write(announcements.save, approved, later, expected=written)
    again = store.read(announcements.get, written.id)
    assert again is not None
    assert again.announcement == approved
    assert (again.created_at, again.updated_at) == (NOW, later)


def test_a_save_over_somebody_elses_change_writes_nothing(store: Ground) -> None:
    seen = item()
    store.write(announcements.add, seen, NOW)
    other = replace(seen, title="Của người khác")
    assert store.write(announcements.save, other, NOW, expected=seen)
    assert not store.write(announcements.save, replace(seen, title="Của tôi"), NOW, expected=seen)
    kept = store.read(announcements.get, seen.id)
    assert kept is not None
    assert kept.announcement.title == "Của người khác"
    assert not store.write(announcements.save, replace(seen, id=AnnouncementId("none")), NOW)


@pytest.mark.promise("S38")
def test_the_database_itself_refuses_an_approval_by_the_author(store: Ground) -> None:
    store.write(announcements.add, item(), NOW)
    own = Approval(by=AUTHOR.id, approved_at=NOW, content_hash="x")
    with pytest.raises(sqlite3.IntegrityError):
        store.write(announcements.save, item(state=State.APPROVED, approval=own), NOW)
    with pytest.raises(sqlite3.IntegrityError):
        store.write(announcements.save, item(state=State.APPROVED), NOW)


@pytest.mark.parametrize("typed", ["dong mo", "Đồng Mỏ", "XA LU", "hồ xả", "dong m", "Đồng"])
def test_it_is_found_with_or_without_accents(store: Ground, typed: str) -> None:
    store.write(announcements.add, item("flood", title="Xả lũ hồ Đồng Mỏ"), NOW)
    store.write(announcements.add, item("ox"), NOW)
    found = store.read(announcements.search, ONE, typed)
    assert [kept.announcement.id for kept in found] == ["flood"]


def test_an_edit_is_found_by_its_new_words_only(store: Ground) -> None:
    store.write(announcements.add, item(), NOW)
    store.write(announcements.save, item(title="Lịch cắt điện", text="Cắt điện toàn thôn."), NOW)
    assert store.read(announcements.search, ONE, "trâu bò") == ()
    assert len(store.read(announcements.search, ONE, "cat dien")) == 1


def test_a_search_ends_at_the_branch(store: Ground) -> None:
    store.write(announcements.add, item("one"), NOW)
    store.write(announcements.add, item("other", area=OTHER, author=STRANGER.id), NOW)
    assert [k.announcement.id for k in store.read(announcements.search, OTHER, "trau bo")] == ["other"]
    assert len(store.read(announcements.search, PROVINCE, "trau bo")) == 2


@pytest.mark.promise("S58")
@pytest.mark.parametrize(
    "typed",
    [
        '"',
        "' OR 1=1 --",
        "a AND",
        "NEAR(",
        "title:x",
        "*",
        "trâu) OR (1",
        "'; DROP TABLE announcement; --",
        "\x00",
        "",
    ],
)
def test_whatever_is_typed_into_a_search_is_text(store: Ground, typed: str) -> None:
    store.write(announcements.add, item("one", title=typed + " x", text="y" + typed), NOW)
    store.read(announcements.search, ONE, typed)
    kept = store.read(announcements.get, AnnouncementId("one"))
    assert kept is not None
    assert kept.announcement.title == typed + " x"


def test_folding_takes_off_every_mark() -> None:
    assert fold("Xả lũ hồ ĐỒNG Mỏ, quả ớt") == "xa lu ho dong mo, qua ot"
    assert fold("Xa\u0309 lu\u0303") == "xa lu"


def test_the_in_tray_holds_what_others_have_handed_in_on_the_branch(store: Ground) -> None:
    store.write(announcements.add, item("draft"), NOW)
    store.write(announcements.add, item("mine", state=State.SUBMITTED, author=APPROVER.id), NOW)
    store.write(announcements.add, item("newer", state=State.SUBMITTED), NOW + timedelta(minutes=2))
    store.write(announcements.add, item("older", state=State.SUBMITTED), NOW)
    store.write(announcements.add, item("far", state=State.SUBMITTED, area=OTHER, author=STRANGER.id), NOW)
    tray = store.read(announcements.in_tray, APPROVER.id, ONE)
    assert [kept.announcement.id for kept in tray] == ["older", "newer"]


def test_lists_are_by_branch_and_state_and_newest_first(store: Ground) -> None:
    for k, state in enumerate((State.DRAFT, State.SUBMITTED, State.RETURNED)):
        store.write(announcements.add, item(f"a{k}", state=state), NOW + timedelta(minutes=k))
    assert [k.announcement.id for k in store.read(announcements.of_branch, ONE)] == ["a2", "a1", "a0"]
    drafts = store.read(announcements.of_branch, ONE, states=(State.DRAFT, State.SUBMITTED))
    assert [k.announcement.id for k in drafts] == ["a1", "a0"]
    assert store.read(announcements.of_branch, ONE_A) == ()
    assert set(store.read(announcements.several, ["a0", "a2", "none"])) == {"a0", "a2"}
    assert store.read(announcements.several, []) == {}


def test_only_what_is_approved_and_still_true_is_in_force(store: Ground) -> None:
    approval = Approval(by=APPROVER.id, approved_at=NOW, content_hash="x")
    store.write(announcements.add, item("on", state=State.APPROVED, approval=approval), NOW)
    old = item(
        "off",
        state=State.APPROVED,
        approval=approval,
        valid_from=NOW - timedelta(days=2),
        expires_at=NOW - timedelta(days=1),
    )
    store.write(announcements.add, old, NOW)
    store.write(announcements.add, item("draft"), NOW)
    assert [k.announcement.id for k in store.read(announcements.in_force, NOW)] == ["on"]


def test_a_sound_is_asked_for_made_and_lost_again(store: Ground) -> None:
    a = item()
    store.write(announcements.add, a, NOW)
    assert store.read(announcements.to_render) == ()
    store.write(announcements.save_sound, a.id, Sound(state=RenderState.WAITING, wanted="w"))
    assert [k.announcement.id for k in store.read(announcements.to_render)] == [a.id]
    store.write(clips.save, CLIP, NOW)
    store.write(clips.save, CLIP, NOW + timedelta(days=1))
    ready = Sound(
        state=RenderState.READY,
        wanted="w",
        clip=CLIP.sha256,
        duration_ms=CLIP.duration_ms,
        spoken="mời bà con",
        guesses=({"written": "15/11", "start": 3},),
    )
    store.write(announcements.save_sound, a.id, ready)
    kept = store.read(announcements.get, a.id)
    assert kept is not None
    assert kept.sound == ready
    assert store.read(clips.find, CLIP.sha256) == CLIP
    assert store.read(clips.made_at, CLIP.sha256) == NOW
    with pytest.raises(sqlite3.IntegrityError):
        store.write(announcements.save_sound, a.id, Sound(state=RenderState.READY))


def test_history_tells_who_did_what_to_which_content(store: Ground) -> None:
    a = item()
    store.write(announcements.add, a, NOW)
    store.write(announcements.note, a, AUTHOR.id, EventDeed.WROTE, NOW)
    store.write(announcements.note, a, APPROVER.id, EventDeed.SENT_BACK, NOW, "Thiếu giờ")
    store.write(announcements.note, a, AUTHOR.id, EventDeed.EDITED, NOW)
    events = store.read(announcements.history, a.id)
    assert [e.deed for e in events] == [EventDeed.WROTE, EventDeed.SENT_BACK, EventDeed.EDITED]
    assert events[0].content_hash == content_hash(a)
    returned = store.read(announcements.last_event, a.id, EventDeed.SENT_BACK)
    assert returned is not None
    assert returned.reason == "Thiếu giờ"
    newest = store.read(announcements.last_event, a.id)
    assert newest is not None
    assert newest.deed is EventDeed.EDITED


def test_a_session_comes_back_as_it_was(store: Ground) -> None:
    session = Session(
        id="s1",
        area=ONE,
        name="Buổi sáng",
        start=time(5, 0, 30),
        days=frozenset(range(7)),
        dates=(date(2026, 11, 22),),
        items=(AnnouncementId("a1"),),
        cap=timedelta(minutes=45),
    )
    store.write(sessions.save, session)
    assert store.read(sessions.get, "s1") == session
    changed = replace(session, cap=None, opening=False)
    store.write(sessions.save, changed)
    assert store.read(sessions.everything) == (changed,)
    assert store.read(sessions.of_branch, OTHER) == ()
    store.write(sessions.remove, "s1")
    assert store.read(sessions.get, "s1") is None
