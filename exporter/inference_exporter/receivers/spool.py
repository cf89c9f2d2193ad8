r"""Lines that were received, on disk before they are acknowledged, read as any log.

A model has a folder of segments, `00000001.jsonl`, …; only the newest is written. A segment that
was read to its end in a commit is deleted with the next one, but the last is kept: its lines say
which events were taken before a restart. What is over `limit` bytes is refused: the reader is
behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

SEGMENT_BYTES = 8 << 20
LIMIT_BYTES = 256 << 20
SPARE_BYTES = 64 << 10  # of the disk that are left to others
EVENTS = 200_000  # remembered, newest
_EVENT = re.compile(rb'^\{"\$received":[^,]*,"\$event":"([0-9a-f]+)"')


class SpoolFullError(Exception):
    """More is waiting to be read than may be kept."""


def folder_of(storage: str, model: str) -> Path:
    """Where the lines of a model are."""
    return Path(storage) / "received" / quote(model, safe="")


def pattern_of(storage: str, model: str) -> str:
    """The glob that finds them."""
    return str(folder_of(storage, model) / "*.jsonl")


class Spool:
    """The lines of one model. One thread writes, another tidies up."""

    def __init__(self, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self._folder, self._limit = folder, limit
        self._fd = -1
        self._size = 0  # of the segment that is written
        self._older: dict[Path, int] = {}  # sizes of segments that are complete
        self._read: set[Path] = set()  # read to their end by what is being committed
        self._events: OrderedDict[bytes, None] = OrderedDict()
        self._number = 0
        self._lock = threading.Lock()  # of what is known of segments
        self._open()

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted(self._folder.glob("*.jsonl")):
            if path.stem.isdigit():
                self._adopt(path)

    def _adopt(self, path: Path) -> None:
        """A segment of a former run: without the line that a crash may have cut off."""
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(path, whole)
        self._note(event for event in map(_event_of, data[:whole].splitlines()) if event)
        self._older[path] = whole
        self._number = max(self._number, int(path.stem))

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        with self._lock:
            return self._size + sum(self._older.values())

    def fresh(self, lines: Iterable[bytes]) -> list[bytes]:
        """The lines whose event was not taken before, each once."""
        found: list[bytes] = []
        seen: set[bytes] = set()
        for line in lines:
            event = _event_of(line)
            if event is None or (event not in self._events and event not in seen):
                found.append(line)
                seen |= {event} if event else set()
        return found

    def write(self, lines: list[bytes]) -> None:
        """Have the lines on disk when this returns; SpoolFullError or OSError: none of them are."""
        data = b"".join(lines)
        if self.size + len(data) > self._limit:
            raise SpoolFullError
        if self._fd < 0 or self._size >= SEGMENT_BYTES:
            self._next_segment()
        _need(self._fd, len(data))
        try:
            _write_all(self._fd, data)
            os.fdatasync(self._fd)
        except OSError:
            self._take_back()
            raise
        self._size += len(data)
        self._note(event for event in map(_event_of, lines) if event)

    def _take_back(self) -> None:
        """Nothing of what was just written is to be read; where that fails, the segment ends."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            with self._lock:
                self._older[self._path] = self._size
            self.close()

    def _next_segment(self) -> None:
        path = self._folder / f"{self._number + 1:08}.jsonl"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self._fd >= 0:
            os.close(self._fd)
        with self._lock:
            if self._fd >= 0:
                self._older[self._path] = self._size
            self._fd, self._size, self._number = fd, 0, self._number + 1
        _sync_folder(self._folder)

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._number:08}.jsonl"

    def tidy(self, read: Iterable[tuple[str, int]]) -> None:
        """Delete what was committed since the last call; `read` is (path, bytes) as of now."""
        offsets = {Path(path): offset for path, offset in read}
        with self._lock:
            self._delete_read(offsets)

    def _delete_read(self, offsets: Mapping[Path, int]) -> None:
        newest = max(self._older, default=None)
        for path in self._read & self._older.keys():
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            del self._older[path]
        self._read = {
            path
            for path, size in self._older.items()
            if path != newest and offsets.get(path, -1) >= size
        }

    def _note(self, events: Iterator[bytes]) -> None:
        self._events.update(dict.fromkeys(events))
        while len(self._events) > EVENTS:
            self._events.popitem(last=False)

    def close(self) -> None:
        """Give back the descriptor."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _event_of(line: bytes) -> bytes | None:
    match = _EVENT.match(line)
    return match[1] if match else None


def _need(fd: int, size: int) -> None:
    """OSError where a disk has no room: whoever reads must not see lines that are taken back."""
    disk = os.fstatvfs(fd)
    if disk.f_bavail * disk.f_frsize < size + SPARE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
