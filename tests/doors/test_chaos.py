"""Controller, broker and nodes are killed at random; every approved item is heard once, in its window."""

import asyncio
import random
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.messages import BulletinClass as WireClass
from devices.messages import Heard, Mode, NodeId
from firmware_sim.journal import Ended, Row, Sounding
from schedules.announcement import BulletinClass
from tests.doors.chaos import PARTS, ROOT, Options, Outcome, campaign
from tests.support.chaos_judge import Asked, Due, Life, judge

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
NODE = NodeId("n-da23f0cb")
HOUSE = ("controller", "devices", "tts", "schedules", "firmware_sim", "tests")
CLAIM_KEPT = "    def _keep(self, table: str, key: str, value: bytes) -> None:\n"


def played(place: Path, options: Options, capsys: pytest.CaptureFixture[str]) -> Outcome:
    outcome = asyncio.run(campaign(place, options))
    with capsys.disabled():
        print("\n" + outcome.told())
    return outcome


def fresh_seed() -> int:
    return random.SystemRandom().getrandbits(32)


def assert_clean(outcome: Outcome) -> None:
    assert outcome.finding.lost == ()
    assert outcome.finding.doubled == ()
    assert outcome.finding.out_of_window == ()
    assert outcome.complaints == ()
    assert set(outcome.kills) == set(PARTS), "every kind was killed"
    assert outcome.finding.verdicts.get("aired", 0) > outcome.options.cycles // 2, "and they did speak"


@pytest.mark.chaos
@pytest.mark.broker
@pytest.mark.timeout(1200)
@pytest.mark.promise("F01", "F03", "F04", "F05", "F27", "P1", "P2")
def test_150_kills_lose_double_and_misplace_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_clean(played(tmp_path, Options(cycles=150, seed=fresh_seed()), capsys))


@pytest.mark.chaos
@pytest.mark.broker
@pytest.mark.voice
@pytest.mark.timeout(1200)
@pytest.mark.promise("F01", "F03", "F04", "F05", "F27", "P1", "P2")
def test_50_kills_with_everything_real_lose_double_and_misplace_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_clean(played(tmp_path, Options(cycles=50, seed=fresh_seed(), real=True), capsys))


@pytest.mark.chaos
@pytest.mark.broker
@pytest.mark.timeout(600)
@pytest.mark.promise("F01", "F05")
def test_12_kills_are_enough_to_see_a_node_that_forgets_its_claims(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Short enough for `make promises`, which takes the claim away and must see this fail."""
    outcome = played(tmp_path, Options(cycles=12, seed=7), capsys)
    assert (outcome.finding.lost, outcome.finding.doubled, outcome.finding.out_of_window) == ((), (), ())


@pytest.mark.chaos
@pytest.mark.broker
@pytest.mark.timeout(600)
def test_a_campaign_over_nodes_that_forget_their_claims_finds_doublings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    for room in HOUSE:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    body = source / "firmware_sim" / "body.py"
    text = body.read_text(encoding="utf-8")
    assert text.count(CLAIM_KEPT) == 1
    forgetful = CLAIM_KEPT + "        if table == rows.CLAIMS:\n            return\n"
    body.write_text(text.replace(CLAIM_KEPT, forgetful), encoding="utf-8")

    outcome = played(tmp_path / "ground", Options(cycles=12, seed=7, source=source), capsys)

    assert len(outcome.finding.doubled) > 0


# The judge itself: each rule of PROMISES 3.2 for a sound that a kill broke off, allowed and not allowed.


def sounding(
    stretch: int, at_s: float, *, from_ms: int = 0, restarts: int = 0, due_at: datetime = AT
) -> Sounding:
    return Sounding(
        node=NODE,
        stretch=stretch,
        claim="occurrence:o1",
        part="clip",
        source="programme",
        bulletin_class=WireClass.NORMAL,
        mode=Mode.ACTUAL,
        first_sample_at=AT + timedelta(seconds=at_s),
        first_sample_mono=1000.0 + at_s,
        due_at=due_at,
        expires_at=AT + timedelta(seconds=90),
        from_ms=from_ms,
        restarts=restarts,
    )


def ended(stretch: int, at_s: float, to_ms: int, *, whole: bool = True) -> Ended:
    return Ended(
        node=NODE,
        stretch=stretch,
        claim="occurrence:o1",
        ended_at=AT + timedelta(seconds=at_s),
        ended_mono=1000.0 + at_s,
        to_ms=to_ms,
        whole=whole,
        heard=Heard.YES,
    )


def life(number: int, until_s: float, *rows: Row, killed: bool = True) -> Life:
    return Life(number=number, began_mono=0, ended_mono=1000.0 + until_s, killed=killed, rows=rows)


def due(
    verdict: str | None = "aired",
    *,
    duration_ms: int = 4000,
    why: str = "",
    source: str = "receipt",
    kind: BulletinClass = BulletinClass.NORMAL,
) -> Due:
    return Due(
        occurrence="o1",
        item="b-1",
        node=NODE,
        bulletin_class=kind,
        due_at=AT,
        latest_at=AT + timedelta(seconds=90),
        expires_at=AT + timedelta(seconds=90),
        duration_ms=duration_ms,
        verdict=verdict,
        source=source,
        why=why,
        planned_at=AT - timedelta(seconds=31),
        accepted_at=AT - timedelta(seconds=30),
        cached_at=AT - timedelta(seconds=29),
    )


ASKED = Asked(title="Bài 1", item="b-1", targets=("19867-01",), at=AT, approved_by=AT - timedelta(seconds=40))


def counts(lives: list[Life], one: Due) -> tuple[int, int, int]:
    found = judge(lives, [ASKED], [one], {"b-1"})
    return len(found.lost), len(found.doubled), len(found.out_of_window)


def test_once_and_whole_is_right() -> None:
    assert counts([life(0, 60, sounding(1, 0), ended(1, 4, 4000))], due()) == (0, 0, 0)


def test_going_on_from_the_last_mark_after_a_kill_is_right() -> None:
    lives = [
        life(0, 1.5, sounding(1, 0)),
        life(1, 60, sounding(1, 3, from_ms=1000, restarts=1), ended(1, 6, 4000), killed=False),
    ]
    assert counts(lives, due()) == (0, 0, 0)


def test_what_was_cut_and_waited_goes_on_after_a_kill() -> None:
    lives = [
        life(0, 9, sounding(1, 0), ended(1, 1, 1000, whole=False)),
        life(1, 60, sounding(1, 12, from_ms=1000, restarts=1), ended(1, 15, 4000), killed=False),
    ]
    assert counts(lives, due()) == (0, 0, 0)


def test_a_sound_cut_by_its_expiry_is_partial_and_one_cut_earlier_is_not_excused() -> None:
    def cut(at_s: float) -> list[Life]:
        rows = (sounding(1, 87), ended(1, at_s, round((at_s - 87) * 1000), whole=False))
        return [life(0, 120, *rows, killed=False)]

    assert counts(cut(90), due("partial", why="expired")) == (0, 0, 0)
    assert counts(cut(88.5), due("partial", why="expired"))[0] == 1


def test_what_was_cut_within_its_grace_goes_on_after_it_and_nothing_begins_there() -> None:
    late = sounding(1, 88)
    cut = replace(ended(1, 89, 1000), whole=False)
    going_on = (late, cut, sounding(2, 93, from_ms=1000), ended(2, 96, 4000))
    roomy = replace(due(), expires_at=AT + timedelta(seconds=120))
    rows = tuple(
        replace(row, expires_at=roomy.expires_at) if isinstance(row, Sounding) else row for row in going_on
    )
    begun_late = (replace(sounding(1, 93), expires_at=roomy.expires_at), ended(1, 97, 4000))
    assert counts([life(0, 120, *rows, killed=False)], roomy) == (0, 0, 0)
    assert counts([life(0, 120, *begun_late, killed=False)], roomy) == (0, 0, 1)


def test_what_expired_while_a_graver_one_had_cut_in_is_partial() -> None:
    cut = (sounding(1, 80), ended(1, 88, 8000, whole=False))
    other = replace(sounding(2, 88), claim="occurrence:o2", bulletin_class=WireClass.PRIORITY)
    expired = due("partial", why="expired", duration_ms=20_000)
    alone = judge([life(0, 120, *cut, killed=False)], [ASKED], [expired], {"b-1"})
    behind = judge([life(0, 120, *cut, other, killed=False)], [ASKED], [expired], {"b-1"})
    assert (len(alone.lost), len(behind.lost)) == (1, 0)


def test_the_same_again_in_a_later_life_is_doubled() -> None:
    lives = [
        life(0, 20, sounding(1, 0), ended(1, 4, 4000)),
        life(1, 60, sounding(1, 25), ended(1, 29, 4000)),
    ]
    assert counts(lives, due())[1] >= 1


def test_the_same_again_in_one_life_is_doubled() -> None:
    rows = (sounding(1, 0), ended(1, 4, 4000), sounding(2, 5), ended(2, 9, 4000))
    assert counts([life(0, 60, *rows)], due())[1] >= 1


def test_more_than_a_mark_said_again_after_a_kill_is_doubled() -> None:
    lives = [
        life(0, 2.3, sounding(1, 0)),
        life(1, 60, sounding(1, 4, restarts=1), ended(1, 8, 4000)),
    ]
    assert counts(lives, due())[1] >= 1


def test_going_on_half_a_minute_late_is_doubled() -> None:
    lives = [
        life(0, 1.5, sounding(1, 0)),
        life(1, 80, sounding(1, 40, from_ms=1000, restarts=1), ended(1, 43, 4000)),
    ]
    assert counts(lives, due())[1] >= 1


def test_an_aired_verdict_for_half_a_sound_is_lost() -> None:
    assert counts([life(0, 2, sounding(1, 0))], due())[0] == 1


def test_silence_without_an_excuse_is_lost() -> None:
    lives = [life(0, 60, killed=False)]
    assert counts(lives, due("missed", why="no_receipt", source="auditor"))[0] == 1
    assert counts(lives, due(None))[0] == 1


def test_an_approved_item_without_a_plan_is_lost() -> None:
    assert len(judge([], [ASKED], [], set()).lost) == 1


def test_sound_nobody_approved_and_sound_at_another_time_are_out_of_window() -> None:
    early = life(0, 60, sounding(1, -5), ended(1, -1, 4000))
    other = life(0, 60, sounding(1, 0, due_at=AT + timedelta(seconds=9)), ended(1, 4, 4000))
    assert counts([early], due())[2] == 1
    assert counts([other], due())[2] == 1
    assert len(judge([early], [], [], set()).out_of_window) == 1
