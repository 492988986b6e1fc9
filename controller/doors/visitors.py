"""Who is at the door: the login cookie, its life, logging in and out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from controller.access import (
    Login,
    Passwords,
    Person,
    csrf_fits,
    csrf_token,
    failed,
    new_token,
    token_hash,
    wait_until,
)
from controller.dispatch.house import House
from controller.doors.hosts import is_secure
from controller.errors import Problem
from controller.store import audit, people
from controller.store.database import Conn

SEEN_EVERY = timedelta(seconds=60)
LONGEST_NAME = 64
LONGEST_TOKEN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody with a standing login; ``token`` is the cookie's secret and never leaves this process."""

    person: Person
    token: str

    @property
    def form_token(self) -> str:
        """What each of this login's forms carries."""
        return csrf_token(self.token)


def house_of(request: Request) -> House:
    """The house behind this door."""
    house: House = request.app.state.house
    return house


def cookie_name(request: Request) -> str:
    """``__Host-`` binds the cookie to this very host; browsers take that prefix over TLS only."""
    return "__Host-loa" if is_secure(request.scope, house_of(request).settings) else "loa"


def cookie_token(request: Request) -> str | None:
    """The login cookie as it came, unchecked."""
    token = request.cookies.get(cookie_name(request))
    return token if token and len(token) <= LONGEST_TOKEN else None


async def find_visitor(request: Request, *, touch: bool = True) -> Visitor | None:
    """The visitor whose login stands now, or None: logged out, disabled, too old or too long idle.

    ``touch`` False looks without counting as use: a page left open must not keep a login alive.
    """
    token = cookie_token(request)
    if token is None:
        return None
    house = house_of(request)
    found = await house.db.read(people.login, token_hash(token))
    now = house.clock.now()
    if found is None or not _life(house).holds(found.created_at, found.seen_at, now):
        return None
    if touch and now - found.seen_at >= SEEN_EVERY:
        await _saw(house, found.token_hash, now)
    return Visitor(person=found.person, token=token)


def form_fits(visitor: Visitor, given: str) -> bool:
    """Whether a form came from a page of this login."""
    return csrf_fits(visitor.token, given)


async def log_in(request: Request, username: str, password: str) -> Visitor:
    """A new login with a new id; a login that the browser brought along ends.

    401 ``E_LOGIN`` in the same words and time for known and unknown names; 429 ``E_TOO_MANY`` after five.
    """
    house, now = house_of(request), house_of(request).clock.now()
    passwords: Passwords = request.app.state.passwords
    name = username.strip().lower()[:LONGEST_NAME]
    address = request.client.host if request.client else "unknown"
    subjects = (f"account:{name}", f"address:{address}")
    for subject in subjects:
        until = wait_until(await house.db.read(people.failures, subject))
        if until is not None and until > now:
            wait_s = max(1, int((until - now).total_seconds()) + 1)
            raise Problem("E_TOO_MANY", retry_after=wait_s)
    account = await house.db.read(people.by_username, name)
    kept = account.password_hash if account is not None and account.active else None
    if not await house.lanes.hashes.run(passwords.fits, password, kept) or account is None:
        for subject in subjects:
            await house.db.write(_one_more, subject, request)
        raise Problem("E_LOGIN")
    token = new_token()
    # whoever must warn may have to log in first, also on a full disk
    await house.db.write_urgent(_begin, account.person, token, cookie_token(request), address, request)
    return Visitor(person=account.person, token=token)


async def log_out(request: Request) -> None:
    """End the login that the browser brought; there need be none."""
    token = cookie_token(request)
    if token is not None:
        await house_of(request).db.write(people.end_login, token_hash(token))


def give_cookie(request: Request, response: Response, visitor: Visitor) -> None:
    """Hand the login to the browser: not to scripts, not to other sites, gone with the longest life."""
    settings = house_of(request).settings
    response.set_cookie(
        cookie_name(request),
        visitor.token,
        max_age=settings.session_absolute_h * 3600,
        path="/",
        secure=is_secure(request.scope, settings),
        httponly=True,
        samesite="strict",
    )


def take_cookie(request: Request, response: Response) -> None:
    """Take the login from the browser."""
    secure = is_secure(request.scope, house_of(request).settings)
    response.delete_cookie(cookie_name(request), path="/", secure=secure, httponly=True, samesite="strict")


def _life(house: House) -> Login:
    return Login(
        idle=timedelta(minutes=house.settings.session_idle_min),
        absolute=timedelta(hours=house.settings.session_absolute_h),
    )


async def _saw(house: House, token: str, now: datetime) -> None:
    try:
        await house.db.write(people.saw_login, token, now)
    except Problem as problem:
        # on a full disk the pages are still there to be read, and the emergency's to be sent
        if problem.code != "E_DISK":
            raise


def _one_more(conn: Conn, subject: str, request: Request) -> None:
    now = house_of(request).clock.now()
    people.save_failures(conn, subject, failed(people.failures(conn, subject), now))


def _begin(conn: Conn, person: Person, token: str, old: str | None, address: str, request: Request) -> None:
    now = house_of(request).clock.now()
    for subject in (f"account:{person.username}", f"address:{address}"):
        people.clear_failures(conn, subject)
    if old is not None:
        people.end_login(conn, token_hash(old))
    people.begin_login(conn, token_hash(token), person.id, address, now)
    audit.append(conn, now, person.id, "login.begun", person.id, {})
