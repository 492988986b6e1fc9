"""Receipts are sent again until they are durable, and not more often than that needs."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import session
from devices.session import BATCH, Connected, Covered, Disconnected, Outgoing, Send, Tick, Written
from tests.devices.cast import NOW

SECOND = timedelta(seconds=1)


def test_a_receipt_goes_out_at_once_and_again_until_it_is_covered() -> None:
    step = session.step(Outgoing(), Written(seq=1), NOW, link_up=True)
    assert step.effects == (Send(first=1, last=1),)
    waits = []
    now = NOW
    for _ in range(6):
        assert step.wake_at is not None
        assert session.step(step.outgoing, Tick(), step.wake_at - SECOND, link_up=True).effects == ()
        waits.append((step.wake_at - now) // SECOND)
        now = step.wake_at
        step = session.step(step.outgoing, Tick(), now, link_up=True)
        assert step.effects == (Send(first=1, last=1),)
    assert waits == [5, 10, 20, 40, 60, 60]
    done = session.step(step.outgoing, Covered(through=1), now, link_up=True)
    assert (done.effects, done.wake_at) == ((), None)


def test_a_new_receipt_does_not_wait_for_the_old_one() -> None:
    step = session.step(Outgoing(), Written(seq=1), NOW, link_up=True)
    step = session.step(step.outgoing, Written(seq=2), NOW + SECOND, link_up=True)
    assert step.effects == (Send(first=2, last=2),)


def test_many_receipts_go_in_batches_one_after_another() -> None:
    step = session.step(Outgoing(last=2 * BATCH + 5), Connected(), NOW, link_up=True)
    sent = list(step.effects)
    while step.wake_at == NOW:
        step = session.step(step.outgoing, Tick(), NOW, link_up=True)
        sent += step.effects
    assert sent == [
        Send(first=1, last=BATCH),
        Send(first=BATCH + 1, last=2 * BATCH),
        Send(first=2 * BATCH + 1, last=2 * BATCH + 5),
    ]


def test_nothing_is_sent_while_the_link_is_down_and_all_of_it_afterwards() -> None:
    step = session.step(Outgoing(), Disconnected(), NOW, link_up=False)
    for seq in (1, 2, 3):
        step = session.step(step.outgoing, Written(seq=seq), NOW, link_up=False)
        assert (step.effects, step.wake_at) == ((), None)
    step = session.step(step.outgoing, Connected(), NOW, link_up=True)
    assert step.effects == (Send(first=1, last=3),)


def test_an_answer_beyond_what_was_written_is_not_believed() -> None:
    step = session.step(Outgoing(last=3), Covered(through=99), NOW, link_up=True)
    assert step.outgoing.through == 3


@pytest.mark.promise("P6")
@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("wcudt"), st.integers(0, 30), st.integers(0, 90)), max_size=40))
def test_under_any_history_every_receipt_is_offered_in_the_end(history: list[tuple[str, int, int]]) -> None:
    outgoing, up, now, written, delivered = Outgoing(), True, NOW, 0, set()
    for what, number, wait in history:
        now += wait * SECOND
        match what:
            case "w":
                written += 1
                given: session.Input = Written(seq=written)
            case "c":
                given = Covered(through=min(number, outgoing.through))
            case "u":
                up, given = True, Connected()
            case "d":
                up, given = False, Disconnected()
            case _:
                given = Tick()
        step = session.step(outgoing, given, now, link_up=up)
        outgoing = step.outgoing
        assert up or not step.effects
    step = session.step(outgoing, Connected(), now, link_up=True)
    for _ in range(50):
        for effect in step.effects:
            delivered.update(range(effect.first, effect.last + 1))
        if step.wake_at != now:
            break
        step = session.step(step.outgoing, Tick(), now, link_up=True)
    assert delivered == set(range(outgoing.through + 1, written + 1))
