"""The state of an exporter that may be running, looked at from beside it.

The database belongs to one process alone, which keeps others out of it. So its files are copied
while they do not change, and the copy is read.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from inference_exporter.clock import Clock
from inference_exporter.errors import StateError
from inference_exporter.state.database import NAME, Unusable, read

_ATTEMPTS, _PAUSE = 50, 0.1  # an exporter commits every few seconds, in milliseconds
_FILES = (NAME, f"{NAME}-wal")


class StateCopy:
    """The interface of `Store` on a copy in memory. `written` is when the state was committed."""

    persistent = False
    load_errors = 0
    volatile = True

    def __init__(self, tables: sqlite3.Connection, written: float) -> None:
        self.tables, self.written = tables, written

    @property
    def size_bytes(self) -> int:
        """Nothing of this is on disk."""
        return 0

    def load(self) -> dict[str, bytes]:
        """All keys and values; StateError if one is not what was written."""
        try:
            return read(self.tables)
        except Unusable as error:
            raise StateError(f"the state cannot be read: {error}") from error

    def commit(
        self,
        puts: Mapping[str, bytes],  # noqa: ARG002
        deletes: Iterable[str] = (),  # noqa: ARG002
        extra: Callable[[sqlite3.Connection], None] | None = None,  # noqa: ARG002
    ) -> bool:
        """Nothing is kept: it is somebody else's state."""
        return False

    def close(self) -> None:
        """Forget the copy."""
        self.tables.close()


def copied(folder: Path, clock: Clock) -> StateCopy:
    """The committed state in a folder; StateError if there is none, or it is never at rest."""
    if not (folder / NAME).is_file():
        raise StateError(f"{folder} has no state: name the folder of `run` with --storage.path")
    with tempfile.TemporaryDirectory() as place:
        for _ in range(_ATTEMPTS):
            before = _marks(folder)
            _copy(folder, Path(place), [name for name in _FILES if before[name][0]])
            if before == _marks(folder):
                return StateCopy(_in_memory(Path(place) / NAME), _written(before))
            clock.sleep(_PAUSE)
    raise StateError(f"the state in {folder} changes all the time; try again")


def _copy(folder: Path, place: Path, names: Iterable[str]) -> None:
    for name in _FILES:
        (place / name).unlink(missing_ok=True)
    for name in names:
        shutil.copyfile(folder / name, place / name)


def _marks(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of each file; (0, 0) where it is not there."""
    marks = {}
    for name in _FILES:
        try:
            facts = (folder / name).stat()
            marks[name] = (facts.st_size, facts.st_mtime_ns)
        except FileNotFoundError:
            marks[name] = (0, 0)
    return marks


def _written(marks: Mapping[str, tuple[int, int]]) -> float:
    return max(time_ns for _, time_ns in marks.values()) / 1e9


def _in_memory(path: Path) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    disk = sqlite3.connect(path)
    try:
        disk.backup(memory)
    except sqlite3.Error as error:
        raise StateError(
            f"the state cannot be read: {error}; name the folder of `run`, or a copy that is whole"
        ) from error
    finally:
        disk.close()
    return memory
