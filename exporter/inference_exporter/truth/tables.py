"""The tables of one model in the state database: pending predictions, and the order they came in.

| table | row | purpose |
|---|---|---|
| `pending_<model>` | key, record | found by key; 40 bytes a row, 60 with free space in its pages |
| `queue_<model>` | sequence, time of arrival, keys | first in, first out: 8 bytes a prediction |
| `aside_<model>` | kind, sequence, value | small things in chunks: early labels, evicted keys |

Keys go in and are looked up sorted and many at a time: neighbours share a page of the tree, which
makes ten times the speed of single rows.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

import numpy as np

from inference_exporter.batch import Ints

_ASKED = 2000  # keys in one question; SQLite allows 32,766
_IN = ",".join("?" * _ASKED)


class Tables:
    """SQL of one model; `connection` is given by the caller, who owns the transaction."""

    def __init__(self, model: str) -> None:
        name = hashlib.blake2b(model.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        self._pending, self._queue, self._aside = (
            f'"{kind}_{name}"' for kind in ("pending", "queue", "aside")
        )
        self._fetch = f"SELECT key, record FROM {self._pending} WHERE key IN"

    def exist(self, connection: sqlite3.Connection) -> bool:
        """Whether anything was ever written."""
        names = (self._pending.strip('"'),)
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", names)
        return found.fetchone() is not None

    def create(self, connection: sqlite3.Connection) -> None:
        """Make the tables where there are none; part of the caller's transaction."""
        for statement in (
            f"{self._pending} (key INTEGER PRIMARY KEY, record BLOB NOT NULL)",
            f"{self._queue} (sequence INTEGER PRIMARY KEY, arrived REAL, keys BLOB NOT NULL)",
            f"{self._aside} (kind TEXT, sequence INTEGER, value BLOB NOT NULL,"
            " PRIMARY KEY (kind, sequence)) WITHOUT ROWID",
        ):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {statement}")

    # -- pending -------------------------------------------------------------------------------

    def fetch(self, connection: sqlite3.Connection, keys: Ints) -> tuple[Ints, list[bytes]]:
        """The keys that are there, ascending, with their records. `keys` are sorted."""
        found: list[tuple[int, bytes]] = []
        whole = len(keys) // _ASKED * _ASKED
        asked = keys.tolist()
        for start in range(0, whole, _ASKED):
            found += connection.execute(f"{self._fetch} ({_IN})", asked[start : start + _ASKED])
        if rest := asked[whole:]:
            found += connection.execute(f"{self._fetch} ({','.join('?' * len(rest))})", rest)
        have = np.fromiter((key for key, _ in found), np.int64, len(found))
        records = [record for _, record in found]
        if (have[1:] > have[:-1]).all():  # as SQLite goes through the keys it is asked for
            return have, records
        order = np.argsort(have)
        return have[order], [records[at] for at in order.tolist()]

    def put(
        self, connection: sqlite3.Connection, keys: Ints, records: Sequence[bytes], *, new: bool
    ) -> None:
        """Insert new records, or replace those that are there. `keys` are sorted."""
        if new:
            statement = f"INSERT OR REPLACE INTO {self._pending} (key, record) VALUES (?, ?)"
            connection.executemany(statement, zip(keys.tolist(), records, strict=True))
        else:
            statement = f"UPDATE {self._pending} SET record = ? WHERE key = ?"
            connection.executemany(statement, zip(records, keys.tolist(), strict=True))

    def delete(self, connection: sqlite3.Connection, keys: Ints) -> None:
        """Forget records. `keys` are sorted."""
        statement = f"DELETE FROM {self._pending} WHERE key = ?"
        connection.executemany(statement, zip(keys.tolist(), strict=True))

    # -- the queue -----------------------------------------------------------------------------

    def queue(self, connection: sqlite3.Connection) -> Iterator[tuple[int, float, int]]:
        """(sequence, arrived, keys) of all chunks, oldest first."""
        statement = f"SELECT sequence, arrived, length(keys) FROM {self._queue} ORDER BY sequence"
        for sequence, arrived, size in connection.execute(statement):
            yield sequence, arrived, size // 8

    def chunk(self, connection: sqlite3.Connection, sequence: int) -> bytes:
        """The keys of a chunk."""
        statement = f"SELECT keys FROM {self._queue} WHERE sequence = ?"
        row = connection.execute(statement, (sequence,)).fetchone()
        return bytes(row[0]) if row else b""

    def put_chunks(
        self, connection: sqlite3.Connection, chunks: Iterable[tuple[int, float, bytes]]
    ) -> None:
        """Write chunks of the queue."""
        connection.executemany(f"REPLACE INTO {self._queue} VALUES (?, ?, ?)", chunks)

    def delete_chunks(self, connection: sqlite3.Connection, sequences: Iterable[int]) -> None:
        """Forget chunks of the queue."""
        statement = f"DELETE FROM {self._queue} WHERE sequence = ?"
        connection.executemany(statement, zip(sequences, strict=True))

    # -- small things --------------------------------------------------------------------------

    def aside(self, connection: sqlite3.Connection, kind: str) -> Iterator[tuple[int, bytes]]:
        """(sequence, value) of one kind, oldest first."""
        statement = f"SELECT sequence, value FROM {self._aside} WHERE kind = ? ORDER BY sequence"
        yield from connection.execute(statement, (kind,))

    def put_aside(
        self, connection: sqlite3.Connection, kind: str, values: Iterable[tuple[int, bytes]]
    ) -> None:
        """Write values of one kind."""
        rows = ((kind, sequence, value) for sequence, value in values)
        connection.executemany(f"REPLACE INTO {self._aside} VALUES (?, ?, ?)", rows)

    def delete_aside(
        self, connection: sqlite3.Connection, kind: str, sequences: Iterable[int]
    ) -> None:
        """Forget values of one kind."""
        statement = f"DELETE FROM {self._aside} WHERE kind = ? AND sequence = ?"
        connection.executemany(statement, zip(repeat(kind), sequences, strict=False))
