"""The database as a command opens it: for one piece of work, then closed."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from controller.clock import SystemClock
from controller.config import Settings
from controller.lanes import Lanes, thread_lanes
from controller.store.database import Database

T = TypeVar("T")

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="Settings as TOML; LOA_… overrides it.", dir_okay=False),
]


async def with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """What ``work`` gives; the database is made or brought up to date first."""
    lanes: Lanes = thread_lanes(1)
    try:
        db = await Database.open(settings.database, lanes, SystemClock().now())
        try:
            return await work(db)
        finally:
            await db.close()
    finally:
        await lanes.close()
