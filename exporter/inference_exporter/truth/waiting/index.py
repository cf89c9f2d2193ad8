"""Where the prediction of a key is: a young part in memory, and generations on disk.

Keys come in any order, so a tree of all of them would be touched everywhere by every commit.
Instead the newest keys are sorted in memory; when there are enough of them they are written as a
generation, in blocks that never change, and a generation goes as a whole when the last of its
predictions has gone. Of a generation the first key of each block is in memory, and a sieve. After a
restart the young part is made anew from the chunks that are in no generation.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

from inference_exporter.truth.waiting.places import NOWHERE, among, runs
from inference_exporter.truth.waiting.sieve import Probes, Sieve
from inference_exporter.truth.waiting.tables import Tables
from inference_exporter.truth.waiting.young import Young
from inference_exporter.values.batch import Ints

GENERATION = 1 << 18  # keys that are too many to be young
BLOCK = 1024  # keys in a row of the table
_NUMBER_BITS = 24  # of a block in its generation: 6e10 keys
_AT_ONCE = 256  # blocks in memory


@dataclass(slots=True)
class Generation:
    """`fences` are the first keys of its blocks; the last of its places is `last`."""

    number: int
    last: int
    fences: Ints
    sieve: Sieve


class Index:
    """A mapping of key to place. Keys may be there several times, at one place that is left."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._young = Young()
        self._generations: list[Generation] = []
        self._sealed: Generation | None = None  # written, not confirmed
        self._gone: list[Generation] = []
        self._next = 0

    def restore(self, connection: sqlite3.Connection) -> int:
        """Take up the generations; the last place that they have."""
        for number, last, keys in list(self._tables.generations(connection, _NUMBER_BITS)):
            sieve, fences = Sieve(keys), []
            for data in self._tables.keys_of_blocks(connection, *_blocks_of(number)):
                column = np.frombuffer(data, "<i8").astype(np.int64)
                sieve.add(column)
                fences.append(column[0])
            self._generations.append(Generation(number, last, np.array(fences), sieve))
            self._next = number + 1
        return max((one.last for one in self._generations), default=NOWHERE)

    def add(self, keys: Ints, places: Ints) -> None:
        """Keys that are at no place now, ascending."""
        self._young.add(keys, places)

    def find(self, connection: sqlite3.Connection | None, keys: Ints, first_place: int) -> Ints:
        """The places of keys (ascending), not below the first; NOWHERE for those that have none."""
        places = self._young.find(keys)
        if connection is None or not self._generations:
            return places
        rows = np.flatnonzero(places == NOWHERE)
        keys = keys[rows]
        probes = Probes(keys)
        for generation in self._generations:
            some = generation.sieve.may_have(probes)
            if not len(some):
                continue
            found = self._look(connection, generation, keys[some])
            left = found >= first_place
            places[rows[some[left]]] = found[left]
        return places

    def _look(self, connection: sqlite3.Connection, generation: Generation, keys: Ints) -> Ints:
        """The places of keys in a generation."""
        places = np.full(len(keys), NOWHERE, np.int64)
        of_key = np.searchsorted(generation.fences, keys, side="right") - 1
        spans = [(block, span) for block, span in runs(of_key) if block >= 0]
        for first in range(0, len(spans), _AT_ONCE):
            some = spans[first : first + _AT_ONCE]
            rows = slice(some[0][1].start, some[-1][1].stop)
            blocks = np.array([block for block, _ in some]) + (generation.number << _NUMBER_BITS)
            self._look_in(connection, blocks, keys[rows], places[rows])
        return places

    def _look_in(
        self, connection: sqlite3.Connection, blocks: Ints, keys: Ints, places: Ints
    ) -> None:
        """Places of keys in these blocks, written into `places`."""
        columns = [data for _, data in self._tables.block_keys(connection, blocks)]
        ends = np.cumsum([len(data) // 8 for data in columns])
        there, at = among(np.frombuffer(b"".join(columns), "<i8"), keys)
        rows, at = np.flatnonzero(there), at[there]
        of_row = np.searchsorted(ends, at, side="right")
        hit = np.unique(of_row)
        for block, (_, data) in zip(
            hit.tolist(), self._tables.block_places(connection, blocks[hit]), strict=True
        ):
            start, end = np.searchsorted(of_row, (block, block + 1))
            column = np.frombuffer(data, "<i8")
            places[rows[start:end]] = column[at[start:end] - (ends[block] - len(column))]

    def forget_before(self, place: int) -> None:
        """Places below are gone."""
        self._young.forget_before(place)
        for generation in [one for one in self._generations if one.last < place]:
            self._generations.remove(generation)
            self._gone.append(generation)

    # -- state ---------------------------------------------------------------------------------

    def write(self, connection: sqlite3.Connection) -> None:
        """A generation, if there are enough keys; part of the caller's transaction."""
        for generation in self._gone:
            self._tables.delete_blocks(connection, *_blocks_of(generation.number))
        self._sealed = None
        if len(self._young) < GENERATION:
            return
        keys, places = self._young.all()
        last, (first, _) = int(places.max()), _blocks_of(self._next)
        rows = (
            (first + number, last, _bytes(keys, start), _bytes(places, start))
            for number, start in enumerate(range(0, len(keys), BLOCK))
        )
        self._tables.put_blocks(connection, rows)
        sieve = Sieve(len(keys))
        sieve.add(keys)
        self._sealed = Generation(self._next, last, keys[::BLOCK].copy(), sieve)

    def confirm(self) -> None:
        """What `write` wrote is on disk."""
        self._gone.clear()
        if self._sealed is not None:
            self._generations.append(self._sealed)
            self._sealed = None
            self._next += 1
            self._young.clear()


def _bytes(column: Ints, start: int) -> bytes:
    return column[start : start + BLOCK].astype("<i8").tobytes()


def _blocks_of(generation: int) -> tuple[int, int]:
    return generation << _NUMBER_BITS, (generation + 1) << _NUMBER_BITS
