"""Real things of commune A, one of each kind, for commune B to see nothing of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from controller.access import Person, Role
from controller.deploy.commune_data import ACCOUNTS, AREAS, PROVINCE, QUANG_DIEN, SITES
from controller.dispatch.broadcasts.live_forms import BroadcastForm
from controller.dispatch.forms.alerts import EmergencyForm
from controller.dispatch.sessions.programming import SessionForm
from controller.store import people, recordings, tapes
from controller.store.broadcasts import BroadcastKind
from controller.store.lexicon import Line
from controller.store.recordings import RecordingRow
from controller.store.tapes import Tape, TapeState
from devices.messages import BulletinClass, NodeId
from schedules.announcement import AreaCode, PersonId
from schedules.calendar import instant_of
from schedules.plan import OccurrenceId
from schedules.profile import Profile, ProfileKind
from schedules.recurrence import Once
from tests.support.doors import APPROVER, AUTHOR, LOCAL_OPERATOR, OPERATOR, VILLAGE, Home
from tests.support.matrix import DATE

SECRET = "Riêng của Quảng Điền"
TOMORROW = instant_of(date(2026, 11, 24), time(9))
NODE = next(site.node for site in SITES if site.village == VILLAGE)


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
