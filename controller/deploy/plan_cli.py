"""`loa plan`: what will be heard and why, asked of the database without a running controller."""

import asyncio
import json
from dataclasses import asdict
from datetime import date, time, timedelta
from typing import Annotated

import typer

from controller import config
from controller.clock import SystemClock
from controller.config import Settings
from controller.deploy.opened import ConfigFile, with_database
from controller.dispatch.plan.situation import Situation, explained, make, situation_of
from controller.errors import Problem
from controller.store import areas
from controller.store.database import Database
from schedules.announcement import AreaCode
from schedules.area import Tree
from schedules.calendar import QuietHours, Window, instant_of, local
from schedules.explain import Explanation

plan_app = typer.Typer(help="What will be heard, and why (lịch phát).", no_args_is_help=True)


@plan_app.command(name="explain")
def explain_plan(
    day: Annotated[str | None, typer.Option(help="First local day, as 2026-11-23. Default: today.")] = None,
    days: Annotated[int, typer.Option(min=1, max=31, help="How many days.")] = 1,
    area: Annotated[str | None, typer.Option(help="Only what this area hears (official code).")] = None,
    english: Annotated[bool, typer.Option("--english", help="In English.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """One sentence for every sound: why it plays then, moves, is cut, or is not heard."""
    settings = config.load(config_file)
    first = _day(day) if day is not None else local(SystemClock().now()).date()
    window = Window(start=instant_of(first, time()), end=instant_of(first + timedelta(days=days), time()))
    situation, tree = asyncio.run(with_database(settings, lambda db: _read(db, window)))
    if area is not None and area not in tree:
        raise Problem("E_NOT_FOUND")
    titles = {kept.announcement.id: kept.announcement.title for kept in situation.kept}
    told = _told(settings, situation, tree, window, None if area is None else AreaCode(area))
    for one in told:
        if as_json:
            facts = {**asdict(one), "at": one.at.isoformat(), "title": titles.get(one.item, "")}
            typer.echo(json.dumps(facts, ensure_ascii=False))
        else:
            typer.echo(f"{titles.get(one.item, one.item)}: {one.en if english else one.vi}")
    if not told:
        typer.echo("Nothing is planned." if english else "Không có gì được xếp lịch.", err=True)


def _told(
    settings: Settings, situation: Situation, tree: Tree, window: Window, area: AreaCode | None
) -> tuple[Explanation, ...]:
    quiet = QuietHours(
        start=time.fromisoformat(settings.quiet_from), end=time.fromisoformat(settings.quiet_to)
    )
    made = make(situation, settings.tenant, tree, quiet, window, SystemClock().now())
    targets = {one.id: one.targets for one in made.occurrences}
    items = {kept.announcement.id: kept.announcement.targets for kept in situation.kept}
    return tuple(
        one
        for one in explained(made, situation)
        if area is None
        or tree.meet(
            targets[one.occurrence] if one.occurrence is not None else items.get(one.item, ()), (area,)
        )
    )


async def _read(db: Database, window: Window) -> tuple[Situation, Tree]:
    return await db.read(situation_of, window), await db.read(areas.tree)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem("E_TIME", field="day") from None
