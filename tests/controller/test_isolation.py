"""Commune B sees nothing of commune A: every route × role × place, made from the router, with real things."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from controller.access import RIGHTS, Person, Right, Role, csrf_token, new_token, token_hash
from controller.deploy.commune_data import ACCOUNTS, AREAS, DAN_DIEN, PROVINCE, QUANG_DIEN, SITES
from controller.dispatch.broadcasts.live_forms import BroadcastForm
from controller.dispatch.forms import EmergencyForm
from controller.dispatch.sessions.programming import SessionForm
from controller.doors.rights import Declares, Public
from controller.store import people, recordings, tapes
from controller.store.broadcasts import BroadcastKind
from controller.store.database import Conn
from controller.store.lexicon import Line
from controller.store.recordings import RecordingRow
from controller.store.tapes import Tape, TapeState
from devices.messages import BulletinClass, NodeId
from schedules.announcement import AreaCode, PersonId
from schedules.calendar import instant_of
from schedules.plan import OccurrenceId
from schedules.profile import Profile, ProfileKind
from schedules.recurrence import Once
from tests.controller.test_rights import Route, routes
from tests.support.doors import APPROVER, AUTHOR, LOCAL_OPERATOR, OPERATOR, VILLAGE, Home, door, play
from tests.support.matrix import CASES, DATE, Ask, Case

SECRET = "Riêng của Quảng Điền"
ROLES = tuple(Role)
TOMORROW = instant_of(date(2026, 11, 24), time(9))
UNREACHED = {
    "/api/announcements/{announcement}/recording",
    "/api/announcements/{announcement}/recording/original",
    "/bai/{announcement}/ban-thu",
    "/bai/{announcement}/cau-dau",
    "/bai/{announcement}/tieng-khac/ban-thu",
    "/canh-bao/{alert}/cau-dau",
    "/hop-tin/{bulletin}/cau-dau",
    "/khan-cap/xem-truoc/{preview}/cau-dau",
}
"""A bài has a recording or a text, and a first sentence only while it is being read: these have what the
others lack, and their refusal to neighbours is tried with the rest."""
NODE = next(site.node for site in SITES if site.village == VILLAGE)
WIDE = {"/api/me", "/metrics", "/healthz", "/api/openapi.json", "/api/audit/verify"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """Real things of commune A, by the name that a path or a body has for them."""

    area: str
    village: str
    node: str
    date: str
    announcement: str
    seen: str
    tag: str
    alert: str
    preview: str
    bulletin: str
    recording: str
    session: str
    group: str
    group_name: str
    word: str
    secret: str
    lexicon_deed: str
    rule: str
    broadcast: str
    tape: str

    def fill(self, said: Any) -> Any:
        if isinstance(said, str):
            return re.sub(r"{(\w+)[^}]*}", lambda found: getattr(self, found[1], found[0]), said)
        if isinstance(said, Mapping):
            return {key: self.fill(value) for key, value in said.items()}
        return [self.fill(one) for one in said] if isinstance(said, list) else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody with a login, or nobody."""

    person: Person | None
    client: httpx.AsyncClient
    token: str

    def lacks(self, route: Route) -> bool:
        own = RIGHTS[self.person.role] if self.person is not None else frozenset[Right]()
        return any(isinstance(one, Declares) and one.right not in own for one in route.declares)


def markers() -> frozenset[str]:
    """What must not be read in commune B: our secret, and the names of A's villages, poles and people."""
    inside = {area.name for area in AREAS if area.parent == QUANG_DIEN}
    poles = {site.place for site in SITES if site.village.startswith(f"{QUANG_DIEN}-")}
    writer = next(one.full_name for one in ACCOUNTS if one.username == AUTHOR)
    return frozenset({SECRET, "cụm từ kín", writer, *inside, *poles})


def _event() -> Profile:
    return Profile(
        id="",
        kind=ProfileKind.EVENT,
        name=f"Ngày hội {SECRET}",
        document=f"1/KH {SECRET}",
        area=QUANG_DIEN,
        first=date(2026, 11, 30),
        last=date(2026, 11, 30),
    )


async def _taped(house: Home, session: str) -> str:
    """A relay that was recorded for commune A."""
    clip = await house.loa.tuner.bells_clip()
    tape = Tape(
        occurrence=OccurrenceId("f" * 32),
        session=session,
        area=QUANG_DIEN,
        title=f"Tiếp âm {SECRET}",
        source=SECRET,
        due_at=TOMORROW,
        begins_at=TOMORROW - timedelta(hours=1),
        length=timedelta(minutes=10),
        state=TapeState.KEPT,
        changed_at=house.loa.clock.now(),
        clip=clip,
    )
    assert await house.loa.db.write(tapes.add, tape)
    return tape.occurrence


async def furnish(house: Home) -> Things:
    """One of each kind of thing in commune A, made by its own people."""
    desk, loa, author = house.loa.desk, house.loa, house.cast[AUTHOR]
    operator, keeper = house.cast[LOCAL_OPERATOR], house.cast["quantri.qd"]
    row = RecordingRow(
        area=QUANG_DIEN,
        sha256="a" * 64,
        name=f"{SECRET}.wav",
        kind="audio/wav",
        bytes=44,
        sent_by=author.id,
        sent_at=loa.clock.now(),
    )
    await loa.db.write(recordings.save, row)
    made = await desk.write_announcement(author, house.draft(title=SECRET, text=f"{SECRET}. Kính mời họp."))
    await desk.submit(author, made.announcement.id)
    await house.rendered(made.announcement.id)
    other = await desk.write_announcement(
        author, house.draft(title=f"{SECRET}, đã duyệt", targets=(QUANG_DIEN,), timing=Once(at=TOMORROW))
    )
    await desk.submit(author, other.announcement.id)
    await house.rendered(other.announcement.id)
    await desk.approve(house.cast[APPROVER], other.announcement.id, other.content_hash)
    form = EmergencyForm(
        area=QUANG_DIEN, targets=(VILLAGE,), hazard="flood", level=2, text=f"{SECRET} khẩn cấp."
    )
    first = await desk.preview_emergency(operator, form)
    alert = await desk.fire(operator, first.id, first.typed_name, "matrix-fire")
    second = await desk.preview_emergency(operator, form)
    session = await loa.programming.add(
        author,
        SessionForm(
            area=QUANG_DIEN,
            name=f"Buổi {SECRET}",
            start=time(17),
            days=frozenset(range(7)),
            cap=timedelta(minutes=15),
        ),
        "matrix-session",
    )
    group = await loa.groups.make(keeper, QUANG_DIEN, f"Nhóm {SECRET}", (NodeId(NODE),), "matrix-group")
    deed = await loa.lexicons.add(
        author, QUANG_DIEN, Line(written="SCR", reading="cụm từ kín"), "matrix-line"
    )
    spoken = await loa.broadcasting.make(operator, _spoken(), "matrix-broadcast")
    rule = await loa.ruling.add_profile(keeper, _event(), "matrix-rule")
    return Things(
        area=QUANG_DIEN,
        village=VILLAGE,
        node=NODE,
        date=DATE,
        announcement=made.announcement.id,
        seen=made.content_hash,
        tag=f'"{made.announcement.revision}-{made.content_hash}"',
        alert=alert.id,
        preview=second.id,
        bulletin=await from_above(house),
        recording=row.id,
        session=session.id,
        group=group.id,
        group_name="Nhóm",
        word="SCR",
        secret="x" * 43,
        lexicon_deed=deed.id,
        rule=f"profile:{rule.id}",
        broadcast=spoken.id,
        tape=await _taped(house, session.id),
    )


def _spoken() -> BroadcastForm:
    return BroadcastForm(
        kind=BroadcastKind.LIVE,
        area=QUANG_DIEN,
        targets=(AreaCode(f"{QUANG_DIEN}-02"),),
        bulletin_class=BulletinClass.NORMAL,
        title=f"{SECRET} nói chuyện",
        longest=timedelta(minutes=5),
    )


@asynccontextmanager
async def visit(house: Home, role: Role, area: AreaCode, known: str = "") -> AsyncIterator[Visit]:
    """Somebody of that role and place, or of the fixed cast, logged in."""
    name = f"{role.value}.{area}"
    person = house.cast.get(known) or Person(
        id=PersonId(name), username=name, name=f"Người {role.value}", role=role, area=area
    )
    token, now = new_token(), house.loa.clock.now()

    def begin(conn: Conn) -> None:
        if people.by_id(conn, person.id) is None:
            people.add(conn, person, "x", now)
        people.begin_login(conn, token_hash(token), person.id, "test", now)

    await house.loa.db.write(begin)
    async with door(house) as client:
        client.cookies.set("loa", token)
        yield Visit(person=person, client=client, token=csrf_token(token))


async def ask(one: Visit, route: Route, asked: Ask, things: Things) -> httpx.Response:
    query = asked.query and "?" + urlencode(
        [tuple(pair.split("=", 1)) for pair in things.fill(asked.query)[1:].split("&")]
    )
    path = things.fill(route.path) + query
    headers = {"Idempotency-Key": f"{route.method}-{quote(route.path)}"[:150]}
    if route.path.startswith("/api/groups"):
        headers["If-Match"] = '"1"'
    elif route.method not in ("GET", "HEAD"):
        headers["If-Match"] = things.tag
    headers |= things.fill(asked.headers)
    if asked.form is not None:
        pairs = [("token", one.token)]
        for name, value in things.fill(asked.form).items():
            pairs += [(name, each) for each in (value if isinstance(value, list) else [value])]
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return await one.client.request(route.method, path, content=urlencode(pairs), headers=headers)
    if asked.content is not None:
        headers["Content-Type"] = asked.kind
        return await one.client.request(
            route.method, path, content=asked.content.replace(b"{token}", one.token.encode()), headers=headers
        )
    if asked.json is not None:
        return await one.client.request(route.method, path, json=things.fill(asked.json), headers=headers)
    return await one.client.request(route.method, path, headers=headers)


def case_of(route: Route) -> Case:
    """Its line; one that is missing fails a test of its own."""
    return CASES.get(f"{route.method} {route.path}", Case())


def asked_of(route: Route) -> tuple[tuple[Ask, bool], ...]:
    """What the route is asked, each with whether it names something of commune A."""
    case = case_of(route)
    if case.alone:
        return ()
    return tuple((asked, asked.hidden or "{" in route.path) for asked in case.asks)


def is_public(route: Route) -> bool:
    return any(isinstance(one, Public) for one in route.declares)


@pytest.mark.promise("P19")
def test_every_route_has_its_line_in_the_matrix_and_every_line_its_route(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        found = {f"{route.method} {route.path}" for route in routes(house.app)}
        assert found - set(CASES) == set(), "say in tests/support/matrix.py what it is asked"
        assert set(CASES) - found == set(), "it is gone: take its line away"
        known = {field.name for field in fields(Things)} | {"sha256", "name"}
        assert {name for path in found for name in re.findall(r"{(\w+)", path)} <= known

    play(tmp_path, story)


@pytest.mark.promise("P19", "S39", "S40")
def test_nobody_of_the_neighbouring_commune_sees_or_does_anything(tmp_path: Path) -> None:
    secret = markers()

    async def story(house: Home) -> None:
        things = await furnish(house)
        wrong, tried = [], 0
        for role in ROLES:
            async with visit(house, role, DAN_DIEN) as one:
                for route in routes(house.app):
                    for asked, hidden in asked_of(route):
                        answer = await ask(one, route, asked, things)
                        refusals = (403, 404) if one.lacks(route) else (404,)
                        leak = sorted(word for word in secret if word in answer.text)
                        named = hidden and not is_public(route)
                        if (
                            leak
                            or answer.status_code >= 500
                            or (named and answer.status_code not in refusals)
                        ):
                            wrong.append(
                                (role.value, route.method, route.path, asked.query, answer.status_code, leak)
                            )
                        tried += 1
                stream = await one.client.get(f"/su-kien?xem=canh-bao&so={things.alert}")
                assert stream.status_code == 404
        assert wrong == [], "\n".join(str(one) for one in wrong)
        assert tried > 500
        await untouched(house, things)

    play(tmp_path, story)


async def from_above(house: Home) -> str:
    """An ordinary bulletin of the province for a village of commune A, so that it lies in A's tray alone."""
    desk, writer, approver = house.loa.desk, house.cast[OPERATOR], provincial_approver()
    await house.loa.db.write(people.add, approver, "no hash", house.loa.clock.now())
    draft = house.draft(area=PROVINCE, title=f"{SECRET} từ thành phố", timing=Once(at=TOMORROW))
    made = await desk.write_announcement(writer, draft)
    await desk.submit(writer, made.announcement.id)
    await house.rendered_by(writer, made.announcement.id)
    await desk.approve(approver, made.announcement.id, made.content_hash)
    return made.announcement.id


def provincial_approver() -> Person:
    return Person(
        id=PersonId("ky.hue"), username="ky.hue", name="Lý Thanh Tâm", role=Role.APPROVER, area=PROVINCE
    )


async def untouched(house: Home, things: Things) -> None:
    """What the neighbours tried has changed nothing."""
    person = house.cast[AUTHOR]
    view = await house.loa.views.announcement(person, things.announcement)  # type: ignore[arg-type]
    assert (view.announcement.title, view.announcement.state.value) == (SECRET, "submitted")
    assert (await house.loa.views.alert(person, things.alert)).phase.value == "active"  # type: ignore[arg-type]
    assert (await house.loa.tray.one(person, things.bulletin)).choice.value == "open"  # type: ignore[arg-type]
    (group,) = await house.loa.groups.on_branch(person)
    assert (group.version, len(group.nodes)) == (1, 1)
    entries = (await house.loa.lexicon_views.lexicon(person, QUANG_DIEN)).entries
    assert [entry.written for entry in entries] == ["SCR"]
    assert (await house.loa.programming.look(person, things.session)).session.name == f"Buổi {SECRET}"


@pytest.mark.promise("P19", "S39")
def test_its_own_people_and_the_province_reach_what_they_may_and_no_more(tmp_path: Path) -> None:
    """Without this the matrix could pass because nothing was there to be seen."""
    secret = markers()

    async def story(house: Home) -> None:
        things = await furnish(house)
        wrong: list[tuple[object, ...]] = []
        seen, reached = set[str](), set[str]()
        for area in (QUANG_DIEN, PROVINCE):
            for role in ROLES:
                async with visit(house, role, area) as one:
                    for route in routes(house.app):
                        if route.method != "GET" and not one.lacks(route):
                            continue
                        for asked, hidden in asked_of(route):
                            answer = await ask(one, route, asked, things)
                            if one.lacks(route):
                                if answer.status_code not in (403, 404) or SECRET in answer.text:
                                    wrong.append(
                                        (area, role.value, route.method, route.path, answer.status_code)
                                    )
                                continue
                            seen |= {word for word in secret if word in answer.text}
                            if hidden and answer.status_code < 400:
                                reached.add(route.path)
                            if answer.status_code >= 500 or answer.status_code == 403:
                                wrong.append((area, role.value, route.path, answer.status_code))
        assert wrong == [], "\n".join(str(one) for one in wrong)
        assert secret - seen == set(), "these marks are never shown to anybody, so they prove nothing"
        owned = {
            route.path
            for route in routes(house.app)
            if route.method == "GET" and any(hidden for _, hidden in asked_of(route))
        }
        assert owned - reached == UNREACHED, (
            f"{sorted(owned - reached)}: asked for a thing that its own people do not reach either"
        )

    play(tmp_path, story)


@pytest.mark.promise("P19", "S39")
def test_what_is_refused_to_the_neighbours_is_done_for_its_own_people(tmp_path: Path) -> None:
    """Each deed is asked in the same words by somebody who may: it gets past the door."""

    async def story(house: Home) -> None:
        things = await furnish(house)
        wrong: list[tuple[object, ...]] = []
        deeds = [route for route in routes(house.app) if route.method != "GET" and asked_of(route)]
        deeds.sort(key=lambda route: case_of(route).last)
        for route in deeds:
            role = next((role for role in ROLES if not _lacks(role, route)), None)
            assert role is not None, f"nobody may {route.method} {route.path}"
            async with visit(house, role, QUANG_DIEN, case_of(route).by) as one:
                for asked, _ in asked_of(route):
                    answer = await ask(one, route, asked, things)
                    # what is sent as a recording is no sound, and that is said after the door
                    if "E_AUDIO" in answer.text:
                        continue
                    if answer.status_code in (400, 401, 403, 404, 405, 415) or answer.status_code >= 500:
                        wrong.append(
                            (
                                role.value,
                                route.method,
                                route.path,
                                answer.status_code,
                                re.findall(r"E_[A-Z_]+", answer.text)[:3],
                            )
                        )
        assert wrong == [], "\n".join(str(one) for one in wrong)

    play(tmp_path, story)


def _lacks(role: Role, route: Route) -> bool:
    return any(isinstance(one, Declares) and one.right not in RIGHTS[role] for one in route.declares)


@pytest.mark.promise("P19", "S39")
def test_nobody_at_all_sees_nothing_at_all(tmp_path: Path) -> None:
    secret = markers()

    async def story(house: Home) -> None:
        things = await furnish(house)
        wrong: list[tuple[object, ...]] = []
        async with door(house) as client:
            one = Visit(person=None, client=client, token="")
            for route in routes(house.app):
                for asked, _ in asked_of(route):
                    answer = await ask(one, route, asked, things)
                    login = answer.status_code == 303 and answer.headers["location"].startswith("/dang-nhap?")
                    page = route.method == "GET" and not route.is_api
                    if any(word in answer.text for word in secret):
                        wrong.append((route.method, route.path, "leak"))
                    if not is_public(route) and answer.status_code != 401 and not (page and login):
                        wrong.append((route.method, route.path, answer.status_code))
        assert wrong == [], "\n".join(str(one) for one in wrong)

    play(tmp_path, story)
