"""A plan made again with what the last one left behind is the plan made from nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedules import again
from schedules.announcement import Announcement, AnnouncementId, BulletinClass
from schedules.plan import Memo, plan
from schedules.recurrence import AfterApproval, NextSession, Once
from schedules.session import Session
from tests.schedules.cast import PROVINCE, QUIET, TENANT, TREE, A, B, approved, at, days, session
from tests.schedules.test_plan_properties import LENGTHS, items, worlds

PRIORITY = BulletinClass.PRIORITY
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def _again(
    memo: Memo | None,
    announcements: list[Announcement],
    sessions: list[Session],
    lengths: dict[AnnouncementId, timedelta],
) -> object:
    return plan(TENANT, announcements, sessions, TREE, lengths, QUIET, days(2, first=-1), NOW, memo=memo)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), worlds())
def test_whatever_changes_the_plan_made_again_is_the_plan_from_nothing(
    data: st.DataObject, world: object
) -> None:
    announcements, sessions, lengths = world  # type: ignore[misc]
    memo = Memo()
    _again(memo, announcements, sessions, lengths)
    for _ in range(data.draw(st.integers(1, 3))):
        match data.draw(st.sampled_from(("item", "gone", "length", "session"))):
            case "item":
                fresh = {a.id: a for a in data.draw(items())[:2]}
                announcements = [*(a for a in announcements if a.id not in fresh), *fresh.values()]
                lengths = {**dict.fromkeys(fresh, timedelta(seconds=50)), **lengths}
            case "gone":
                announcements = announcements[1:]
            case "length" if lengths:
                name = data.draw(st.sampled_from(sorted(lengths)))
                lengths = {**lengths, name: data.draw(LENGTHS)}
            case "session" if sessions:
                sessions = sessions[:-1]
        assert _again(memo, announcements, sessions, lengths) == _again(
            None, announcements, sessions, lengths
        )


@pytest.fixture
def placings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which ways of placing were gone, in order: everything, or one commune."""
    gone: list[str] = []
    for name in ("place", "place_among"):
        real = getattr(again, name)
        monkeypatch.setattr(again, name, lambda *a, name=name, real=real: (gone.append(name), real(*a))[1])
    return gone


def _named(*announcements: Announcement, sessions: tuple[Session, ...] = ()) -> object:
    lengths = {a.id: timedelta(seconds=60) for a in announcements}
    return list(announcements), list(sessions), lengths


ELSEWHERE = approved("an-b", area=B, targets=(B,), timing=Once(at=at(6, day=-1)))


@pytest.mark.parametrize(
    ("wide", "before", "after", "gone"),
    [
        # what is wide keeps its place, so only commune A is placed
        (Once(at=at(6)), Once(at=at(6, 10)), Once(at=at(6, 20)), ["place", "place_among"]),
        # what comes to stand in its way moves it in B too
        (Once(at=at(6)), Once(at=at(6, 10)), Once(at=at(6)), ["place", "place_among", "place"]),
        # it waited for what goes away
        (Once(at=at(6)), Once(at=at(6)), Once(at=at(7)), ["place", "place"]),
    ],
)
def test_only_the_commune_that_changed_is_placed_anew_while_the_wide_keep_their_place(
    placings: list[str], wide: Once, before: Once, after: Once, gone: list[str]
) -> None:
    early = at(12, day=-2)
    said = approved("an-w", area=PROVINCE, targets=(PROVINCE,), timing=wide)
    memo = Memo()
    for timing in (before, after):
        own = approved("an-a", approved_at=early, timing=timing)
        world = _named(said, own, ELSEWHERE)
        made = _again(memo, *world)  # type: ignore[misc]
    assert placings == gone
    assert made == _again(None, *world)  # type: ignore[misc]


def test_a_session_of_the_whole_province_makes_everything_one(placings: list[str]) -> None:
    memo = Memo()
    everywhere = session("tinh", area=PROVINCE)
    for name in ("an-1", "an-2"):
        world = _named(approved(name, timing=NextSession()), ELSEWHERE, sessions=(everywhere,))
        made = _again(memo, *world)  # type: ignore[misc]
    assert placings == ["place", "place"]
    assert made == _again(None, *world)  # type: ignore[misc]


def test_nothing_is_placed_where_nothing_changed(placings: list[str]) -> None:
    memo = Memo()
    world = _named(approved("an-1", timing=AfterApproval(), bulletin_class=PRIORITY), ELSEWHERE)
    assert _again(memo, *world) == _again(memo, *world)  # type: ignore[misc]
    assert placings == ["place"]


def test_the_ground_of_one_commune_is_named() -> None:
    assert TREE.commune((A,)) == A
    assert TREE.commune((A, B)) is None
    assert TREE.commune((PROVINCE,)) is None
