"""The country's book of places: what it must hold, and how it is searched."""

import json
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from controller.deploy import areas_recipe
from controller.deploy.commune_data import AREAS
from schedules.announcement import AreaCode
from schedules.area import Level, Tree
from schedules.errors import AreaRefused
from schedules.gazetteer import NATION, gazetteer, parse

HEAD = "# source\ncode\tparent\tkind\tname\tlatitude\tlongitude\told\n"
HUE = "46\tvn\tThành phố\tHuế\t16.3316\t107.5170\tTỉnh Thừa Thiên Huế\n"
QUANG_DIEN = "19867\t46\tXã\tQuảng Điền\t16.5697\t107.5330\tThị trấn Sịa|Xã Quảng An\n"


def names(typed: str, within: str | None = None) -> list[str]:
    found = gazetteer().search(typed, None if within is None else AreaCode(within))
    return [place.name for place in found]


def test_the_country_has_34_provinces_and_3321_communes() -> None:
    places = gazetteer().places
    assert Counter(place.level for place in places) == {Level.PROVINCE: 34, Level.COMMUNE: 3321}
    kinds = Counter(place.kind for place in places)
    assert kinds == {"Xã": 2621, "Phường": 687, "Đặc khu": 13, "Tỉnh": 28, "Thành phố": 6}


def test_every_place_is_named_once_composed_and_hangs_in_one_tree() -> None:
    places = gazetteer().places
    assert len({place.code for place in places}) == len(places)
    # the tree itself refuses doubles, orphans and upside-down levels
    tree = Tree((NATION, *(place.area() for place in places)))
    assert all(len(tree.chain(place.code)) == (2 if place.level is Level.PROVINCE else 3) for place in places)
    for place in places:
        for name in (place.name, *place.old):
            assert name == unicodedata.normalize("NFC", name).strip()
            assert "  " not in name
        assert 6 < place.latitude < 24
        assert 102 < place.longitude < 118
    twice = Counter((place.parent, place.name) for place in places)
    assert [name for name, count in twice.items() if count > 1] == []


def test_the_demo_stands_on_official_ground() -> None:
    book = gazetteer()
    official = [area for area in AREAS if area.level in (Level.PROVINCE, Level.COMMUNE)]
    assert len(official) == 3
    for area in official:
        place = book.place(area.code)
        assert place is not None
        assert (place.name, place.parent, place.level) == (area.name, area.parent, area.level)


def test_known_places_have_their_known_codes() -> None:
    book = gazetteer()
    for code, name, count in (
        ("01", "Thành phố Hà Nội", 126),
        ("46", "Thành phố Huế", 40),
        ("48", "Thành phố Đà Nẵng", 94),
        ("79", "Thành phố Hồ Chí Minh", 168),
        ("96", "Tỉnh Cà Mau", 64),
    ):
        place = book.place(AreaCode(code))
        assert place is not None
        assert place.name == name
        assert len(book.communes(place.code)) == count
    hoang_sa = book.place(AreaCode("20333"))
    assert hoang_sa is not None
    assert (hoang_sa.name, hoang_sa.parent) == ("Đặc khu Hoàng Sa", "48")


def test_a_place_is_found_without_accents_by_its_old_name_and_by_its_code() -> None:
    assert names("quang dien")[0] == "Xã Quảng Điền"
    assert names("Quảng Điền")[0] == "Xã Quảng Điền"
    assert names("thi tran sia") == ["Xã Quảng Điền"]
    assert names("19867") == ["Xã Quảng Điền"]
    assert names("hue")[0] == "Thành phố Huế"
    assert names("quang dien hue") == ["Xã Quảng Điền"]
    assert set(names("phu", within="46")) <= {place.name for place in gazetteer().communes(AreaCode("46"))}


def test_typed_accents_are_meant() -> None:
    assert "Phường Láng" in names("lang", "01")
    assert "Phường Láng" in names("Láng", "01")
    assert "Phường Láng" not in names("Làng", "01")
    assert names("") == names(" - ") == []
    # the same letter as one character or as two
    assert names(unicodedata.normalize("NFD", "Quảng Điền")) == names("Quảng Điền")


@pytest.mark.parametrize("named", ["46", "Huế", "hue", "THÀNH PHỐ HUẾ", " huế "])
def test_a_province_is_known_by_code_or_name(named: str) -> None:
    assert gazetteer().province(named).code == "46"


@pytest.mark.parametrize("named", ["", "Quảng Điền", "19867", "vn", "tỉnh", "Thừa Thiên"])
def test_what_is_no_province_is_refused(named: str) -> None:
    with pytest.raises(AreaRefused, match="E_AREA"):
        gazetteer().province(named)


def test_a_province_s_branch_is_a_tree_of_its_own() -> None:
    branch = gazetteer().branch(AreaCode("46"))
    assert [area.code for area in branch[:2]] == ["vn", "46"]
    assert len(branch) == 42
    assert Tree(branch).chain(AreaCode("19867")) == ("vn", "46", "19867")


@pytest.mark.parametrize(
    "rows",
    [
        QUANG_DIEN,
        HUE + HUE,
        HUE + QUANG_DIEN.replace("Xã\t", "Huyện\t"),
        HUE + QUANG_DIEN.replace("19867", "1986"),
        HUE + QUANG_DIEN.replace("16.5697", "bắc"),
        HUE + QUANG_DIEN.replace("\t107.5330", ""),
        HUE + QUANG_DIEN.replace("Quảng", unicodedata.normalize("NFD", "Quảng")),
        HUE + QUANG_DIEN.replace("Quảng Điền", ""),
        HUE + QUANG_DIEN.replace("\t46\t", "\t19867\t"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(rows: str) -> None:
    with pytest.raises(AreaRefused):
        parse(HEAD + rows)


def test_a_good_table_is_read_whole() -> None:
    book = parse(HEAD + HUE + QUANG_DIEN)
    assert [place.name for place in book.places] == ["Thành phố Huế", "Xã Quảng Điền"]
    assert book.places[1].old == ("Thị trấn Sịa", "Xã Quảng An")
    assert book.source == "source"


def test_the_recipe_makes_the_table_from_the_package_s_books(tmp_path: Path) -> None:
    ward = {"ward": "Xã Quảng Điền", "wardShort": "Quảng Điền", "wardCode": "19867"}
    island = {"ward": "Đặc khu Cồn Cỏ", "wardShort": "Cồn Cỏ", "wardCode": "19742"}
    spot = {"wardLat": 16.5, "wardLon": 107.5}
    hue = {"province": "Thành phố Huế", "provinceShort": "Huế", "provinceCode": "46"}
    books = {
        "parser_from_2025": {
            "DICT_PROVINCE": {"hue": {**hue, "provinceLat": 16.3, "provinceLon": 107.5}},
            "DICT_PROVINCE_WARD_NO_ACCENTED": {"hue": {"qd": {**ward, **spot}, "cc": {**island, **spot}}},
            "DICT_PROVINCE_WARD_ACCENTED": {},
            "DICT_PROVINCE_WARD_SHORT_ACCENTED": {"hue": {"qd": {**ward, **spot}}},
        },
        "parser_legacy": {
            "DICT_PROVINCE": {"tth": {"province": "Tỉnh Thừa Thiên Huế"}},
            "DICT_PROVINCE_DISTRICT": {"tth": {"conco": {"district": "Huyện Cồn Cỏ"}}},
            "DICT_PROVINCE_DISTRICT_WARD_NO_ACCENTED": {
                "tth": {"qd": {"sia": {"ward": "Thị trấn Sịa"}, "an": {"ward": "Xã Quảng An"}}}
            },
            "DICT_PROVINCE_DISTRICT_WARD_ACCENTED": {},
            "DICT_PROVINCE_DISTRICT_WARD_SHORT_ACCENTED": {},
        },
        "converter_2025": {
            "DICT_PROVINCE": {"hue": ["tth"]},
            "DICT_PROVINCE_WARD_NO_DIVIDED": {"hue": {"qd": ["tth_qd_sia"], "cc": ["tth_conco_"]}},
            "DICT_PROVINCE_WARD_DIVIDED": {"hue": {"tth_qd_an": [{"newWardKey": "qd"}]}},
        },
    }
    wheel = tmp_path / "vietnamadminunits-9.9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, book in books.items():
            archive.writestr(f"vietnamadminunits/data/{name}.json", json.dumps(book))
    target = tmp_path / "areas.tsv"
    assert areas_recipe.main(wheel, target) == 3
    made = parse(target.read_text(encoding="utf-8"))
    assert [(place.code, place.old) for place in made.places] == [
        ("46", ("Tỉnh Thừa Thiên Huế",)),
        ("19742", ("Huyện Cồn Cỏ",)),
        ("19867", ("Thị trấn Sịa", "Xã Quảng An")),
    ]
    assert "vietnamadminunits 9.9 (MIT" in made.source
