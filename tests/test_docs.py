"""The documents, held to the truth: what they name exists, what exists is named, tables are current.

``python -m tests.test_docs`` writes the generated tables anew.
"""

import dataclasses
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from controller import config, errors, metrics
from controller.__main__ import build
from devices import topics
from devices.errors import SENTENCES
from devices.messages import TYP

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ("controller", "devices", "tts", "schedules", "firmware_sim")
OPERATIONS = ROOT / "docs/operations.md"
WIRE = ROOT / "docs/wire.md"
DECISIONS = ROOT / "docs/decisions"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")])
CITED = {"DESIGN": "docs/design.md", "DOMAIN": "docs/domain.md", "PROMISES": "docs/never.md"}
RUNNER = CliRunner()


# ── What is there ─────────────────────────────────────────────────────────────────────────────────────────


def root_command() -> Any:
    return typer.main.get_command(build())


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of `loa` with its words, groups too."""
    yield path, command
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from commands(inner, (*path, name))


def leaves() -> list[tuple[tuple[str, ...], Any]]:
    return [(path, one) for path, one in commands(root_command()) if not hasattr(one, "commands")]


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.M))


def sources() -> Iterator[tuple[Path, str]]:
    for room in HOUSE:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, path.read_text(encoding="utf-8")


def codes_of_the_sources() -> set[str]:
    found: set[str] = set()
    for _, text in sources():
        found.update(re.findall(r'"(E_[A-Z_]+)"', text))
        found.update(re.findall(r'^    code(?:: ClassVar\[str\])? = "([a-z.]+)"', text, flags=re.M))
    return found


# ── Tables that are written by the code ───────────────────────────────────────────────────────────────────


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join([row(*head), "|" + "---|" * len(head), *(row(*one) for one in rows)])


def settings_table() -> str:
    found = [
        (f"`{name}`", f"`{kind}`", f"`{default}`" if default else "", help_)
        for name, kind, default, help_ in config.table()
    ]
    return table(("setting", "type", "default", "meaning"), found)


def commands_table() -> str:
    found = []
    for path, command in leaves():
        help_ = " ".join((command.help or "").partition("\n\n")[0].split())
        found.append((f"`{' '.join(('loa', *path))}`", help_))
    return table(("command", "what it does"), found)


def metrics_table() -> str:
    found, all_metrics = [], metrics.open_metrics()
    for field in dataclasses.fields(all_metrics):
        if field.name == "registry":
            continue
        collector = getattr(all_metrics, field.name)
        (family,) = collector.collect()
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = ", ".join(collector._labelnames)
        found.append((f"`{name}`", family.type, labels, family.documentation))
    return table(("metric", "kind", "labels", "meaning"), found)


def problems_table() -> str:
    found = [(f"`{code}`", str(kind.status), kind.vi, kind.en) for code, kind in errors.PROBLEMS.items()]
    return table(("code", "HTTP", "tiếng Việt", "English"), found)


def node_codes_table() -> str:
    found = [(f"`{code}`", sentence.vi, sentence.en) for code, sentence in SENTENCES.items()]
    return table(("code", "tiếng Việt", "English"), found)


TABLES = {
    "settings": settings_table,
    "commands": commands_table,
    "metrics": metrics_table,
    "problems": problems_table,
    "node codes": node_codes_table,
}


def written(name: str, text: str) -> str:
    """What stands between the marks of a table in docs/operations.md."""
    found = re.search(rf"<!-- table: {name} -->\n(.*?)\n?<!-- end -->", text, flags=re.S)
    assert found is not None, f"docs/operations.md has no place for the table of {name}"
    return found[1]


@pytest.mark.parametrize("name", TABLES)
def test_a_generated_table_is_current(name: str) -> None:
    right = TABLES[name]()
    now = written(name, OPERATIONS.read_text(encoding="utf-8"))
    assert now == right, f"run `python -m tests.test_docs`, or put this into docs/operations.md:\n{right}"


def test_every_setting_is_read_by_something() -> None:
    """A setting that changes nothing is a false promise, however well it is documented."""
    text = "\n".join(text for path, text in sources() if path.is_relative_to(ROOT / "controller"))
    names = [name for name, *_ in config.table()]
    assert [name for name in names if not re.search(rf"\b(settings|self)\.{name}\b", text)] == []


def test_every_metric_is_fed_by_something() -> None:
    text = "\n".join(text for path, text in sources() if path.is_relative_to(ROOT / "controller"))
    names = [field.name for field in dataclasses.fields(metrics.Metrics) if field.name != "registry"]
    assert [name for name in names if not re.search(rf"\bmetrics\.{name}\b", text)] == []


# ── Commands ──────────────────────────────────────────────────────────────────────────────────────────────


def test_make_help_names_every_target() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    told = set(re.findall(r"^  make ([a-z-]+) +\S", done.stdout, flags=re.M))
    assert told == targets()


@pytest.mark.parametrize(
    "path", [path for path, _ in commands(root_command())], ids=lambda path: " ".join(path)
)
def test_every_command_has_its_help(path: tuple[str, ...]) -> None:
    answer = RUNNER.invoke(build(), [*path, "--help"])
    assert answer.exit_code == 0
    assert "Usage:" in answer.output


def test_every_option_of_every_command_says_what_it_is_for() -> None:
    silent = [
        f"loa {' '.join(path)}: {parameter.name}"
        for path, command in leaves()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert silent == []


def said_commands(text: str) -> Iterator[list[str]]:
    """The commands that a page tells people to type: whole lines of code blocks, and `code` in sentences."""
    blocks = re.findall(r"^```(?:sh|bash|console|shell)?\n(.*?)^```", text, flags=re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    for line in (*lines, *spans):
        try:
            words = shlex.split(line.strip().removeprefix("$ "), comments=True)
        except ValueError:
            continue
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words = words[1:]
        if len(words) > 1:
            yield words


def unknown_command(words: list[str]) -> str | None:
    """What is wrong with it, where it is one of ours."""
    if words[0] == "make":
        wrong = [word for word in words[1:] if re.fullmatch("[a-z-]+", word) and word not in targets()]
        return f"make {wrong[0]}" if wrong else None
    if words[0].removeprefix(".venv/bin/") != "loa":
        return None
    command, rest = root_command(), words[1:]
    while rest and hasattr(command, "commands") and not rest[0].startswith(("-", "…", "<")):
        if rest[0] not in command.commands:
            return " ".join(words)
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    wrong = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"{' '.join(words)}: {wrong[0]}" if wrong else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [wrong for words in said_commands(text) if (wrong := unknown_command(words))] == []


def test_the_backup_that_is_told_is_whole_also_while_somebody_writes(tmp_path: Path) -> None:
    (line,) = re.findall(r"^.*source\.backup.*$", OPERATIONS.read_text(encoding="utf-8"), flags=re.M)
    live, copy = tmp_path / "loa.db", tmp_path / "copy.db"
    writer = sqlite3.connect(live)
    try:
        writer.executescript("PRAGMA journal_mode = WAL; CREATE TABLE deed (n INTEGER)")
        with writer:
            writer.execute("INSERT INTO deed VALUES (1)")
        words = [sys.executable, *shlex.split(line)[1:-2], str(live), str(copy)]
        subprocess.run(words, timeout=30, check=True)
    finally:
        writer.close()
    kept = sqlite3.connect(copy)
    try:
        assert kept.execute("SELECT n FROM deed").fetchall() == [(1,)]
    finally:
        kept.close()


# ── Names on the wire and codes ───────────────────────────────────────────────────────────────────────────


def test_every_kind_of_message_is_described() -> None:
    text = WIRE.read_text(encoding="utf-8")
    assert [typ for typ in TYP.values() if f"`{typ}`" not in text] == []
    assert [kind.__name__ for kind in TYP if f"**{kind.__name__}**" not in text] == []


def test_every_member_of_every_message_is_described() -> None:
    text = WIRE.read_text(encoding="utf-8")
    names = {field.name for kind in TYP for field in dataclasses.fields(kind)} - {"v"}
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", text)) == []


def test_every_topic_is_described() -> None:
    text = WIRE.read_text(encoding="utf-8")
    spans = "\n".join(re.findall(r"`([^`\n]+)`", text))
    names = {kind.value.removeprefix("node_").removeprefix("group_") for kind in topics.TopicKind}
    hidden = {name for name in names if not re.search(rf"\b{name}\b", spans)}
    assert hidden == set()


def test_every_error_code_is_documented() -> None:
    pages = (OPERATIONS, WIRE, ROOT / "docs/glossary.md")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    told = set(re.findall(r"E_[A-Z_]+[A-Z]", text)) | set(re.findall(r"`([a-z]+(?:\.[a-z]+)?)`", text))
    assert sorted(codes_of_the_sources() - told) == []


def test_no_error_code_is_documented_that_does_not_exist() -> None:
    text = OPERATIONS.read_text(encoding="utf-8") + WIRE.read_text(encoding="utf-8")
    known = codes_of_the_sources() | {str(code) for code in SENTENCES}
    assert sorted(set(re.findall(r"`(E_[A-Z_]+)`", text)) - known) == []


# ── Where words lead ──────────────────────────────────────────────────────────────────────────────────────


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ +(.+)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        address, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", address):
            continue
        aim = (page.parent / address) if address else page
        if not aim.exists() or (
            anchor and aim.suffix == ".md" and anchor not in anchors(aim.read_text(encoding="utf-8"))
        ):
            lost.append(link)
    assert lost == []


def test_a_section_that_the_sources_cite_exists() -> None:
    heads = {
        name: set(re.findall(r"^#+ (\d+(?:\.\d+)?)\b", (ROOT / page).read_text(encoding="utf-8"), flags=re.M))
        for name, page in CITED.items()
    }
    lost = [
        f"{path.relative_to(ROOT)}: {name} {section}"
        for path, text in sources()
        for name, section in re.findall(r"\b(DESIGN|DOMAIN|PROMISES)(?:\.md)? (\d+(?:\.\d+)?)", text)
        if section not in heads[name]
    ]
    assert lost == []


def test_decisions_are_numbered_once_and_all_in_the_index() -> None:
    files = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    assert [path.name for path in files if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)] == []
    numbers = [path.name[:4] for path in files]
    assert sorted({number for number in numbers if numbers.count(number) > 1}) == []
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    missing = []
    for path in files:
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        number, _, rest = title.partition(" ")
        line = f"- [{path.name[:4]}]({path.name}) {rest.strip(' .')}"
        if number.rstrip(":") != path.name[:4] or f"{line}\n" not in index:
            missing.append(line)
    assert missing == [], "these lines belong into docs/decisions/README.md"


def test_every_promise_is_listed_for_its_readers() -> None:
    from tests.promises import IDS

    text = (ROOT / "docs/never.md").read_text(encoding="utf-8")
    assert [one for one in IDS if not re.search(rf"^\| {one} \|", text, flags=re.M)] == []


def write_tables() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        mark = f"<!-- table: {name} -->\n"
        before, _, after = text.partition(mark)
        text = f"{before}{mark}{make()}\n<!-- end -->{after.partition('<!-- end -->')[2]}"
    OPERATIONS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_tables()
