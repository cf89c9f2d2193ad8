"""Rows that say the same again: fingerprints of rows, and how often each was seen lately.

A client that retries sends one row two hundred times. Two hundred equal rows are one observation,
and whoever judges traffic by the number of its rows has to know. Memory is bounded: a table of a
fixed number of places, in which a new key takes the place of an old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference_exporter.values.batch import (
    Batch,
    Bools,
    CategoryColumn,
    FeatureColumn,
    Floats,
    Ints,
    NumericColumn,
    TextColumn,
)

Keys = npt.NDArray[np.uint64]

CROWD, PART = 10, 0.2  # rows of one key in five minutes, and share of all, that are no burst
STRETCHES = 12  # of five minutes, in an hour
DAY = 24  # hours that are known
MOST_CROWDS = 256  # keys of an hour that are remembered as crowds
_PLACES = 14  # bits: 16,384 places of 16 bytes
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(31)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows by key: an `order` in which equal keys stand together, and where each key begins.

    It stays the same where all keys are mixed with the same number, and where all are different
    whatever they are mixed with.
    """

    order: Ints
    starts: Ints

    @classmethod
    def of(cls, keys: Keys) -> Grouping:
        """The groups of some keys, at least one."""
        order = np.argsort(keys, kind="stable")  # equal ones in the order in which they came
        ordered = keys[order]
        return cls(order, np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])))

    @property
    def all_different(self) -> bool:
        """Whether no key comes twice."""
        return len(self.starts) == len(self.order)


class Seen:
    """How often keys came, among the last that came.

    A place is given away when another key falls on it; then the first key counts from 1 again. So
    it never says that a key came which did not.
    """

    def __init__(self, bits: int = _PLACES) -> None:
        self._shift = np.uint64(64 - bits)
        self._keys: Keys = np.zeros(1 << bits, dtype=np.uint64)
        self._counts: Ints = np.zeros(1 << bits, dtype=np.int64)

    def times(self, keys: Keys, groups: Grouping | None = None) -> Ints:
        """For the how-manieth time each key (rows,) comes, from 1; they are remembered.

        `groups` are those of the keys, if they are known.

        >>> seen = Seen()
        >>> seen.times(np.array([7, 9, 7], dtype=np.uint64)).tolist()
        [1, 1, 2]
        >>> seen.times(np.array([7], dtype=np.uint64)).tolist()
        [3]
        """
        groups = groups or Grouping.of(keys)
        if groups.all_different:
            return self._each_once(keys)
        order, starts = groups.order, groups.starts
        counts = np.diff(np.append(starts, len(keys)))
        single = keys[order[starts]]
        place = mixed(single, 0) >> self._shift
        known = np.where(self._keys[place] == single, self._counts[place], 0)
        self._keys[place], self._counts[place] = single, known + counts
        times: Ints = np.empty(len(keys), dtype=np.int64)
        times[order] = np.arange(1, len(keys) + 1) + np.repeat(known - starts, counts)
        return times

    def _each_once(self, keys: Keys) -> Ints:
        place = mixed(keys, 0) >> self._shift
        times: Ints = np.where(self._keys[place] == keys, self._counts[place], 0) + 1
        self._keys[place], self._counts[place] = keys, times
        return times


class Crowds:
    """Lone bursts of equal rows: many of one key within minutes, as other hours do not have them.

    A key is crowded where it has more than `CROWD` rows, and a fifth of all, within five minutes.
    Further ones are set aside, unless the key is usual (crowded in a quarter of the hours that are
    known, 24 at most), nothing is known yet, or half of the hour would be set aside: then it is no
    burst, it is the traffic. Rows that are spread over an hour are never crowded: when the one
    feature that tells rows apart breaks in a few of them, these are equal, and they are no burst.
    """

    def __init__(self) -> None:
        self._seen = Seen()
        self._hour = -1
        self._rows: dict[int, int] = {}  # by stretch of five minutes of this hour
        self._crowds: set[int] = set()  # of this hour
        self._before: list[frozenset[int]] = []  # of the hours before, the oldest first
        self._usual: frozenset[int] = frozenset()
        self._kept = self._aside = 0

    def aside(self, keys: Keys, stretches: Ints, groups: Grouping | None = None) -> Bools:
        """Which rows (rows,) to set aside; `stretches` of five minutes since the epoch.

        `groups` are those of the keys, if they are known.
        """
        newest = int(stretches.max()) // STRETCHES
        if newest > self._hour:
            self._turn(newest)
        found, counts = np.unique(stretches, return_counts=True)
        for stretch, count in zip(found.tolist(), counts.tolist(), strict=True):
            self._rows[stretch] = self._rows.get(stretch, 0) + count
        every = np.array([self._rows[one] for one in found.tolist()])[
            np.searchsorted(found, stretches)
        ]
        alike = groups if len(found) == 1 or (groups and groups.all_different) else None
        times = self._seen.times(mixed(keys, stretches), alike)
        crowded = (times > CROWD) & (times > PART * every)
        crowded &= stretches // STRETCHES == self._hour
        at = np.flatnonzero(crowded)
        return self._chosen(keys, at.tolist())

    def _chosen(self, keys: Keys, crowded: list[int]) -> Bools:
        words = keys.tolist()
        for row in crowded:
            if len(self._crowds) < MOST_CROWDS:
                self._crowds.add(words[row])
        known = bool(self._before)
        lone = [row for row in crowded if known and words[row] not in self._usual]
        self._kept += len(words) - len(lone)
        free = max(0, self._kept - self._aside)
        chosen: Bools = np.zeros(len(words), dtype=np.bool_)
        chosen[lone[:free]] = True
        self._aside += min(free, len(lone))
        return chosen

    def _turn(self, hour: int) -> None:
        """Another hour begins."""
        if self._hour >= 0:
            self._before = [*self._before, frozenset(self._crowds)][-DAY:]
        counts: dict[int, int] = {}
        for crowd in self._before:
            for key in crowd:
                counts[key] = counts.get(key, 0) + 1
        least = max(1.0, len(self._before) / 4.0)
        self._usual = frozenset(key for key, times in counts.items() if times >= least)
        self._hour, self._crowds, self._kept, self._aside = hour, set(), 0, 0
        self._rows = {}


class Heavy:
    """Rows of an entity beyond its share: more than `SHARE` of the hour's, and more than `ROWS`."""

    ROWS, SHARE = 20, 0.02

    def __init__(self) -> None:
        self._seen = Seen(16)
        self._hour, self._rows = -1, 0

    def beyond(self, entities: Keys, hours: Ints) -> Bools:
        """Which rows (rows,) are beyond it; a key of 0 is no entity."""
        newest = int(hours.max())
        if newest > self._hour:
            self._hour, self._rows = newest, 0
        self._rows += len(entities)
        times = self._seen.times(mixed(entities, hours))
        found: Bools = (times > max(self.ROWS, self.SHARE * self._rows)) & (entities != 0)
        return found


def fingerprints(features: Mapping[str, FeatureColumn], rows: int) -> Keys:
    """A key (rows,) of all values of each row; equal rows have equal keys.

    Of one process: text is hashed as Python does it, which differs from run to run.
    """
    numbers = [one.values for one in features.values() if isinstance(one, NumericColumn)]
    texts = [one.values for one in features.values() if isinstance(one, CategoryColumn)]
    keys: Keys = np.zeros(rows, dtype=np.uint64)
    columns = [_bits(numbers)] if numbers else []
    columns += [_hashes(column)[None, :] for column in texts]
    if columns:
        table = np.concatenate(columns)
        table *= np.arange(1, 2 * len(table), 2, dtype=np.uint64)[:, None] * _ODD
        table ^= table >> _HALF
        keys = table.sum(axis=0, dtype=np.uint64)
    return mixed(keys, 1)


def inputs_of(batch: Batch, rows: Ints) -> Batch:
    """Some rows of a batch, with nothing but their features and outputs."""
    return Batch(
        len(rows),
        features={name: _taken(column, rows) for name, column in batch.features.items()},
        derived={name: _numbers(column, rows) for name, column in batch.derived.items()},
        prediction=None if batch.prediction is None else _texts(batch.prediction, rows),
        prediction_value=_numbers(batch.prediction_value, rows) if batch.prediction_value else None,
        score=_numbers(batch.score, rows) if batch.score else None,
        inputs=None if batch.inputs is None else batch.inputs[rows],
    )


def _taken(column: FeatureColumn, rows: Ints) -> FeatureColumn:
    if isinstance(column, NumericColumn):
        return _numbers(column, rows)
    invalid = None if column.invalid is None else column.invalid[rows]
    return CategoryColumn(_texts(column.values, rows), invalid)


def _numbers(column: NumericColumn, rows: Ints) -> NumericColumn:
    invalid = None if column.invalid is None else column.invalid[rows]
    return NumericColumn(column.values[rows], invalid)


def _texts(column: TextColumn, rows: Ints) -> TextColumn:
    return [column[row] for row in rows.tolist()]


def keys_of(column: TextColumn) -> Keys:
    """A key (rows,) of each value; 0 where there is none."""
    keys = mixed(_hashes(column), 1)
    if None in column:
        keys[[value is None for value in column]] = 0
    return keys


def mixed(keys: Keys, other: int | Ints) -> Keys:
    """Keys (rows,) of keys together with numbers: of a row and an hour, say."""
    more = np.atleast_1d(np.asarray(other)).astype(np.uint64)  # scalars would warn of overflow
    found = (keys + more * _ODD) * _MIX
    found ^= found >> _HALF
    return found * _ODD


def _bits(columns: list[Floats]) -> Keys:
    return np.stack(columns).view(np.uint64)


def _hashes(column: TextColumn) -> Keys:
    hashes = np.fromiter(map(hash, column), np.int64, len(column))
    return hashes.view(np.uint64)
