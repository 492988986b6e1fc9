"""A place's own words in the store: the nearest line holds, bounds are the table's own, history is kept."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.store import announcements, lexicon, lexicon_sounds
from controller.store.lexicon import USUAL, Changed, Done, LexiconDeed, Line, Own
from controller.store.sounds import RenderState, Sound
from schedules.announcement import AreaCode
from tests.support.store_ground import AUTHOR, NOW, ONE, ONE_A, OTHER, PROVINCE, Ground, ground, item
from tts.normalize import Reading
from tts.reading.regions import Region


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path / "loa.db") as found:
        yield found


def put(store: Ground, area: AreaCode, written: str, reading: str, priority: int = 0, note: str = "") -> None:
    line = Line(written=written, reading=reading, priority=priority, note=note)
    store.write(lexicon.put, area, line, AUTHOR.id, NOW)


def own(store: Ground, area: AreaCode) -> dict[str, str]:
    return {line.written: line.reading for line in store.read(lexicon.own, area).lines}


def test_a_place_reads_by_its_own_line_and_else_by_the_nearest_above(store: Ground) -> None:
    put(store, PROVINCE, "HTX", "hợp tác xã")
    put(store, PROVINCE, "TTHC", "thủ tục hành chính")
    put(store, ONE, "HTX", "hợp tác xã nhà")
    assert own(store, ONE) == {"HTX": "hợp tác xã nhà", "TTHC": "thủ tục hành chính"}
    assert own(store, ONE_A) == own(store, ONE)
    assert own(store, OTHER) == {"HTX": "hợp tác xã", "TTHC": "thủ tục hành chính"}
    assert [entry.written for entry in store.read(lexicon.inherited, ONE)] == ["TTHC"]


def test_a_line_in_small_letters_speaks_for_the_capitals_above_it(store: Ground) -> None:
    put(store, PROVINCE, "HTX", "hợp tác xã")
    put(store, ONE, "htx", "hát tê ích")
    assert own(store, ONE) == {"htx": "hát tê ích"}


def test_a_commune_sees_nothing_of_its_neighbour(store: Ground) -> None:
    put(store, ONE, "HTX", "hợp tác xã nhà")
    assert own(store, OTHER) == {}
    assert store.read(lexicon.get, OTHER, "HTX") is None
    assert store.read(lexicon.own_region, OTHER) is None


def test_what_goes_first_stands_first_and_then_the_alphabet(store: Ground) -> None:
    for written, priority in (("Phò", 0), ("Ân", 0), ("Đan", 1)):
        put(store, ONE, written, written.lower(), priority)
    assert [entry.written for entry in store.read(lexicon.of_area, ONE)] == ["Đan", "Ân", "Phò"]


def test_each_change_of_a_line_is_a_revision(store: Ground) -> None:
    put(store, ONE, "HTX", "một")
    put(store, ONE, "HTX", "hai", note="hỏi bác Ba")
    entry = store.read(lexicon.get, ONE, "HTX")
    assert entry is not None
    assert (entry.reading, entry.revision, entry.note) == ("hai", 2, "hỏi bác Ba")
    assert store.write(lexicon.remove, ONE, "HTX")
    assert not store.write(lexicon.remove, ONE, "HTX")


def test_the_region_is_the_nearest_choice(store: Ground) -> None:
    assert store.read(lexicon.region, ONE) is Region.NORTH
    store.write(lexicon.set_region, PROVINCE, Region.CENTRE)
    assert store.read(lexicon.region, ONE) is Region.CENTRE
    store.write(lexicon.set_region, ONE, Region.SOUTH)
    assert store.read(lexicon.own, ONE_A).region is Region.SOUTH
    store.write(lexicon.set_region, ONE, None)
    assert store.read(lexicon.region, ONE) is Region.CENTRE


@pytest.mark.parametrize(
    ("written", "reading", "priority", "note"),
    [("", "a", 0, ""), ("a", "", 0, ""), ("a" * 81, "a", 0, ""), ("a", "a" * 301, 0, ""), ("a", "b", 2, ""),
     ("a", "b", 0, "n" * 201)],
)  # fmt: skip
def test_the_table_itself_refuses_what_is_out_of_bounds(
    written: str, reading: str, priority: int, note: str, store: Ground
) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        put(store, ONE, written, reading, priority, note)


def test_the_table_itself_has_an_end(store: Ground) -> None:
    def fill(conn: lexicon.Conn) -> None:
        for number in range(2000):
            line = Line(written=f"chữ {number}", reading="chữ")
            lexicon.put(conn, ONE, line, AUTHOR.id, NOW)

    store.write(fill)
    with pytest.raises(sqlite3.IntegrityError, match="2000"):
        put(store, ONE, "một dòng nữa", "chữ")
    put(store, OTHER, "một dòng nữa", "chữ")
    put(store, ONE, "chữ 7", "chữ bảy")


def test_a_deed_is_remembered_with_what_was_before(store: Ground) -> None:
    changes = (
        Changed(before=Line(written="a", reading="b"), after=Line(written="a", reading="c", priority=1)),
        Changed(region_before=None, region_after=Region.SOUTH),
    )
    done = Done(id="x-1", area=ONE, at=NOW, who=AUTHOR.id, deed=LexiconDeed.CHANGED, changes=changes)
    store.write(lexicon.note, done)
    assert store.read(lexicon.done, "x-1") == done
    assert store.read(lexicon.last_done, ONE) == done
    assert store.read(lexicon.last_done, OTHER) is None
    assert store.read(lexicon_sounds.to_reread) == ((ONE, 1),)
    store.write(lexicon_sounds.mark_reread, ONE, 1)
    assert store.read(lexicon_sounds.to_reread) == ()
    store.write(lexicon.mark_undone, "x-1")
    kept = store.read(lexicon.done, "x-1")
    assert kept is not None
    assert kept.undone


def test_a_print_remembers_what_it_was_read_by(store: Ground) -> None:
    used = Own(lines=(Reading(written="HTX", reading="hợp tác xã", priority=1),), region=Region.SOUTH)
    store.write(lexicon_sounds.remember_used, "a" * 64, used)
    store.write(lexicon_sounds.remember_used, "a" * 64, used)
    store.write(lexicon_sounds.remember_used, "b" * 64, USUAL)
    assert store.read(lexicon_sounds.used, "a" * 64) == used
    assert store.read(lexicon_sounds.used, "b" * 64) == USUAL


def test_what_no_sound_is_read_by_any_more_is_forgotten(store: Ground) -> None:
    used = Own(region=Region.SOUTH)
    a = item()
    store.write(announcements.add, a, NOW)
    store.write(announcements.save_sound, a.id, Sound(state=RenderState.WAITING, wanted="a" * 64))
    for wanted in ("a" * 64, "b" * 64):
        store.write(lexicon_sounds.remember_used, wanted, used)
    assert store.write(lexicon_sounds.forget_used) == 1
    assert store.read(lexicon_sounds.used, "a" * 64) == used
    assert store.read(lexicon_sounds.used, "b" * 64) == USUAL
