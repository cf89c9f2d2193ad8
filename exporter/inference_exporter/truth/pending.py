"""Pending predictions by key: what is on disk, under what the next commit will write over it.

Reading looks at both. Nothing is forgotten until a commit is confirmed, so one that fails (a full
disk) loses nothing. Without a disk that was ever written, everything stays in memory.
"""

from __future__ import annotations

import sqlite3

import numpy as np

from inference_exporter.batch import Bools, Ints
from inference_exporter.truth.record import Codec, Records
from inference_exporter.truth.sieve import Sieve
from inference_exporter.truth.tables import Tables

_AT_ONCE = 10_000  # records that are Python objects at the same time
_NONE = np.empty(0, np.int64)


class Pending:
    """A mapping of key to record; keys go in and out as sorted arrays without repetitions."""

    def __init__(self, tables: Tables, codec: Codec, sieve: Sieve) -> None:
        self._tables, self._codec, self._sieve = tables, codec, sieve
        self._forget()

    def _forget(self) -> None:
        self._keys = _NONE  # not written yet, ascending
        self._records: Records = np.empty(0, self._codec.dtype)
        self._new = np.empty(0, np.bool_)  # not on disk at all
        self._deleted = _NONE  # still on disk

    @property
    def unwritten(self) -> int:
        """Records that wait for a commit."""
        return len(self._keys)

    @property
    def new(self) -> int:
        """Those of them that are nowhere on disk."""
        return int(np.count_nonzero(self._new))

    def find(self, connection: sqlite3.Connection | None, keys: Ints) -> tuple[Bools, Records]:
        """Which keys are there, and the records; where there is none, zeros."""
        records = np.zeros(len(keys), self._codec.dtype)
        found, at = _search(self._keys, keys)
        records[found] = self._records[at[found]]
        if connection is None or found.all():
            return found, records
        gone, _ = _search(self._deleted, keys)
        wanted = np.flatnonzero(~found & ~gone)
        wanted = wanted[self._sieve.may_have(keys[wanted])]
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            have, blobs = self._tables.fetch(connection, keys[some])
            if blobs:
                rows = some[np.searchsorted(keys[some], have)]
                records[rows] = self._codec.unpack(blobs)
                found[rows] = True
        return found, records

    def add(self, keys: Ints, records: Records) -> None:
        """Records whose keys are not there."""
        self._sieve.add(keys)
        again, _ = _search(self._deleted, keys)
        if again.any():  # deleted and back within one commit: on disk it is a replacement
            self._deleted = np.setdiff1d(self._deleted, keys[again], assume_unique=True)
        self._merge(keys, records, ~again)

    def replace(self, keys: Ints, records: Records) -> None:
        """Other records for keys that are there."""
        inside, at = _search(self._keys, keys)
        self._records[at[inside]] = records[inside]
        rest = ~inside
        self._merge(keys[rest], records[rest], np.zeros(int(rest.sum()), np.bool_))

    def remove(self, keys: Ints) -> None:
        """Forget keys that are there."""
        gone, _ = _search(keys, self._keys)
        only_here = self._keys[gone & self._new]
        on_disk = np.setdiff1d(keys, only_here, assume_unique=True)
        self._deleted = np.union1d(self._deleted, on_disk)
        keep = ~gone
        self._keys, self._records = self._keys[keep], self._records[keep]
        self._new = self._new[keep]

    def _merge(self, keys: Ints, records: Records, new: Bools) -> None:
        if not len(keys):
            return
        if not len(self._keys):
            self._keys, self._records, self._new = keys, records.copy(), new
            return
        together = np.concatenate((self._keys, keys))
        order = np.argsort(together, kind="stable")
        self._keys = together[order]
        self._records = np.concatenate((self._records, records))[order]
        self._new = np.concatenate((self._new, new))[order]

    def write(self, connection: sqlite3.Connection) -> None:
        """Everything not written yet; part of the caller's transaction."""
        if len(self._deleted):
            self._tables.delete(connection, self._deleted)
        for new in (True, False):
            chosen = np.flatnonzero(self._new == new)
            for start in range(0, len(chosen), _AT_ONCE):
                some = chosen[start : start + _AT_ONCE]
                blobs = self._codec.pack(self._records[some])
                self._tables.put(connection, self._keys[some], blobs, new=new)

    def confirm(self) -> None:
        """What `write` wrote is on disk."""
        self._forget()


def _search(among: Ints, keys: Ints) -> tuple[Bools, Ints]:
    """Which of the keys are among the others (ascending), and where."""
    if not len(among):
        return np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    return among[at] == keys, at
