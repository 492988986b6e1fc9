"""One item in several languages: each node hears those of its own list, one after the other."""

import asyncio
from datetime import timedelta

from devices.messages import Entry, NodeId, ReceiptKind, Track
from firmware_sim.fetch import Fetcher, Haul, ShelfFetcher
from firmware_sim.journal import Span
from tests.firmware_sim.desk import MORNING, Desk
from tests.firmware_sim.rig import Stage, play

LANGUAGES = (("vi", "hmn"), ("hmn",), ("km",), ("vi",))


class Counting(ShelfFetcher):
    """Remembers who asked for what."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.shelf)
        self.asked: list[str] = []

    async def fetch(self, base: str, sha: str, size: int, begun: bytes) -> Haul:
        self.asked.append(sha)
        return await super().fetch(base, sha, size, begun)


def told(stage: Stage) -> Entry:
    """Thirty seconds of Vietnamese and forty of Hmong, tomorrow at six."""
    desk = stage.desk
    vi, hmong = desk.put(30.0), desk.put(40.0, 660.0)
    tracks = (Track(language="vi", clip=vi.sha256), Track(language="hmn", clip=hmong.sha256))
    entry = desk.entry("school", MORNING, vi, tracks=tracks)
    desk.publish_programme((entry,), (vi, hmong))
    return entry


async def placed(stage: Stage) -> None:
    """Every node with its own languages."""
    await stage.settle()
    for node, languages in zip(stage.nodes, LANGUAGES, strict=False):
        stage.desk.publish_desired(node, languages=languages)
    await asyncio.sleep(5)


def parts(spans: tuple[Span, ...]) -> list[tuple[str, int]]:
    """What sounded, and from where to where of it."""
    return [(span.begin.part, span.end.to_ms - span.begin.from_ms) for span in spans if span.end]


def of(stage: Stage, kind: ReceiptKind, node: NodeId) -> list[tuple[int, int, str | None]]:
    return [(one.played_ms, one.duration_ms, one.reason) for one in stage.desk.of(node, kind)]


def test_each_node_hears_the_languages_of_its_list_in_order_and_the_main_one_where_it_has_none() -> None:
    async def story(stage: Stage) -> None:
        await placed(stage)
        told(stage)
        await stage.until(MORNING + timedelta(minutes=5))

    stage = play(story, count=4)
    assert [parts(stage.heard(node)) for node in stage.nodes] == [
        [("clip:vi", 30_000), ("clip:hmn", 40_000)],
        [("clip:hmn", 40_000)],
        [("clip", 30_000)],
        [("clip:vi", 30_000)],
    ]
    first, second = stage.heard(stage.nodes[0])
    assert first.begin.claim == second.begin.claim == "occurrence:school"
    assert first.end is not None
    assert abs(second.begin.first_sample_mono - first.end.ended_mono) < 0.05
    for node, length in zip(stage.nodes, (70_000, 40_000, 30_000, 30_000), strict=True):
        assert of(stage, ReceiptKind.FINISHED, node) == [(length, length, None)]
        assert len(stage.desk.of(node, ReceiptKind.STARTED)) == 1


def test_a_node_fetches_only_the_clips_of_its_languages() -> None:
    counters: list[Counting] = []

    def counted(desk: Desk) -> Fetcher:
        counters.append(Counting(desk))
        return counters[0]

    entries: list[Entry] = []

    async def story(stage: Stage) -> None:
        await placed(stage)
        entries.append(told(stage))
        await stage.until(MORNING - timedelta(minutes=1))

    play(story, count=2, fetcher=counted)
    vi, hmong = (track.clip for track in entries[0].tracks or ())
    assert sorted(counters[0].asked) == sorted([vi, hmong, hmong])


def test_what_is_cut_within_the_second_language_goes_on_there() -> None:
    async def story(stage: Stage) -> None:
        await placed(stage)
        told(stage)
        await stage.until(MORNING + timedelta(seconds=45))
        stage.desk.publish_alerts(stage.desk.alert("flood"))
        await stage.until(MORNING + timedelta(minutes=10))

    stage = play(story)
    own = tuple(span for span in stage.heard() if span.begin.claim == "occurrence:school")
    before, cut, rest = own
    assert (before.begin.part, cut.begin.part, rest.begin.part) == ("clip:vi", "clip:hmn", "clip:hmn")
    assert cut.end is not None
    assert 14_000 < cut.end.to_ms < 16_500
    assert rest.begin.from_ms == cut.end.to_ms
    assert rest.end is not None
    assert rest.end.whole
    node = stage.nodes[0]
    assert (70_000, 70_000, None) in of(stage, ReceiptKind.FINISHED, node)


def test_it_counts_as_half_heard_where_its_second_language_never_came() -> None:
    async def story(stage: Stage) -> None:
        await placed(stage)
        entry = told(stage)
        del stage.desk.shelf[(entry.tracks or ())[1].clip]
        await stage.until(MORNING + timedelta(minutes=30))

    stage = play(story)
    node = stage.nodes[0]
    assert parts(stage.heard(node)) == [("clip:vi", 30_000)]
    assert of(stage, ReceiptKind.FINISHED, node) == [(30_000, 70_000, "content")]
    begun = stage.heard(node)[0].begin.first_sample_at
    assert MORNING + timedelta(minutes=9) < begun < MORNING + timedelta(minutes=10)


def test_a_node_that_learns_a_language_says_the_rest_of_the_day_in_it() -> None:
    async def story(stage: Stage) -> None:
        await placed(stage)
        told(stage)
        stage.desk.publish_desired(stage.nodes[0], languages=("hmn", "vi"))
        await stage.until(MORNING + timedelta(minutes=5))

    stage = play(story)
    assert parts(stage.heard()) == [("clip:hmn", 40_000), ("clip:vi", 30_000)]
