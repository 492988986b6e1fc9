"""The alarm pack: what every alarm says in the same words, spoken beforehand and never evicted."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from controller.dispatch.plan.lexicon_use import used_in
from controller.dispatch.plan.sounds import EMERGENCY, Order, recall
from controller.store import areas, lexicon
from controller.store.database import Conn
from controller.store.lexicon import Own
from schedules.announcement import AreaCode
from schedules.area import inside
from schedules.emergency import FIRST_LEVEL, LAST_LEVEL, Hazard, headline

COMMON = (
    Hazard.STORM,
    Hazard.FLOOD,
    Hazard.DAM_RELEASE,
    Hazard.FLASH_FLOOD,
    Hazard.LANDSLIDE,
    Hazard.FOREST_FIRE,
    Hazard.TSUNAMI,
    Hazard.EVACUATION,
)
"""Speaking all of them would take the machine for hours; the others are spoken when they are drafted."""
EVERYWHERE = (
    "Diễn tập. Thông báo đính chính.",
    "Thông báo báo yên. Bà con trở lại sinh hoạt bình thường.",
)
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A commune as its alarms name it and as its words are read; None: everywhere."""

    code: AreaCode | None
    name: str
    own: Own


_EVERYWHERE = _Place(code=None, name="", own=lexicon.USUAL)


class Pack:
    """What is left of it, for the communes that have loudspeakers. Asked by one loop at a time.

    Each time the places and their lexicons are looked at: a commune that is new, is called otherwise or reads
    its words otherwise is spoken anew; what it had stays in the cache.
    """

    def __init__(self) -> None:
        self._seen: object = None
        self._places: dict[AreaCode | None, _Place] = {None: _EVERYWHERE}
        self._left = deque((_EVERYWHERE, text) for text in EVERYWHERE)

    def next_order(self, conn: Conn) -> Order | None:
        """The next one that has not been spoken yet; None where all are."""
        self._look(conn)
        while self._left:
            place, text = self._left[0]
            if self._places.get(place.code) == place:
                own = used_in(text, place.own)
                order = Order(text=text, style=EMERGENCY, chime=False, own=own)
                if recall(conn, order) is None:
                    return order
            self._left.popleft()
        return None

    def _look(self, conn: Conn) -> None:
        heard = areas.heard_communes(conn)
        seen = (heard, lexicon.versions(conn))
        if seen == self._seen:
            return
        known = {None: _EVERYWHERE} | {
            area.code: _Place(code=area.code, name=inside(area.name), own=lexicon.own(conn, area.code))
            for area in heard
        }
        for code, place in known.items():
            if self._places.get(code) != place:
                self._left.extend((place, text) for text in texts(place.name))
        self._seen, self._places = seen, known


def texts(place: str) -> Iterator[str]:
    """The warning of each hazard at each level, without the time of issue that is always another.

    One at a time: whoever wants to listen to a bài waits for one sentence at most.
    """
    for hazard in COMMON:
        for level in range(FIRST_LEVEL, LAST_LEVEL + 1):
            yield headline(hazard, level, place, _ANY_TIME).partition(". ")[2]
