"""The labels that pending predictions have got, by place: the only thing about them that changes.

On disk they are columns of 512 predictions side by side; a commit writes those in which a label
is new. A label is a class (2 bytes, 0 is none), a number or an item of a ranking (8 bytes, NaN is
none): where a model's task changed, the other kinds stay as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from inference_exporter.truth.waiting.places import BITS, among
from inference_exporter.truth.waiting.record import Records, Schema
from inference_exporter.truth.waiting.tables import Tables
from inference_exporter.values.batch import Bools, Ints

_PART_BITS = 9
_PART = 1 << _PART_BITS  # predictions in a row of the table
_KINDS = 4  # of labels: a class, a number, an item of a ranking; one to spare
PARTS = _KINDS << (BITS - _PART_BITS)  # rows of a chunk: its parts, of all kinds
_AT_ONCE = 500  # parts in memory

_Actual = npt.NDArray[np.uint16] | npt.NDArray[np.float64]


class Marks:
    """A mapping of place to label, for those that have one."""

    def __init__(self, tables: Tables, schema: Schema) -> None:
        self._tables, self._kind = tables, schema.label_kind
        self._dtype = schema.dtype["actual"]
        self._none = np.nan if schema.labels_are_numbers else 0
        self._forget()

    def _forget(self) -> None:
        self._places = np.empty(0, np.int64)  # not written, ascending
        self._actual: _Actual = np.empty(0, self._dtype)

    @property
    def unwritten(self) -> int:
        """Labels that wait for a commit."""
        return len(self._places)

    def apply(self, connection: sqlite3.Connection | None, places: Ints, records: Records) -> None:
        """Write into the records at these places the labels that they have got."""
        if connection is not None:
            order = np.argsort(places)
            parts = self._part(places[order])
            for have, table in self._read(connection, _distinct(parts)):
                start, end = np.searchsorted(parts, (have[0], have[-1] + 1))
                rows = order[start:end]
                there, at = among(have, parts[start:end])
                rows, at = rows[there], at[there]
                actual = table[at, places[rows] & (_PART - 1)]
                given = self._given(actual)
                records["actual"][rows[given]] = actual[given]
        there, at = among(self._places, places)
        records["actual"][there] = self._actual[at[there]]

    def put(self, places: Ints, actual: _Actual) -> None:
        """Labels, in place of those that are there."""
        together = np.concatenate((self._places, places))
        order = np.argsort(together, kind="stable")
        ordered = together[order]
        last = np.ones(len(ordered), np.bool_)
        last[:-1] = ordered[1:] != ordered[:-1]
        self._places = ordered[last]
        self._actual = np.concatenate((self._actual, actual.astype(self._dtype)))[order][last]

    def forget_before(self, place: int) -> None:
        """Labels below a place are of no use any more."""
        start = np.searchsorted(self._places, place)
        self._places, self._actual = self._places[start:], self._actual[start:]

    def write(self, connection: sqlite3.Connection) -> None:
        """Labels that are new; part of the caller's transaction."""
        parts = self._part(self._places)
        wanted = _distinct(parts)
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            table = np.full((len(some), _PART), self._none, self._dtype)
            for have, old in self._read(connection, some):
                table[np.searchsorted(some, have)] = old
            start, end = np.searchsorted(parts, (some[0], some[-1] + 1))
            rows = np.searchsorted(some, parts[start:end])
            table[rows, self._places[start:end] & (_PART - 1)] = self._actual[start:end]
            data = (row.tobytes() for row in table)
            self._tables.put_labels(connection, zip(some.tolist(), data, strict=True))

    def confirm(self) -> None:
        """What `write` wrote is on disk."""
        self._forget()

    def _part(self, places: Ints) -> Ints:
        parts: Ints = (places >> _PART_BITS) * _KINDS + self._kind
        return parts

    def _given(self, actual: _Actual) -> Bools:
        return ~np.isnan(actual) if actual.dtype.kind == "f" else actual != 0

    def _read(
        self, connection: sqlite3.Connection, parts: Ints
    ) -> Iterator[tuple[Ints, npt.NDArray[np.float64] | npt.NDArray[np.uint16]]]:
        """Those of the parts that are on disk, some at a time, and their labels."""
        for first in range(0, len(parts), _AT_ONCE):
            found = list(self._tables.labels(connection, parts[first : first + _AT_ONCE]))
            if found:
                have = np.fromiter((part for part, _ in found), np.int64, len(found))
                data = b"".join(labels for _, labels in found)
                yield have, np.frombuffer(data, self._dtype).reshape(len(found), _PART)


def _distinct(ascending: Ints) -> Ints:
    distinct: Ints = ascending[np.diff(ascending, prepend=ascending[:1] - 1) != 0]
    return distinct
