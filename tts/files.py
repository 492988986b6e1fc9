"""Files that are whole or absent, also after a kill or a power cut."""

import contextlib
import os
from pathlib import Path

_PART = ".part"


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path` by temporary file, fsync and rename; what dead writers left there is removed.

    The temporary's name carries the writer's process id, so a later writer knows whose leftovers are whose.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{path.name}.{os.getpid()}{_PART}"
    try:
        with part.open("wb") as sink:
            sink.write(data)
            sink.flush()
            os.fsync(sink.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def sweep(directory: Path) -> int:
    """Remove temporaries whose writer is dead; the number removed."""
    removed = 0
    for part in directory.glob(f".*{_PART}"):
        writer = part.name.removesuffix(_PART).rpartition(".")[2]
        if writer.isdigit() and not _alive(int(writer)):
            part.unlink(missing_ok=True)
            removed += 1
    return removed


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync_directory(directory: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems refuse to sync a directory
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
