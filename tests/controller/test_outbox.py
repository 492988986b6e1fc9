"""The sender: emergencies first, nothing while the link is down, back-off, and the poison letter parked."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from controller.dispatch.outbox import BACK_OFF_S, Sender, again_after
from controller.dispatch.signals import Signals
from controller.store import documents, outbox
from controller.store.documents import Document, DocumentKind
from controller.store.outbox import Letter, OutboxLane, OutboxState
from devices.link import Arrival, LinkDown, PublishRefused
from tests.support.house import WorldClock
from tests.support.store_ground import Ground, ground
from tests.support.virtual_time import run_virtual, wall


class Wire:
    """A link that keeps what was sent; ``up`` and ``refuses`` are set by the test."""

    def __init__(self) -> None:
        self.up = True
        self.settled = True
        self.sent: list[str] = []
        self.refuses: set[str] = set()
        self.swallows = False

    def offer(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> asyncio.Future[None]:
        if not self.up:
            raise LinkDown("down")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent.append(topic)
        if topic in self.refuses:
            future.set_exception(PublishRefused("not authorized", topic))
        elif not self.swallows:
            future.set_result(None)
        return future

    def start(self) -> None: ...

    async def stop(self) -> None: ...

    def cut(self) -> None: ...

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, timeout_s: float = 10.0
    ) -> None:
        await self.offer(topic, payload, qos=qos, retain=retain)

    def post(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        return self.up

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> None: ...

    def unsubscribe(self, filters: Sequence[str]) -> None: ...

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None: ...


def letter(topic: str, lane: OutboxLane = OutboxLane.NORMAL, life_s: float = 3600) -> Letter:
    return Letter(
        id=topic,
        topic=topic,
        payload=b"x",
        created_at=wall(),
        expires_at=wall() + timedelta(seconds=life_s),
        lane=lane,
    )


def sender(house: Ground, wire: Wire) -> Sender:
    return Sender(db=house.db, link=wire, clock=WorldClock(), signals=Signals())


def state(house: Ground, name: str) -> OutboxState:
    posted = house.read(outbox.get, name)
    assert posted is not None
    return posted.state


def test_an_emergency_overtakes_every_programme(place: Path) -> None:
    async def story() -> None:
        with ground(place) as house:
            wire = Wire()
            for number in range(5):
                house.write(outbox.post, letter(f"programme-{number}"))
            house.write(outbox.post, letter("siren", OutboxLane.EMERGENCY))
            await sender(house, wire).turn()
            assert wire.sent[0] == "siren"
            assert len(wire.sent) == 6

    run_virtual(story)


def test_nothing_is_sent_or_called_sent_while_the_link_is_down(place: Path) -> None:
    async def story() -> None:
        with ground(place) as house:
            wire = Wire()
            wire.up = False
            house.write(outbox.post, letter("a"))
            assert await sender(house, wire).turn() is None
            assert not await sender(house, wire).express([letter("a")])
            assert wire.sent == []
            assert state(house, "a") is OutboxState.WAITING

    run_virtual(story)


@pytest.mark.promise("P7")
def test_what_has_expired_in_the_outbox_is_never_sent(place: Path) -> None:
    async def story() -> None:
        with ground(place) as house:
            wire = Wire()
            wire.up = False
            house.write(outbox.post, letter("late", life_s=60))
            await asyncio.sleep(61)
            wire.up = True
            await sender(house, wire).turn()
            assert wire.sent == []
            assert state(house, "late") is OutboxState.EXPIRED

    run_virtual(story)


@pytest.mark.promise("F72", "F26")
def test_a_letter_that_the_broker_refuses_is_parked_and_the_rest_flows(place: Path) -> None:
    async def story() -> None:
        with ground(place) as house:
            wire = Wire()
            wire.refuses = {"poison"}
            house.write(outbox.post, letter("poison"))
            house.write(outbox.post, letter("good"))
            carrier = sender(house, wire)
            wake_at = await carrier.turn()
            assert state(house, "good") is OutboxState.SENT
            while state(house, "poison") is OutboxState.WAITING:
                assert wake_at is not None
                await asyncio.sleep(max(0.0, (wake_at - wall()).total_seconds()))
                wake_at = await carrier.turn()
            assert state(house, "poison") is OutboxState.PARKED
            assert wire.sent.count("poison") == 3
            assert carrier.parked == 1

    run_virtual(story)


@pytest.mark.promise("F23")
def test_without_an_answer_it_is_sent_again_at_growing_distances(place: Path) -> None:
    async def story() -> None:
        with ground(place) as house:
            wire = Wire()
            wire.swallows = True
            house.write(outbox.post, letter("lost"))
            carrier = sender(house, wire)
            for _ in range(4):
                wake_at = await carrier.turn()
                assert wake_at is not None
                await asyncio.sleep(max(0.0, (wake_at - wall()).total_seconds()))
            assert len(wire.sent) == 4
            wire.swallows = False
            await carrier.turn()
            assert state(house, "lost") is OutboxState.SENT

    run_virtual(story)


def test_the_back_off_grows_to_thirty_seconds() -> None:
    seconds = [again_after(attempt).total_seconds() for attempt in range(1, 9)]

    assert seconds == [*BACK_OFF_S, 30, 30]
    assert again_after(0).total_seconds() == 1


@pytest.mark.promise("F04")
def test_after_a_link_up_everything_retained_goes_out_again_keys_first(place: Path) -> None:
    async def story() -> None:
        with ground(place) as house:
            wire = Wire()
            for name, kind in (
                ("programme", DocumentKind.PROGRAMME),
                ("alerts", DocumentKind.ALERTS),
                ("keys", DocumentKind.KEYS),
            ):
                house.write(documents.put, document(name, kind))
            house.write(documents.put, document("old", DocumentKind.ALERTS, life_s=-1))
            count = await sender(house, wire).republish()
            assert count == 3
            assert wire.sent == ["keys", "alerts", "programme"]

    run_virtual(story)


def document(topic: str, kind: DocumentKind, life_s: float = 3600) -> Document:
    return Document(
        topic=topic,
        kind=kind,
        version=1,
        content_hash="h",
        payload=b"x",
        signed_at=wall() - timedelta(hours=1),
        expires_at=wall() + timedelta(seconds=life_s),
    )
