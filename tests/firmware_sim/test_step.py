"""A node's step never raises, whatever comes in whatever order, and asks to be woken in its future."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices import chunks, topics
from devices.chunks import Chunk
from devices.grants import Grant, Relay
from devices.messages import (
    Action,
    Alert,
    AlertId,
    Alerts,
    AlertState,
    Answer,
    AreaCode,
    BootId,
    BulletinClass,
    ClipHash,
    ClipRef,
    Command,
    CommandId,
    CommandKind,
    Delegation,
    Desired,
    Entry,
    Heard,
    KeyList,
    Mode,
    NodeId,
    OccurrenceId,
    Programme,
)
from devices.signing import sign
from firmware_sim.effects import (
    Arrived,
    ClipsChecked,
    Examined,
    Fetched,
    Input,
    LinkDown,
    LinkUp,
    PowerOn,
    Sensed,
    SoundBegan,
    SoundOver,
    StoreFull,
    Tick,
)
from firmware_sim.node import boot, step
from firmware_sim.power import Identity
from firmware_sim.sense import Reading
from firmware_sim.state import Habits, NodeState
from tests.firmware_sim.desk import CHAIN, COMMUNE, TENANT, Keys, clip_ref, opus

NODE = NodeId("n-0001")
KEYS = Keys()
NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
NONCE = "a" * 32
CLIPS = tuple(opus(0.5, pitch) for pitch in (300.0, 400.0))
REFS = tuple(clip_ref(data, 0.5) for data in CLIPS)
VOICE = Grant(ends_at=NOW + timedelta(hours=1))
CLASSES = st.sampled_from(["normal", "priority", "emergency"])
OFFSETS = st.integers(min_value=-3600, max_value=7200).map(lambda s: NOW + timedelta(seconds=s))


def arrived(topic: str, message: Any, *, key: str = "online") -> Arrived:
    return Arrived(topic=topic, payload=sign(message, getattr(KEYS, key)), retained=False)


def at(draw: st.DrawFn) -> datetime:
    return draw(OFFSETS)


@st.composite
def programmes(draw: st.DrawFn) -> Arrived:
    entries = []
    for number in range(draw(st.integers(0, 3))):
        starts_at = at(draw)
        entries.append(
            Entry(
                occurrence=OccurrenceId(f"o-{number}"),
                revision=draw(st.integers(0, 2)),
                starts_at=starts_at,
                latest_at=starts_at + timedelta(seconds=draw(st.integers(0, 600))),
                expires_at=starts_at + timedelta(seconds=600 + draw(st.integers(0, 600))),
                bulletin_class=draw(st.sampled_from(["normal", "priority"])),  # type: ignore[arg-type]
                clip=draw(st.sampled_from(REFS)).sha256,
                relay=draw(st.sampled_from((None, Relay(grant=f"g-{number}", length_ms=60_000)))),
            )
        )
    message = Programme(
        tenant=TENANT,
        area=COMMUNE,
        date=NOW.date(),
        version=draw(st.integers(1, 5)),
        epoch=draw(st.integers(0, 1)),
        mode=Mode.ACTUAL,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=2),
        clips=REFS,
        entries=tuple(entries),
    )
    return arrived(topics.programme(COMMUNE, NOW.date()), message)


@st.composite
def alert_lists(draw: st.DrawFn) -> Arrived:
    alerts = []
    for number in range(draw(st.integers(0, 2))):
        issued_at = at(draw)
        words: ClipRef | None = draw(st.sampled_from((None, *REFS)))
        rounds = draw(st.sampled_from((1, 4)))
        alerts.append(
            Alert(
                id=AlertId(f"a-{number}"),
                event="flood",
                level=draw(st.integers(1, 5)),
                issuer="UBND",
                issuer_level=draw(st.sampled_from(("commune", "province"))),
                mode=Mode.ACTUAL,
                state=draw(st.sampled_from(tuple(AlertState))),
                issued_at=issued_at,
                ends_at=issued_at + timedelta(seconds=draw(st.integers(1, 3600))),
                tone=draw(st.sampled_from(("flood2", "attention", "unheard-of"))),
                words=words.sha256 if words is not None else None,
                rounds=rounds,
                every_ms=120_000 if rounds > 1 else 0,
            )
        )
    message = Alerts(
        tenant=TENANT,
        area=AreaCode(draw(st.sampled_from(CHAIN))),
        version=draw(st.integers(1, 6)),
        epoch=draw(st.integers(0, 1)),
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=14),
        clips=REFS,
        alerts=tuple(alerts),
        boot_nonce=draw(st.sampled_from((None, NONCE))),
    )
    place = topics.alerts(message.area) if draw(st.booleans()) else topics.node_command(NODE)
    return arrived(place, message)


@st.composite
def commands(draw: st.DrawFn) -> Arrived:
    kind = draw(st.sampled_from(tuple(CommandKind)))
    number = draw(st.integers(1, 4))
    message = Command(
        tenant=TENANT,
        id=CommandId(f"c-{number}"),
        kind=kind,
        seq=number,
        epoch=0,
        mode=Mode.ACTUAL,
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=5),
        area=COMMUNE,
        references=draw(st.sampled_from(((), ("o-0",)))),
        pattern=draw(st.sampled_from(("beep", "silent"))) if kind is CommandKind.TEST else None,
        grant="g-1" if kind is CommandKind.LIVE else None,
        live=draw(st.sampled_from((None, VOICE))) if kind is CommandKind.LIVE else None,
    )
    return arrived(topics.command(COMMUNE), message)


@st.composite
def answers(draw: st.DrawFn) -> Arrived:
    message = Answer(
        tenant=TENANT,
        node=NODE,
        boot_nonce=NONCE,
        epoch=0,
        now=at(draw),
        held_ms=draw(st.integers(0, 20_000)),
        through=draw(st.integers(0, 30)),
    )
    return arrived(topics.answer(NODE), message)


def bodily(number: int, sha: ClipHash) -> st.SearchStrategy[Input]:
    digest = st.sampled_from((None, sha, "0" * 64))
    return st.one_of(
        st.just(Tick()),
        st.just(LinkUp(protocol="5")),
        st.just(LinkDown()),
        st.builds(SoundBegan, number=st.integers(0, number)),
        st.builds(
            SoundOver,
            number=st.integers(0, number),
            to_ms=st.integers(0, 60_000),
            whole=st.booleans(),
            heard=st.sampled_from(tuple(Heard)),
            trouble=st.sampled_from((None, None, "audio_device_missing")),
        ),
        st.builds(
            Examined,
            claim=st.sampled_from(("occurrence:o-0", "occurrence:o-1", "alert:a-0:0")),
            sha256=st.just(sha),
            digest=digest,
            size=st.just(len(CLIPS[0])),
            duration_ms=st.sampled_from((500, None)),
        ),
        st.builds(Fetched, sha256=st.just(sha), data=st.sampled_from((None, b"junk", *CLIPS))),
        st.builds(ClipsChecked, spoilt=st.sampled_from(((), (sha,)))),
        st.builds(StoreFull, table=st.sampled_from(("clips", "claims")), key=st.just(sha)),
        st.just(Sensed(look=Reading(level=0.0, fitted=True), storage_free_mb=3)),
        st.builds(
            Arrived, topic=st.sampled_from(TOPICS), payload=st.binary(max_size=40), retained=st.booleans()
        ),
    )


TOPICS = (topics.keys(), topics.alerts(COMMUNE), topics.clip(COMMUNE, REFS[0].sha256), "loa/1/?", "")
INPUTS = st.one_of(
    programmes(), alert_lists(), commands(), answers(), bodily(6, REFS[0].sha256), bodily(6, REFS[1].sha256)
)
PACKETS = (b"\x48" + bytes(30),) * 10
CHUNKS = st.builds(
    Chunk,
    kid=st.just(KEYS.online.kid),
    sequence=st.integers(0, 20),
    position_ms=st.integers(0, 20).map(lambda number: number * 200),
    sent_at=st.just(NOW),
    packets=st.sampled_from((PACKETS, PACKETS[:1])),
    last=st.sampled_from((False, False, False, True)),
)
"""``sent_at`` is set when they come."""
OPEN = arrived(
    topics.command(COMMUNE),
    Command(
        tenant=TENANT,
        id=CommandId("g-1"),
        kind=CommandKind.LIVE,
        seq=9,
        epoch=0,
        mode=Mode.ACTUAL,
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=5),
        area=COMMUNE,
        grant="g-1",
        live=VOICE,
    ),
)
STREAMS = st.lists(st.tuples(st.floats(0.0, 3.0), st.one_of(CHUNKS, CHUNKS, INPUTS)), max_size=40)
HISTORIES = st.lists(st.tuples(st.floats(0.0, 400.0), INPUTS), max_size=25)


def documents() -> dict[str, bytes]:
    """What a node holds that knows its keys and its place."""
    key = Delegation(
        kid=KEYS.online.kid,
        public=KEYS.online.public_text,
        areas=(CHAIN[0],),
        classes=tuple(BulletinClass),
        modes=(Mode.ACTUAL, Mode.TEST),
        actions=tuple(Action),
        volume_max=100,
        not_before=NOW - timedelta(days=90),
        expires_at=NOW + timedelta(days=90),
    )
    keys = KeyList(
        tenant=TENANT,
        version=1,
        issued_at=NOW - timedelta(days=1),
        expires_at=NOW + timedelta(days=90),
        keys=(key,),
    )
    place = Desired(
        tenant=TENANT,
        node=NODE,
        version=1,
        epoch=0,
        issued_at=NOW - timedelta(days=1),
        expires_at=NOW + timedelta(days=90),
        areas=CHAIN,
        groups={},
        clip_base="http://127.0.0.1:1",
    )
    return {topics.keys(): sign(keys, KEYS.root), topics.desired(NODE): sign(place, KEYS.online)}


def begun() -> NodeState:
    given = PowerOn(
        boot=BootId("b-1"), boot_nonce=NONCE, documents=documents(), facts={"floor": NOW_ROW}, rtc_at=NOW
    )
    identity = Identity(tenant=TENANT, node=NODE, root_public=KEYS.root.public_text)
    return boot(identity, Habits(), given).state


NOW_ROW = NOW.isoformat().encode()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_no_history_makes_a_step_raise_or_two_voices_sound(history: list[tuple[float, Input]]) -> None:
    state, now = begun(), 0.0
    assert state.memory.desired is not None
    for passed, given_input in history:
        now += passed
        before = state
        result = step(state, given_input, now)
        assert before is state
        assert result.wake_at is not None
        state = result.state
        if state.stretch is not None:
            assert state.stretch.claim in state.airings
            assert state.floor.sounding is not None
            assert state.floor.sounding.item.claim == state.stretch.claim


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_after_any_history_a_node_that_is_only_woken_never_spins(history: list[tuple[float, Input]]) -> None:
    state, now = begun(), 0.0
    for passed, given_input in history:
        now += passed
        state = step(state, given_input, now).state
    for _ in range(40):
        result = step(state, Tick(), now)
        assert result.wake_at is not None
        assert result.wake_at > now
        state, now = result.state, result.wake_at


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS)
def test_no_history_of_a_stream_makes_a_node_raise_or_spin(
    history: list[tuple[float, Chunk | Input]],
) -> None:
    now = 1.0
    result = step(begun(), OPEN, now)
    for passed, one in history:
        now += passed
        while result.wake_at is not None and result.wake_at <= now:
            before = result.wake_at
            result = step(result.state, Tick(), before)
            assert result.wake_at is not None
            assert result.wake_at > before
        if isinstance(one, Chunk):
            fresh = replace(one, sent_at=NOW + timedelta(milliseconds=round(now * 1000)))
            payload = chunks.seal(fresh, KEYS.online, TENANT, "g-1")
            result = step(
                result.state,
                Arrived(topic=topics.live(COMMUNE, "g-1"), payload=payload, retained=False),
                now,
            )
        else:
            result = step(result.state, one, now)
        stretch = result.state.stretch
        assert stretch is None or stretch.claim in result.state.airings


def test_what_waits_when_a_voice_would_be_given_up_is_waited_for_without_a_spin() -> None:
    def chunk(sequence: int, position_ms: int, at: float) -> Arrived:
        one = Chunk(
            kid=KEYS.online.kid,
            sequence=sequence,
            position_ms=position_ms,
            sent_at=NOW + timedelta(milliseconds=round(at * 1000)),
            packets=PACKETS,
        )
        payload = chunks.seal(one, KEYS.online, TENANT, "g-1")
        return Arrived(topic=topics.live(COMMUNE, "g-1"), payload=payload, retained=False)

    result = step(begun(), OPEN, 1.0)
    result = step(result.state, chunk(0, 0, 1.5), 1.5)
    wakes = []
    for arrival, at in ((None, 4.6), (chunk(1, 2_900, 4.6), 4.9)):
        if arrival is not None:
            result = step(result.state, arrival, 4.6)
        while result.wake_at is not None and result.wake_at <= at:
            wakes.append(result.wake_at)
            result = step(result.state, Tick(), result.wake_at)
            assert result.wake_at is not None
            assert result.wake_at > wakes[-1]
    assert wakes[-1] == 4.9
    assert result.state.receivers["g-1"].out_ms == 400
