"""Pending predictions in the order they came, in chunks: what is known of each, who goes first.

A chunk is written with the commit in which predictions came, and again while it grows; after that
it stays as it is until it goes as a whole. What changes, the labels, is kept elsewhere (`marks`).
Nothing is forgotten until a commit is confirmed, so one that fails (a full disk) loses nothing.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inference_exporter.truth.waiting.marks import PARTS
from inference_exporter.truth.waiting.places import BITS, ROWS, runs
from inference_exporter.truth.waiting.record import Codec, Records
from inference_exporter.truth.waiting.tables import Tables
from inference_exporter.values.batch import Ints

CHUNK = ROWS  # predictions in a chunk at most: eviction takes whole chunks
_SPANS = 256  # chunks that a full waiting time is cut into at least


@dataclass(slots=True)
class Chunk:
    """`arrived` is when its first prediction came, epoch seconds; `written` are on disk."""

    sequence: int
    arrived: float
    count: int
    written: int = 0


@dataclass(slots=True)
class _Content:
    chunk: Chunk
    keys: Ints
    records: Records


class Chunks:
    """First in, first out. Only the newest chunk is in memory, and what is not written."""

    def __init__(self, tables: Tables, codec: Codec, wait: float) -> None:
        self._tables, self._codec, self._span = tables, codec, wait / _SPANS
        self._chunks: deque[Chunk] = deque()
        self._tail: _Content | None = None  # the newest chunk, if more can be added to it
        self._unwritten: dict[int, _Content] = {}
        self._gone: list[int] = []
        self._next = 0
        self.size = 0

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is on disk."""
        for sequence, arrived, size in self._tables.chunks(connection):
            self._chunks.append(Chunk(sequence, arrived, size // 8, size // 8))
        self.size = sum(chunk.count for chunk in self._chunks)
        if self._chunks:
            last = self._chunks[-1]
            self._next = last.sequence + 1
            ((_, data),) = self._tables.records(connection, np.array([last.sequence]))
            if self._codec.is_current(data):
                keys = self._keys(connection, last.sequence)
                self._tail = _Content(last, keys, self._codec.column(data))

    # -- in ------------------------------------------------------------------------------------

    def add(self, keys: Ints, records: Records, now: float) -> Ints:
        """Predictions that came now; their places."""
        places = [np.empty(0, np.int64)]
        self.size += len(keys)
        while len(keys):
            content = self._open(now)
            chunk = content.chunk
            part, keys = np.split(keys, [CHUNK - chunk.count])
            of_part, records = np.split(records, [len(part)])
            start = (chunk.sequence << BITS) + chunk.count
            places.append(np.arange(start, start + len(part)))
            content.keys = np.concatenate((content.keys, part))
            content.records = np.concatenate((content.records, of_part))
            chunk.count += len(part)
        return np.concatenate(places)

    def _open(self, now: float) -> _Content:
        """The newest chunk, or one newer than that; it will be written."""
        tail = self._tail
        if tail is None or tail.chunk.count >= CHUNK or abs(now - tail.chunk.arrived) > self._span:
            chunk = Chunk(self._next, now, 0)
            self._next += 1
            self._chunks.append(chunk)
            tail = _Content(chunk, np.empty(0, np.int64), np.empty(0, self._codec.dtype))
            self._tail = tail
        self._unwritten[tail.chunk.sequence] = tail
        return tail

    # -- out -----------------------------------------------------------------------------------

    @property
    def first(self) -> Chunk | None:
        """The oldest chunk."""
        return self._chunks[0] if self._chunks else None

    @property
    def first_place(self) -> int:
        """Predictions at places below are gone."""
        return (self._chunks[0].sequence if self._chunks else self._next) << BITS

    @property
    def new(self) -> int:
        """Predictions that are nowhere on disk."""
        return sum(one.chunk.count - one.chunk.written for one in self._unwritten.values())

    def records(self, connection: sqlite3.Connection | None, places: Ints) -> Records:
        """The records at places that are there, without what `marks` knows."""
        records = np.zeros(len(places), self._codec.dtype)
        order = np.argsort(places)
        spans = {sequence: order[span] for sequence, span in runs(places[order] >> BITS)}
        elsewhere = []
        for sequence, rows in spans.items():
            content = self._held(sequence)
            if content is not None:
                records[rows] = content.records[places[rows] & (ROWS - 1)]
            else:
                elsewhere.append(sequence)
        if elsewhere:
            assert connection is not None  # what is not in memory was written
            asked = np.array(elsewhere, np.int64)
            for sequence, data in self._tables.records(connection, asked):
                rows = spans[sequence]
                records[rows] = self._codec.column(data, places[rows] & (ROWS - 1))
        return records

    def oldest(self, connection: sqlite3.Connection | None) -> tuple[Ints, Ints]:
        """The keys of the oldest chunk, and their places."""
        chunk = self._chunks[0]
        start = chunk.sequence << BITS
        places = np.arange(start, start + chunk.count)
        return self._keys(connection, chunk.sequence), places

    def drop_oldest(self) -> None:
        """Forget the oldest chunk."""
        chunk = self._chunks.popleft()
        self.size -= chunk.count
        self._unwritten.pop(chunk.sequence, None)
        if self._tail is not None and self._tail.chunk is chunk:
            self._tail = None
        if chunk.written:
            self._gone.append(chunk.sequence)

    def keys_after(self, connection: sqlite3.Connection, place: int) -> Iterator[tuple[Ints, Ints]]:
        """Keys and places above a place."""
        for chunk in self._chunks:
            start, end = chunk.sequence << BITS, (chunk.sequence << BITS) + chunk.count
            if end > place + 1:
                skip = max(0, place + 1 - start)
                keys = self._keys(connection, chunk.sequence)
                yield keys[skip:], np.arange(start + skip, end)

    def _held(self, sequence: int) -> _Content | None:
        content = self._unwritten.get(sequence)
        if content is None and self._tail and self._tail.chunk.sequence == sequence:
            return self._tail
        return content

    def _keys(self, connection: sqlite3.Connection | None, sequence: int) -> Ints:
        content = self._held(sequence)
        if content is not None:
            return content.keys
        assert connection is not None  # what is not in memory was written
        data = self._tables.chunk_keys(connection, sequence)
        return np.frombuffer(data, "<i8").astype(np.int64)

    # -- state ---------------------------------------------------------------------------------

    def write(self, connection: sqlite3.Connection) -> None:
        """What changed; part of the caller's transaction."""
        self._tables.delete_chunks(connection, self._gone, PARTS)
        self._tables.put_chunks(
            connection,
            (
                (number, one.chunk.arrived, one.records.tobytes(), one.keys.astype("<i8").tobytes())
                for number, one in self._unwritten.items()
            ),
        )

    def confirm(self) -> None:
        """What `write` wrote is on disk."""
        for content in self._unwritten.values():
            content.chunk.written = content.chunk.count
        self._unwritten.clear()
        self._gone.clear()
