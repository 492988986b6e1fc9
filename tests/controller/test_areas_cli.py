"""A province installs itself without typing a code; a commune's villages come whole or not at all."""

import sqlite3
from pathlib import Path

import pytest
from click.testing import Result

from controller.errors import Problem
from controller.fleet.villages import LARGEST, MOST, read_villages
from tests.controller.test_cli_house import loa

GOOD = "Tên\tDân số\tVĩ độ\tKinh độ\nThôn An Gia\t2.140\t16,5748\t107,5093\n\nThôn Khuông Phò\t\t\t\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LOA_TENANT", "vn-46")
    return tmp_path


def listed(*words: str) -> list[str]:
    answer = loa("areas", "list", *words)
    assert answer.exit_code == 0, answer.output
    return answer.stdout.splitlines()


def take(home: Path, table: str | bytes, commune: str = "19867") -> Result:
    file = home / "villages.tsv"
    file.write_bytes(table if isinstance(table, bytes) else table.encode())
    return loa("areas", "villages", commune, str(file))


def test_a_province_installs_itself_by_its_name(home: Path) -> None:
    made = loa("init", "--province", "hue")
    assert made.exit_code == 0, made.output
    assert len(listed()) == 42
    assert listed("quang", "dien") == ["19867      commune   Xã Quảng Điền"]
    again = loa("areas", "install", "46")
    assert "0 new areas, 40 communes" in again.stdout
    more = loa("areas", "install", "Đà Nẵng")
    assert "95 new areas, 94 communes" in more.stdout
    assert loa("audit", "verify").exit_code == 0


def test_installing_leaves_what_stands_there(home: Path) -> None:
    loa("init")
    assert "38 new areas" in loa("areas", "install", "46").stdout
    with sqlite3.connect(home / "data/loa.db") as connection:
        (people,) = connection.execute("SELECT population FROM area WHERE code = '19867'").fetchone()
    connection.close()
    assert people == 36_900


def test_the_country_is_searched_without_a_database(home: Path) -> None:
    found = loa("areas", "search", "thi", "tran", "sia")
    assert found.exit_code == 0
    assert "19867  Xã Quảng Điền, Thành phố Huế (trước là: Thị trấn Sịa" in found.stdout
    assert loa("areas", "search", "quảng", "--in", "huế").stdout.count("Thành phố Huế") >= 1
    assert loa("areas", "search", "khongdaudau").exit_code == 1
    assert not (home / "data").exists()


def test_villages_get_codes_of_their_own_and_coming_again_changes_nothing(home: Path) -> None:
    loa("init", "--province", "46")
    first = take(home, GOOD)
    assert "19867-01   Thôn An Gia" in first.stdout
    assert "2 villages added, 0 changed" in first.stdout
    assert "0 villages added, 0 changed" in take(home, GOOD).stdout
    third = take(home, "tên\tdân số\nThôn Thủ Lễ\t1930\nTHÔN KHUÔNG PHÒ\t2 685\n")
    assert "1 villages added, 1 changed" in third.stdout
    assert listed("--in", "19867")[1:] == [
        "19867-01   village   Thôn An Gia",
        "19867-02   village   THÔN KHUÔNG PHÒ",
        "19867-03   village   Thôn Thủ Lễ",
    ]
    assert loa("audit", "verify").exit_code == 0


def test_a_table_saved_as_unicode_text_by_a_spreadsheet_is_read(home: Path) -> None:
    assert [row.name for row in read_villages(GOOD.encode("utf-16"))] == ["Thôn An Gia", "Thôn Khuông Phò"]
    first = read_villages(b"\xef\xbb\xbf" + GOOD.encode())[0]
    assert (first.population, first.latitude, first.longitude) == (2140, 16.5748, 107.5093)


@pytest.mark.promise("S60")
def test_one_wrong_row_leaves_nothing_behind_and_every_wrong_row_is_named(home: Path) -> None:
    loa("init", "--province", "46")
    table = (
        "tên\tdân số\tvĩ độ\tkinh độ\n"
        "Thôn An Gia\t2140\t16.57\t107.50\n"
        "=HYPERLINK(1)\t1\t\t\n"
        "thôn an gia\t5\t\t\n"
        "Thôn B\tnhiều\t\t\n"
        "Thôn C\t5\t107.5\t16.5\n"
        "Thôn D\t5\t16.5\t\n"
        "Thôn \u202eE\t5\t\t\n"
        "\t5\t\t\n"
        "Thôn F\t5\t\t\tthừa\n"
    )
    refused = take(home, table)
    assert isinstance(refused.exception, Problem)
    assert refused.exception.code == "E_ROWS"
    assert refused.exception.extra["rows"] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert "dòng 4: trùng tên với dòng 2" in refused.exception.vi
    assert len(listed("--in", "19867")) == 1


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (b"", 1),
        (b"\xff\xfe\x00", 1),
        (b"t\xean\nTh\xf4n\n", 1),
        ("tên\ttên\nThôn A\tThôn B\n".encode(), 1),
        ("họ\nThôn A\n".encode(), 1),
        ("dân số\n5\n".encode(), 1),
        (("tên\n" + "".join(f"Thôn {n}\n" for n in range(MOST + 1))).encode(), MOST + 2),
    ],
)
def test_a_table_that_is_none_is_refused_with_a_row(table: bytes, row: int) -> None:
    with pytest.raises(Problem) as refused:
        read_villages(table)
    assert refused.value.code == "E_ROWS"
    assert refused.value.extra["rows"] == [row]


def test_a_file_that_is_too_large_is_not_even_read() -> None:
    with pytest.raises(Problem, match="E_TOO_LARGE"):
        read_villages(b"x" * (LARGEST + 1))


def test_only_a_commune_takes_villages(home: Path) -> None:
    loa("init", "--province", "46")
    for code in ("46", "vn", "99999"):
        assert take(home, GOOD, code).exception is not None
    assert len(listed()) == 42
