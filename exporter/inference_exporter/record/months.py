"""The folder of the record: a file of lines for each month of UTC, named `2026-11.jsonl`.

A decision is in the file of the month in which its window ended.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

FOLDER = "decisions"  # in the state folder
_NAME = re.compile(r"(\d{4})-(\d{2})\.jsonl", re.ASCII)
_DAY = 86400.0


def month_of(seconds: float) -> str:
    """The month of a time.

    >>> month_of(1793577600.0)
    '2026-11'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m")


def ends(month: str) -> float:
    """When a month is over.

    >>> ends("2026-11") - ends("2026-10")
    2592000.0
    """
    year, number = int(month[:4]), int(month[5:7])
    following = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return following.timestamp()


def path_of(folder: Path, month: str) -> Path:
    """The file of a month."""
    return folder / f"{month}.jsonl"


def months(folder: Path) -> Iterator[tuple[str, Path]]:
    """The months there are, the oldest first; none without a folder."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted(folder.iterdir()):
            if _NAME.fullmatch(path.name) and 1 <= int(path.name[5:7]) <= 12:
                yield path.stem, path


def forget(folder: Path, before: float) -> list[str]:
    """Delete the files of months that were over then; which these were."""
    old = [(month, path) for month, path in months(folder) if ends(month) <= before]
    for _, path in old:
        path.unlink(missing_ok=True)
    return [month for month, _ in old]


def size_of(folder: Path) -> int:
    """Bytes of all files; 0 where they cannot be seen."""
    try:
        return sum(path.stat().st_size for _, path in months(folder))
    except OSError:
        return 0


def end_of(path: Path) -> tuple[int, bool]:
    """Bytes of a file, and whether it ends within a line; (0, False) without one."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if not size:
                return 0, False
            file.seek(size - 1)
            return size, file.read(1) != b"\n"
    except FileNotFoundError:
        return 0, False


def put(path: Path, offset: int, data: bytes, end: int) -> bool:
    """Write at a place, on disk when it returns; False if the file is too short for it.

    The same bytes at the same place are the same file, however often they are written. Whatever
    is behind `end` was never committed, and is cut off.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(fd).st_size
        if size < offset:
            return False
        at = offset
        while at < offset + len(data):
            at += os.pwrite(fd, data[at - offset :], at)
        if size > end:
            os.ftruncate(fd, end)
        os.fsync(fd)
    finally:
        os.close(fd)
    return True
