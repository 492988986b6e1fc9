"""Who leads: one controller a database, held by an exclusive lock on a file beside it (decision 0078)."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from controller.errors import Problem

NAME = "leader.lock"


class Lead:
    """The right to plan and to publish; it ends with ``release`` or with the process, however that dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let another lead; may be called twice."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __enter__(self) -> "Lead":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.release()


def take_lead(database: Path) -> Lead:
    """Lead on this database; Problem ``E_NOT_LEADER`` where another controller does."""
    database.parent.mkdir(parents=True, exist_ok=True)
    path = database.parent / f"{database.name}.{NAME}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # flock belongs to this open file, not to the process: two houses in one process exclude each other
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "?"
        os.close(descriptor)
        raise Problem(
            "E_NOT_LEADER",
            status=503,
            vi=f"Một bộ điều khiển khác (tiến trình {holder}) đang dùng dữ liệu này; bộ này không chạy.",
            en=f"Not leader: another controller (process {holder}) runs on {database}; this one stays out.",
        ) from error
    except BaseException:
        os.close(descriptor)
        raise
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return Lead(descriptor)
