"""The tree of areas: branches, ground and people."""

import pytest

from schedules.area import Area, Level, Tree
from schedules.errors import AreaRefused
from tests.schedules.cast import A1, A2, B1, PROVINCE, TREE, A, B, code


def test_a_chain_goes_from_the_root_to_the_leaf() -> None:
    assert TREE.chain(A1) == ("vn", "46", "19867", "19867-01")


def test_an_area_lies_in_itself_and_in_what_is_above_and_not_in_what_is_below() -> None:
    assert TREE.descends(A1, A1)
    assert TREE.descends(A1, PROVINCE)
    assert not TREE.descends(A, A1)
    assert not TREE.descends(A1, B)


def test_villages_and_children() -> None:
    assert TREE.villages(PROVINCE) == (A1, A2, B1)
    assert TREE.villages(A2) == (A2,)
    assert TREE.children(A) == (A1, A2)


def test_a_cover_leaves_out_what_another_target_holds() -> None:
    assert TREE.cover((A1, A, B1)) == (A, B1)


def test_people_are_counted_once() -> None:
    assert TREE.population((A, A1)) == 9000
    assert TREE.population((A1, A2)) == 4600
    assert TREE.population((B,)) == 1300


def test_two_grounds_meet_in_their_deepest_common_area() -> None:
    assert TREE.meet((PROVINCE,), (A1,)) == A1
    assert TREE.meet((A1,), (A2, B)) is None


@pytest.mark.parametrize(
    "broken",
    [
        (Area(code=A, parent=PROVINCE, level=Level.COMMUNE, name="Xã"),),
        (
            Area(code=A, parent=None, level=Level.COMMUNE, name="Xã"),
            Area(code=A, parent=None, level=Level.COMMUNE, name="Xã"),
        ),
        (
            Area(code=A, parent=B, level=Level.COMMUNE, name="Xã"),
            Area(code=B, parent=A, level=Level.COMMUNE, name="Xã"),
        ),
    ],
    ids=["orphan", "double", "circle"],
)
def test_what_is_no_tree_is_refused(broken: tuple[Area, ...]) -> None:
    with pytest.raises(AreaRefused):
        Tree(broken)


def test_an_unknown_code_is_refused_with_words() -> None:
    assert code("00000") not in TREE
    for question in (TREE.chain, TREE.villages, TREE.children, TREE.area):
        with pytest.raises(AreaRefused) as refused:
            question(code("00000"))
        assert refused.value.vi == "Không có địa bàn mã 00000."
