"""The alarm pack: what every alarm says in the same words, spoken beforehand and never evicted."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime

from controller.dispatch import alarm
from controller.dispatch.plan.lexicon_use import used_in
from controller.dispatch.plan.sounds import EMERGENCY, Order, recall
from controller.store import areas, lexicon, nodes
from controller.store.database import Conn
from schedules.announcement import AreaCode
from schedules.area import Level
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


class Pack:
    """What is left of it, for the communes that have loudspeakers when the house first has nothing to do.

    Asked by one loop at a time. A commune or a reading that is new since then is seen at the next start.
    """

    def __init__(self) -> None:
        self._left: deque[tuple[AreaCode | None, str]] | None = None

    def next_order(self, conn: Conn) -> Order | None:
        """The next one that has not been spoken yet; None where all are."""
        if self._left is None:
            self._left = deque(_whole(conn))
        while self._left:
            area, text = self._left[0]
            own = lexicon.USUAL if area is None else used_in(text, lexicon.own(conn, area))
            order = Order(text=text, style=EMERGENCY, chime=False, own=own)
            if recall(conn, order) is None:
                return order
            self._left.popleft()
        return None


def texts(place: str) -> Iterator[str]:
    """The warning of each hazard at each level, without the time of issue that is always another.

    One at a time: whoever wants to listen to a bài waits for one sentence at most.
    """
    for hazard in COMMON:
        for level in range(FIRST_LEVEL, LAST_LEVEL + 1):
            yield headline(hazard, level, place, _ANY_TIME).partition(". ")[2]


def _whole(conn: Conn) -> Iterator[tuple[AreaCode | None, str]]:
    for text in EVERYWHERE:
        yield None, text
    tree = areas.tree(conn)
    heard = {code for node in nodes.in_service(conn) for code in tree.chain(node.area)}
    for area in tree.areas:
        if area.level is Level.COMMUNE and area.code in heard:
            for text in texts(alarm.place_name((area.code,), tree)):
                yield area.code, text
