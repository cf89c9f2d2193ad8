"""Keeps offsets and counts together, so that after a crash they still agree."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from inference_exporter.errors import StateError
from inference_exporter.state import database

log = logging.getLogger("inference_exporter.state")

Extra = Callable[[sqlite3.Connection], None]


class Store:
    """One SQLite database in a folder that belongs to this process alone.

    **What callers do with the answer of `commit`.** True: the values are on disk; publish the
    snapshot they were taken from. False: they are not, and after a crash the program would go on
    from the last commit that was. `persistent` tells the two cases apart:

    - it was never true: there is nothing on disk that a restart could step back to. Publish what is
      current; a restart begins at 0 with `start_at=end`, an ordinary counter reset.
    - it was true before (the disk is full, the folder became read-only): a restart would resume at
      the old offset with the old counts, so a newer published counter would step back, and
      Prometheus would add the whole value again. Keep publishing the last committed snapshot while
      that lasts for a moment (its age is visible in
      `inference_exporter_state_last_commit_timestamp_seconds`). If it lasts, showing nothing
      new is the greater harm: publish current values, with `inference_exporter_state_persistent`
      0 saying that a crash now would distort the counters.

    Changes that could not be committed are kept and written by the next commit that succeeds, so
    callers pass only what changed, once. That holds for keys, not for `extra`: see `commit`.
    Memory is bounded by the keys: a later value replaces an earlier one.

    A database that is damaged or removed while we run stays unused until the next start, since only
    part of the state passes by in changes. One that could not be opened at the start, and
    can be later, is emptied by the first commit: it was not loaded, so nothing in it fits.
    """

    def __init__(self, folder: Path) -> None:
        self.persistent = False
        self.load_errors = 0
        self._folder = folder
        self._lock: int | None = None
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._outdated = False  # opened late: what is in it was never loaded
        self._pending: dict[str, bytes | None] = {}
        self._complaint = ""
        self._now = 0.0

    @classmethod
    def open(cls, folder: str, now: float) -> Store:
        """Open the folder's state whatever it looks like.

        Only a second process on the same folder, and state that a newer version has written, are
        errors (`StateError`). A database that cannot be used is moved aside and counted in
        `load_errors`; a folder that cannot be used makes a store that is not `persistent` and tries
        again at every commit.
        """
        store = cls(Path(folder))
        store._now = now
        try:
            store._try_open()
        except StateError:
            store.close()
            raise
        store._outdated = store._connection is None
        return store

    volatile = False  # what `extra` writes is there once `commit` says so, and only then

    @property
    def tables(self) -> sqlite3.Connection | None:
        """For reading the tables that `extra` writes; None while there is nothing to be read."""
        return None if self._outdated else self._connection

    def load(self) -> dict[str, bytes]:
        """All keys and values, those waiting for a disk included."""
        values = {} if self._outdated else self._load()
        values.update(self._pending)
        return {key: value for key, value in values.items() if value is not None}

    def _load(self) -> dict[str, bytes | None]:
        if self._connection is None:
            return {}
        try:
            return dict(database.read(self._connection))
        except (sqlite3.Error, database.Unusable) as error:
            self._replace(str(error))
            return {}

    def commit(
        self, puts: Mapping[str, bytes], deletes: Iterable[str] = (), extra: Extra | None = None
    ) -> bool:
        """Write everything in one transaction; True only when it is on disk.

        A key in both is deleted first, then written. `extra` may write other tables in the same
        transaction. It is called once and not kept: after False, its caller passes again
        whatever it still wants written. An error that `extra` raises, other than one of SQLite's,
        rolls everything back and is raised.
        """
        self._pending.update(dict.fromkeys(deletes))
        self._pending.update(puts)
        if self._connection is None:
            self._try_open()
        if self._connection is None:
            return False
        try:
            self._write(self._connection, extra)
        except (sqlite3.Error, OSError) as error:
            self._complain(str(error))
            return False
        self._pending.clear()
        self._outdated = False
        self._succeeded()
        return True

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return database.size_of(self._folder)

    def close(self) -> None:
        """Give the folder back. Pending changes that could not be committed are lost."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        self.persistent = False

    def _write(self, connection: sqlite3.Connection, extra: Extra | None) -> None:
        if not database.is_there(self._folder, self._identity):
            raise FileNotFoundError("the database was removed; a restart makes a new one")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self._outdated:
                database.clear(connection)
            database.write(connection, self._pending.items())
            if extra is not None:
                extra(connection)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                connection.execute("ROLLBACK")
            raise

    def _try_open(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._lock is None:
                self._lock = database.lock(self._folder)
            self._connection = self._connect()
            self._identity = database.identity(self._folder)
        except OSError as error:
            self._complain(str(error))
        else:
            self._succeeded()

    def _connect(self) -> sqlite3.Connection:
        try:
            return database.connect(self._folder)
        except database.Unusable as error:
            self._aside(str(error))
            return database.connect(self._folder)

    def _aside(self, reason: str) -> None:
        name = database.move_aside(self._folder, self._now)
        self.load_errors += 1
        log.error("state in %s cannot be used (%s); moved to %s", self._folder, reason, name)

    def _replace(self, reason: str) -> None:
        """The database turned out to be damaged when it was loaded."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
        self.persistent = False
        try:
            self._aside(reason)
        except OSError as error:
            self._complain(str(error))
            return
        self._try_open()

    def _succeeded(self) -> None:
        if self._complaint:
            log.info("state in %s is kept again", self._folder)
        self._complaint = ""
        self.persistent = True

    def _complain(self, reason: str) -> None:
        self.persistent = False
        if reason != self._complaint:
            log.error("state in %s is not kept: %s", self._folder, reason)
        self._complaint = reason
