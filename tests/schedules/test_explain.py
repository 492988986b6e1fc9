"""Why a sound plays, moves, cuts, is cut or is not heard: one sentence each."""

from datetime import timedelta

from schedules.announcement import BulletinClass
from schedules.explain import Fate, explain
from schedules.recurrence import NextSession, Once
from schedules.session import opening_id
from tests.schedules.cast import approved, at, planned
from tests.schedules.cast import session as a_session


def told(*items: object, sessions: tuple = (), **more: object) -> dict[str, tuple[Fate, str]]:
    plan = planned(*items, sessions=sessions, **more)
    said = explain(plan, {item.id: item for item in items}, sessions)
    assert said == explain(plan, {item.id: item for item in reversed(items)}, sessions)
    return {one.item: (one.fate, one.vi) for one in said}


def test_what_was_set_for_a_time_says_so() -> None:
    found = told(approved(timing=Once(at=at(6))))
    assert found == {"an-1": (Fate.PLAYS, "Phát lúc 06:00 thứ Hai 23/11 vì được hẹn đúng giờ này.")}


def test_what_waits_for_a_session_names_it_and_the_frame_names_its_session() -> None:
    session, item = a_session(opening=True), approved(timing=NextSession())
    lengths = {item.id: timedelta(minutes=1), opening_id(session.id): timedelta(seconds=9)}
    found = told(item, sessions=(session,), lengths=lengths)
    fate, said = found["an-1"]
    assert fate is Fate.PLAYS
    assert f"trong “{session.name}”" in said
    frame = found[opening_id(session.id)]
    assert "lời chào hoặc lời kết" in frame[1]


def test_of_two_at_one_time_the_later_approved_says_behind_whom_it_moves() -> None:
    found = told(
        approved("an-1", timing=Once(at=at(6))), approved("an-2", at(13, day=-1), timing=Once(at=at(6)))
    )
    fates = {fate for fate, _ in found.values()}
    assert fates == {Fate.PLAYS, Fate.MOVES}
    moved = next(said for fate, said in found.values() if fate is Fate.MOVES)
    assert "vì trùng giờ với" in moved


def test_a_priority_item_says_whom_it_cuts_and_that_one_says_by_whom() -> None:
    normal = approved("an-1", timing=Once(at=at(6)))
    priority = approved("an-2", timing=Once(at=at(6, 0, 30)), bulletin_class=BulletinClass.PRIORITY)
    found = told(normal, priority, lengths={item.id: timedelta(minutes=2) for item in (normal, priority)})
    assert found["an-2"][0] is Fate.CUTS
    assert found["an-1"][0] is Fate.IS_CUT
    assert "sẽ ngắt" in found["an-1"][1]


def test_what_is_not_heard_says_why() -> None:
    found = told(approved(timing=Once(at=at(6))), lengths={})
    assert found["an-1"][0] is Fate.REFUSED
    assert found["an-1"][1].endswith(".")
