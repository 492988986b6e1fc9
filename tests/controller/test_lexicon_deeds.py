"""What people do to a lexicon: who may, what is refused and why; each deed is whole, once, and undone."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from controller.dispatch.places.lexicon import Lexicons
from controller.errors import Problem
from controller.store import audit, lexicon
from controller.store.lexicon import Line
from schedules.announcement import AreaCode
from tests.controller.test_deeds import at_desk, refused
from tests.support.house import FEW, PROVINCE, QUANG_DIEN, House
from tts.reading.regions import Region

HTX = Line(written="HTX", reading="hợp tác xã nhà")
Story = Callable[[House], Awaitable[None]]


def told(story: Story, place: Path) -> None:
    at_desk(story, place, members=FEW[:1])


async def lines(house: House, area: AreaCode = QUANG_DIEN) -> dict[str, str]:
    return {entry.written: entry.reading for entry in await house.up.db.read(lexicon.of_area, area)}


async def last_audit(house: House) -> audit.AuditRow:
    return (await house.up.db.read(audit.newest, 1))[0]


def test_a_line_is_added_changed_and_taken_away_and_each_is_in_the_audit(place: Path) -> None:
    async def story(house: House) -> None:
        deeds, author = house.up.lexicons, house.author
        done = await deeds.add(author, QUANG_DIEN, HTX, "k1")
        assert await lines(house) == {"HTX": "hợp tác xã nhà"}
        row = await last_audit(house)
        assert (row.deed, row.who, row.subject) == ("lexicon.added", author.id, done.id)
        assert row.facts["lines"] == [{"written": "HTX", "before": None, "after": "hợp tác xã nhà"}]

        changed = Line(written="HTX Phò", reading="hợp tác xã phò", priority=1, note="tên mới")
        await deeds.change(author, QUANG_DIEN, "HTX", changed, "k2", revision=1)
        assert await lines(house) == {"HTX Phò": "hợp tác xã phò"}
        assert (await last_audit(house)).deed == "lexicon.changed"

        await deeds.remove(author, QUANG_DIEN, "HTX Phò", "k3")
        assert await lines(house) == {}
        assert (await last_audit(house)).deed == "lexicon.removed"
        assert await house.up.db.read(audit.verify) is None

    told(story, place)


@pytest.mark.promise("P19", "S40")
def test_the_neighbouring_commune_neither_sees_nor_changes_it(place: Path) -> None:
    async def story(house: House) -> None:
        deeds, views = house.up.lexicons, house.up.lexicon_views
        done = await deeds.add(house.author, QUANG_DIEN, HTX, "k")
        stranger = house.cast["bientap.dd"]
        other = Line(written="UBND", reading="ủy ban lạ")
        tried = (
            views.lexicon(stranger, QUANG_DIEN),
            views.own(stranger, QUANG_DIEN),
            views.read_otherwise(stranger, QUANG_DIEN),
            deeds.add(stranger, QUANG_DIEN, other, "k"),
            deeds.change(stranger, QUANG_DIEN, "HTX", other, "k", revision=1),
            deeds.remove(stranger, QUANG_DIEN, "HTX", "k"),
            deeds.take_in(stranger, QUANG_DIEN, "a\tb", "k"),
            deeds.set_region(stranger, QUANG_DIEN, Region.SOUTH, "k"),
            deeds.undo(stranger, QUANG_DIEN, done.id, "k"),
            deeds.undo(stranger, stranger.area, done.id, "k2"),
            deeds.add(house.author, PROVINCE, other, "k9"),
        )
        for deed in tried:
            problem = await refused(deed)
            assert (problem.code, problem.status) == ("E_NOT_FOUND", 404)
        assert await lines(house) == {"HTX": "hợp tác xã nhà"}
        assert (await views.lexicon(stranger, stranger.area)).entries == ()
        assert (await views.own(stranger, stranger.area)).lines == ()

    told(story, place)


@pytest.mark.promise("P19")
def test_who_may_not_write_may_look_but_not_change(place: Path) -> None:
    async def story(house: House) -> None:
        looker = house.cast["lanhdao.hue"]
        problem = await refused(house.up.lexicons.add(looker, QUANG_DIEN, HTX, "k"))
        assert (problem.code, problem.status) == ("E_RIGHT", 403)
        view = await house.up.lexicon_views.lexicon(looker, QUANG_DIEN)
        assert not view.may_write

    told(story, place)


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (Line(written="  ", reading="a"), "E_LEXICON_EMPTY", "written"),
        (Line(written="HTX", reading=" … "), "E_LEXICON_SILENT", "reading"),
        (Line(written="HT\u200bX", reading="hợp tác xã"), "E_LEXICON_HIDDEN", "reading"),
        (Line(written="HTX", reading="hợp\u202e tác xã"), "E_LEXICON_HIDDEN", "reading"),
        (Line(written="x" * 81, reading="a"), "E_LEXICON_LONG", "written"),
        (Line(written="x", reading="a" * 301), "E_LEXICON_LONG", "reading"),
        (Line(written="HTX", reading="HTX 2"), "E_LEXICON_CHANGED", "reading"),
        (Line(written="Phò", reading="UBND xã"), "E_LEXICON_CHANGED", "reading"),
        (Line(written="114", reading="một một lăm"), "E_LEXICON_NUMBER", "sure"),
        (Line(written="năm", reading="sáu"), "E_LEXICON_NUMBER", "sure"),
        (Line(written="HTX", reading="hợp tác xã", priority=7), "E_FIELD", "priority"),
        (Line(written="HTX", reading="hợp tác xã", note="n" * 201), "E_LEXICON_LONG", "note"),
        (Line(written="HTX", reading="hợp tác xã", note="a\u200bb"), "E_TEXT", "note"),
    ],
)
def test_a_dangerous_line_is_refused_at_its_field(line: Line, code: str, field: str, place: Path) -> None:
    async def story(house: House) -> None:
        problem = await refused(house.up.lexicons.add(house.author, QUANG_DIEN, line, "k"))
        assert (problem.code, problem.status) == (code, 422)
        assert problem.field == field
        assert await lines(house) == {}

    told(story, place)


def test_a_number_that_is_meant_so_is_kept_when_somebody_vouches_for_it(place: Path) -> None:
    async def story(house: House) -> None:
        line = Line(written="QL49B", reading="đường bốn chín mới")
        await refused(house.up.lexicons.add(house.author, QUANG_DIEN, Line(written="9", reading="mười"), "a"))
        await house.up.lexicons.add(house.author, QUANG_DIEN, line, "k")
        nine = Line(written="9", reading="mười")
        await house.up.lexicons.add(house.author, QUANG_DIEN, nine, "k2", sure=True)
        assert await lines(house) == {"9": "mười", "QL49B": "đường bốn chín mới"}

    told(story, place)


@pytest.mark.promise("F70")
def test_the_same_press_twice_is_one_deed_and_another_body_is_refused(place: Path) -> None:
    async def story(house: House) -> None:
        deeds, author = house.up.lexicons, house.author
        first = await deeds.add(author, QUANG_DIEN, HTX, "k")
        again = await deeds.add(author, QUANG_DIEN, HTX, "k")
        assert again.id == first.id
        other = await refused(deeds.remove(author, QUANG_DIEN, "HTX", "k"))
        assert (other.code, other.status) == ("E_IDEMPOTENCY", 409)
        twice = await refused(deeds.add(author, QUANG_DIEN, HTX, "k2"))
        assert (twice.code, twice.status, twice.field) == ("E_LEXICON_EXISTS", 409, "written")
        assert (await refused(deeds.add(author, QUANG_DIEN, HTX, ""))).code == "E_IDEMPOTENCY_KEY"

    told(story, place)


@pytest.mark.promise("F68")
def test_two_editors_of_one_line_do_not_overwrite_each_other(place: Path) -> None:
    async def story(house: House) -> None:
        deeds = house.up.lexicons
        await deeds.add(house.author, QUANG_DIEN, HTX, "k")
        one, two = Line(written="HTX", reading="một nhà"), Line(written="HTX", reading="hai nhà")
        await deeds.change(house.author, QUANG_DIEN, "HTX", one, "k1", revision=1)
        late = await refused(deeds.change(house.approver, QUANG_DIEN, "HTX", two, "k2", revision=1))
        assert (late.code, late.status) == ("E_STALE", 412)
        assert await lines(house) == {"HTX": "một nhà"}
        gone = await refused(deeds.change(house.author, QUANG_DIEN, "TT", two, "k3", revision=1))
        assert gone.code == "E_NOT_FOUND"

    told(story, place)


def test_each_deed_is_undone_by_whoever_did_it_and_only_as_it_was_left(place: Path) -> None:
    async def story(house: House) -> None:
        deeds, author = house.up.lexicons, house.author
        await deeds.add(author, QUANG_DIEN, Line(written="HTX", reading="nhà", priority=1, note="n"), "k")
        removed = await deeds.remove(author, QUANG_DIEN, "HTX", "k1")
        foreign = await refused(deeds.undo(house.approver, QUANG_DIEN, removed.id, "k2"))
        assert foreign.code == "E_STATE"
        await deeds.undo(author, QUANG_DIEN, removed.id, "k3")
        entry = await house.up.db.read(lexicon.get, QUANG_DIEN, "HTX")
        assert entry is not None
        assert (entry.reading, entry.priority, entry.note) == ("nhà", 1, "n")
        assert (await refused(deeds.undo(author, QUANG_DIEN, removed.id, "k4"))).code == "E_STATE"

        renamed = await deeds.change(
            author, QUANG_DIEN, "HTX", Line(written="HTX A", reading="nhà a"), "k5", revision=entry.revision
        )
        await deeds.undo(author, QUANG_DIEN, renamed.id, "k6")
        assert await lines(house) == {"HTX": "nhà"}

        taken = await deeds.take_in(author, QUANG_DIEN, "HTX\tnhà mới\nTT\ttê tê", "k7")
        await deeds.remove(author, QUANG_DIEN, "TT", "k8")
        assert (await refused(deeds.undo(author, QUANG_DIEN, taken.id, "k9"))).code == "E_STATE"

        chosen = await deeds.set_region(author, QUANG_DIEN, Region.SOUTH, "k10")
        assert await house.up.db.read(lexicon.own_region, QUANG_DIEN) is Region.SOUTH
        await deeds.undo(author, QUANG_DIEN, chosen.id, "k11")
        assert await house.up.db.read(lexicon.own_region, QUANG_DIEN) is None

    told(story, place)


def test_a_table_with_a_wrong_line_takes_in_nothing_and_names_the_line(place: Path) -> None:
    async def story(house: House) -> None:
        deeds, author = house.up.lexicons, house.author
        await deeds.add(author, QUANG_DIEN, Line(written="HTX", reading="nhà", priority=1, note="n"), "k0")
        table = "# ghi chú\nHTX\thợp tác xã\nchỉ một cột\nTT\tUBND\nPhò\tphò"
        problem = await refused(deeds.take_in(author, QUANG_DIEN, table, "k"))
        assert (problem.code, problem.status, problem.field) == ("E_LEXICON_LINES", 422, "table")
        assert problem.extra["lines"] == {
            "3": "Dòng 3: cần đúng hai cột, cách nhau bằng một dấu tab.",
            "4": "Dòng 4: cách đọc phải viết thành chữ như khi nói; viết như vậy sẽ nghe thành "
            "“Ủy ban nhân dân”.",
        }
        assert await lines(house) == {"HTX": "nhà"}
        done = await deeds.take_in(author, QUANG_DIEN, table, "k2", only_good=True)
        assert len(done.changes) == 2
        assert await lines(house) == {"HTX": "hợp tác xã", "Phò": "phò"}
        entry = await house.up.db.read(lexicon.get, QUANG_DIEN, "HTX")
        assert entry is not None
        assert (entry.priority, entry.note) == (1, "n")
        doubtful = await refused(deeds.take_in(author, QUANG_DIEN, "114\tmột một lăm", "k3"))
        assert (doubtful.code, doubtful.field) == ("E_LEXICON_NUMBER", "sure")
        empty = await refused(deeds.take_in(author, QUANG_DIEN, "# không có gì", "k4"))
        assert empty.code == "E_LEXICON_EMPTY"

    told(story, place)


def test_a_lexicon_that_is_full_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.dispatch.places.lexicon.MOST_READINGS", 2)

    async def story(house: House) -> None:
        deeds: Lexicons = house.up.lexicons
        await deeds.take_in(house.author, QUANG_DIEN, "Phò\tphò\nĐan\tđan", "k")
        problem = await refused(deeds.add(house.author, QUANG_DIEN, HTX, "k1"))
        assert isinstance(problem, Problem)
        assert (problem.code, problem.status) == ("E_LEXICON_FULL", 409)
        facts: dict[str, Any] = await lines(house)
        assert len(facts) == 2

    told(story, place)
