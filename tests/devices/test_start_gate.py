"""The start gate, check by check; each test fails when its check is taken out."""

import dataclasses
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from devices import admission, facts, wall
from devices.items import Content, Item, command_claim, occurrence_claim, round_claim
from devices.memory import Memory
from devices.messages import (
    AlertId,
    BulletinClass,
    ClockState,
    CommandId,
    Mode,
    OccurrenceId,
    VolumeStep,
)
from tests.devices.cast import (
    CLIP,
    CONTENT,
    HOUR,
    MINUTE,
    NOW,
    WORDS,
    alert,
    alerts,
    fresh,
    item,
    refusal,
    send,
    settled,
    siren,
    stop,
    took,
)

NOTHING = Content()
WORDS_THERE = Content(sha256=WORDS.sha256, bytes=WORDS.bytes, duration_ms=WORDS.duration_ms)
SECOND = timedelta(seconds=1)


@pytest.fixture
def node() -> Memory:
    return settled()


def cleared(result: object) -> admission.Cleared:
    assert isinstance(result, admission.Cleared), result
    return result


def begin(given: Item, memory: Memory, now=NOW, content: Content = CONTENT, store_ok: bool = True):  # type: ignore[no-untyped-def]
    return admission.start(given, memory, now, content, store_ok)


def by_command(number: int, **changes: object) -> Item:
    command = CommandId(f"cmd-{number}")
    return item(claim=command_claim(command), command=command, occurrence=None, by_command=True, **changes)


def test_an_ordinary_item_in_its_time_is_cleared_and_claimed(node: Memory) -> None:
    go = cleared(begin(item(), node))
    assert go.claim in go.memory.claims
    assert go.claim not in node.claims
    assert go.words


def test_a_locked_node_starts_nothing(node: Memory) -> None:
    locked = dataclasses.replace(node, locked=True)
    assert refusal(begin(item(), locked)) == "E_LOCKED"
    assert refusal(begin(siren(), locked)) == "E_LOCKED"
    assert refusal(admission.restart(item(), locked, NOW, CONTENT)) == "E_LOCKED"


@pytest.mark.promise("S04", "P1")
def test_what_was_claimed_never_starts_again_not_even_as_another_revision(node: Memory) -> None:
    after = cleared(begin(item(), node)).memory
    assert begin(item(), after) == admission.Repeated(claim=item().claim)
    moved = item(revision=3, due_at=NOW + MINUTE, topic="loa/1/group/x/programme/2026-11-22")
    assert isinstance(begin(moved, after, NOW + MINUTE), admission.Repeated)


@pytest.mark.promise("S07", "P7")
def test_nothing_starts_late_expired_or_early(node: Memory) -> None:
    late, over = item().latest_at + SECOND, item().expires_at
    assert refusal(begin(item(), node, late)) == "E_EXPIRED"
    assert refusal(begin(item(latest_at=over), node, over)) == "E_EXPIRED"
    cleared(begin(item(), node, item().latest_at))
    assert refusal(begin(item(), node, NOW - SECOND)) == "E_EARLY"
    assert refusal(begin(siren(), node, siren().expires_at)) == "E_EXPIRED"


@pytest.mark.promise("P7")
def test_a_clock_set_back_brings_nothing_back(node: Memory) -> None:
    floored = dataclasses.replace(node, floor_at=item().expires_at)
    assert refusal(begin(item(), floored, NOW)) == "E_EXPIRED"


@pytest.mark.promise("F46")
def test_an_unsure_clock_plays_nothing_ordinary(node: Memory) -> None:
    woken = dataclasses.replace(node, clock=ClockState.UNSURE, floor_at=NOW)
    assert refusal(begin(item(), woken)) == "E_CLOCK"
    cleared(begin(item(), dataclasses.replace(node, clock=ClockState.HELD)))
    cleared(begin(siren(), woken, NOW - timedelta(days=20_000), WORDS_THERE))


# --- 14: quiet hours ------------------------------------------------------------------------------------

AT_0315 = NOW.replace(hour=20, minute=15)
NIGHT = {"due_at": AT_0315, "latest_at": AT_0315 + HOUR, "expires_at": AT_0315 + HOUR}


@pytest.mark.promise("S14", "P13")
@pytest.mark.parametrize("kind", [BulletinClass.NORMAL, BulletinClass.PRIORITY])
def test_nothing_ordinary_sounds_at_a_quarter_past_three(node: Memory, kind: BulletinClass) -> None:
    assert refusal(begin(item(bulletin_class=kind, **NIGHT), node, AT_0315)) == "E_QUIET"
    silent = item(**NIGHT, silent=True, clip=None)
    cleared(begin(silent, node, AT_0315, NOTHING))


@pytest.mark.promise("S14", "P13")
def test_not_one_second_of_it_touches_the_quiet_hours(node: Memory) -> None:
    nine = NOW.replace(hour=14, minute=0)
    length = timedelta(milliseconds=CLIP.duration_ms)
    times = {"due_at": nine - HOUR, "latest_at": nine + 12 * HOUR, "expires_at": nine + 12 * HOUR}
    go = cleared(begin(item(**times), node, nine - length))
    assert go.item.hush_at == nine
    assert refusal(begin(item(**times), node, nine - length + SECOND)) == "E_QUIET"
    five = nine + 8 * HOUR
    assert refusal(begin(item(**times), node, five - SECOND)) == "E_QUIET"
    assert cleared(begin(item(**times), node, five)).item.hush_at == times["expires_at"]


@pytest.mark.promise("P13")
def test_the_quiet_hours_are_the_nodes_own(node: Memory) -> None:
    early = settled(quiet_to="03:00")
    cleared(begin(item(**NIGHT), early, AT_0315))
    elsewhere = settled(zone="America/New_York")
    cleared(begin(item(**NIGHT), elsewhere, AT_0315))
    assert refusal(begin(item(), elsewhere)) == "E_QUIET"
    nowhere = dataclasses.replace(fresh(), clock=ClockState.TRUSTED)
    assert refusal(begin(item(**NIGHT), nowhere, AT_0315)) == "E_QUIET"


def test_an_emergency_passes_the_quiet_hours(node: Memory) -> None:
    go = cleared(begin(siren(**NIGHT, issued_at=AT_0315), node, AT_0315, WORDS_THERE))
    assert go.item.hush_at == AT_0315 + HOUR


@pytest.mark.promise("P13")
def test_no_half_minute_of_a_day_escapes_the_quiet_hours(node: Memory) -> None:
    for half in range(2 * 24 * 60):
        at = NOW + half * timedelta(seconds=30)
        local = at + 7 * HOUR
        ends = local + timedelta(milliseconds=CLIP.duration_ms)
        free = local.hour >= 5 and (ends.date() == local.date()) and (ends.hour, ends.minute) < (21, 0)
        given = item(due_at=at, latest_at=at, expires_at=at + HOUR)
        assert isinstance(begin(given, node, at), admission.Cleared) == free, local


def test_a_daily_window_may_lie_within_a_day_over_midnight_or_be_empty() -> None:
    zone, day = "UTC", NOW.replace(hour=0, minute=0)
    for hour in range(24):
        at = day + hour * HOUR
        point = (at, at)
        assert wall.touches(*point, "21:00", "05:00", zone) == (hour >= 21 or hour < 5)
        assert wall.touches(*point, "09:00", "11:00", zone) == (hour in (9, 10))
        assert not wall.touches(*point, "07:00", "07:00", zone)
    assert wall.touches(day + 6 * HOUR, day + 30 * HOUR, "21:00", "05:00", zone)
    assert wall.next_start(day, "07:00", "07:00", zone) is None
    assert wall.next_start(day + 21 * HOUR, "21:00", "05:00", zone) == day + 45 * HOUR


# --- 14: rate -------------------------------------------------------------------------------------------


@pytest.mark.promise("S16")
def test_commands_start_six_ordinary_sounds_an_hour(node: Memory) -> None:
    for number in range(6):
        node = cleared(begin(by_command(number), node)).memory
    assert refusal(begin(by_command(7), node)) == "E_RATE"
    cleared(begin(by_command(7, silent=True), node))
    cleared(begin(item(), node))
    later = by_command(7, latest_at=NOW + 2 * HOUR, expires_at=NOW + 3 * HOUR)
    cleared(begin(later, node, NOW + HOUR))


@pytest.mark.promise("S16")
def test_commands_fill_sixty_minutes_an_hour_at_most(node: Memory) -> None:
    node = cleared(begin(by_command(1, duration_ms=3_000_000), node)).memory
    assert refusal(begin(by_command(2, duration_ms=600_001), node)) == "E_RATE"
    cleared(begin(by_command(2, duration_ms=600_000), node))


def test_programme_entries_are_not_counted(node: Memory) -> None:
    for number in range(20):
        name = OccurrenceId(f"occ-{number}")
        node = cleared(begin(item(occurrence=name, claim=occurrence_claim(name)), node)).memory
    assert node.command_starts == ()


@pytest.mark.promise("S16")
def test_of_a_thousand_emergencies_in_a_minute_the_newest_plays(node: Memory) -> None:
    started, codes = [], set()
    for number in range(1_000):
        at = NOW + number * timedelta(milliseconds=50)
        given = siren(alert=AlertId(f"a-{number}"), issued_at=at, due_at=at)
        result = begin(given, node, at, WORDS_THERE)
        if isinstance(result, admission.Cleared):
            node, _ = result.memory, started.append(number)
            assert result.storm == (number > 0)
        else:
            codes.add(refusal(result))
            assert isinstance(result, admission.Refused)
            assert result.alarm
            assert result.retry_at == NOW + MINUTE
    assert started == [0, 1, 2, 3, 4]
    assert codes == {"E_RATE"}
    last = siren(alert=AlertId("a-999"), issued_at=at, due_at=at)
    cleared(begin(last, node, NOW + MINUTE + SECOND, WORDS_THERE))


@pytest.mark.promise("S16")
def test_in_a_storm_an_older_alert_waits_for_its_minute(node: Memory) -> None:
    newer = siren(alert=AlertId("new"), issued_at=NOW)
    older = siren(alert=AlertId("old"), issued_at=NOW - MINUTE)
    after = cleared(begin(newer, node, NOW, WORDS_THERE)).memory
    waits = begin(older, after, NOW + SECOND, WORDS_THERE)
    assert refusal(waits) == "E_RATE"
    cleared(begin(older, after, NOW + MINUTE, WORDS_THERE))


@pytest.mark.promise("S16")
def test_a_list_of_many_alerts_starts_its_newest_first_in_a_storm(node: Memory) -> None:
    many = [alert(id=AlertId(f"m-{n}"), issued_at=NOW + n * SECOND / 10) for n in range(3)]
    node = took(send(node, alerts(*many)))
    node = cleared(begin(siren(alert=AlertId("before")), node, NOW, WORDS_THERE)).memory
    at = NOW + SECOND
    middle = siren(alert=AlertId("m-1"), issued_at=many[1].issued_at)
    newest = siren(alert=AlertId("m-2"), issued_at=many[2].issued_at)
    assert refusal(begin(middle, node, at, WORDS_THERE)) == "E_RATE"
    cleared(begin(newest, node, at, WORDS_THERE))


@pytest.mark.promise("P11")
def test_a_storm_of_drills_never_holds_back_the_real_alert(node: Memory) -> None:
    for number in range(5):
        drill = siren(alert=AlertId(f"d-{number}"), issued_at=NOW + number * SECOND, mode=Mode.EXERCISE)
        node = cleared(begin(drill, node, NOW, WORDS_THERE)).memory
    real = cleared(begin(siren(issued_at=NOW - MINUTE), node, NOW, WORDS_THERE))
    assert not real.storm


def test_later_rounds_of_one_alert_are_no_storm(node: Memory) -> None:
    node = cleared(begin(siren(), node, NOW, WORDS_THERE)).memory
    node = cleared(begin(siren(alert=AlertId("b"), issued_at=NOW), node, NOW, WORDS_THERE)).memory
    again = cleared(begin(siren(round=1, issued_at=NOW - HOUR), node, NOW + SECOND, WORDS_THERE))
    assert not again.storm


# --- 15 and 16 ------------------------------------------------------------------------------------------


@pytest.mark.promise("S12")
@pytest.mark.parametrize(
    "wrong",
    [
        NOTHING,
        dataclasses.replace(CONTENT, sha256="3c" * 32),
        dataclasses.replace(CONTENT, bytes=CLIP.bytes - 1),
        dataclasses.replace(CONTENT, duration_ms=CLIP.duration_ms + 1_001),
        dataclasses.replace(CONTENT, duration_ms=None),
    ],
)
def test_a_clip_that_is_not_what_was_signed_stays_silent(node: Memory, wrong: Content) -> None:
    assert refusal(begin(item(), node, content=wrong)) == "E_CONTENT"
    assert refusal(admission.restart(item(), node, NOW, wrong)) == "E_CONTENT"


def test_an_item_with_neither_clip_nor_tone_is_refused(node: Memory) -> None:
    assert refusal(begin(item(clip=None), node, content=NOTHING)) == "E_CONTENT"
    cleared(begin(item(clip=None, tone="beep"), node, content=NOTHING))


def test_an_emergency_begins_with_its_tone_when_its_words_are_missing(node: Memory) -> None:
    assert not cleared(begin(siren(), node, content=NOTHING)).words
    assert not cleared(begin(siren(), node, content=CONTENT)).words
    assert cleared(begin(siren(), node, content=WORDS_THERE)).words


@pytest.mark.promise("P17")
def test_a_full_flash_refuses_the_ordinary_and_never_an_emergency(node: Memory) -> None:
    assert refusal(begin(item(), node, store_ok=False)) == "E_STORE"
    cleared(begin(siren(), node, content=WORDS_THERE, store_ok=False))


@pytest.mark.promise("S15", "P13")
def test_the_volume_is_clamped_to_the_nodes_ceiling(node: Memory) -> None:
    go = cleared(begin(item(volume=95), node))
    assert (go.volume, go.item.volume) == (80, 80)
    assert cleared(begin(item(volume=60), node)).volume == 60
    assert cleared(begin(siren(), node, content=WORDS_THERE)).volume == 80


@pytest.mark.promise("P13")
def test_by_the_hour_an_ordinary_sound_is_quieter_and_an_emergency_is_not(node: Memory) -> None:
    assert node.desired is not None
    wall_now = NOW.astimezone(ZoneInfo(node.desired.zone))
    since = f"{wall_now - HOUR:%H:%M}"
    steps = (VolumeStep(since=since, percent=50), VolumeStep(since=f"{wall_now + HOUR:%H:%M}", percent=10))
    quiet = replace(node, desired=replace(node.desired, volume_steps=steps))
    assert cleared(begin(item(volume=60), quiet)).volume == 30
    assert cleared(begin(item(volume=95), quiet)).volume == 40
    assert cleared(begin(siren(), quiet, content=WORDS_THERE)).volume == 80


# --- stop -----------------------------------------------------------------------------------------------


@pytest.mark.promise("F57")
def test_a_stop_that_overtook_its_start_still_counts(node: Memory) -> None:
    for reference in ("occ-1", item().claim):
        stopped = took(send(node, stop(references=(reference,))))
        assert refusal(begin(item(), stopped)) == "E_STOPPED"
        assert refusal(admission.restart(item(), stopped, NOW, CONTENT)) == "E_STOPPED"
    other = took(send(node, stop(references=("occ-2",))))
    cleared(begin(item(), other))
    general = took(send(node, stop()))
    cleared(begin(item(), general))
    late = item(latest_at=NOW + HOUR)
    cleared(begin(late, stopped, NOW + 10 * MINUTE))


@pytest.mark.promise("P11")
def test_a_drills_stop_stops_no_real_item_and_no_stop_an_emergency(node: Memory) -> None:
    drill = took(send(node, stop(references=("occ-1",))))
    drill = dataclasses.replace(
        drill, stops=tuple(dataclasses.replace(one, mode=Mode.EXERCISE) for one in drill.stops)
    )
    cleared(begin(item(), drill))
    assert refusal(begin(item(mode=Mode.EXERCISE), drill)) == "E_STOPPED"
    named = took(send(node, stop(references=("alert-1", siren().claim.replace(":", ".")))))
    cleared(begin(siren(), named, content=WORDS_THERE))


# --- after the power came back --------------------------------------------------------------------------


def test_a_restart_is_judged_again_but_for_its_claim_and_lateness(node: Memory) -> None:
    claimed = cleared(begin(item(), node)).memory
    cleared(admission.restart(item(), claimed, item().latest_at + MINUTE, CONTENT))
    assert refusal(admission.restart(item(), claimed, item().expires_at, CONTENT)) == "E_EXPIRED"
    assert refusal(admission.restart(item(**NIGHT), claimed, AT_0315, CONTENT)) == "E_QUIET"
    woken = dataclasses.replace(claimed, clock=ClockState.UNSURE, floor_at=NOW)
    assert refusal(admission.restart(item(), woken, NOW, CONTENT)) == "E_CLOCK"


@pytest.mark.promise("S04")
def test_facts_survive_the_power(node: Memory) -> None:
    node = took(send(node, stop(references=("occ-9",))))
    node = cleared(begin(by_command(1), node)).memory
    node = cleared(begin(siren(), node, content=WORDS_THERE)).memory
    reborn = facts.restore(settled(), facts.to_bytes(node))
    same = ("epochs", "windows", "stops", "command_starts", "alert_starts", "floor_at")
    assert all(getattr(reborn, name) == getattr(node, name) for name in same)
    assert round_claim(AlertId("alert-1"), 0) in node.claims
