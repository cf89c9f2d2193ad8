"""Pending predictions by key: chunks in order of arrival, an index of keys, labels by place.

New predictions are only ever written behind those that are there. What was given up goes chunk by
chunk, oldest first. Reading looks at what is on disk and at what the next commit will write.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

from inference_exporter.truth.waiting.chunks import Chunk, Chunks
from inference_exporter.truth.waiting.index import Index
from inference_exporter.truth.waiting.legacy import Legacy
from inference_exporter.truth.waiting.marks import Marks
from inference_exporter.truth.waiting.places import NOWHERE
from inference_exporter.truth.waiting.record import Codec, Records
from inference_exporter.truth.waiting.tables import Tables
from inference_exporter.values.batch import Bools, Ints


@dataclass(frozen=True, slots=True)
class Found:
    """Which of the keys are there; where, and the records, zeros where there is none."""

    there: Bools
    places: Ints
    records: Records


class Pending:
    """A mapping of key to record in order of arrival."""

    def __init__(self, tables: Tables, codec: Codec, wait: float) -> None:
        self._tables, self._codec = tables, codec
        self._chunks = Chunks(tables, codec, wait)
        self._marks = Marks(tables, codec.schemas[codec.number])
        self._index = Index(tables)
        self._legacy = Legacy(tables.model, codec)

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is on disk."""
        if self._tables.have_chunks(connection):
            self._chunks.restore(connection)
            last = self._index.restore(connection)
            for keys, places in self._chunks.keys_after(connection, last):
                order = np.argsort(keys)
                self._index.add(keys[order], places[order])
        self._legacy.restore(connection)

    @property
    def size(self) -> int:
        """Predictions that are remembered."""
        return self._chunks.size + self._legacy.size

    @property
    def new(self) -> int:
        """Those of them that are nowhere on disk."""
        return self._chunks.new

    @property
    def unwritten(self) -> int:
        """Predictions and labels that wait for a commit."""
        return self._chunks.new + self._marks.unwritten + self._legacy.unwritten

    # -- by key: ascending, without repetitions ------------------------------------------------

    def has(self, connection: sqlite3.Connection | None, keys: Ints) -> Bools:
        """Which keys are there."""
        there: Bools = self._places(connection, keys) != NOWHERE
        rest = np.flatnonzero(~there)
        there[rest] = self._legacy.find(connection, keys[rest])[0]
        return there

    def find(self, connection: sqlite3.Connection | None, keys: Ints) -> Found:
        """Look keys up."""
        places = self._places(connection, keys)
        there = places != NOWHERE
        records = np.zeros(len(keys), self._codec.dtype)
        records[there] = self._at(connection, places[there])
        rest = np.flatnonzero(~there)
        there[rest], records[rest] = self._legacy.find(connection, keys[rest])
        return Found(there, places, records)

    def _places(self, connection: sqlite3.Connection | None, keys: Ints) -> Ints:
        return self._index.find(self._readable(connection), keys, self._chunks.first_place)

    def _at(self, connection: sqlite3.Connection | None, places: Ints) -> Records:
        connection = self._readable(connection)
        records = self._chunks.records(connection, places)
        self._marks.apply(connection, places, records)
        return records

    def _readable(self, connection: sqlite3.Connection | None) -> sqlite3.Connection | None:
        """None if nothing of chunks is on disk: then there may be no tables."""
        return connection if self._chunks.size > self._chunks.new else None

    def replace(self, keys: Ints, places: Ints, records: Records) -> None:
        """Other labels for keys that were found: those of these records."""
        here = places != NOWHERE
        self._marks.put(places[here], records["actual"][here])
        self._legacy.replace(keys[~here], records[~here])

    def add(self, keys: Ints, records: Records, now: float) -> None:
        """Predictions that came now, in order of arrival, none of which is there."""
        places = self._chunks.add(keys, records, now)
        order = np.argsort(keys)
        self._index.add(keys[order], places[order])

    # -- in order of arrival -------------------------------------------------------------------

    @property
    def first(self) -> Chunk | None:
        """The chunk that came first."""
        return self._legacy.first or self._chunks.first

    def give_up_first(self, connection: sqlite3.Connection | None) -> tuple[Ints, Records]:
        """Forget the chunk that came first; its keys, ascending, and records."""
        if self._legacy.first is not None:
            assert connection is not None  # it was read from there
            keys, records = self._legacy.oldest(connection)
            self._legacy.drop_oldest(keys)
            return keys, records
        keys, places = self._chunks.oldest(self._readable(connection))
        records = self._at(connection, places)
        self._chunks.drop_oldest()
        self._index.forget_before(self._chunks.first_place)
        self._marks.forget_before(self._chunks.first_place)
        order = np.argsort(keys)
        return keys[order], records[order]

    # -- state ---------------------------------------------------------------------------------

    def write(self, connection: sqlite3.Connection) -> None:
        """Everything not written yet; part of the caller's transaction."""
        for part in (self._chunks, self._marks, self._index, self._legacy):
            part.write(connection)

    def confirm(self) -> None:
        """What `write` wrote is on disk."""
        for part in (self._chunks, self._marks, self._index, self._legacy):
            part.confirm()
