"""The file a worker has for itself: claimed with a lock, appended to, rotated."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: the process id makes a name of its own
    fcntl = None  # type: ignore[assignment]

_WORKERS = 10_000


class File:
    """`predictions.jsonl`, or `predictions-2.jsonl` if another process has that, and so on."""

    def __init__(self, path: Path, max_bytes: int, backups: int) -> None:
        self._base, self._max_bytes, self._backups = path, max_bytes, backups
        self._descriptor: int | None = None
        self._within = False  # the last write ended inside a line, which the next one goes on with
        self.path = path

    def write(self, data: bytes) -> int:
        """Append some of the lines; how many bytes. OSError where the disk refuses."""
        descriptor = self._ready(len(data))
        written = os.write(descriptor, data)
        self._within = not data[:written].endswith(b"\n")
        return written

    def close(self) -> None:
        """Let go of the file, and with it of the lock."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)

    def forget(self) -> None:
        """In a process that was forked: the file is the parent's, and so is its lock."""
        self.close()
        self.path, self._within = self._base, False

    def _ready(self, more: int) -> int:
        """The open file with room for so many bytes more."""
        if self._descriptor is None or not _is_at(self._descriptor, self.path):
            return self._open()
        size = os.fstat(self._descriptor).st_size
        if self._within or not size or size + more <= self._max_bytes:
            return self._descriptor
        self._rotate()
        return self._open()

    def _open(self) -> int:
        self.close()
        self._base.parent.mkdir(parents=True, exist_ok=True)
        own = [self.path] if fcntl else [self._numbered(os.getpid())]
        for path in (*own, self._base, *map(self._numbered, range(2, _WORKERS))):
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            if _lock(descriptor) and _is_at(descriptor, path):
                self._descriptor, self.path = descriptor, path
                size = os.fstat(descriptor).st_size
                if size and not self._within and _last(descriptor, size) != b"\n":
                    os.write(descriptor, b"\n")  # a process was killed inside a line
                return descriptor
            os.close(descriptor)
        raise OSError(f"{_WORKERS} processes write {self._base} already")

    def _numbered(self, number: int) -> Path:
        return self._base.with_name(f"{self._base.stem}-{number}{self._base.suffix}")

    def _rotate(self) -> None:
        """`x.jsonl.1` is the newest of the files before; the oldest goes."""
        older = [Path(f"{self.path}.{number}") for number in range(1, self._backups + 1)]
        for newer, old in zip(reversed([self.path, *older[:-1]]), reversed(older)):
            if newer.exists():
                newer.replace(old)
        if not older:
            self.path.unlink()


def _lock(descriptor: int) -> bool:
    if fcntl:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the name still leads to the open file: others rotate and delete, too."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _last(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)
