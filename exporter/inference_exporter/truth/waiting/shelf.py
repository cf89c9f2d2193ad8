"""Small arrays of records that outlive a restart: labels that came early, keys that were evicted.

All of it is in memory, in order of arrival; on disk it is in chunks, of which a commit writes only
those that changed.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
import numpy.typing as npt

from inference_exporter.truth.waiting.tables import Tables
from inference_exporter.values.batch import Bools, Ints

_CHUNK = 4096
Rows = npt.NDArray[np.void]


class Shelf:
    """Rows of one kind; their type has a field `key`."""

    def __init__(self, tables: Tables, kind: str, dtype: list[tuple[str, str]]) -> None:
        self._tables, self._kind = tables, kind
        self._dtype = np.dtype(dtype)
        self.rows: Rows = np.empty(0, self._dtype)
        self._chunk: Ints = np.empty(0, np.int64)  # where each row is on disk
        self._changed: set[int] = set()
        self._sorted: Ints | None = None
        self._open = 0

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is on disk; chunks of another type are left out."""
        for sequence, value in self._tables.aside(connection, self._kind):
            if len(value) % self._dtype.itemsize == 0:
                rows = np.frombuffer(bytearray(value), self._dtype)
                self.rows = np.concatenate((self.rows, rows))
                self._chunk = np.concatenate((self._chunk, np.full(len(rows), sequence)))
                self._open = sequence + 1
        self._sorted = None

    def add(self, rows: Rows) -> None:
        """More rows, newer than those that are there."""
        if not len(rows):
            return
        if np.count_nonzero(self._chunk == self._open) >= _CHUNK:
            self._open += 1
        self.rows = np.concatenate((self.rows, rows.astype(self._dtype)))
        self._chunk = np.concatenate((self._chunk, np.full(len(rows), self._open)))
        self._changed.add(self._open)
        self._sorted = None

    def keep(self, mask: Bools) -> None:
        """Only the rows that the mask (rows,) marks."""
        if mask.all():
            return
        self._changed.update(np.unique(self._chunk[~mask]).tolist())
        self.rows, self._chunk = self.rows[mask], self._chunk[mask]
        self._sorted = None

    def change(self, at: Ints, field: str, values: npt.NDArray[Any]) -> None:
        """Other values in a field of some rows."""
        self.rows[field][at] = values
        self._changed.update(np.unique(self._chunk[at]).tolist())

    def has(self, keys: Ints) -> Bools:
        """Which of the keys are here."""
        if self._sorted is None:
            self._sorted = np.sort(self.rows["key"])
        if not len(self._sorted):
            return np.zeros(len(keys), np.bool_)
        at = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
        found: Bools = self._sorted[at] == keys
        return found

    def write(self, connection: sqlite3.Connection) -> None:
        """What changed; part of the caller's transaction."""
        chunks = {n: self.rows[self._chunk == n].tobytes() for n in sorted(self._changed)}
        self._tables.put_aside(connection, self._kind, ((n, v) for n, v in chunks.items() if v))
        self._tables.delete_aside(connection, self._kind, [n for n, v in chunks.items() if not v])

    def confirm(self) -> None:
        """What `write` wrote is on disk."""
        self._changed.clear()
