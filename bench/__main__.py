"""`make bench`: every figure beside a named baseline of the same run, as a table and as JSON."""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEASURES = ("chunks", "eight", "fanout", "mouth", "province", "receipts", "recurrence", "render")
RESULTS = Path(__file__).parent / "results" / "latest.json"

Row = dict[str, Any]


def shown(value: Any) -> str:
    return (
        f"{value:,.3g}"
        if isinstance(value, float) and value < 1000
        else f"{value:,.0f}"
        if value is not None
        else "—"
    )


def table(rows: list[Row]) -> str:
    lines = [f"{'':<58}{'value':>12} {'unit':<8}{'ratio':>8}{'goal':>9}  "]
    for row in rows:
        goal = row.get("goal") or "—"
        mark = {True: "✔", False: "✖", None: " "}[row.get("met")]
        ratio = "—" if row.get("ratio") is None else f"{row['ratio']:.2f}"
        lines.append(f"{row['name']:<58}{shown(row['value']):>12} {row['unit']:<8}{ratio:>8}{goal:>9} {mark}")
        if row.get("baseline"):
            lines.append(f"    beside: {row['baseline']}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only", choices=MEASURES, action="append", help="one of the measures (may be repeated)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="smaller numbers, to see that the bench itself works"
    )
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in options.only or MEASURES:
        print(f"measuring {name} ...", flush=True)
        began = time.monotonic()
        measure: Callable[..., list[Row]] = importlib.import_module(f"bench.{name}").measure
        rows += measure(quick=options.quick)
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n" + table(rows))
    print(
        f"\nwritten to {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
