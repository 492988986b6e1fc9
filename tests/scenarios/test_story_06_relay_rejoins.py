"""Story 6, its relay half, in real time with real decoders: an emergency cuts a relay, which rejoins live."""

import asyncio
import math
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.forms.alerts import EmergencyForm
from devices.messages import NodeId
from firmware_sim.journal import Journal, Span, check
from schedules.calendar import instant_of
from tests.support.doors import LOCAL_OPERATOR, VILLAGE, home
from tests.support.relayed import judged, plan_relay, read_tape, until, village_of
from tests.support.stations import Station, on_air, wav_stream

SLOT = instant_of(date(2026, 11, 23), time(6, 0))
LENGTH = timedelta(seconds=60)
CUT_AFTER = timedelta(seconds=10)
IN_VILLAGE, ELSEWHERE = "n-da23f0cb", "n-bee07a6c"
"""One node where the emergency is fired, one of the same commune where it is not."""
FIRST_HZ, STEP_HZ = 300, 15
WINDOW_S = 0.2


def clock_tone(second: float) -> float:
    """A station whose pitch says how long it has been on air: 15 Hz higher each second, without a joint."""
    return 0.3 * math.sin(2 * math.pi * (FIRST_HZ + STEP_HZ * math.floor(second)) * second)


@pytest.mark.realtime
@pytest.mark.timeout(240)
@pytest.mark.promise("P3")
def test_an_emergency_cuts_the_relay_in_its_village_and_the_relay_is_rejoined_live(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}
    faults, journal = list[Exception](), Journal()

    async def story() -> None:
        station = Station(wav_stream(clock_tone))
        async with on_air(station):
            start = SLOT - timedelta(seconds=16)
            async with home(tmp_path / "house", start=start, relay_own_hosts=(station.own,)) as house:
                village = village_of(house, (IN_VILLAGE, ELSEWHERE), journal, faults)
                village.start()
                try:
                    await plan_relay(house, time(6), LENGTH, station)
                    operator, desk = house.cast[LOCAL_OPERATOR], house.loa.desk
                    form = EmergencyForm(
                        area=QUANG_DIEN,
                        targets=(VILLAGE,),
                        hazard="fire",
                        level=2,
                        text="Cháy lớn ở chợ. Bà con ra khỏi chợ ngay.",
                    )
                    # looked at before: the stub voice speaks in this very loop and would hold up the stream
                    looked = await desk.preview_emergency(operator, form)
                    await until(house, SLOT + CUT_AFTER)
                    await desk.fire(operator, looked.id, looked.typed_name, "story-6")
                    await until(house, SLOT + LENGTH + timedelta(seconds=4))
                    rows = await judged(house, (IN_VILLAGE, ELSEWHERE), SLOT, SLOT + timedelta(seconds=5))
                    seen["verdicts"] = {row.node: row.ruling for row in rows}
                finally:
                    await village.stop()
        seen["tapes"] = {path.stem: path for path in village.write_tapes(tmp_path / "tapes")}

    asyncio.run(story())
    assert faults == []
    assert check(journal.rows) == ()
    _check_cut(journal.heard_by(NodeId(IN_VILLAGE)), *read_tape(seen["tapes"][IN_VILLAGE]))
    # beside it the relay just goes on (a machine that stumbles may cost it some chunks)
    beside = journal.heard_by(NodeId(ELSEWHERE))
    assert {span.begin.part for span in beside} <= {"stream", "filler"}
    streamed = [span for span in beside if span.begin.part == "stream"]
    assert sum(span.end.to_ms - span.begin.from_ms for span in streamed if span.end) > 45_000
    # what was lost to the emergency is said as such, and only where it was
    assert seen["verdicts"][ELSEWHERE].reason != "preempted"
    cut = seen["verdicts"][IN_VILLAGE]
    assert (cut.verdict.value, cut.reason) == ("partial", "preempted")


def _check_cut(spans: tuple[Span, ...], pcm: npt.NDArray[np.float64], rate: int) -> None:
    parts = [span.begin.part for span in spans]
    at = parts.index("tone")
    assert parts[at : at + 3] == ["tone", "words", "stream"]
    siren, words, after = spans[at : at + 3]
    before = [span for span in spans[:at] if span.begin.part == "stream"][-1]
    last = [span for span in spans if span.begin.part == "stream"][-1]
    assert before.end is not None
    assert words.end is not None
    assert last.end is not None
    held = spans[at - 1].end
    assert held is not None
    assert siren.begin.first_sample_mono - held.ended_mono < 0.5
    # it is rejoined where the station is by then: its position is the world's time, and it ends on time
    gone_s = after.begin.first_sample_mono - before.begin.first_sample_mono
    assert (after.begin.from_ms - before.begin.from_ms) / 1000 == pytest.approx(gone_s, abs=0.3)
    assert last.begin.claim == before.begin.claim
    assert abs((last.end.ended_at - (SLOT + LENGTH)).total_seconds()) < 1.5
    assert after.begin.first_sample_mono - words.end.ended_mono < 5
    # and the sound says the same: the station's own clock has gone on by what was missed
    zero = spans[0].begin.first_sample_mono
    left_at, left = _stations_clock(pcm, rate, before, zero)[-1]
    back_at, back = _stations_clock(pcm, rate, after, zero)[0]
    assert back_at - left_at > 10
    assert back - left == pytest.approx(back_at - left_at, abs=2.5)


def _stations_clock(
    pcm: npt.NDArray[np.float64], rate: int, span: Span, zero: float
) -> list[tuple[float, float]]:
    """Windows of a stretch that sound: their moment on the tape, and the station's time by its pitch."""
    assert span.end is not None
    size = round(WINDOW_S * rate)
    found = []
    # its first and last half second may be the soft beginning of a buffer, or its end
    at_s, until_s = span.begin.first_sample_mono - zero + 0.5, span.end.ended_mono - zero - 0.5
    while at_s + WINDOW_S < until_s:
        window = pcm[round(at_s * rate) : round(at_s * rate) + size]
        if len(window) == size and np.sqrt(np.mean(window**2)) > 0.05:
            spectrum = np.abs(np.fft.rfft(window * np.hanning(size), 1 << 15))
            pitch = float(spectrum.argmax()) * rate / (1 << 15)
            found.append((at_s, (pitch - FIRST_HZ) / STEP_HZ))
        at_s += WINDOW_S
    return found
