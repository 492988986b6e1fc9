"""The buffer of a stream under any weather: nothing twice, nothing backwards, never far behind."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import jitter
from devices.chunks import Chunk
from devices.jitter import Buffer, Rule, Stretch
from devices.messages import KeyId

RULE = Rule(preroll_s=0.5, most_s=2.0)
AT = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)


def chunk(position_ms: int, length_ms: int = 200, last: bool = False) -> Chunk:
    return Chunk(
        kid=KeyId("online"),
        sequence=position_ms // 20,
        position_ms=position_ms,
        sent_at=AT,
        packets=(b"\x48",) * (length_ms // 20),
        last=last,
    )


@dataclass
class Player:
    """Puts chunks in at their arrival, takes them out at their time."""

    buffer: Buffer
    out: list[Stretch]

    def hear(self, arrivals: list[tuple[float, Chunk]], until: float = 1_000.0) -> None:
        coming = sorted(arrivals, key=lambda pair: pair[0])
        while coming or self.buffer.waiting:
            due = jitter.next_at(self.buffer)
            now = min(moment for moment in (due, coming[0][0] if coming else None) if moment is not None)
            if now > until:
                return
            if coming and coming[0][0] <= now:
                self.buffer = jitter.put(self.buffer, coming.pop(0)[1], now, RULE)
            self.buffer, due_now = jitter.take(self.buffer, now)
            self.out += due_now


def heard(*arrivals: tuple[float, Chunk]) -> list[Stretch]:
    player = Player(Buffer(), [])
    player.hear(list(arrivals))
    return player.out


def positions(found: list[Stretch]) -> list[int]:
    return [one.position_ms for one in found]


def test_the_first_sound_waits_for_the_pre_roll_and_the_rest_follows_without_a_hole() -> None:
    found = heard(*((0.2 * n, chunk(200 * n)) for n in range(5)))
    assert positions(found) == [0, 200, 400, 600, 800]
    assert [round(one.at, 6) for one in found] == [0.5, 0.7, 0.9, 1.1, 1.3]


def test_what_comes_out_of_order_within_the_pre_roll_is_in_order() -> None:
    found = heard((0.0, chunk(0)), (0.45, chunk(400)), (0.46, chunk(200)))
    assert positions(found) == [0, 200, 400]
    assert [round(one.at, 6) for one in found] == [0.5, 0.7, 0.9]


def test_a_lost_chunk_leaves_its_hole_and_moves_nothing() -> None:
    found = heard((0.0, chunk(0)), (0.4, chunk(400)), (0.6, chunk(600)))
    assert [round(one.at, 6) for one in found] == [0.5, 0.9, 1.1]


def test_what_comes_after_its_time_is_not_heard() -> None:
    player = Player(Buffer(), [])
    player.hear([(0.0, chunk(0)), (0.4, chunk(400)), (0.6, chunk(600)), (0.95, chunk(200))])
    assert positions(player.out) == [0, 400, 600]
    assert player.buffer.late == 1


def test_after_the_way_became_longer_it_begins_anew_behind_a_pre_roll() -> None:
    late = [(3.0 + 0.2 * n, chunk(200 * n)) for n in range(5, 10)]
    found = heard((0.0, chunk(0)), *late)
    assert positions(found) == [0, 1000, 1200, 1400, 1600, 1800]
    assert found[1].at == pytest.approx(4.5)


def test_a_burst_after_a_stall_does_not_leave_the_village_far_behind() -> None:
    burst = [(10.0, chunk(200 * n)) for n in range(1, 40)]
    after = [(10.0 + 0.2 * n, chunk(8_000 + 200 * n)) for n in range(20)]
    found = heard((0.0, chunk(0)), *burst, *after)
    for one in found[-10:]:
        sent_at = 10.0 + (one.position_ms - 8_000) / 1000
        assert one.at - sent_at <= RULE.preroll_s + RULE.most_s + 0.2


def test_the_end_is_known_from_the_last_chunk_also_when_it_is_empty() -> None:
    player = Player(Buffer(), [])
    empty = Chunk(kid=KeyId("k"), sequence=1, position_ms=200, sent_at=AT, packets=(), last=True)
    player.hear([(0.0, chunk(0)), (0.1, empty)])
    assert not jitter.over(player.buffer, 0.6)
    assert jitter.over_at(player.buffer) == pytest.approx(0.7)
    assert jitter.over(player.buffer, 0.7)


weather = st.lists(
    st.tuples(st.integers(0, 80), st.floats(0, 6, allow_nan=False), st.sampled_from((20, 200, 500, 1000))),
    max_size=80,
)


@settings(max_examples=200, deadline=None)
@given(weather)
def test_in_any_weather_nothing_sounds_twice_or_backwards_or_over_another(
    sent: list[tuple[int, float, int]],
) -> None:
    arrivals = [(0.2 * n + delay, chunk(200 * n, length)) for n, delay, length in sent]
    found = heard(*arrivals)
    for before, after in pairwise(found):
        assert after.position_ms >= before.ends_ms
        assert after.at >= before.at + before.length_ms / 1000 - 2e-3
    came = {(one.position_ms, one.length_ms): at for at, one in sorted(arrivals, key=lambda a: -a[0])}
    for one in found:
        assert one.at >= came[one.position_ms, one.length_ms] - 2 * jitter.PUNCTUAL_S
