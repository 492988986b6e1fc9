"""A database for tests with the fixed cast and two communes, driven without an event loop."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from controller.access import Person, Role
from controller.lanes import inline_lanes
from controller.store import areas, people
from controller.store.database import Conn, Crash, Database, nowhere
from schedules.announcement import Announcement, AnnouncementId, AreaCode, BulletinClass, PersonId
from schedules.area import Area, Level
from schedules.recurrence import AfterApproval

T = TypeVar("T")
P = ParamSpec("P")

NOW = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
PROVINCE, ONE, OTHER = AreaCode("46"), AreaCode("19804"), AreaCode("19996")
ONE_A, ONE_B, OTHER_A = AreaCode("19804-01"), AreaCode("19804-02"), AreaCode("19996-01")

PLACES = (
    Area(code=ONE_A, parent=ONE, level=Level.VILLAGE, name="Thôn Mai Dương", population=900),
    Area(code=PROVINCE, parent=None, level=Level.PROVINCE, name="Thành phố Huế", population=1_200_000),
    Area(code=ONE, parent=PROVINCE, level=Level.COMMUNE, name="Xã Đan Điền", population=21_000),
    Area(code=ONE_B, parent=ONE, level=Level.VILLAGE, name="Thôn Phước Lập", population=1100),
    Area(code=OTHER, parent=PROVINCE, level=Level.COMMUNE, name="Xã Lộc An", population=18_000),
    Area(code=OTHER_A, parent=OTHER, level=Level.VILLAGE, name="Thôn Bến Củi", population=800),
)


def person(name: str, role: Role, area: AreaCode) -> Person:
    return Person(id=PersonId(name), username=name, name=name.title(), role=role, area=area)


AUTHOR = person("an", Role.AUTHOR, ONE)
APPROVER = person("binh", Role.APPROVER, ONE)
STRANGER = person("cuc", Role.AUTHOR, OTHER)
OPERATOR = person("dung", Role.OPERATOR, PROVINCE)
CAST = (AUTHOR, APPROVER, STRANGER, OPERATOR)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits, as with inline lanes."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise AssertionError("it waits for something")


@dataclass(frozen=True, slots=True)
class Ground:
    """Reads and writes at once."""

    db: Database

    def write(self, work: Callable[Concatenate[Conn, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return at_once(self.db.write(work, *args, **kwargs))

    def read(self, work: Callable[Concatenate[Conn, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return at_once(self.db.read(work, *args, **kwargs))


@contextmanager
def ground(path: Path, crash: Crash = nowhere) -> Iterator[Ground]:
    """An open database under ``path`` with places and people in it."""
    opened = at_once(Database.open(path / "loa.db", inline_lanes(), NOW, crash))
    try:
        at_once(opened.write(_populate))
        yield Ground(opened)
    finally:
        at_once(opened.close())


def item(name: str = "a1", **changes: Any) -> Announcement:
    """An announcement of commune one."""
    facts: dict[str, Any] = {
        "id": AnnouncementId(name),
        "area": ONE,
        "title": "Tiêm phòng cho đàn trâu bò",
        "text": "Mời bà con đưa trâu bò đến nhà văn hóa thôn để tiêm phòng.",
        "bulletin_class": BulletinClass.NORMAL,
        "targets": (ONE_A, ONE_B),
        "timing": AfterApproval(),
        "valid_from": NOW,
        "expires_at": NOW + timedelta(days=3),
        "repeat": 2,
        "author": AUTHOR.id,
    }
    return Announcement(**{**facts, **changes})


def _populate(conn: Conn) -> None:
    areas.save(conn, PLACES)
    for one in CAST:
        if people.by_id(conn, one.id) is None:
            people.add(conn, one, "no hash", NOW)
