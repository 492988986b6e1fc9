"""The controller's own commands: initialise, keys, accounts, nodes, serve, fence, doctor, audit, demo."""

import asyncio
import contextlib
import json
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from controller import config, logs
from controller.access import Passwords, Person, Role, is_weak
from controller.clock import SystemClock
from controller.config import Settings
from controller.deploy import demo as demonstration
from controller.deploy.areas_cli import areas_app
from controller.deploy.broker import BrokerFailed, RunningBroker, start_broker
from controller.deploy.commune_data import AREAS
from controller.deploy.opened import ConfigFile, with_database
from controller.deploy.plan_cli import plan_app
from controller.dispatch.keyring import fingerprints, load_keyring, make_keys
from controller.errors import Problem, SettingsRefused, StoreFault
from controller.fleet.provisioning import new_keys, read_sites, register_sites, write_fleet
from controller.lanes import thread_lanes
from controller.store import areas, audit, meta, nodes, people
from controller.store.database import Conn, Database
from controller.store.leadership import Lead, take_lead
from controller.studio.aid import aid_of
from controller.studio.voices import abroad, check_voices
from devices.messages import AreaCode as WireArea
from devices.messages import TenantId
from schedules.announcement import AreaCode, PersonId
from schedules.area import Area, Level
from schedules.errors import Refused
from schedules.gazetteer import gazetteer

app = typer.Typer(no_args_is_help=True)
keys_app = typer.Typer(help="The keys with which the house speaks.", no_args_is_help=True)
account_app = typer.Typer(help="Who may log in.", no_args_is_help=True)
audit_app = typer.Typer(help="The tamper-evident book of deeds.", no_args_is_help=True)
nodes_app = typer.Typer(help="The loudspeaker nodes (cụm loa).", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
app.add_typer(account_app, name="account")
app.add_typer(audit_app, name="audit")
app.add_typer(nodes_app, name="nodes")
app.add_typer(areas_app, name="areas")
app.add_typer(plan_app, name="plan")
app.command(name="demo")(demonstration.demo)

LOW_DISK_MB = 512


@app.command()
def init(
    areas_file: Annotated[
        Path | None,
        typer.Option("--areas", help="JSON list of {code, parent, level, name, population}."),
    ] = None,
    province: Annotated[
        str | None,
        typer.Option(help="Name or code of a province: all its communes, by official code."),
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Make the database and the tree of places in the data folder; safe to run again."""
    settings = config.load(config_file)
    if province is not None:
        places = gazetteer().branch(gazetteer().province(province).code)
    else:
        places = AREAS if areas_file is None else _read_areas(areas_file)

    async def work(db: Database) -> None:
        await db.write(areas.save if province is None else areas.add_missing, places)

    asyncio.run(with_database(settings, work))
    typer.echo(f"Database {settings.database} is ready with {len(places)} areas.")
    typer.echo("Next: `loa keys init`, `loa account add`, then `loa serve`.")


@keys_app.command(name="init")
def keys_init(
    root_dir: Annotated[
        Path | None,
        typer.Option(help="Where the root key goes; take this folder off the machine. Default: <data>/root."),
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Make root, online and exercise keys and the key list that the root signs; replaces nothing."""
    settings = config.load(config_file)

    async def work(db: Database) -> tuple[Area, ...]:
        return await db.read(areas.everywhere)

    places = asyncio.run(with_database(settings, work))
    keyring = make_keys(
        settings.keys_dir,
        root_dir or settings.data_dir / "root",
        TenantId(settings.tenant),
        tuple(WireArea(code) for code in _tops(places)),
        SystemClock().now(),
    )
    for kid, print_ in fingerprints(keyring).items():
        typer.echo(f"{kid:<20} {print_}")
    typer.echo(f"Keep {root_dir or settings.data_dir / 'root'} offline: only the key list needs it.")


@keys_app.command(name="show")
def keys_show(config_file: ConfigFile = None) -> None:
    """Print the fingerprint of every key, to compare by eye with a node's display."""
    settings = config.load(config_file)
    for kid, print_ in fingerprints(load_keyring(settings.keys_dir, TenantId(settings.tenant))).items():
        typer.echo(f"{kid:<20} {print_}")


@account_app.command(name="add")
def account_add(
    username: Annotated[str, typer.Argument(help="What is typed at log-in.")],
    name: Annotated[str, typer.Option(help="Full name, as shown on pages.")],
    role: Annotated[Role, typer.Option(help="What this person does.")],
    area: Annotated[str, typer.Option(help="Code of the place at the top of the person's branch.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    config_file: ConfigFile = None,
) -> None:
    """Add an account. Without --password-stdin the password is asked for, twice, and never shown."""
    settings = config.load(config_file)
    password = _password(password_stdin)
    if is_weak(password, username):
        raise Problem("E_PASSWORD_WEAK")
    person = Person(
        id=PersonId(f"p-{secrets.token_hex(6)}"),
        username=username.lower(),
        name=name,
        role=role,
        area=AreaCode(area),
    )
    hashed = Passwords().hash(password)

    async def work(db: Database) -> None:
        tree = await db.read(areas.tree)
        tree.area(person.area)
        if await db.read(people.by_username, username) is not None:
            raise Problem("E_TAKEN", status=409, vi="Tên đăng nhập này đã có.", en="That user name is taken.")
        await db.write(people.add, person, hashed, SystemClock().now())

    asyncio.run(with_database(settings, work))
    typer.echo(f"{username} ({role.value}) may log in for {area}.")


@nodes_app.command(name="provision")
def nodes_provision(
    sites: Annotated[Path, typer.Argument(help="JSON list of {id, name, area}.", dir_okay=False)],
    out: Annotated[Path, typer.Option(help="The fleet file that is written (private keys: 0600).")],
    broker_port: Annotated[int, typer.Option(help="Port at which these nodes find the broker.")] = 1883,
    config_file: ConfigFile = None,
) -> None:
    """Register nodes by file and write what each is born with, for `loa sim fleet` or a workshop."""
    settings = config.load(config_file)
    keyring = load_keyring(settings.keys_dir, TenantId(settings.tenant))
    found = read_sites(sites)
    keys = new_keys(found)

    async def work(db: Database) -> int:
        return await db.write(register_sites, found, keys, SystemClock().now())

    count = asyncio.run(with_database(settings, work))
    write_fleet(
        out,
        tenant=settings.tenant,
        root_public=keyring.root_public,
        broker={"host": settings.broker_host, "port": broker_port, "protocol": settings.broker_protocol},
        keys=keys,
    )
    typer.echo(f"{count} nodes registered; their keys are in {out}.")


@nodes_app.command(name="list")
def nodes_list(config_file: ConfigFile = None) -> None:
    """Print every node in service and where it stands."""
    settings = config.load(config_file)

    async def work(db: Database) -> tuple[nodes.Node, ...]:
        return await db.read(nodes.in_service)

    for node in asyncio.run(with_database(settings, work)):
        typer.echo(f"{node.id:<16} {node.area:<10} {node.name}")


@audit_app.command(name="verify")
def audit_verify(config_file: ConfigFile = None) -> None:
    """Walk the whole chain of deeds; exit code 1 and the first bad row where it was tampered with."""
    settings = config.load(config_file)

    async def work(db: Database) -> tuple[audit.BadRow | None, audit.Head]:
        return await db.read(audit.verify), await db.read(audit.head)

    bad, head = asyncio.run(with_database(settings, work))
    if bad is not None:
        typer.echo(f"Row {bad.n}: {bad.why}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{head.n} rows, unbroken; head {head.hash[:16]}…")


@app.command()
def doctor(config_file: ConfigFile = None) -> None:
    """Say what is set, what is there and what is missing; exit code 1 where the house can't run."""
    settings = config.load(config_file)
    console = Console()
    table = Table("setting", "value", "help", title="Settings")
    for name, _type, _default, help_ in config.table():
        table.add_row(name, str(getattr(settings, name)), help_)
    console.print(table)
    findings = _examine(settings)
    for good, sentence in findings:
        console.print(f"{'✔' if good else '✖'} {sentence}")
    raise typer.Exit(0 if all(good for good, _ in findings) else 1)


@app.command()
def fence(config_file: ConfigFile = None) -> None:
    """Say that this database was restored from a copy, or took over: nodes refuse what was signed before."""
    settings = config.load(config_file)
    kid = load_keyring(settings.keys_dir, TenantId(settings.tenant)).online.kid

    def raised(conn: Conn) -> int:
        epoch = meta.bump_epoch(conn, kid)
        audit.append(conn, SystemClock().now(), "loa", "epoch.raised", kid, {"epoch": epoch})
        return epoch

    async def work(db: Database) -> int:
        return await db.write(raised)

    # A controller that runs would go on signing in the old epoch.
    with take_lead(settings.database):
        epoch = asyncio.run(with_database(settings, work))
    typer.echo(f"From the next start this controller signs in epoch {epoch}; older ones are refused.")


@app.command()
def serve(config_file: ConfigFile = None) -> None:
    """Run the controller with its pages, its speech process and (unless one runs already) a broker."""
    settings = config.load(config_file)
    check_voices(settings)
    logs.configure(settings.log_level)
    with take_lead(settings.database) as lead:
        asyncio.run(_serve(settings, lead))


def refusal_of(error: Exception) -> str | None:
    """One sentence for what a person can put right; None for a fault of ours."""
    match error:
        case Problem():
            return f"{error.code}: {error.en} / {error.vi}"
        case Refused():
            return f"{error.code}: {error.en} / {error.vi}"
        case SettingsRefused() | StoreFault() | BrokerFailed():
            return str(error)
        case _:
            return None


async def _serve(settings: Settings, lead: Lead) -> None:
    from controller.app import Loa
    from controller.deploy.serving import paho_link, speech
    from controller.http import http_app, listen, server
    from controller.store.ballast import Ballast

    listener = listen(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    async with _broker(settings) as settings:
        lanes = thread_lanes(settings.readers)
        loa = Loa(
            settings=settings,
            clock=SystemClock(),
            lanes=lanes,
            link_factory=paho_link(settings),
            speaker=speech(settings),
            lead=lead,
            ballast=Ballast(settings.data_dir / "ballast"),
        )
        try:
            await loa.start()
            doors = server(http_app(loa))
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, setattr, doors, "should_exit", True)
            typer.echo(f"Loa is at http://{settings.host}:{settings.port}", err=True)
            await doors.serve(sockets=[listener])
        finally:
            await loa.stop()
            await lanes.close()
            listener.close()


@contextlib.asynccontextmanager
async def _broker(settings: Settings) -> AsyncIterator[Settings]:
    """Settings that point to a running broker: one of ours, unless ``broker_prefer`` is none."""
    if settings.broker_prefer == "none":
        yield settings
        return
    running: RunningBroker = await asyncio.to_thread(
        start_broker, settings.data_dir / "broker", settings.broker_port, settings.broker_prefer
    )
    try:
        port = running.port_for(settings.broker_protocol)
        yield settings.model_copy(update={"broker_host": running.host, "broker_port": port})
    finally:
        await asyncio.to_thread(running.stop)


def _examine(settings: Settings) -> tuple[tuple[bool, str], ...]:
    findings = [(sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}")]
    findings.append((settings.database.exists(), f"database {settings.database}"))
    try:
        keyring = load_keyring(settings.keys_dir, TenantId(settings.tenant))
        left = keyring.key_list.expires_at - SystemClock().now()
        findings.append((left > timedelta(days=30), f"keys in {settings.keys_dir}, {left.days} days left"))
    except Problem as problem:
        findings.append((False, problem.en))
    folder = settings.data_dir if settings.data_dir.exists() else Path()
    free_mb = shutil.disk_usage(folder).free // 2**20
    findings.append((free_mb > LOW_DISK_MB, f"{free_mb} MB free on the disk"))
    has_mosquitto = shutil.which("mosquitto") is not None or Path("/usr/sbin/mosquitto").exists()
    findings.append((True, f"broker: {'mosquitto' if has_mosquitto else 'iotcore (embedded)'}"))
    findings += _examine_voices(settings)
    return tuple(findings)


def _examine_voices(settings: Settings) -> list[tuple[bool, str]]:
    try:
        check_voices(settings)
    except SettingsRefused as refusal:
        return [(False, str(refusal))]
    findings = [(True, f"voices: {', '.join(settings.engines)}")]
    try:
        aid = aid_of(settings)
    except SettingsRefused as refusal:
        findings.append((False, str(refusal)))
    else:
        if aid is not None:
            goes = "stays on this machine" if aid.address.local else f"goes to {aid.address.host}"
            findings.append((True, f"writing aid: a text that somebody asks about {goes}"))
    for one in abroad(settings):
        findings.append(
            (True, f"with {one.engine} the text of ordinary items goes to {one.host}, of emergencies never")
        )
    return findings


def _read_areas(path: Path) -> tuple[Area, ...]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            Area(
                code=AreaCode(row["code"]),
                parent=None if row.get("parent") is None else AreaCode(row["parent"]),
                level=Level(row["level"]),
                name=row["name"],
                population=int(row.get("population", 0)),
                latitude=row.get("latitude"),
                longitude=row.get("longitude"),
            )
            for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Problem(
            "E_AREAS", vi=f"Không đọc được danh sách địa bàn {path}.", en=f"{path}: {error!r}"
        ) from error


def _tops(places: tuple[Area, ...]) -> tuple[AreaCode, ...]:
    """The provinces, or whatever stands highest below the nation."""
    provinces = tuple(area.code for area in places if area.level is Level.PROVINCE)
    found = provinces or tuple(area.code for area in places if area.parent is None)
    if not found:
        raise Problem("E_AREAS", vi="Chưa có địa bàn nào. Chạy “loa init” trước.", en="Run `loa init` first.")
    return found


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
