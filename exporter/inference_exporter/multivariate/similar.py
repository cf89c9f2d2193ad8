"""Bursts of near-identical inputs: someone is feeling their way along the decision boundary.

Numbers are scaled as the reference says (one scale is about one standard deviation), thrown on
`LINES` random lines and cut into pieces of `WIDTH` scales: inputs that differ by far less than that
share a cell, and ones that differ by several are very unlikely to. A cell is counted per minute of
the clock in a count-min sketch: two tables, two hashes, so that a count is never too low and rarely
too high. Memory is two tables of 4,096 counts whatever comes.

A row is flagged once more than `most` rows of its minute have been in its cell. Rows with a missing
number are compared with the median in its place; categories are not looked at.
"""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from inference_exporter.values.batch import Bools, Floats, Ints

LINES = 6
WIDTH = 0.25
CELLS = 4096
_SEED = 20040607
_MINUTE = 60.0


class _Stored(msgspec.Struct, array_like=True):
    minute: int
    tables: bytes


class SimilarInputs:
    """The sketch of the current minute; `most` rows of one minute may be alike."""

    def __init__(self, features: int, most: int) -> None:
        rng = np.random.default_rng(_SEED)
        lines = rng.standard_normal((features, LINES))
        self._lines = lines / np.linalg.norm(lines, axis=0)
        self._shift = rng.random(LINES)
        self._factors = rng.integers(1, 2**62, (LINES, 2)) | 1
        self._most = most
        self._minute = -1
        self._tables = np.zeros((2, CELLS), np.int64)
        self.changed = False

    def flags(self, z: Floats, times: Floats) -> Bools:
        """Rows that come after `most` alike in their minute; of older minutes none."""
        flagged = np.zeros(len(z), np.bool_)
        minutes = np.floor(np.nan_to_num(times, nan=-_MINUTE) / _MINUTE)
        cells = self._cells(z)
        for minute in np.unique(minutes).astype(np.int64).tolist():
            if minute < max(self._minute, 0):
                continue
            if minute > self._minute:
                self._minute = minute
                self._tables[:] = 0
            rows = np.flatnonzero(minutes == minute)
            flagged[rows] = self._count(cells[rows]) > self._most
            self.changed = True
        return flagged

    def _cells(self, z: Floats) -> Ints:
        """Two cells a row, (rows, 2)."""
        places = np.nan_to_num(z) @ self._lines / WIDTH + self._shift
        pieces = np.floor(places).astype(np.int64)
        with np.errstate(over="ignore"):
            hashes = pieces @ self._factors
        hashes ^= hashes >> 29
        cells: Ints = (hashes >> 7) % CELLS
        return cells

    def _count(self, cells: Ints) -> Ints:
        """Add rows to the tables; how many each cell had with the row, the least of two."""
        seen = [self._one(self._tables[at], cells[:, at]) for at in range(2)]
        least: Ints = np.minimum(*seen)
        return least

    @staticmethod
    def _one(table: Ints, cells: Ints) -> Ints:
        order = np.argsort(cells, kind="stable")
        ordered = cells[order]
        starts = np.searchsorted(ordered, ordered)  # the first row of each cell
        rank = np.empty(len(cells), np.int64)
        rank[order] = np.arange(len(cells)) - starts + 1
        seen: Ints = table[cells] + rank
        np.add.at(table, cells, 1)
        return seen

    def to_bytes(self) -> bytes:
        """The minute so far."""
        self.changed = False
        return msgspec.msgpack.encode(
            _Stored(self._minute, zlib.compress(self._tables.astype("<i8").tobytes(), 1))
        )

    def restore(self, data: bytes) -> None:
        """Go on from what `to_bytes` gave; ValueError if it is damaged."""
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
            tables = np.frombuffer(zlib.decompress(stored.tables), "<i8")
        except (msgspec.MsgspecError, zlib.error) as error:
            raise ValueError(f"similar inputs: {error}") from error
        if tables.size != self._tables.size:
            raise ValueError("similar inputs: of another size")
        self._minute = stored.minute
        self._tables = tables.astype(np.int64).reshape(2, CELLS)
