"""`loa areas`: the country's places by name, a province's own tree, a commune's own villages."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from controller import config
from controller.clock import SystemClock
from controller.deploy.opened import ConfigFile, with_database
from controller.errors import Problem
from controller.fleet.villages import Taken, read_villages, take_villages
from controller.store import areas, audit
from controller.store.database import Conn, Database
from controller.store.folding import fold
from schedules.announcement import AreaCode
from schedules.area import Area
from schedules.gazetteer import Place, gazetteer

areas_app = typer.Typer(help="Places: provinces, communes, villages (địa bàn).", no_args_is_help=True)

NEXT_START = "A running controller takes them at its next start."


@areas_app.command(name="search")
def search(
    words: Annotated[
        list[str], typer.Argument(help="Part of a name of today or before 1 July 2025, or a code.")
    ],
    within: Annotated[str | None, typer.Option("--in", help="Name or code of a province.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many lines at most.")] = 20,
) -> None:
    """Find a province or commune of the country by its name of today or of before, accents or not."""
    book = gazetteer()
    province = None if within is None else book.province(within).code
    found = book.search(" ".join(words), province)
    for place in found[:limit]:
        typer.echo(f"{place.code:<6} {_told(place)}")
    if len(found) > limit:
        typer.echo(f"… and {len(found) - limit} more", err=True)
    if not found:
        typer.echo("No place has that name.", err=True)
        raise typer.Exit(1)


@areas_app.command(name="install")
def install(
    province: Annotated[str, typer.Argument(help="Name or code of a province.")],
    config_file: ConfigFile = None,
) -> None:
    """Put a province with all its communes into the database; what stands there already is left as it is."""
    settings = config.load(config_file)
    own = gazetteer().province(province)

    def deed(conn: Conn) -> int:
        new = areas.add_missing(conn, gazetteer().branch(own.code))
        if new:
            audit.append(conn, SystemClock().now(), "loa", "area.province_installed", own.code, {"new": new})
        return new

    async def work(db: Database) -> int:
        return await db.write(deed)

    new = asyncio.run(with_database(settings, work))
    typer.echo(f"{own.name}: {new} new areas, {len(gazetteer().communes(own.code))} communes. {NEXT_START}")


@areas_app.command(name="villages")
def villages(
    commune: Annotated[str, typer.Argument(help="Code of the commune.")],
    file: Annotated[Path, typer.Argument(help="Tab-separated: tên, dân số, vĩ độ, kinh độ.", dir_okay=False)],
    config_file: ConfigFile = None,
) -> None:
    """Take a commune's own villages from a table: all rows or none, wrong rows by their number."""
    settings = config.load(config_file)
    try:
        rows = read_villages(file.read_bytes())
    except OSError as error:
        raise Problem("E_FILE", vi=f"Không đọc được tệp {file}.", en=f"{file} can't be read.") from error

    async def work(db: Database) -> Taken:
        return await db.write(take_villages, AreaCode(commune), rows, SystemClock().now())

    taken = asyncio.run(with_database(settings, work))
    for area in taken.added:
        typer.echo(f"{area.code:<10} {area.name}")
    typer.echo(f"{len(taken.added)} villages added, {len(taken.changed)} changed. {NEXT_START}")


@areas_app.command(name="list")
def list_areas(
    words: Annotated[list[str] | None, typer.Argument(help="Part of a name, accents or not.")] = None,
    within: Annotated[str | None, typer.Option("--in", help="Code of the place at the top.")] = None,
    config_file: ConfigFile = None,
) -> None:
    """Print the places of this database, villages too."""
    settings = config.load(config_file)

    async def work(db: Database) -> tuple[Area, ...]:
        tree = await db.read(areas.tree)
        top = None if within is None else tree.area(AreaCode(within)).code
        return tuple(
            area
            for code in _in_order(tree.areas)
            if top is None or tree.descends(code, top)
            for area in (tree.area(code),)
        )

    wanted = fold(" ".join(words or ())).split()
    for area in asyncio.run(with_database(settings, work)):
        if all(f" {word}" in f" {fold(area.name)} {area.code}" for word in wanted):
            typer.echo(f"{area.code:<10} {area.level.value:<9} {area.name}")


def _in_order(found: tuple[Area, ...]) -> tuple[AreaCode, ...]:
    """By code; a place stands before what lies in it."""
    return tuple(sorted((area.code for area in found), key=lambda code: (code[0].isdecimal(), code)))


def _told(place: Place) -> str:
    above = gazetteer().place(place.parent)
    where = f", {above.name}" if above is not None else ""
    before = f" (trước là: {', '.join(place.old)})" if place.old and place.old != (place.name,) else ""
    return f"{place.name}{where}{before}"
