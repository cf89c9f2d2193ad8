"""Pending predictions that an earlier version wrote, until the last of them goes.

It kept a tree of records by key and a queue of keys. Nothing is added to them any more: they are
read, get their labels and are given up as before; then both tables are dropped.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from inference_exporter.truth.waiting.chunks import Chunk
from inference_exporter.truth.waiting.places import among
from inference_exporter.truth.waiting.record import Codec, Records
from inference_exporter.truth.waiting.sieve import Probes, Sieve
from inference_exporter.values.batch import Bools, Ints

_AT_ONCE = 2000  # keys in one question
_NONE = np.empty(0, np.int64)


class Legacy:
    """A mapping of key to record that only gets smaller."""

    def __init__(self, model: str, codec: Codec) -> None:
        self._pending, self._queue = f'"pending_{model}"', f'"queue_{model}"'
        self._codec = codec
        self._there = False  # the tables are
        self._chunks: deque[Chunk] = deque()
        self._sieve = Sieve(0)
        self.size = 0
        self._forget()

    def _forget(self) -> None:
        self._keys = _NONE  # with another record than on disk, ascending
        self._records: Records = np.empty(0, self._codec.dtype)
        self._given_up: list[tuple[int, Ints]] = []

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is on disk."""
        statement = "SELECT 1 FROM sqlite_master WHERE name = ?"
        names = (self._queue.strip('"'),)
        self._there = connection.execute(statement, names).fetchone() is not None
        if not self._there:
            return
        columns = "sequence, arrived, length(keys) / 8"
        rows = connection.execute(f"SELECT {columns} FROM {self._queue} ORDER BY sequence")
        self._chunks = deque(Chunk(*row) for row in rows)
        self.size = sum(chunk.count for chunk in self._chunks)
        self._sieve = Sieve(self.size)
        for chunk in self._chunks:
            self._sieve.add(self._of_chunk(connection, chunk))

    @property
    def first(self) -> Chunk | None:
        """The oldest chunk."""
        return self._chunks[0] if self._chunks else None

    @property
    def unwritten(self) -> int:
        """Records that wait for a commit."""
        return len(self._keys)

    def find(self, connection: sqlite3.Connection | None, keys: Ints) -> tuple[Bools, Records]:
        """Which keys (ascending) are there, and the records; where there is none, zeros."""
        records = np.zeros(len(keys), self._codec.dtype)
        if connection is None or not self._chunks:
            return np.zeros(len(keys), np.bool_), records
        found, at = among(self._keys, keys)
        records[found] = self._records[at[found]]
        wanted = np.zeros(len(keys), np.bool_)
        wanted[self._sieve.may_have(Probes(keys))] = True
        for _, gone in self._given_up:
            wanted &= ~among(gone, keys)[0]
        rows = np.flatnonzero(wanted & ~found)
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            have = dict(self._fetch(connection, keys[some].tolist()))
            there = some[[key in have for key in keys[some].tolist()]]
            if len(there):
                blobs = [have[key] for key in keys[there].tolist()]
                records[there] = self._codec.unpack(blobs)
                found[there] = True
        return found, records

    def _fetch(
        self, connection: sqlite3.Connection, keys: Sequence[int]
    ) -> Iterator[tuple[int, bytes]]:
        marks = ",".join("?" * len(keys))
        statement = f"SELECT key, record FROM {self._pending} WHERE key IN ({marks})"
        yield from connection.execute(statement, keys)

    def replace(self, keys: Ints, records: Records) -> None:
        """Other records for keys (ascending) that are there."""
        inside, at = among(self._keys, keys)
        self._records[at[inside]] = records[inside]
        together = np.concatenate((self._keys, keys[~inside]))
        order = np.argsort(together, kind="stable")
        self._keys = together[order]
        self._records = np.concatenate((self._records, records[~inside]))[order]

    def oldest(self, connection: sqlite3.Connection) -> tuple[Ints, Records]:
        """The keys of the oldest chunk, ascending, and their records."""
        keys = np.unique(self._of_chunk(connection, self._chunks[0]))
        found, records = self.find(connection, keys)
        return keys[found], records[found]

    def drop_oldest(self, keys: Ints) -> None:
        """Forget the oldest chunk, whose keys these are."""
        chunk = self._chunks.popleft()
        self.size -= chunk.count
        self._given_up.append((chunk.sequence, keys))
        stay = ~among(keys, self._keys)[0]
        self._keys, self._records = self._keys[stay], self._records[stay]

    def _of_chunk(self, connection: sqlite3.Connection, chunk: Chunk) -> Ints:
        statement = f"SELECT keys FROM {self._queue} WHERE sequence = ?"
        (data,) = connection.execute(statement, (chunk.sequence,)).fetchone()
        return np.frombuffer(data, "<i8").astype(np.int64)

    # -- state ---------------------------------------------------------------------------------

    def write(self, connection: sqlite3.Connection) -> None:
        """What changed; part of the caller's transaction."""
        if not self._there:
            return
        if not self._chunks:
            for table in (self._pending, self._queue):
                connection.execute(f"DROP TABLE {table}")
            return
        for sequence, keys in self._given_up:
            connection.execute(f"DELETE FROM {self._queue} WHERE sequence = ?", (sequence,))
            statement = f"DELETE FROM {self._pending} WHERE key = ?"
            connection.executemany(statement, zip(keys.tolist(), strict=True))
        rows = zip(self._codec.pack(self._records), self._keys.tolist(), strict=True)
        connection.executemany(f"UPDATE {self._pending} SET record = ? WHERE key = ?", rows)

    def confirm(self) -> None:
        """What `write` wrote is on disk."""
        self._there = bool(self._chunks)
        self._forget()
