"""Who sends more than any node has to say is not listened to until it has calmed down (F65, S29)."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.dispatch.receipts.mail import Letter
from devices.messages import NodeId

WINDOW = timedelta(seconds=10)
MOST = 300
"""Letters of one node in a window: ten times what a node says that comes back with a week's reports."""
QUARANTINE = timedelta(minutes=1)


class Floodgate:
    """Counts letters by the node of their topic, before anything is opened: opening is what costs.

    What is held back is lost here and nowhere else: receipts that no answer covers are sent again.
    """

    def __init__(self) -> None:
        self._counts: Counter[NodeId] = Counter()
        self._since_at: datetime | None = None
        self._shut_until: dict[NodeId, datetime] = {}
        self.held_back = 0

    def let_in(self, letters: Iterable[Letter]) -> list[Letter]:
        """Those that may be opened, in their order."""
        return [letter for letter in letters if self._passes(_sender(letter.arrival.topic), letter.at)]

    def shut(self, now: datetime) -> frozenset[NodeId]:
        """Who is not listened to."""
        self._shut_until = {node: until for node, until in self._shut_until.items() if now < until}
        return frozenset(self._shut_until)

    def _passes(self, node: NodeId | None, at: datetime) -> bool:
        if node is None:
            return True
        if self._since_at is None or at - self._since_at >= WINDOW:
            self._since_at = at
            self._counts.clear()
        self._counts[node] += 1
        if self._counts[node] > MOST:
            self._shut_until[node] = at + QUARANTINE
        if at < self._shut_until.get(node, at):
            self.held_back += 1
            return False
        return True


def _sender(topic: str) -> NodeId | None:
    parts = topic.split("/", 4)
    return NodeId(parts[3]) if len(parts) > 3 and parts[2] == "node" else None
