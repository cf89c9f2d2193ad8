"""Opens the database file: one process at a time, unusable files moved aside, old ones upgraded."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from inference_exporter.errors import StateError
from inference_exporter.values.checksum import checksum

log = logging.getLogger("inference_exporter.state")

NAME = "state.sqlite"
VERSION = 2
_OURS = 0x1EFE7A7E  # application_id: not to take another program's database for ours
_SIDES = ("", "-wal", "-shm")

_UPGRADES: dict[int, str] = {
    # From version 0, an empty file. Each further entry leads from its number to the next.
    0: "CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    1: "ALTER TABLE state ADD COLUMN crc INTEGER",  # NULL: written by version 1
}


class Unusable(Exception):
    """The file is there, but is no state of ours that can be read."""


def lock(folder: Path) -> int:
    """Take the folder for this process; the descriptor holds the lock until it is closed.

    A lock file of its own, because the database may be moved aside; `flock`, because the system
    takes it back from a process that dies.
    """
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        if not isinstance(error, BlockingIOError):
            raise
        raise StateError(
            f"the state folder {folder} is in use by another inference-exporter; stop that one, "
            "or give each its own folder with --storage.path"
        ) from None
    return fd


def connect(folder: Path) -> sqlite3.Connection:
    """Open or create the database; `Unusable` if what is there cannot be used, else OSError."""
    path = folder / NAME
    created = _create(path)
    if not path.is_file():
        raise Unusable("not a file")
    if not os.access(path, os.R_OK, effective_ids=True):
        raise Unusable("permission denied")
    try:
        return _prepare(path)
    except sqlite3.OperationalError as error:
        if _is_disk_trouble(error):
            if created:  # else the next attempt takes it for a damaged one
                path.unlink()
            raise OSError(str(error)) from error
        raise Unusable(str(error)) from error
    except sqlite3.Error as error:
        raise Unusable(str(error)) from error


def read(connection: sqlite3.Connection) -> dict[str, bytes]:
    """All keys and values; `Unusable` if one is not what was written."""
    values = {}
    columns = "key, value, crc" if _version(connection) > 1 else "key, value, NULL"
    for key, value, crc in connection.execute(f"SELECT {columns} FROM state"):
        if not isinstance(value, bytes) or crc not in (None, checksum(key, value)):
            raise Unusable(f"{key} is not what was written")
        values[key] = value
    return values


def write(connection: sqlite3.Connection, items: Iterable[tuple[str, bytes | None]]) -> None:
    """Put values, and delete the keys of those that are None; part of the caller's transaction."""
    known = list(items)
    gone = [(key,) for key, value in known if value is None]
    connection.executemany("DELETE FROM state WHERE key = ?", gone)
    connection.executemany("REPLACE INTO state (key, value, crc) VALUES (?, ?, ?)", _rows(known))


def _rows(items: Iterable[tuple[str, bytes | None]]) -> Iterator[tuple[str, bytes, int]]:
    for key, value in items:
        if value is not None:
            yield key, value, checksum(key, value)


def move_aside(folder: Path, now: float) -> str:
    """Rename the database and its side files out of the way; the new name of the database."""
    stamp = f"{NAME}.corrupt-{int(now)}"
    count = 0
    while any((folder / f"{_numbered(stamp, count)}{side}").exists() for side in _SIDES):
        count += 1
    name = _numbered(stamp, count)
    for side in _SIDES:
        with contextlib.suppress(FileNotFoundError):
            (folder / f"{NAME}{side}").rename(folder / f"{name}{side}")
    _sync_folder(folder)
    return name


def clear(connection: sqlite3.Connection) -> None:
    """Empty every table, other stages' too; part of the caller's transaction."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        connection.execute(f'DELETE FROM "{table}"')


def identity(folder: Path) -> tuple[int, int]:
    """Device and inode of the database that has the name now."""
    facts = (folder / NAME).stat()
    return facts.st_dev, facts.st_ino


def is_there(folder: Path, known: tuple[int, int]) -> bool:
    """Whether the name still leads to the database that had this identity."""
    try:
        return identity(folder) == known
    except FileNotFoundError:
        return False


def size_of(folder: Path) -> int:
    """Bytes on disk, the write-ahead log included."""
    total = 0
    for side in _SIDES:
        with contextlib.suppress(OSError):
            total += (folder / f"{NAME}{side}").stat().st_size
    return total


def _create(path: Path) -> bool:
    """Make the file if there is none; says whether it did."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError as error:
        if path.stat().st_size == 0:  # what some disks leave of a file after a power cut
            raise Unusable("empty") from error
        return False
    _sync_folder(path.parent)
    return True


def _prepare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    try:
        # We are alone (see `lock`): the index of the log then stays in memory and needs no file,
        # so that state can still be read where a full disk has no room for one.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        _check(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=4194304")
        _upgrade(connection)
        connection.execute("SELECT key, value FROM state LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    version = _version(connection)
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (version or owner or tables) and owner != _OURS:
        raise Unusable("the database of another program")
    if version > VERSION:
        raise StateError(
            f"the state was written by a newer inference-exporter (version {version} of the state, "
            f"this one knows {VERSION} and older); start the newer one, or give this one a folder "
            "of its own with --storage.path"
        )
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise Unusable(str(verdict))
    _check_rows(connection)


def _check_rows(connection: sqlite3.Connection) -> None:
    """Tables of other stages whose last column is the checksum of the others; NULL: not known."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        rows = connection.execute(f'SELECT * FROM "{table}"')
        if rows.description[-1][0] != "crc" or table == "state":
            continue
        for *values, crc in rows:
            if crc not in (None, checksum(*values)):
                raise Unusable(f"a row of {table} is not what was written")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _upgrade(connection: sqlite3.Connection) -> None:
    version = _version(connection)
    while version < VERSION:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_UPGRADES[version])
            version += 1
            connection.execute(f"PRAGMA application_id={_OURS}")
            connection.execute(f"PRAGMA user_version={version}")


def _numbered(name: str, count: int) -> str:
    return f"{name}.{count}" if count else name


def _is_disk_trouble(error: sqlite3.OperationalError) -> bool:
    """A full or read-only disk says nothing against the file."""
    return error.sqlite_errorcode & 0xFF in (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
    )


def _sync_folder(folder: Path) -> None:
    """A new name is on disk only when its folder is."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
