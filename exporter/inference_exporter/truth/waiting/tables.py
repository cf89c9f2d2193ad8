"""The tables of one model in the state database: pending predictions, and what is found by key.

| table | row | purpose |
|---|---|---|
| `chunk_<model>` | sequence, arrived, records, keys | predictions as they came, 1,024 a row |
| `label_<model>` | part of a chunk, labels | of 512 predictions a row, if one has a label |
| `index_<model>` | block, last place, keys, places | where a key's record is: sorted, 1,024 a row |
| `aside_<model>` | kind, sequence, value | small things in chunks: early labels, evicted keys |

Rows are columns of many predictions side by side: they are written one after the other, never
inserted between others, and NumPy reads them as they are. The last column is a checksum of the
others, which is looked at when the state is opened.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from inference_exporter.values.batch import Ints
from inference_exporter.values.checksum import checksum

_ASKED = 500  # rows in one question: their bytes are not in memory at once


class Tables:
    """SQL of one model; `connection` is given by the caller, who owns the transaction."""

    def __init__(self, model: str) -> None:
        self.model = hashlib.blake2b(
            model.encode("utf-8", "surrogatepass"), digest_size=8
        ).hexdigest()
        self._chunk, self._label, self._index, self._aside = (
            f'"{kind}_{self.model}"' for kind in ("chunk", "label", "index", "aside")
        )

    def exist(self, connection: sqlite3.Connection) -> bool:
        """Whether anything was ever written, by this version or one before."""
        return _exists(connection, self._aside)

    def have_chunks(self, connection: sqlite3.Connection) -> bool:
        """Whether this version wrote something."""
        return _exists(connection, self._chunk)

    def create(self, connection: sqlite3.Connection) -> None:
        """Make the tables where there are none; part of the caller's transaction."""
        for statement in (
            f"{self._chunk} (sequence INTEGER PRIMARY KEY, arrived REAL,"
            " records BLOB NOT NULL, keys BLOB NOT NULL, crc INTEGER)",
            f"{self._label} (part INTEGER PRIMARY KEY, labels BLOB NOT NULL, crc INTEGER)",
            f"{self._index} (block INTEGER PRIMARY KEY, last INTEGER, keys BLOB NOT NULL,"
            " places BLOB NOT NULL, crc INTEGER)",
            f"{self._aside} (kind TEXT, sequence INTEGER, value BLOB NOT NULL, crc INTEGER,"
            " PRIMARY KEY (kind, sequence)) WITHOUT ROWID",
        ):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {statement}")
        for table in (self._chunk, self._label, self._index, self._aside):
            if connection.execute(f"SELECT * FROM {table} LIMIT 0").description[-1][0] != "crc":
                connection.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER")  # of before

    # -- chunks --------------------------------------------------------------------------------

    def chunks(self, connection: sqlite3.Connection) -> Iterator[tuple[int, float, int]]:
        """(sequence, arrived, bytes of keys) of all chunks, oldest first."""
        columns = "sequence, arrived, length(keys)"
        yield from connection.execute(f"SELECT {columns} FROM {self._chunk} ORDER BY sequence")

    def chunk_keys(self, connection: sqlite3.Connection, sequence: int) -> bytes:
        """The keys of a chunk."""
        statement = f"SELECT keys FROM {self._chunk} WHERE sequence = ?"
        return bytes(connection.execute(statement, (sequence,)).fetchone()[0])

    def records(
        self, connection: sqlite3.Connection, sequences: Ints
    ) -> Iterator[tuple[int, bytes]]:
        """(sequence, records) of some chunks."""
        return _some(connection, f"sequence, records FROM {self._chunk}", "sequence", sequences)

    def put_chunks(
        self, connection: sqlite3.Connection, rows: Iterable[tuple[int, float, bytes, bytes]]
    ) -> None:
        """Write chunks."""
        statement = f"REPLACE INTO {self._chunk} VALUES (?, ?, ?, ?, ?)"
        connection.executemany(statement, _checked(rows))

    def delete_chunks(
        self, connection: sqlite3.Connection, sequences: Iterable[int], parts: int
    ) -> None:
        """Forget chunks and the labels in them: so many parts each."""
        for sequence in sequences:
            connection.execute(f"DELETE FROM {self._chunk} WHERE sequence = ?", (sequence,))
            first = sequence * parts
            statement = f"DELETE FROM {self._label} WHERE part >= ? AND part < ?"
            connection.execute(statement, (first, first + parts))

    # -- labels --------------------------------------------------------------------------------

    def labels(self, connection: sqlite3.Connection, parts: Ints) -> Iterator[tuple[int, bytes]]:
        """(part, labels) of the parts that have any."""
        return _some(connection, f"part, labels FROM {self._label}", "part", parts)

    def put_labels(self, connection: sqlite3.Connection, rows: Iterable[tuple[int, bytes]]) -> None:
        """Write labels."""
        connection.executemany(f"REPLACE INTO {self._label} VALUES (?, ?, ?)", _checked(rows))

    # -- the index -----------------------------------------------------------------------------

    def generations(
        self, connection: sqlite3.Connection, bits: int
    ) -> Iterator[tuple[int, int, int]]:
        """(number, last place, keys) of all: blocks whose numbers are alike but for some bits."""
        columns = f"block >> {bits} AS number, max(last), sum(length(keys)) / 8"
        statement = f"SELECT {columns} FROM {self._index} GROUP BY number ORDER BY number"
        yield from connection.execute(statement)

    def keys_of_blocks(
        self, connection: sqlite3.Connection, first: int, end: int
    ) -> Iterator[bytes]:
        """The keys of the blocks from `first` to before `end`."""
        statement = f"SELECT keys FROM {self._index} WHERE block >= ? AND block < ? ORDER BY block"
        for (keys,) in connection.execute(statement, (first, end)):
            yield keys

    def block_keys(
        self, connection: sqlite3.Connection, blocks: Ints
    ) -> Iterator[tuple[int, bytes]]:
        """(block, keys) of some blocks."""
        return _some(connection, f"block, keys FROM {self._index}", "block", blocks)

    def block_places(
        self, connection: sqlite3.Connection, blocks: Ints
    ) -> Iterator[tuple[int, bytes]]:
        """(block, places) of some blocks."""
        return _some(connection, f"block, places FROM {self._index}", "block", blocks)

    def put_blocks(
        self, connection: sqlite3.Connection, rows: Iterable[tuple[int, int, bytes, bytes]]
    ) -> None:
        """Write blocks."""
        statement = f"REPLACE INTO {self._index} VALUES (?, ?, ?, ?, ?)"
        connection.executemany(statement, _checked(rows))

    def delete_blocks(self, connection: sqlite3.Connection, first: int, end: int) -> None:
        """Forget blocks from `first` to before `end`."""
        statement = f"DELETE FROM {self._index} WHERE block >= ? AND block < ?"
        connection.execute(statement, (first, end))

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
        statement = f"REPLACE INTO {self._aside} VALUES (?, ?, ?, ?)"
        connection.executemany(statement, _checked(rows))

    def delete_aside(
        self, connection: sqlite3.Connection, kind: str, sequences: Iterable[int]
    ) -> None:
        """Forget values of one kind."""
        statement = f"DELETE FROM {self._aside} WHERE kind = ? AND sequence = ?"
        connection.executemany(statement, zip(repeat(kind), sequences, strict=False))


def _checked(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield (*row, checksum(*row))


def _exists(connection: sqlite3.Connection, table: str) -> bool:
    statement = "SELECT 1 FROM sqlite_master WHERE name = ?"
    return connection.execute(statement, (table.strip('"'),)).fetchone() is not None


def _some(
    connection: sqlite3.Connection, columns: str, key: str, wanted: Ints
) -> Iterator[tuple[int, bytes]]:
    """Rows whose key is wanted, ascending like `wanted`, one at a time."""
    for start in range(0, len(wanted), _ASKED):
        asked: Sequence[int] = wanted[start : start + _ASKED].tolist()
        marks = ",".join("?" * len(asked))
        statement = f"SELECT {columns} WHERE {key} IN ({marks}) ORDER BY {key}"
        yield from connection.execute(statement, asked)
