"""Who may speak: every pair of classes in every phase, stop, expiry, drills, reboot, preview."""

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import arbitration as arb
from devices.arbitration import (
    Begin,
    Cut,
    Drop,
    Ended,
    Floor,
    Play,
    Reason,
    Step,
    Stop,
    Tick,
)
from devices.items import ClaimId
from devices.messages import AlertId, BulletinClass, Mode
from tests.devices.cast import HOUR, MINUTE, NOW
from tests.support.floor import EMERGENCY, NORMAL, PRIORITY, SECOND, make, run

RANK = {NORMAL: 0, PRIORITY: 1, EMERGENCY: 2}


@pytest.mark.promise("F56")
@pytest.mark.parametrize("phase", ["at_its_first_sample", "in_the_middle", "after_it_resumed"])
@pytest.mark.parametrize("newcomer", list(BulletinClass))
@pytest.mark.parametrize("sounding", list(BulletinClass))
def test_every_pair_of_classes_in_every_phase(
    sounding: BulletinClass, newcomer: BulletinClass, phase: str
) -> None:
    first, second = make("first", sounding), make("second", newcomer, issued_at=NOW - MINUTE)
    higher = make("higher", EMERGENCY, level=5)
    if phase == "at_its_first_sample":
        at, heard_ms, begun = 0.0, 0, run((0, Begin(item=first)))
    elif phase == "in_the_middle":
        at, heard_ms, begun = 20.0, 20_000, run((0, Begin(item=first)))
    else:
        story = [(0, Begin(item=first)), (10, Begin(item=higher))]
        begun = run(*story, (40, Ended(claim=higher.claim, played_ms=60_000)))
        # An emergency that was cut begins again from its start; anything else went on at 10 s.
        at, heard_ms = 45.0, 5_000 if sounding is EMERGENCY else 15_000
    assert begun[0].floor.sounding is not None
    assert begun[0].floor.sounding.item == first
    step, effects = run((at, Begin(item=second)), floor=begun[0].floor)
    if RANK[newcomer] > RANK[sounding]:
        cut = Cut(item=first, reason=Reason.PREEMPTED, played_ms=heard_ms, resumes=True)
        assert effects == [cut, Play(item=second, from_ms=0)]
        step, effects = run((at + 60, Ended(claim=second.claim, played_ms=60_000)), floor=step.floor)
        assert effects == [Play(item=first, from_ms=heard_ms)]
    else:
        assert effects == []
        step, effects = run((at + 60, Ended(claim=first.claim, played_ms=60_000)), floor=step.floor)
        assert effects == [Play(item=second, from_ms=0)]
    last = step.floor.sounding
    assert last is not None
    step, effects = run((at + 120, Ended(claim=last.item.claim, played_ms=60_000)), floor=step.floor)
    assert step == Step(floor=Floor(), effects=(), wake_at=None)


@pytest.mark.promise("F56")
@pytest.mark.parametrize(
    ("graver", "lesser"),
    [
        ({"level": 4}, {"level": 3, "issuer_level": "nation", "issued_at": NOW + SECOND}),
        ({"issuer_level": "province"}, {"issuer_level": "commune", "issued_at": NOW + SECOND}),
        ({"issued_at": NOW + SECOND}, {"issued_at": NOW}),
        ({"level": 1, "issued_at": NOW - HOUR}, {"level": 5, "mode": Mode.EXERCISE}),
    ],
)
def test_of_two_emergencies_the_graver_sounds_and_the_loser_is_replayed(
    graver: dict[str, Any], lesser: dict[str, Any]
) -> None:
    strong, weak = make("strong", EMERGENCY, **graver), make("weak", EMERGENCY, **lesser)
    step, effects = run((0, Begin(item=weak)), (10, Begin(item=strong)))
    assert effects[1:] == [
        Cut(item=weak, reason=Reason.PREEMPTED, played_ms=10_000, resumes=True),
        Play(item=strong, from_ms=0),
    ]
    _, effects = run((70, Ended(claim=strong.claim, played_ms=60_000)), floor=step.floor)
    assert effects == [Play(item=weak, from_ms=0)]
    step, effects = run((0, Begin(item=strong)), (10, Begin(item=weak)))
    assert effects == [Play(item=strong, from_ms=0)]
    _, effects = run((60, Ended(claim=strong.claim, played_ms=60_000)), floor=step.floor)
    assert effects == [Play(item=weak, from_ms=0)]


def test_rounds_of_one_alert_never_cut_each_other_and_the_newest_waits() -> None:
    rounds = [
        make(f"r{number}", EMERGENCY, alert=AlertId("a"), round=number, issued_at=NOW) for number in range(3)
    ]
    step, effects = run(*((number, Begin(item=one)) for number, one in enumerate(rounds)))
    superseded = Drop(item=rounds[1], reason=Reason.SUPERSEDED, played_ms=0)
    assert effects == [Play(item=rounds[0], from_ms=0), superseded]
    _, effects = run((60, Ended(claim=rounds[0].claim, played_ms=60_000)), floor=step.floor)
    assert effects == [Play(item=rounds[2], from_ms=0)]


def test_what_was_cut_goes_on_before_what_has_not_begun() -> None:
    cut, waits, urgent = make("cut"), make("waits", due_at=NOW - MINUTE), make("urgent", EMERGENCY)
    step, _ = run((0, Begin(item=cut)), (5, Begin(item=waits)), (10, Begin(item=urgent)))
    step, effects = run((70, Ended(claim=urgent.claim, played_ms=60_000)), floor=step.floor)
    assert effects == [Play(item=cut, from_ms=10_000)]
    _, effects = run((120, Ended(claim=cut.claim, played_ms=60_000)), floor=step.floor)
    assert effects == [Play(item=waits, from_ms=0)]


def test_beginning_twice_is_beginning_once() -> None:
    one, urgent = make("one"), make("urgent", EMERGENCY)
    _, effects = run((0, Begin(item=one)), (1, Begin(item=one)))
    assert effects == [Play(item=one, from_ms=0)]
    step, effects = run((0, Begin(item=one)), (1, Begin(item=urgent)), (2, Begin(item=one)))
    assert len(effects) == 3
    assert len(step.floor.waiting) == 1


def test_an_ending_of_something_else_changes_nothing() -> None:
    step, _ = run((0, Begin(item=make("one"))))
    after, effects = run((1, Ended(claim=ClaimId("other"), played_ms=0)), floor=step.floor)
    assert (after.floor, effects) == (step.floor, [])


@pytest.mark.promise("P7")
def test_nothing_sounds_at_its_expiry_nor_resumes_after_it() -> None:
    brief = make("brief", expires_at=NOW + 30 * SECOND, latest_at=NOW)
    step, _ = run((0, Begin(item=brief)))
    assert step.wake_at == NOW + 30 * SECOND
    step, effects = run((30, Tick()), floor=step.floor)
    assert effects == [Cut(item=brief, reason=Reason.EXPIRED, played_ms=30_000, resumes=False)]
    urgent = make("urgent", EMERGENCY)
    step, _ = run((0, Begin(item=brief)), (10, Begin(item=urgent)))
    assert step.wake_at == NOW + 30 * SECOND
    step, effects = run((30, Tick()), floor=step.floor)
    assert effects == [Drop(item=brief, reason=Reason.EXPIRED, played_ms=10_000)]
    _, effects = run((70, Ended(claim=urgent.claim, played_ms=60_000)), floor=step.floor)
    assert effects == []


@pytest.mark.promise("P13")
def test_an_item_pushed_into_the_quiet_hours_falls_silent_there() -> None:
    late = make("late", hush_at=NOW + 80 * SECOND)
    urgent = make("urgent", EMERGENCY)
    step, _ = run((0, Begin(item=late)), (30, Begin(item=urgent)))
    step, effects = run((70, Ended(claim=urgent.claim, played_ms=40_000)), floor=step.floor)
    assert effects == [Play(item=late, from_ms=30_000)]
    assert step.wake_at == NOW + 80 * SECOND
    _, effects = run((80, Tick()), floor=step.floor)
    assert effects == [Cut(item=late, reason=Reason.QUIET, played_ms=40_000, resumes=False)]


@pytest.mark.promise("F56")
def test_what_waits_too_long_is_missed_and_says_why() -> None:
    patient = make("patient", latest_at=NOW + 20 * SECOND)
    for kind, reason in ((EMERGENCY, Reason.PREEMPTED), (NORMAL, Reason.LATE)):
        step, _ = run((0, Begin(item=make("now", kind))), (5, Begin(item=patient)))
        assert step.wake_at == NOW + 20 * SECOND + timedelta(milliseconds=1)
        _, effects = run((20, Tick()), (20.001, Tick()), floor=step.floor)
        assert effects == [Drop(item=patient, reason=reason, played_ms=0)]


@pytest.mark.promise("F57", "P4")
def test_a_stop_ends_all_that_is_ordinary_and_nothing_resumes() -> None:
    cut, waits, urgent = make("cut", PRIORITY), make("waits"), make("urgent", EMERGENCY)
    step, _ = run((0, Begin(item=cut)), (5, Begin(item=waits)))
    _, effects = run((7, Stop()), floor=step.floor)
    assert effects == [
        Cut(item=cut, reason=Reason.STOPPED, played_ms=7_000, resumes=False),
        Drop(item=waits, reason=Reason.STOPPED, played_ms=0),
    ]
    step, _ = run((10, Begin(item=urgent)), floor=step.floor)
    step, effects = run((20, Stop()), (21, Stop()), floor=step.floor)
    assert [type(effect) for effect in effects] == [Drop, Drop]
    assert step.floor.sounding is not None
    assert step.floor.sounding.item == urgent
    _, effects = run((80, Ended(claim=urgent.claim, played_ms=60_000)), floor=step.floor)
    assert effects == []


def test_a_stop_by_name_ends_only_what_it_names() -> None:
    one = make("one", occurrence="occ-1")
    two = make("two", occurrence="occ-2")
    step, _ = run((0, Begin(item=one)), (1, Begin(item=two)))
    step, effects = run((2, Stop(references=("occ-1",))), floor=step.floor)
    assert effects == [
        Cut(item=one, reason=Reason.STOPPED, played_ms=2_000, resumes=False),
        Play(item=two, from_ms=0),
    ]
    _, effects = run((3, Stop(references=("nobody",))), floor=step.floor)
    assert effects == []


def test_a_cancelled_alert_ends_and_the_cut_item_goes_on() -> None:
    one, urgent, other = make("one"), make("urgent", EMERGENCY), make("other", EMERGENCY, level=1)
    step, _ = run((0, Begin(item=one)), (10, Begin(item=urgent)), (11, Begin(item=other)))
    step, effects = run((15, Stop(alerts=("urgent", "other"))), floor=step.floor)
    assert effects == [
        Cut(item=urgent, reason=Reason.STOPPED, played_ms=5_000, resumes=False),
        Drop(item=other, reason=Reason.STOPPED, played_ms=0),
        Play(item=one, from_ms=10_000),
    ]


@pytest.mark.promise("P11")
def test_a_drills_stop_ends_drills_only() -> None:
    real, drill = make("real", PRIORITY), make("drill", mode=Mode.EXERCISE)
    step, _ = run((0, Begin(item=real)), (1, Begin(item=drill)))
    _, effects = run((2, Stop(mode=Mode.EXERCISE)), floor=step.floor)
    assert effects == [Drop(item=drill, reason=Reason.STOPPED, played_ms=0)]


@pytest.mark.promise("F56", "P7")
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 90), st.booleans()), max_size=25))
def test_under_any_history_there_is_one_voice_and_none_after_its_expiry(
    history: list[tuple[int, int, bool]],
) -> None:
    cast = [
        make(f"i{n}", list(BulletinClass)[n % 3], level=1 + n % 5, expires_at=NOW + (60 + 40 * n) * SECOND)
        for n in range(8)
    ]
    floor, now, open_claims = Floor(), NOW, []
    for who, wait, ends in history:
        now += wait * SECOND
        given: arb.Input = Begin(item=cast[who])
        if ends and floor.sounding is not None:
            given = Ended(claim=floor.sounding.item.claim, played_ms=1)
            open_claims.remove(floor.sounding.item.claim)
        if isinstance(given, Begin) and now >= given.item.expires_at:
            given = Tick()  # the start gate never lets this through
        step = arb.step(floor, given, now)
        for effect in step.effects:
            match effect:
                case Play(item=playing):
                    assert not open_claims
                    assert now < playing.expires_at
                    open_claims.append(playing.claim)
                case Cut(item=silenced):
                    if silenced.claim in open_claims:
                        open_claims.remove(silenced.claim)
        floor = step.floor
        sounding = [floor.sounding.item.claim] if floor.sounding is not None else []
        assert open_claims == sounding
        assert step.wake_at is None or step.wake_at > now
        ranks = [RANK[one.item.bulletin_class] for one in floor.waiting]
        if floor.sounding is not None and ranks:
            assert max(ranks) <= RANK[floor.sounding.item.bulletin_class]


# --- after a reboot -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "played_ms", "gone_s", "restarts", "from_ms"),
    [
        (EMERGENCY, 50_000, 3_000, 7, 0),
        (EMERGENCY, 0, 7_200, 0, None),
        (PRIORITY, 50_000, 600, 0, 0),
        (PRIORITY, 50_000, 600, 1, None),
        (NORMAL, 20_000, 50, 0, 20_000),
        (NORMAL, 20_000, 51, 0, None),
        (NORMAL, 30_001, 31, 0, None),
    ],
)
def test_what_the_power_cut_off_restarts_by_its_class(
    kind: BulletinClass, played_ms: int, gone_s: int, restarts: int, from_ms: int | None
) -> None:
    now = NOW + gone_s * SECOND
    assert arb.after_reboot(make("x", kind), played_ms, now, restarts) == from_ms


# --- preview --------------------------------------------------------------------------------------------


def told(consequences: tuple[arb.Consequence, ...]) -> list[tuple[datetime, str, str]]:
    return [(one.at, type(one.effect).__name__, one.effect.item.claim) for one in consequences]


def test_the_preview_says_what_will_be_cut_resumed_and_missed() -> None:
    relay = make("relay", due_at=NOW - 30 * SECOND, duration_ms=120_000)
    short = make("short", due_at=NOW + 20 * SECOND, latest_at=NOW + 40 * SECOND)
    later = make("later", due_at=NOW + 10 * MINUTE)
    urgent = make("urgent", EMERGENCY)
    found = arb.preview((relay, short, later), urgent, NOW)
    assert told(found) == [
        (NOW, "Cut", "relay"),
        (NOW, "Play", "urgent"),
        (NOW + 40 * SECOND + timedelta(milliseconds=1), "Drop", "short"),
        (NOW + 60 * SECOND, "Play", "relay"),
    ]
    assert found[3].effect == Play(item=relay, from_ms=30_000)


def test_the_preview_of_an_empty_morning_is_the_alert_alone() -> None:
    urgent = make("urgent", EMERGENCY)
    assert told(arb.preview((), urgent, NOW)) == [(NOW, "Play", "urgent")]


def test_the_preview_and_the_floor_say_the_same() -> None:
    items = [make(f"i{n}", due_at=NOW + n * 30 * SECOND, duration_ms=45_000) for n in range(5)]
    urgent = make("urgent", EMERGENCY, due_at=NOW + 50 * SECOND)
    begins = {one.due_at: one for one in (*items, urgent)}
    floor, now, ends_at, lived = Floor(), NOW, None, []
    while now < NOW + 10 * MINUTE:
        given: list[arb.Input] = []
        if floor.sounding is not None and ends_at == now:
            given.append(Ended(claim=floor.sounding.item.claim, played_ms=0))
        if now in begins:
            given.append(Begin(item=begins[now]))
        for one in given or [Tick()]:
            step = arb.step(floor, one, now)
            lived += [(now, effect) for effect in step.effects]
            floor = step.floor
        playing = floor.sounding
        ends_at = playing and playing.since_at + timedelta(
            milliseconds=playing.item.duration_ms - playing.from_ms
        )
        now += SECOND
    told_before = [(one.at, one.effect) for one in arb.preview(items, urgent, urgent.due_at)]
    assert [one for one in told_before if one in lived] == told_before
    assert any(isinstance(effect, Cut) for _, effect in told_before)
    assert dataclasses.replace(floor) == Floor()
