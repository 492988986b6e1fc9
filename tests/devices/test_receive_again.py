"""The receive gate: fenced, said before, out of order, too late or too early (checks 9 to 13)."""

import dataclasses
from datetime import timedelta

import pytest

from devices import acceptance, admission, signing
from devices.incoming import Why
from devices.items import command_claim
from devices.memory import Memory, Window
from devices.messages import (
    ClockState,
    CommandId,
    Mode,
)
from tests.devices.cast import (
    DRILL,
    HOUR,
    MINUTE,
    NODE,
    NONCE,
    NOW,
    ONLINE,
    alerts,
    answer,
    beacon,
    command,
    desired,
    home,
    ignored,
    programme,
    refusal,
    send,
    settled,
    stop,
    took,
    unsure,
)


@pytest.fixture
def node() -> Memory:
    return settled()


# --- 9, 10 and 11 ---------------------------------------------------------------------------------------


@pytest.mark.promise("S09")
def test_a_replaced_controller_is_fenced(node: Memory) -> None:
    node = took(send(node, command(epoch=3)))
    for message in (
        command(epoch=2, id=CommandId("cmd-2"), seq=102),
        stop(epoch=2),
        programme(epoch=2),
        alerts(epoch=2),
        answer(epoch=2),
        beacon(epoch=2, now=NOW + MINUTE),
        desired(epoch=2, version=9),
    ):
        assert refusal(send(node, message)) == "E_FENCED"
    took(send(node, stop(epoch=3)))


@pytest.mark.promise("S09")
def test_an_epoch_that_leaps_is_fenced_with_an_alarm(node: Memory) -> None:
    result = send(node, command(epoch=1_003))
    assert isinstance(result, admission.Refused)
    assert (result.code, result.alarm) == ("E_FENCED", True)
    took(send(node, command(epoch=1_002)))


def test_epochs_are_counted_for_each_key(node: Memory) -> None:
    node = took(send(node, command(epoch=7)))
    took(send(node, command(mode=Mode.EXERCISE, epoch=0, id=CommandId("cmd-2")), key=DRILL))


@pytest.mark.promise("S04")
def test_a_repeated_command_has_no_second_effect(node: Memory) -> None:
    raw = signing.sign(command(), ONLINE)
    once = took(admission.receive(raw, home(command()), False, node, NOW))
    again = admission.receive(raw, home(command()), False, once, NOW + timedelta(seconds=1))
    assert ignored(again) is Why.REPEATED
    assert command_claim(CommandId("cmd-1")) in once.claims
    for later in (NOW + HOUR, NOW + timedelta(days=7)):
        assert not isinstance(admission.receive(raw, home(command()), False, once, later), admission.Accepted)
        forgetful = dataclasses.replace(once, claims={})
        replayed = admission.receive(raw, home(command()), False, forgetful, later)
        assert refusal(replayed) in ("E_REPLAY", "E_EXPIRED")


@pytest.mark.promise("S04")
def test_a_sequence_number_counts_once_even_with_another_id(node: Memory) -> None:
    once = took(send(node, command()))
    assert refusal(send(once, command(id=CommandId("cmd-2")))) == "E_REPLAY"


@pytest.mark.promise("S04")
def test_the_window_is_sixty_four_wide_and_takes_the_late_once(node: Memory) -> None:
    node = took(send(node, command(seq=200)))
    assert refusal(send(node, command(seq=136, id=CommandId("a")))) == "E_REPLAY"
    node = took(send(node, command(seq=137, id=CommandId("b"))))
    assert refusal(send(node, command(seq=137, id=CommandId("c")))) == "E_REPLAY"
    node = took(send(node, command(seq=199, id=CommandId("d"))))
    node = took(send(node, command(seq=265, id=CommandId("e"))))
    assert refusal(send(node, command(seq=199, id=CommandId("f")))) == "E_REPLAY"
    node = took(send(node, command(seq=202, id=CommandId("g"))))
    assert node.windows[ONLINE.kid].top == 265


def test_a_window_moved_far_forgets_all_it_saw() -> None:
    moved = acceptance.seen(Window(top=10, seen=0b1011), 10_000)
    assert moved == Window(top=10_000, seen=1)
    assert acceptance.seen(Window(top=10, seen=0b1), 12) == Window(top=12, seen=0b101)


@pytest.mark.promise("S10")
def test_a_sequence_that_leaps_is_refused_and_does_not_spoil_the_next(node: Memory) -> None:
    leap = send(node, command(seq=2**63))
    assert isinstance(leap, admission.Refused)
    assert (leap.code, leap.alarm) == ("E_REPLAY", True)
    took(send(node, command(seq=102)))


@pytest.mark.promise("S10")
def test_a_stop_with_a_wild_sequence_works_and_spoils_nothing(node: Memory) -> None:
    node = took(send(node, stop(seq=2**63)))
    took(send(node, command(seq=102)))


@pytest.mark.promise("S26")
def test_a_retained_message_on_a_command_topic_is_never_executed(node: Memory) -> None:
    for message in (command(), stop(), command(area=None, node=NODE), answer()):
        result = send(node, message, retained=True)
        assert isinstance(result, admission.Refused)
        assert (result.code, result.alarm) == ("E_REPLAY", True)


@pytest.mark.promise("S26")
def test_a_retained_alert_on_a_command_topic_is_never_executed(node: Memory) -> None:
    assert refusal(send(unsure(node), alerts(boot_nonce=NONCE), retained=True)) == "E_REPLAY"


# --- 12 and 13 ------------------------------------------------------------------------------------------


@pytest.mark.promise("S07", "P7")
def test_what_has_expired_by_an_instant_is_refused(node: Memory) -> None:
    for message in (command(), stop(), alerts(), programme(), desired(version=9)):
        at = message.expires_at
        assert refusal(send(node, message, now=at)) in ("E_EXPIRED", "E_KEY")
        if message.expires_at < NOW + timedelta(days=300):
            assert refusal(send(node, message, now=at)) == "E_EXPIRED"
            took(send(node, message, now=at - timedelta(milliseconds=1)))


@pytest.mark.promise("S07")
def test_what_is_issued_in_the_future_is_refused(node: Memory) -> None:
    soon = NOW + timedelta(seconds=6)
    for message in (
        command(issued_at=soon),
        stop(issued_at=soon),
        alerts(issued_at=soon),
        programme(issued_at=soon),
    ):
        assert refusal(send(node, message)) == "E_EARLY"
    took(send(node, command(issued_at=NOW + timedelta(seconds=5))))


@pytest.mark.promise("S04", "P7", "S69")
def test_the_floor_keeps_a_clock_from_falling_back(node: Memory) -> None:
    node = took(send(node, beacon(now=NOW + MINUTE)))
    message = command(issued_at=NOW - 10 * MINUTE, expires_at=NOW + MINUTE)
    assert refusal(send(node, message, now=NOW - 5 * MINUTE)) == "E_EXPIRED"


def test_a_beacon_only_raises_the_floor(node: Memory) -> None:
    later = took(send(node, beacon(now=NOW + MINUTE)))
    assert later.floor_at == NOW + MINUTE
    assert later.clock is node.clock
    assert ignored(send(later, beacon(now=NOW))) is Why.OLDER
    assert refusal(send(later, beacon(now=NOW + 10 * MINUTE))) == "E_EARLY"


@pytest.mark.promise("F46")
def test_an_unsure_clock_hears_an_emergency_only_by_its_nonce(node: Memory) -> None:
    woken = unsure(node)
    assert refusal(send(woken, alerts())) == "E_CLOCK"
    assert refusal(send(woken, command())) == "E_CLOCK"
    assert refusal(send(woken, alerts(boot_nonce="B" * 22))) == "E_CLOCK"
    took(send(woken, alerts(boot_nonce=NONCE)))
    took(send(woken, command(area=None, node=NODE, boot_nonce=NONCE)))


@pytest.mark.promise("F46", "S04")
def test_a_nonce_of_another_boot_is_refused_with_any_clock(node: Memory) -> None:
    assert refusal(send(node, alerts(boot_nonce="B" * 22))) == "E_CLOCK"
    assert refusal(send(node, command(area=None, node=NODE, boot_nonce="B" * 22))) == "E_CLOCK"
    assert refusal(send(node, answer(boot_nonce="B" * 22))) == "E_CLOCK"


def test_a_stop_needs_no_clock(node: Memory) -> None:
    took(send(unsure(node), stop()))


def test_a_nonce_tells_an_unsure_node_that_it_is_later(node: Memory) -> None:
    woken = dataclasses.replace(unsure(node), floor_at=NOW - timedelta(days=900))
    after = took(send(woken, alerts(boot_nonce=NONCE)))
    assert after.instant(NOW - timedelta(days=20_000)) == NOW


def test_an_answer_brings_trusted_time(node: Memory) -> None:
    after = took(send(unsure(node), answer()))
    assert (after.clock, after.floor_at) == (ClockState.TRUSTED, NOW)
    old = answer(now=after.floor_at - timedelta(seconds=6))
    assert refusal(send(after, old)) == "E_EXPIRED"
