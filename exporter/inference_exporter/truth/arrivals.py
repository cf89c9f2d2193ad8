"""The order in which predictions came, in chunks of keys: who has to go first."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inference_exporter.batch import Ints
from inference_exporter.truth.tables import Tables

CHUNK = 4096  # keys in a chunk: eviction takes whole chunks
_SPANS = 256  # chunks that a full waiting time is cut into at least


@dataclass(slots=True)
class Chunk:
    """`arrived` is when its first key came, epoch seconds."""

    sequence: int
    arrived: float
    count: int


class Arrivals:
    """First in, first out. Only the newest chunk's keys are in memory, and unwritten ones."""

    def __init__(self, tables: Tables, wait: float) -> None:
        self._tables, self._span = tables, wait / _SPANS
        self._chunks: deque[Chunk] = deque()
        self._tail = bytearray()  # keys of the newest chunk
        self._unwritten: dict[int, tuple[float, bytes]] = {}
        self._gone: set[int] = set()
        self._next = 0
        self.size = 0

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is on disk."""
        self._chunks = deque(Chunk(*row) for row in self._tables.queue(connection))
        self.size = sum(chunk.count for chunk in self._chunks)
        if self._chunks:
            last = self._chunks[-1].sequence
            self._next = last + 1
            self._tail = bytearray(self._tables.chunk(connection, last))

    def add(self, keys: Ints, now: float) -> None:
        """Keys that came now."""
        self.size += len(keys)
        while len(keys):
            last = self._chunks[-1] if self._chunks else None
            if last is None or last.count >= CHUNK or abs(now - last.arrived) > self._span:
                last = Chunk(self._next, now, 0)
                self._next += 1
                self._chunks.append(last)
                self._tail = bytearray()
            part, keys = np.split(keys, [CHUNK - last.count])
            self._tail += part.astype("<i8").tobytes()
            last.count += len(part)
            self._unwritten[last.sequence] = (last.arrived, bytes(self._tail))

    @property
    def first(self) -> Chunk | None:
        """The oldest chunk."""
        return self._chunks[0] if self._chunks else None

    def oldest(self, connection: sqlite3.Connection | None) -> Ints:
        """The keys of the oldest chunk, ascending."""
        return np.unique(self._keys(self._chunks[0].sequence, connection))

    def keys(self, connection: sqlite3.Connection | None) -> Iterator[Ints]:
        """The keys of all chunks."""
        for chunk in self._chunks:
            yield self._keys(chunk.sequence, connection)

    def _keys(self, sequence: int, connection: sqlite3.Connection | None) -> Ints:
        unwritten = self._unwritten.get(sequence)
        if unwritten is not None:
            data = unwritten[1]
        else:
            data = b"" if connection is None else self._tables.chunk(connection, sequence)
        return np.frombuffer(data, "<i8").astype(np.int64)

    def drop_oldest(self) -> None:
        """Forget the oldest chunk."""
        chunk = self._chunks.popleft()
        self.size -= chunk.count
        self._unwritten.pop(chunk.sequence, None)
        self._gone.add(chunk.sequence)

    def write(self, connection: sqlite3.Connection) -> None:
        """What changed; part of the caller's transaction."""
        self._tables.delete_chunks(connection, sorted(self._gone))
        self._tables.put_chunks(
            connection, ((n, arrived, data) for n, (arrived, data) in self._unwritten.items())
        )

    def confirm(self) -> None:
        """What `write` wrote is on disk."""
        self._gone.clear()
        self._unwritten.clear()
